package tcbauth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/advice"
	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// Code is the server's word for what went wrong, in lower case. It is an error itself, to compare with:
//
//	errors.Is(err, tcbauth.CodeInvalidGrant)
//
// Decide on the code and never on [Error.Number] or [Error.Description]: the numbers of the documentation are not
// those of the server, and its texts change (WIRE.md 0.2).
type Code string

// Error returns the word.
func (c Code) Error() string { return string(c) }

// The words that the js-sdk knows (WIRE.md 3.4). The server may use others.
const (
	CodeUnreachable Code = wire.Unreachable // no answer came; made here, not by the server

	CodeUnauthenticated    Code = wire.Unauthenticated
	CodeResourceExhausted  Code = "resource_exhausted"
	CodeFailedPrecondition Code = "failed_precondition"
	CodeInvalidArgument    Code = "invalid_argument"
	CodeDeadlineExceeded   Code = "deadline_exceeded"
	CodeNotFound           Code = "not_found"
	CodeAlreadyExists      Code = "already_exists"
	CodePermissionDenied   Code = "permission_denied"
	CodeAborted            Code = "aborted"
	CodeOutOfRange         Code = "out_of_range"
	CodeUnimplemented      Code = "unimplemented"
	CodeInternal           Code = "internal"
	CodeUnavailable        Code = "unavailable"
	CodeDataLoss           Code = "data_loss"

	CodeInvalidPassword          Code = "invalid_password"
	CodePasswordNotSet           Code = "password_not_set"
	CodeInvalidStatus            Code = "invalid_status"
	CodeUserPending              Code = "user_pending"
	CodeUserBlocked              Code = "user_blocked"
	CodeInvalidVerificationCode  Code = "invalid_verification_code"
	CodeTwoFactorRequired        Code = "two_factor_required"
	CodeInvalidTwoFactor         Code = "invalid_two_factor"
	CodeInvalidTwoFactorRecovery Code = "invalid_two_factor_recovery"
	CodeUnderReview              Code = "under_review"

	CodeInvalidRequest           Code = "invalid_request"
	CodeUnauthorizedClient       Code = "unauthorized_client"
	CodeAccessDenied             Code = "access_denied"
	CodeUnsupportedResponseType  Code = "unsupported_response_type"
	CodeInvalidScope             Code = "invalid_scope"
	CodeInvalidGrant             Code = "invalid_grant"
	CodeServerError              Code = "server_error"
	CodeTemporarilyUnavailable   Code = "temporarily_unavailable"
	CodeInteractionRequired      Code = "interaction_required"
	CodeLoginRequired            Code = "login_required"
	CodeAccountSelectionRequired Code = "account_selection_required"
	CodeConsentRequired          Code = "consent_required"
	CodeInvalidRequestURI        Code = "invalid_request_uri"
	CodeInvalidRequestObject     Code = "invalid_request_object"
	CodeRequestNotSupported      Code = "request_not_supported"
	CodeRequestURINotSupported   Code = "request_uri_not_supported"
	CodeRegistrationNotSupported Code = "registration_not_supported"

	CodeCaptchaRequired Code = "captcha_required"
	CodeCaptchaInvalid  Code = "captcha_invalid"

	CodeProviderNotEnabled        Code = "provider_not_enabled"
	CodeLoginMethodDisabled       Code = "login_method_disabled"
	CodeInvalidUsernameOrPassword Code = "invalid_username_or_password"
	CodeInvalidCredentials        Code = "invalid_credentials"
	CodeWrongPassword             Code = "wrong_password"
	CodeUserNotFound              Code = "user_not_found"
	CodeMFAPhoneRequired          Code = "mfa_phone_required"
	CodeLoginTypeDisabled         Code = "login_type_disabled"
	CodeProviderError             Code = "provider_error"
)

var (
	// ErrNoSession: nobody is signed in. It is also errors.Is [CodeUnauthenticated].
	ErrNoSession error = &endedError{"nobody is signed in"}
	// ErrSessionExpired: the session has ended and its person must sign in again. It is also errors.Is
	// [CodeUnauthenticated].
	ErrSessionExpired error = &endedError{"the session has ended, sign in again"}
	// ErrOutcomeUnknown: the request may have reached the server, and no answer tells what became of it. What it asked
	// for, an SMS say, may have happened: look before asking again.
	ErrOutcomeUnknown = wire.ErrOutcomeUnknown
	// ErrInvalidResponse: the answer is not one of this API: a proxy's page, JSON without the fields that the call needs.
	ErrInvalidResponse = wire.ErrInvalidResponse
	// ErrOtherUser: a [TicketSource] gave a ticket of somebody else than the session's user. The session stays as it is. It is
	// also errors.Is [CodeUnauthenticated].
	ErrOtherUser error = &endedError{"the ticket source's ticket is of another user than the session"}
	// ErrStore: the token store failed, or holds something that cannot be read.
	ErrStore = errors.New("tcbauth: the token store failed")
)

// endedError is a reason to sign in again.
type endedError struct{ text string }

func (e *endedError) Error() string { return "tcbauth: " + e.text }

func (e *endedError) Is(target error) bool { return target == error(CodeUnauthenticated) }

// Error is what every call of this package fails with. It is always a pointer. None of its fields and texts holds a
// token, a password, a code, a phone number or anything else that the call sent.
//
//	errors.Is(err, tcbauth.CodeNotFound)    // the server's word
//	errors.Is(err, tcbauth.ErrRateLimited)  // the sentinel of its Category
//	errors.Is(err, tcbauth.ErrNoSession)    // what Err wraps
//	errors.As(err, &e)                      // with e a *tcbauth.Error
type Error struct {
	Op           string // the method of Auth that failed; RefreshSession for a refresh on the way
	Method, Path string // of the request, "" if none was made; the path has no query
	StatusCode   int    // HTTP status; 0: no answer

	Code        Code   // the server's word in lower case; CodeUnreachable if no answer came; "" if it is in no form of the server's
	Number      int    // the server's error_code, 0 if it sent none
	Description string // the server's text, for people
	RequestID   string // x-request-id of the call, which Tencent's support asks for

	Category   Category      // the js-sdk's class of the error
	RetryAfter time.Duration // how long to wait before asking again; at least a guess where Category is CategoryRateLimited, else 0 if unknown

	// Help says what to do about it, for developers: in Chinese if the call's language is Chinese, which is the default, else
	// in English.
	Help string

	Err error // the cause: one of this package's errors, a context's error, a transport's; nil for a plain server error
}

// Error describes the failure in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("tcbauth: ")
	b.WriteString(e.Op)
	if e.Method != "" {
		fmt.Fprintf(&b, ": %s %s", e.Method, e.Path)
	}
	if e.StatusCode != 0 {
		fmt.Fprintf(&b, ": %d", e.StatusCode)
	}
	// The cause says more than these two words of ours do.
	if e.Code != "" && (e.Err == nil || e.Code != CodeUnreachable && e.Code != CodeUnauthenticated) {
		fmt.Fprintf(&b, ": %s", e.Code)
	}
	if e.Number != 0 {
		fmt.Fprintf(&b, " (%d)", e.Number)
	}
	if e.Description != "" {
		fmt.Fprintf(&b, ": %s", e.Description)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %s", strings.ReplaceAll(e.Err.Error(), "tcbauth: ", ""))
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request id %s)", e.RequestID)
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the error's Code or the sentinel of its Category.
func (e *Error) Is(target error) bool {
	if code, ok := target.(Code); ok {
		return code != "" && e.Code == code
	}
	return target != nil && e.Category.sentinel() == target
}

// rateLimitPause is the wait after a rate limit that names none: one SMS a minute is what the server was seen to allow
// (WIRE.md 4.6).
const rateLimitPause = time.Minute

// newError makes err, which the call op met, an *Error. It is the one place where an error of the inside becomes one of the
// API, and looks at err itself and never at what it wraps: that may be about some other session, and is only for the caller
// to see. An error that is an *Error already keeps what it says.
func newError(op string, err error) *Error {
	switch err := err.(type) { //nolint:errorlint // see above
	case *Error:
		return err
	case *ValidationError, *policyError:
		return &Error{Op: op, Category: CategoryInvalidParams, Err: err}
	case *wire.Failure:
		return newFailure(op, err)
	case *session.EndedError:
		return newEnded(op, err)
	case *session.RefusedError:
		return newRefused(op, err)
	case *session.StoreError:
		return &Error{Op: op, Category: CategoryUnknown, Err: fmt.Errorf("%w: %s: %w", ErrStore, err.Doing, err.Err)}
	case *session.InterruptedError:
		return &Error{Op: op, Code: CodeUnreachable, Category: CategoryServiceError, Err: err.Err}
	case *client.CallbackError:
		return &Error{Op: op, Category: CategoryUnknown, Err: &callbackError{name: err.Name, err: err.Err}}
	}
	switch err { //nolint:errorlint // see above
	case session.ErrNone:
		err = ErrNoSession
	case session.ErrNotRenewable:
		err = fmt.Errorf("%w: there is no refresh token", ErrSessionExpired)
	case client.ErrOtherUser:
		err = ErrOtherUser
	default:
		return &Error{Op: op, Category: CategoryUnknown, Err: err}
	}
	return &Error{Op: op, Code: CodeUnauthenticated, Category: CategoryInvalidCredentials, Err: err}
}

// newEnded is the end of a session by the server.
func newEnded(op string, err *session.EndedError) *Error {
	ended := newRefused(op, &session.RefusedError{Err: err.Err})
	ended.Err = ErrSessionExpired
	return ended
}

// newRefused is the refusal of a refresh token or of a bearer.
func newRefused(op string, err *session.RefusedError) *Error {
	if err.Err == session.ErrSpent { //nolint:errorlint // it is the engine's own
		return &Error{Op: op, Code: CodeInvalidGrant, Category: CategoryInvalidCredentials, Err: err.Err}
	}
	return newError(op, err.Err)
}

// newFailure is a call that has no result.
func newFailure(op string, f *wire.Failure) *Error {
	if f.Op != "" {
		op = f.Op // that of a refresh on the way
	}
	code := Code(wire.ScrubWord(f.Code, f.Sent))
	e := &Error{
		Op: op, Method: f.Method, Path: f.Path, StatusCode: f.StatusCode,
		Code: code, Number: f.Number, Description: wire.Scrub(f.Description, f.Sent), RequestID: f.RequestID,
		Category: categoryOf(f, code), RetryAfter: f.RetryAfter, Err: scrubbed(f.Err, f.Sent),
	}
	if e.Category == CategoryRateLimited && e.RetryAfter == 0 {
		e.RetryAfter = rateLimitPause
	}
	return e
}

// codeOf is the word of an error that a call here has failed with. What the error wraps may be about some other session, and
// has no say.
func codeOf(err error) Code {
	if e, ok := err.(*Error); ok { //nolint:errorlint // see above
		return e.Code
	}
	return ""
}

// callbackError is what a function of the caller's returned. Callers find its cause.
type callbackError struct {
	name string
	err  error
}

func (e *callbackError) Error() string { return e.name + ": " + e.err.Error() }
func (e *callbackError) Unwrap() error { return e.err }

// scrubbed keeps what a call sent out of the text of a transport's error.
func scrubbed(err error, sent []string) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if clean := wire.Scrub(text, sent); clean != text {
		return &scrubbedError{text: clean, err: err}
	}
	return err
}

type scrubbedError struct {
	text string
	err  error
}

func (e *scrubbedError) Error() string { return e.text }
func (e *scrubbedError) Unwrap() error { return e.err }

// help is the advice for e in a language.
func help(e *Error, language string) string {
	return advice.Help(advice.Facts{
		Code: string(e.Code), Category: string(e.Category), Path: e.Path,
		OutcomeUnknown:  errors.Is(e, ErrOutcomeUnknown),
		ContextEnded:    errors.Is(e, context.Canceled) || errors.Is(e, context.DeadlineExceeded),
		Store:           errors.Is(e, ErrStore),
		InvalidResponse: errors.Is(e, ErrInvalidResponse),
		SignInAgain:     errors.Is(e, CodeUnauthenticated),
	}, language)
}

// categoryOf finds the category of f, whose word is code.
func categoryOf(f *wire.Failure, code Code) Category {
	if f.Code == "" && f.Number == 0 { // the answer is not in the server's form
		return Category(advice.CategoryOfStatus(f.StatusCode))
	}
	return Category(advice.Category(string(code), f.Number, f.Description))
}
