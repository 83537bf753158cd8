package accesstoken

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
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
// about the token. It is 200 for nil.
func StatusCode(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
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

// unavailableError is an ErrUnavailable with its cause, which errors.Is and errors.As find and no verb of fmt prints. The
// cause is foreign: it says nothing of the token, not even if it is an error of this package.
type unavailableError struct {
	text  string
	cause error
}

func (e *unavailableError) Error() string { return ErrUnavailable.Error() + ": " + e.text }

func (e *unavailableError) Is(target error) bool {
	return target == ErrUnavailable || !isOfToken(target) && errors.Is(e.cause, target)
}

func (e *unavailableError) As(target any) bool {
	_, ofToken := target.(**refusal)
	return !ofToken && errors.As(e.cause, target)
}

// Format prints the text alone.
func (e *unavailableError) Format(f fmt.State, verb rune) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), e.Error()) // a fmt.State keeps its own errors
}

// isOfToken reports whether err is one of this package's errors that say what is wrong with a token or a request.
func isOfToken(err error) bool {
	_, ok := err.(*refusal) //nolint:errorlint // the error itself is meant
	return ok || slices.Contains([]error{ErrInvalidToken, ErrInsufficientScope, ErrNoToken, ErrInvalidRequest}, err)
}

// refusal is one reason to refuse a token.
type refusal struct{ reason string }

func invalid(reason string) error { return &refusal{reason} }

func (r *refusal) Error() string { return ErrInvalidToken.Error() + ": " + r.reason }

func (r *refusal) Is(target error) bool { return target == ErrInvalidToken }
