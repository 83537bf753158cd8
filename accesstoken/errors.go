package accesstoken

import (
	"errors"
	"net/http"
)

// Every error about a token matches one of these two: the token must be refused, or it could not be verified.
var (
	// ErrInvalidToken matches every error that says that a token must not be accepted (HTTP status 401). The errors below
	// say why.
	ErrInvalidToken = errors.New("accesstoken: invalid token")
	// ErrUnavailable means that the auth server gave no usable answer, so the token could not be verified (HTTP status 503).
	ErrUnavailable = errors.New("accesstoken: the auth server gives no usable answer")
)

// Why a token is not accepted. Each of them also matches ErrInvalidToken. The header WWW-Authenticate has their texts.
var (
	ErrMalformed      = invalid("not a CloudBase access token")
	ErrTooLarge       = invalid("longer than 16 KiB")
	ErrAlgorithm      = invalid("the algorithm is not RS256")
	ErrUnknownKey     = invalid("signed with a key that the auth server does not publish")
	ErrSignature      = invalid("the signature is wrong")
	ErrExpired        = invalid("expired")
	ErrNotYetValid    = invalid("not valid yet (check the clock)")
	ErrWrongEnv       = invalid("issued for another environment or client")
	ErrWrongIssuer    = invalid("the issuer is not the environment's auth server")
	ErrAnonymous      = invalid("anonymous users are not accepted")
	ErrPublishableKey = invalid("publishable keys are not accepted")
	ErrAPIKey         = invalid("API keys are not accepted")
	ErrNotAccessToken = invalid("signed by the auth server, but not an access token")
	ErrInactive       = invalid("the session has ended") // only by Introspect
)

// ErrInsufficientScope means that a token is valid, but lacks what [Verifier.Requiring] requires (HTTP status 403).
var ErrInsufficientScope = errors.New("accesstoken: the token does not allow this")

// Why [Verifier.Request] and [Verifier.Middleware] find no token in a request.
var (
	// ErrNoToken means that the request has no Authorization header with the scheme Bearer, nor a token where
	// [WithExtractor] looks (HTTP status 401).
	ErrNoToken = errors.New("accesstoken: the request has no bearer token")
	// ErrInvalidRequest means that the header, or another carrier of the token, is malformed or repeated (HTTP status 400).
	ErrInvalidRequest = errors.New("accesstoken: the Authorization header is malformed or repeated")
)

// StatusCode returns the HTTP status for an error of this package: 401 for a missing or invalid token, 400 for a
// malformed header, 403 for a valid token that lacks what is required, and 503 for all other errors, which say nothing
// about the token.
func StatusCode(err error) int {
	switch {
	case errors.Is(err, ErrInvalidToken), errors.Is(err, ErrNoToken):
		return http.StatusUnauthorized
	case errors.Is(err, ErrInvalidRequest):
		return http.StatusBadRequest
	case errors.Is(err, ErrInsufficientScope):
		return http.StatusForbidden
	default:
		return http.StatusServiceUnavailable
	}
}

// refusal is one reason to refuse a token.
type refusal struct{ reason string }

func invalid(reason string) error { return &refusal{reason} }

func (r *refusal) Error() string { return ErrInvalidToken.Error() + ": " + r.reason }

func (r *refusal) Is(target error) bool { return target == ErrInvalidToken }
