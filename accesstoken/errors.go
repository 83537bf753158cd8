package accesstoken

import (
	"errors"
	"net/http"
)

// The errors of this package fall into two classes, told apart by errors.Is: the token is at fault, or nobody can tell.
var (
	// ErrInvalidToken is every error that says that a token must not be accepted (HTTP status 401). Which of the errors
	// below it is says why.
	ErrInvalidToken = errors.New("accesstoken: invalid token")
	// ErrUnavailable: the auth server gave no usable answer, so that the token may be good or bad (HTTP status 503).
	ErrUnavailable = errors.New("accesstoken: the auth server gives no usable answer")
)

// Why a token is not accepted. Each of them is also ErrInvalidToken to errors.Is.
var (
	ErrMalformed      = invalid("it is not a JWT as the auth server makes them")
	ErrTooLarge       = invalid("it is longer than 16 KiB")
	ErrAlgorithm      = invalid("its algorithm is not RS256")
	ErrUnknownKey     = invalid("it is signed with a key that the auth server does not publish")
	ErrSignature      = invalid("its signature is wrong")
	ErrExpired        = invalid("it has expired")
	ErrNotYetValid    = invalid("it is from the future")
	ErrWrongEnv       = invalid("it is for another environment or client")
	ErrWrongIssuer    = invalid("its issuer is not the environment's auth server")
	ErrAnonymous      = invalid("it is an anonymous user's")
	ErrPublishableKey = invalid("it is a publishable key")
	ErrAPIKey         = invalid("it is an API key")
	ErrNotAccessToken = invalid("it is signed by the auth server, but it is no access token")
	ErrInactive       = invalid("its session has ended") // only by Introspect
)

// ErrInsufficientScope: a token is good, but does not have what [Verifier.Requiring] wants (HTTP status 403).
var ErrInsufficientScope = errors.New("accesstoken: the token does not allow this")

// Why [Verifier.Request] and [Verifier.Middleware] find no token in a request.
var (
	// ErrNoToken: the request has no Authorization header with the scheme Bearer, and nothing for [WithExtractor] either
	// (HTTP status 401).
	ErrNoToken = errors.New("accesstoken: the request has no bearer token")
	// ErrInvalidRequest: the header, or what else carries the token, is malformed, or there are several (HTTP status 400).
	ErrInvalidRequest = errors.New("accesstoken: the Authorization header is malformed or repeated")
)

// StatusCode returns the HTTP status for an error of this package: 401 for a missing or invalid token, 400 for a malformed
// header, 403 for a good token that does not allow this, and 503 for all others, which say nothing about the token.
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
