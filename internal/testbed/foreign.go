package testbed

import (
	"context"
	"fmt"
	"net/http"

	"github.com/cloudbase-community/tcbauth"
)

// ForeignErrors are what a store, a callback or a transport may fail with that speaks of something else in the words of
// this package: a ticket source that has a session of its own, say.
func ForeignErrors() map[string]error {
	all := map[string]error{
		"an *Error without a session": &tcbauth.Error{
			Op: "Foreign", Code: tcbauth.CodeUnauthenticated, Category: tcbauth.CategoryInvalidCredentials, Err: tcbauth.ErrNoSession,
		},
		"an *Error of a refused refresh": &tcbauth.Error{
			Op: "Foreign", StatusCode: http.StatusBadRequest, Code: tcbauth.CodeInvalidGrant, Number: 4026, Err: tcbauth.ErrSessionExpired,
		},
		"an *Error of a refused bearer": &tcbauth.Error{Op: "Foreign", StatusCode: http.StatusUnauthorized, Code: tcbauth.CodeUnauthenticated},
		"an *Error without Op":          &tcbauth.Error{Code: tcbauth.CodeInvalidGrant},
		"a *ValidationError":            &tcbauth.ValidationError{Field: "key", Rule: "is another's"},
	}
	for name, err := range map[string]error{
		"ErrNoSession": tcbauth.ErrNoSession, "ErrSessionExpired": tcbauth.ErrSessionExpired, "ErrOtherUser": tcbauth.ErrOtherUser,
		"ErrOutcomeUnknown": tcbauth.ErrOutcomeUnknown, "ErrInvalidResponse": tcbauth.ErrInvalidResponse,
		"CodeInvalidGrant": tcbauth.CodeInvalidGrant, "CodeUnauthenticated": tcbauth.CodeUnauthenticated,
		"CodeCaptchaRequired": tcbauth.CodeCaptchaRequired, "CodeNotFound": tcbauth.CodeNotFound,
		"CodeAlreadyExists": tcbauth.CodeAlreadyExists, "CodeFailedPrecondition": tcbauth.CodeFailedPrecondition,
		"context.Canceled": context.Canceled, "context.DeadlineExceeded": context.DeadlineExceeded,
	} {
		all[name] = fmt.Errorf("another system: %w", err)
	}
	return all
}
