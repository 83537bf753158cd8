package tcbauth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/cloudbase-community/tcbauth/internal/endpoint"
	"github.com/cloudbase-community/tcbauth/internal/session"
)

// Transport returns an [http.RoundTripper] for other APIs of this environment, such as cloud functions, on behalf of the
// signed-in user. It sends through base, or through http.DefaultTransport if base is nil. It is safe for concurrent use.
// Make one per user and keep it.
//
// A request to one of the environment's hosts gets Authorization: Bearer with the token of [Auth.GetAccessToken]: the
// session's, refreshed first if it has expired, the access key while nobody is signed in, or the token of [App.ForToken].
// These hosts are, with https at its default port, the js-sdk's host of the region and both gateways, and the scheme,
// host and port of [Auth.BaseURL]. Any other request is passed to base unchanged: to another host, with an Authorization
// header of its own, or after a redirect by another host. The caller's request is never changed.
//
// A 401 means that the request was not carried out (RFC 9110, 15.5.2). The session is then refreshed once, for all running
// requests. The request is sent again if the session still belongs to the same user and the body is available again: there
// is none, or GetBody is set. Otherwise the 401 is returned, and so is a 401 for an access key or for the token of
// [App.ForToken]. A 401 of another API does not end the session; only a refused refresh does.
//
// If an API refuses even a fresh token, refreshing does not help. This RoundTripper remembers that and returns later 401s
// for the token unchanged; a new RoundTripper for each request would refresh each time.
//
// Without a token, RoundTrip sends nothing and returns the [*Error] of [Auth.GetAccessToken]. If the refresh after a 401
// fails, it returns the error of [Auth.RefreshSession]. errors.Is and errors.As find it in the error of an [http.Client]
// too.
func (a *Auth) Transport(base http.RoundTripper) http.RoundTripper {
	// WIRE.md 1.
	return &transport{auth: a, base: base, origins: a.app.origins}
}

// transport is the RoundTripper of [Auth.Transport].
type transport struct {
	auth    *Auth
	base    http.RoundTripper // nil: http.DefaultTransport
	origins []string
	vain    atomic.Pointer[string] // the last token that was refused when it was new
}

const transportOp = "Transport"

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !t.acts(r) {
		return t.next().RoundTrip(r)
	}
	ctx := r.Context()
	token, as, err := t.bearer(ctx)
	if err != nil {
		closeBody(r)
		return nil, t.auth.fail(ctx, transportOp, err)
	}
	resp, err := t.send(r, r.Body, token)
	if err != nil || as == nil || resp.StatusCode != http.StatusUnauthorized || t.inVain(token) {
		return resp, err
	}
	again, err := t.renewed(r, as)
	if again == nil && err == nil {
		return resp, nil
	}
	discard(resp)
	if err != nil {
		return nil, t.auth.fail(ctx, transportOp, err)
	}
	resp, err = t.send(r, again.body, again.token)
	if err == nil && again.fresh && resp.StatusCode == http.StatusUnauthorized {
		t.vain.Store(&again.token)
	}
	return resp, err
}

// CloseIdleConnections is for http.Client's method of this name.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.next().(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func (t *transport) next() http.RoundTripper {
	if t.base != nil {
		return t.base
	}
	return http.DefaultTransport
}

// acts reports whether r gets the session's token.
func (t *transport) acts(r *http.Request) bool {
	for name := range r.Header { // a name in other letters goes out as it is, beside the one that send sets
		if strings.EqualFold(name, "Authorization") {
			return false
		}
	}
	if !t.own(r) {
		return false
	}
	for led := r.Response; led != nil; led = led.Request.Response {
		if led.Request == nil || !t.own(led.Request) {
			return false
		}
	}
	return true
}

// own reports whether r goes to one of the environment's hosts. With the Host header one address can be many hosts.
func (t *transport) own(r *http.Request) bool {
	return r.URL != nil && (r.Host == "" || strings.EqualFold(r.Host, r.URL.Host)) && slices.Contains(t.origins, endpoint.Origin(r.URL))
}

func (t *transport) bearer(ctx context.Context) (token string, as *session.Credentials, err error) {
	if err := t.auth.ready(ctx); err != nil {
		return "", nil, err
	}
	return t.auth.client.Bearer(ctx)
}

// send sends a copy of r. The response names r and not the copy, whose header has the token.
func (t *transport) send(r *http.Request, body io.ReadCloser, token string) (*http.Response, error) {
	signed := r.Clone(r.Context())
	if signed.Header == nil {
		signed.Header = make(http.Header)
	}
	signed.Header.Set("Authorization", "Bearer "+token)
	signed.Body = body
	signed.Trailer = r.Trailer // whose values may come while the body is read
	resp, err := t.next().RoundTrip(signed)
	switch {
	case err != nil:
		return resp, err
	case resp == nil:
		return nil, errNoAnswer
	}
	resp.Request = r
	return resp, nil
}

var errNoAnswer = errors.New("tcbauth: the RoundTripper that Transport was given returned neither an answer nor an error")

func (t *transport) inVain(token string) bool {
	vain := t.vain.Load()
	return vain != nil && *vain == token
}

// retry is the request and the token for a second attempt.
type retry struct {
	body  io.ReadCloser
	token string
	fresh bool // the server gave the token just now
}

// renewed returns the second attempt for r, which was refused with the token of as, or nil if there must be none.
func (t *transport) renewed(r *http.Request, as *session.Credentials) (*retry, error) {
	if r.Body != nil && r.Body != http.NoBody && r.GetBody == nil {
		return nil, nil
	}
	got, err := t.auth.session.Replace(r.Context(), as)
	switch {
	case errors.Is(err, session.ErrNone), errors.Is(err, session.ErrNotRenewable):
		return nil, nil
	case err != nil:
		return nil, err
	case !got.Same:
		return nil, nil // another user has signed in; this request was not made for that user
	}
	again := &retry{body: r.Body, token: got.Session.AccessToken, fresh: got.Fresh}
	if r.Body != nil && r.GetBody != nil { // GetBody alone is what is left of a request whose body was taken away
		if again.body, err = r.GetBody(); err != nil {
			return nil, nil //nolint:nilerr // the refusal says more
		}
	}
	return again, nil
}

// maxDiscard limits how much of an unused answer is read so that its connection can be used again.
const maxDiscard = 4 << 10

func discard(resp *http.Response) {
	if resp.Body == nil { // http.Client takes it for empty
		return
	}
	_, _ = io.CopyN(io.Discard, resp.Body, maxDiscard)
	_ = resp.Body.Close()
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}
