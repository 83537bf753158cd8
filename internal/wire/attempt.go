package wire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"

	"github.com/go-resty/resty/v2"
)

// attempt is a request on its way. resty and http.Client carry an empty GET of no place, whose context an attempt is, and
// outermost makes the request of it: what they do to a request (they read and copy bodies, clone headers, parse and print
// URLs, each of them again) is done to nothing. Its parts lie in one piece of memory, which is most of its speed.
type attempt struct {
	context.Context // with the time limit of the attempt
	vessel          resty.Request
	sent            http.Request
	method          string
	url             url.URL
	header          http.Header
	values          [4]string // of the header, where they differ by call
	body            bytes.Reader
	trace           trace
	answer          answer
}

// vesselURL is what resty parses twice and prints for each attempt. Nothing is ever sent there.
const vesselURL = "vessel:"

// attemptKey is the key under which the context of a request has its *attempt.
type attemptKey struct{}

func (a *attempt) Value(key any) any {
	if key == (attemptKey{}) {
		return a
	}
	return a.Context.Value(key)
}

// attempt sends the request once and reads the whole answer. caller is the context of the call; the attempt has its own time
// limit within it. t sees what becomes of the connection where a call costs, else it is nil.
func (c *Client) attempt(caller context.Context, req *Request, target url.URL, body []byte) (ans *answer, t *trace, err error) {
	limited, cancel := context.WithTimeout(caller, c.timeout)
	defer cancel()
	ctx := limited
	a := &attempt{vessel: *c.vessel, method: req.Method, url: target}
	if !req.Repeatable { // only these must know that nothing was sent
		t = &a.trace
		ctx = httptrace.WithClientTrace(ctx, t.watch())
	}
	a.Context = ctx
	a.body.Reset(body)
	a.setHeader(c, req)
	a.vessel.SetContext(a) //nolint:contextcheck // a is ctx
	resp, err := a.vessel.Execute(http.MethodGet, vesselURL)
	if err != nil {
		clients, err := unwrapURL(err)
		a.trace.inside = clients > 1 // the first is ours
		if !tooSlow(limited, caller) {
			return nil, t, quiet(err)
		}
		text := fmt.Sprintf("no answer within %v (WithTimeout)", c.timeout)
		if failedBeforeConnecting(err) {
			text = quiet(err).Error() // which says more
		}
		return nil, t, &timeLimitError{quietError{text, err}}
	}
	if cut := a.answer.read(resp.RawResponse); cut != nil {
		if tooSlow(limited, caller) {
			cut.err = &timeLimitError{quietError{fmt.Sprintf("not complete within %v (WithTimeout)", c.timeout), cut.err}}
		}
		return nil, t, cut
	}
	return &a.answer, t, nil
}

// tooSlow reports whether an attempt has ended by its own time limit, and not by its caller. The error of the transport does
// not tell: the caller's HTTP client may have time limits too, which end as [context.DeadlineExceeded].
func tooSlow(limited, caller context.Context) bool {
	return limited.Err() != nil && caller.Err() == nil
}

// timeLimitError means that the time limit of an attempt has passed.
type timeLimitError struct{ quietError }

// isTimeLimit reports whether an attempt failed with a timeLimitError. It looks no deeper, where another client's may be.
func isTimeLimit(err error) bool {
	if cut, ok := err.(*cutError); ok { //nolint:errorlint // see above
		err = cut.err
	}
	_, ok := err.(*timeLimitError) //nolint:errorlint // see above
	return ok
}

var (
	jsonType  = []string{"application/json"}
	userAgent = []string{"tcbauth"}
	identity  = []string{"identity"}
	zero      = []string{"0"}
)

func (a *attempt) setHeader(c *Client, req *Request) {
	h := make(http.Header, 8)
	h["Accept"] = jsonType
	h["User-Agent"] = userAgent
	h["X-Sdk-Version"] = c.sdkVersion
	a.values = [...]string{req.Language, req.DeviceID, req.RequestID, ""}
	h["Accept-Language"] = a.values[0:1:1]
	h["X-Device-Id"] = a.values[1:2:2]
	h["X-Request-Id"] = a.values[2:3:3]
	if req.Body != nil {
		h["Content-Type"] = jsonType
	}
	switch req.Auth {
	case Bearer:
		a.values[3] = "Bearer " + req.Token
		h["Authorization"] = a.values[3:4:4]
	case Basic:
		a.values[3] = c.basic
		h["Authorization"] = a.values[3:4:4]
	case None:
	}
	a.header = h
}

// request makes the request of r, which carried it, in a form that net/http sends once, whatever happens. net/http sends
// a request again, over HTTP/2 without end, when its connection or stream ends in certain ways, also after the server has
// read all of it; but it never does when it has no way to get the body a second time. So there is no GetBody, and an
// empty body is one that net/http does not know to be empty.
//
// Some of these ends prove that the server did nothing: REFUSED_STREAM, or GOAWAY with a lower stream. They are taken
// as lost answers like the others, since a server's claim of "not done" is not worth a second message.
func (a *attempt) request(r *http.Request) *http.Request {
	a.sent = *r
	sent := &a.sent
	sent.Method, sent.URL, sent.Header = a.method, &a.url, a.header
	sent.Body, sent.ContentLength = io.NopCloser(&a.body), a.body.Size()
	if sent.ContentLength > 0 {
		return sent
	}
	// On HTTP/1.1 a body of unknown length would be sent in chunks, which some servers refuse where there is nothing.
	sent.TransferEncoding = identity
	switch a.method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		// Servers ask for a length here. net/http writes none beside identity and leaves out a Content-Length that a
		// caller sets, but for one in this spelling. For HTTP/2, which needs none, it leaves out this one too.
		sent.Header["content-length"] = zero
	}
	return sent
}
