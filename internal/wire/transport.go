package wire

import (
	"bytes"
	"io"
	"net/http"
)

// defaultTransport looks http.DefaultTransport up at each call, so that what replaces it later (a mock, an
// instrumentation) is used.
type defaultTransport struct{}

func (defaultTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	return http.DefaultTransport.RoundTrip(r)
}

func (defaultTransport) CloseIdleConnections() {
	if t, ok := http.DefaultTransport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// outermost stands between http.Client and the user's transport. Neither may send a request again by itself.
type outermost struct{ http.RoundTripper }

func (t outermost) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.RoundTripper.RoundTrip(unrepeatable(r))
	if err == nil && resp.StatusCode/100 == 3 && resp.Header != nil {
		resp.Header.Del("Location") // or http.Client would follow it, or quote it in an error
	}
	return resp, err
}

func (t outermost) CloseIdleConnections() {
	if c, ok := t.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

var (
	identity = []string{"identity"}
	zero     = []string{"0"}
)

// unrepeatable is r in a form that net/http sends once, whatever happens. net/http sends a request again, over HTTP/2
// without end, when its connection or stream ends in certain ways, also after the server has read all of it; but it
// never does when it has no way to get the body a second time. So there is no GetBody, and an empty body is one that
// net/http does not know to be empty.
//
// Some of these ends prove that the server did nothing: REFUSED_STREAM, or GOAWAY with a lower stream. They are taken
// as lost answers like the others, since a server's word for "not done" is not worth a second message.
func unrepeatable(r *http.Request) *http.Request {
	sent := *r
	sent.GetBody = nil
	if r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0 {
		return &sent
	}
	sent.Body, sent.ContentLength = io.NopCloser(bytes.NewReader(nil)), 0
	// On HTTP/1.1 a body of unknown length would be sent in chunks, which some servers refuse where there is nothing.
	sent.TransferEncoding = identity
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		// Servers ask for a length here. net/http writes none beside identity and leaves out a Content-Length that a
		// caller sets, but for one in this spelling. For HTTP/2, which needs none, it leaves out this one too.
		sent.Header = r.Header.Clone()
		sent.Header["content-length"] = zero
	}
	return &sent
}
