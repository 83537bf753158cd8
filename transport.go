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

// Transport returns an [http.RoundTripper] for other APIs of this environment, cloud functions say, as the person who is
// signed in. It sends through base, or if that is nil through what http.DefaultTransport is at the time of a request. It is
// safe for concurrent use.
//
// A request to one of the environment's hosts gets Authorization: Bearer with the token of [Auth.GetAccessToken]: the
// session's, refreshed first if it has expired, the access key while nobody is signed in, or the bare token of
// [App.ForToken]. These hosts are, by https at its default port, the js-sdk's of the region and both gateways (WIRE.md 1),
// and beside them the scheme, host and port of [Auth.BaseURL]. Any other request goes to base as it is: one to another
// host, one that has an Authorization header already, and one that a redirect by another host led to, which is not to act
// in the person's name. The caller's request is never changed.
//
// A 401 means that the request was not carried out (RFC 9110, 15.5.2). The session's token is then replaced as for a call
// of this package, by one refresh that all requests in flight share, and the request is sent once more, provided that its
// body can be had again (there is none, or GetBody is set) and that the session is still the same person's. Otherwise the
// 401 is returned as it is, and so is one to an access key or a bare token. The 401 of another API does not end the session;
// only the refusal of a refresh does. Where a token is refused that was just refreshed, the token is not the reason, and this
// RoundTripper returns a 401 to it from then on: keep one for a visitor whom an API refuses for reasons of its own.
//
// Without a token RoundTrip sends nothing and fails with the [*Error] of [Auth.GetAccessToken]; if the refresh after a 401
// fails, with that of [Auth.RefreshSession]. errors.Is and errors.As find it in the error of an [http.Client] too.
func (a *Auth) Transport(base http.RoundTripper) http.RoundTripper {
	return &transport{auth: a, base: base, origins: a.app.origins}
}

// transport is what [Auth.Transport] returns.
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
	if _, set := r.Header["Authorization"]; set || !t.own(r) {
		return false
	}
	for led := r.Response; led != nil; led = led.Request.Response {
		if led.Request == nil || !t.own(led.Request) {
			return false
		}
	}
	return true
}

// own reports whether r goes to one of the environment's hosts. One host may be many by the Host header.
func (t *transport) own(r *http.Request) bool {
	return r.URL != nil && (r.Host == "" || strings.EqualFold(r.Host, r.URL.Host)) && slices.Contains(t.origins, endpoint.Origin(r.URL))
}

func (t *transport) bearer(ctx context.Context) (token string, as *session.Credentials, err error) {
	if err := t.auth.ready(ctx); err != nil {
		return "", nil, err
	}
	return t.auth.client.Bearer(ctx)
}

// send sends a copy of r. The answer names r and not the copy, whose header has the token.
func (t *transport) send(r *http.Request, body io.ReadCloser, token string) (*http.Response, error) {
	signed := r.Clone(r.Context())
	if signed.Header == nil {
		signed.Header = make(http.Header)
	}
	signed.Header.Set("Authorization", "Bearer "+token)
	signed.Body = body
	signed.Trailer = r.Trailer // whose values may come while the body is read
	resp, err := t.next().RoundTrip(signed)
	if err == nil {
		resp.Request = r
	}
	return resp, err
}

func (t *transport) inVain(token string) bool {
	vain := t.vain.Load()
	return vain != nil && *vain == token
}

// retry is what a refused request is sent with once more.
type retry struct {
	body  io.ReadCloser
	token string
	fresh bool // the server gave the token just now
}

// renewed returns what r, which was refused with the token of as, is sent with once more; nil if it must not be.
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
		return nil, nil // somebody else has signed in, in whose name this request was not made
	}
	again := &retry{body: r.Body, token: got.Session.AccessToken, fresh: got.Fresh}
	if r.GetBody != nil {
		if again.body, err = r.GetBody(); err != nil {
			return nil, nil //nolint:nilerr // the refusal says more
		}
	}
	return again, nil
}

// maxDiscard is the most that is read of an answer that is not used, so that its connection is.
const maxDiscard = 4 << 10

func discard(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, maxDiscard)
	_ = resp.Body.Close()
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}
