package accesstoken

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// ErrorHandler answers a request that was refused because of err. The header WWW-Authenticate is set already where
// RFC 6750 wants it; the status, which [StatusCode] knows, and the body are the handler's. It must be safe for concurrent
// use.
type ErrorHandler func(w http.ResponseWriter, r *http.Request, err error)

// Middleware lets those requests through to next that carry a good access token in the header Authorization, with the
// token's claims in their context; see [FromContext]. A token in a query or a form is not looked at.
//
// Others are answered as RFC 6750 section 3 says: 401 without an error code if there is no bearer token, 401 invalid_token
// if it is not accepted, 400 invalid_request if the header is malformed or repeated. If nobody can tell, since keys could
// not be fetched, it is 503. [WithErrorHandler] changes what the answers look like.
func (v *Verifier) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var claims *Claims
		token, err := bearerToken(r.Header)
		if err == nil {
			claims, err = v.Verify(r.Context(), token)
		}
		if err == nil {
			next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), claims)))
			return
		}
		if challenge := v.challenge(err); challenge != "" {
			w.Header().Set("WWW-Authenticate", challenge)
		}
		v.cfg.errorHandler(w, r, err)
	})
}

// bearerToken returns the token of RFC 6750 section 2.1.
func bearerToken(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) > 1 {
		return "", ErrInvalidRequest
	}
	if len(values) == 0 {
		return "", ErrNoToken
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.TrimLeft(token, " ")
	switch {
	case !strings.EqualFold(scheme, "Bearer"):
		return "", ErrNoToken
	case token == "" || strings.IndexFunc(token, notInToken) >= 0:
		return "", ErrInvalidRequest
	}
	return token, nil
}

// notInToken is true for what RFC 6750's b64token cannot hold.
func notInToken(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("-._~+/=", r)
}

// challenge is the value of WWW-Authenticate, "" for none. What it says of an error is fixed text.
func (v *Verifier) challenge(err error) string {
	challenge := `Bearer realm="` + v.cfg.env + `"`
	reason := new(refusal)
	switch {
	case errors.Is(err, ErrNoToken):
		return challenge
	case errors.Is(err, ErrInvalidRequest):
		return challenge + `, error="invalid_request", error_description="the Authorization header is malformed or repeated"`
	case errors.As(err, &reason):
		return challenge + `, error="invalid_token", error_description="` + reason.reason + `"`
	}
	return ""
}

// writeError is the ErrorHandler of those who do not have one. It says no more than the status.
func writeError(w http.ResponseWriter, _ *http.Request, err error) {
	status := StatusCode(err)
	http.Error(w, http.StatusText(status), status)
}

type contextKey struct{}

// NewContext returns a context with claims for [FromContext], as [Verifier.Middleware] does, for tests of handlers.
func NewContext(ctx context.Context, claims *Claims) context.Context {
	return context.WithValue(ctx, contextKey{}, claims)
}

// FromContext returns the claims of the request's token. ok is false if the request did not come through
// [Verifier.Middleware].
func FromContext(ctx context.Context) (claims *Claims, ok bool) {
	claims, _ = ctx.Value(contextKey{}).(*Claims)
	return claims, claims != nil
}
