package accesstoken

import (
	"context"
	"errors"
	"net/http"
)

// ErrorHandler answers a request that was refused because of err. The header WWW-Authenticate is set already if RFC 6750
// requires it; the handler writes the status ([StatusCode]) and the body. It must be safe for concurrent use.
type ErrorHandler func(w http.ResponseWriter, r *http.Request, err error)

// Request returns the claims of the token that r carries, as [Verifier.Verify] does; other errors are [ErrNoToken] and
// [ErrInvalidRequest]. It is for programs that cannot use [Verifier.Middleware]: for the answer to a refused request use
// [StatusCode] and [Verifier.Challenge].
func (v *Verifier) Request(r *http.Request) (*Claims, error) {
	token, err := v.cfg.token(r)
	if err != nil {
		return nil, err
	}
	return v.Verify(r.Context(), token)
}

// Middleware passes requests with a valid access token in the header Authorization to next, with the token's claims in
// their context: see [FromContext]. A token in a query or a form is ignored; [WithExtractor] names other places.
//
// Other requests are answered as RFC 6750 section 3 says: 401 without an error code if there is no bearer token, 401
// invalid_token if the token is not accepted, 400 invalid_request if the header is malformed or repeated, 403
// insufficient_scope if the token lacks what [Verifier.Requiring] requires. If keys could not be fetched, the answer is
// 503. [WithErrorHandler] changes the answers.
//
// A CORS preflight carries no token and is refused like any other request. Put the handler that answers preflights around
// the Middleware, so that it also adds its headers to the answers of refused requests, or pass it to [WithPreflight].
func (v *Verifier) Middleware(next http.Handler) http.Handler { return v.guard(next, false) }

// Optional is a [Verifier.Middleware] for pages that guests may see too: a request without a token is passed to next
// without claims, and [FromContext] has none. A token that is not accepted is refused.
func (v *Verifier) Optional(next http.Handler) http.Handler { return v.guard(next, true) }

func (v *Verifier) guard(next http.Handler, guests bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v.cfg.preflight != nil && isPreflight(r) {
			v.cfg.preflight.ServeHTTP(w, r)
			return
		}
		claims, err := v.Request(r)
		if err == nil || guests && errors.Is(err, ErrNoToken) {
			next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), claims))) // a guest's are nil, and hide those of another Verifier
			return
		}
		if challenge := v.Challenge(err); challenge != "" {
			w.Header().Set("WWW-Authenticate", challenge)
		}
		v.cfg.errorHandler(w, r, err)
	})
}

// isPreflight tells the CORS preflights of the Fetch standard from other requests.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// Challenge returns the header WWW-Authenticate for the answer to a request that was refused because of err (RFC 6750
// section 3), or "" for none. Its description of an error is a fixed text.
func (v *Verifier) Challenge(err error) string {
	challenge := `Bearer realm="` + v.cfg.env + `"`
	reason := new(refusal)
	switch {
	case errors.Is(err, ErrNoToken):
		return challenge
	case errors.Is(err, ErrInvalidRequest):
		return challenge + `, error="invalid_request", error_description="the Authorization header is malformed or repeated"`
	case errors.Is(err, ErrInsufficientScope):
		challenge += `, error="insufficient_scope"`
		if scopes := v.scopes(); scopes != "" {
			challenge += `, scope="` + scopes + `"`
		}
		return challenge
	case errors.As(err, &reason):
		return challenge + `, error="invalid_token", error_description="` + reason.reason + `"`
	case errors.Is(err, ErrInvalidToken): // an Extractor's, without a reason
		return challenge + `, error="invalid_token"`
	}
	return ""
}

// writeError is the ErrorHandler of those who do not have one. It says no more than the status.
func writeError(w http.ResponseWriter, _ *http.Request, err error) {
	status := StatusCode(err)
	http.Error(w, http.StatusText(status), status)
}

type contextKey struct{}

// NewContext returns a context with claims for [FromContext], as [Verifier.Middleware] does. Tests of handlers use it.
func NewContext(ctx context.Context, claims *Claims) context.Context {
	return context.WithValue(ctx, contextKey{}, claims)
}

// FromContext returns the claims of the request's token. ok is false if the request did not come through
// [Verifier.Middleware], or through [Verifier.Optional] without a token.
func FromContext(ctx context.Context) (claims *Claims, ok bool) {
	claims, _ = ctx.Value(contextKey{}).(*Claims)
	return claims, claims != nil
}
