package tcbauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/advice"
	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

var (
	// ErrNoSession means that nobody is signed in. It also matches [CodeUnauthenticated].
	ErrNoSession error = &alsoError{"nobody is signed in", CodeUnauthenticated}
	// ErrSessionExpired means that the session has ended and the user must sign in again. It also matches
	// [CodeUnauthenticated].
	ErrSessionExpired error = &alsoError{"the session has ended, sign in again", CodeUnauthenticated}
	// ErrOutcomeUnknown means that the request may have reached the server, but no answer came. Its effect, such as an SMS,
	// may have happened: check before you ask again.
	ErrOutcomeUnknown = wire.ErrOutcomeUnknown
	// ErrInvalidResponse means that the answer does not come from this API, or lacks the fields that the call needs, or has a
	// token of another user than the session's. An example is the page of a proxy.
	ErrInvalidResponse = wire.ErrInvalidResponse
	// ErrOtherUser means that a [TicketSource] returned a ticket for a different user than the session's. The session is
	// kept. It also matches [CodeUnauthenticated].
	ErrOtherUser  error = &alsoError{"the ticket is for a different user than the session", CodeUnauthenticated}
	errKeyRefused error = &alsoError{"the access key was refused", CodeUnauthenticated}
	// ErrNoOtp means that [WithStoredOtp] has no challenge: none was started, or it was finished, refused too often, or has
	// expired. It also matches [ErrVerificationFailed].
	ErrNoOtp error = &alsoError{"no code is expected", ErrVerificationFailed}
	// ErrStore means that the token store failed, or holds a session that cannot be read.
	ErrStore = errors.New("tcbauth: the token store failed")
)

// alsoError is an error value that matches a more general one too.
type alsoError struct {
	text    string
	general error
}

func (e *alsoError) Error() string { return "tcbauth: " + e.text }

func (e *alsoError) Is(target error) bool { return target == e.general }

// Error is the type of every error that a call of this package returns. It is always a pointer. None of its fields and
// texts contains a token, a password, a code, a phone number or anything else that the call sent.
//
//	errors.Is(err, tcbauth.CodeNotFound)   // the error code
//	errors.Is(err, tcbauth.ErrRateLimited) // the error of its Category
//	errors.Is(err, tcbauth.ErrNoSession)   // what Err wraps
//	errors.As(err, &e)                     // with e a *tcbauth.Error
type Error struct {
	Op           string // the method of Auth that failed; RefreshSession for a refresh on the way
	Method, Path string // of the request, "" if none was made; the path has no query
	StatusCode   int    // HTTP status; 0: no answer

	Code        Code   // the server's error code in lower case; CodeUnreachable if no answer came; "" if the answer has none
	Number      int    // the server's error_code, 0 if it sent none
	Description string // the server's text, for developers
	RequestID   string // x-request-id of the call, which Tencent's support asks for

	Category   Category      // the js-sdk's class of the error
	RetryAfter time.Duration // how long to wait before the next call, as the server says or as guessed for a rate limit; 0 if unknown, as with a daily limit

	// Help tells developers what to do. It is in Chinese if the call's language is Chinese, which is the default, else in
	// English.
	Help string

	Err error // the cause: one of this package's errors, or the error of a context or a transport; nil for an error of the server

	cause          advice.Cause // where it was made; None: by hand
	refreshRefused bool         // the server does not accept the refresh token
}

// Error describes the failure in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("tcbauth")
	if e.Op != "" { // as in an error for a mock, or of an event
		b.WriteString(": " + e.Op)
	}
	if e.Method != "" {
		fmt.Fprintf(&b, ": %s %s", e.Method, e.Path)
	}
	if e.StatusCode != 0 {
		fmt.Fprintf(&b, ": %d", e.StatusCode)
	}
	// The cause says more than this package's short error values.
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
		// The name of this package is said already. A path that ends with it stays: the directory of a store usually does.
		b.WriteString(strings.NewReplacer(": tcbauth: ", ": ", "\ntcbauth: ", "\n").Replace(": " + e.Err.Error()))
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request id %s)", e.RequestID)
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the error's Code or the error value of its Category. Whatever the error code is,
// [CodeUnauthenticated] matches too if the server does not accept the access token, and [CodeInvalidGrant] if a refresh has
// failed because the server does not accept the refresh token.
func (e *Error) Is(target error) bool {
	if code, ok := target.(Code); ok {
		return code != "" && e.Code == code || code == CodeUnauthenticated && e.cause == advice.TokenRefused ||
			code == CodeInvalidGrant && e.refreshRefused
	}
	return target != nil && e.Category.sentinel() == target
}

// newError turns err, the failure of the call op, into an *Error. It is the only place where internal errors become public
// ones. It looks at err itself, never at what err wraps: a wrapped error may be about another session, and is only for the
// caller. An error that already is an *Error is not changed.
func newError(op string, err error) *Error {
	switch err := err.(type) { //nolint:errorlint // see above
	case *Error:
		return err
	case *ValidationError, *policyError:
		return &Error{Op: op, Category: CategoryInvalidParams, Err: err, cause: advice.BadArgument}
	case *wire.Failure:
		return newFailure(op, err)
	case *session.EndedError:
		return newEnded(op, err)
	case *session.RefusedError:
		return newRefused(op, err)
	case *session.StoreError:
		cause := advice.StoreFailed
		if err.Unreadable() {
			cause = advice.StoreDamaged
		}
		stored := fmt.Errorf("%w: %s: %w", ErrStore, err.Doing, err.Err)
		return &Error{Op: op, Category: CategoryUnknown, Err: stored, cause: cause}
	case *session.InterruptedError:
		cause := advice.Interrupted
		if errors.Is(err.Err, context.DeadlineExceeded) {
			cause = advice.TookTooLong
		}
		return &Error{Op: op, Code: CodeUnreachable, Category: CategoryServiceError, Err: err.Err, cause: cause}
	case *client.KeyRefusedError:
		e := *newError(op, err.Err)
		e.cause = advice.AccessKeyRefused
		if e.Err == nil {
			e.Err = errKeyRefused
		} else {
			e.Err = fmt.Errorf("%w: %w", errKeyRefused, e.Err)
		}
		return &e
	case *client.CallbackError:
		return &Error{
			Op: op, Category: CategoryUnknown, Err: &callbackError{name: err.Name, err: err.Err}, cause: advice.CallbackFailed,
		}
	}
	e := &Error{Op: op, Code: CodeUnauthenticated, Category: CategoryInvalidCredentials}
	switch err { //nolint:errorlint // see above
	case session.ErrNone:
		e.Err, e.cause = ErrNoSession, advice.NobodySignedIn
	case session.ErrNotRenewable:
		e.Err, e.cause = fmt.Errorf("%w: there is no refresh token", ErrSessionExpired), advice.SessionEnded
	case client.ErrOtherUser:
		e.Err, e.cause = ErrOtherUser, advice.OtherUser
	case session.ErrNothingPending:
		return &Error{Op: op, Category: CategoryVerificationFailed, Err: ErrNoOtp, cause: advice.NoCodeAsked}
	default:
		return &Error{Op: op, Category: CategoryUnknown, Err: err}
	}
	return e
}

// newEnded is the error of a session that the server has ended.
func newEnded(op string, err *session.EndedError) *Error {
	ended := newRefused(op, &session.RefusedError{Err: err.Err})
	ended.Err, ended.cause = ErrSessionExpired, advice.SessionEnded
	return ended
}

// newRefused is the error of a refused refresh token or access token.
func newRefused(op string, err *session.RefusedError) *Error {
	if err.Err == session.ErrSpent { //nolint:errorlint // it is the engine's own
		return &Error{Op: op, Code: CodeInvalidGrant, Category: CategoryInvalidCredentials, Err: err.Err}
	}
	return newError(op, err.Err)
}

// newFailure is a call that has no result.
func newFailure(op string, f *wire.Failure) *Error {
	if f.Op != "" {
		op = f.Op // that of a refresh, if the call needed one and that has failed
	}
	m := f.Meaning()
	e := &Error{
		Op: op, Method: f.Method, Path: f.Path, StatusCode: f.StatusCode,
		Code: Code(wire.ScrubCode(f.Code, f.Sent)), Number: f.Number, Description: wire.Scrub(f.Description, f.Sent), RequestID: f.RequestID,
		Category: Category(m.Category), RetryAfter: f.RetryAfter, Err: scrubbed(f.Err, f.Sent), cause: causeOfFailure(f, m),
	}
	if e.RetryAfter == 0 {
		e.RetryAfter = m.Wait
	}
	e.refreshRefused = op == client.RefreshOp && m.Tokens&advice.RefusesRefresh != 0
	return e
}

// causeOfFailure returns the cause of a failed call. A transport's error may be about another session, so it only counts as
// a failure of the transport.
func causeOfFailure(f *wire.Failure, m advice.Meaning) advice.Cause {
	switch {
	case f.RefusesBearer():
		return advice.TokenRefused
	case causeOf(f.Err) == advice.InvalidResponse && m.Category == advice.Unknown: // not even the status tells anything
		return advice.InvalidResponse
	case errors.Is(f.Err, ErrOutcomeUnknown) && f.Op == client.RefreshOp:
		return advice.RefreshLost
	case errors.Is(f.Err, ErrOutcomeUnknown) && !f.Repeatable: // else nothing can have happened that the user should look for
		return advice.OutcomeUnknown
	case errors.Is(f.Ended, context.Canceled):
		return advice.Interrupted
	case errors.Is(f.Ended, context.DeadlineExceeded):
		return advice.TookTooLong
	}
	return advice.Answered
}

// codeOf returns the error code of a failed call. It ignores wrapped errors, which may be about another session.
func codeOf(err error) Code {
	if e, ok := err.(*Error); ok { //nolint:errorlint // see above
		return e.Code
	}
	return ""
}

// unauthenticated reports whether a call has failed because nobody is signed in, or not any more. It ignores wrapped
// errors, which may be about another session.
func unauthenticated(err error) bool {
	e, ok := err.(*Error) //nolint:errorlint // see above
	if !ok {
		return false
	}
	switch e.cause {
	case advice.NobodySignedIn, advice.SessionEnded, advice.OtherUser, advice.TokenRefused, advice.AccessKeyRefused:
		return true
	}
	return e.Code == CodeUnauthenticated
}

// nobody reports whether a call has failed because nobody is signed in.
func nobody(err error) bool {
	e, ok := err.(*Error) //nolint:errorlint // what it wraps may be about some other session
	return ok && e.cause == advice.NobodySignedIn
}

// callbackError is an error of a function that the caller has given. Callers find its cause.
type callbackError struct {
	name string
	err  error
}

func (e *callbackError) Error() string { return e.name + ": " + e.err.Error() }
func (e *callbackError) Unwrap() error { return e.err }

// scrubbed removes the sent values from the text of a transport's error.
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

// factsOf collects the facts by which the meaning of an error is looked up.
func factsOf(e *Error) advice.Facts {
	f := advice.Facts{
		Code: string(e.Code), Number: e.Number, Status: e.StatusCode, Description: e.Description, Path: e.Path, Cause: e.cause,
	}
	if f.Cause == advice.None {
		f.Cause = causeOf(e.Err)
	}
	if invalid, ok := errors.AsType[*ValidationError](e.Err); ok && f.Cause == advice.BadArgument {
		f.Field = invalid.Field
	}
	return f
}

// causeOf finds the cause of an error that this package did not make: an error of a mock, or of a context.
func causeOf(err error) advice.Cause {
	if _, ok := errors.AsType[*ValidationError](err); ok {
		return advice.BadArgument
	}
	for _, c := range causes {
		if errors.Is(err, c.err) {
			return c.cause
		}
	}
	return advice.None
}

// causes are looked for in this order.
var causes = []struct {
	err   error
	cause advice.Cause
}{
	{ErrNoOtp, advice.NoCodeAsked}, {ErrStore, advice.StoreFailed}, {ErrOtherUser, advice.OtherUser}, {ErrSessionExpired, advice.SessionEnded},
	{ErrNoSession, advice.NobodySignedIn}, {ErrInvalidResponse, advice.InvalidResponse}, {ErrOutcomeUnknown, advice.OutcomeUnknown},
	{context.Canceled, advice.Interrupted}, {context.DeadlineExceeded, advice.TookTooLong},
}

// help returns the advice for e. language has the form of an Accept-Language header.
func help(e *Error, language string) string {
	return advice.Of(factsOf(e)).Advise(advice.Match(language), e.Path)
}

// HTTPStatus returns the status with which a backend should answer its own client after a call of this package has failed
// with err: 400, 401, 403, 404, 409, 423, 429, 502, 503 or 504, and 500 for errors that only the backend's owner can fix
// and for other errors. It is 200 for nil, and 499, which nobody reads, if the context was cancelled. docs/ERRORS.md has
// the whole table.
func HTTPStatus(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return meaningOf(err).HTTP
}

// UserMessage returns a sentence about err for the user who signs in, without technical terms. It is in simplified
// Chinese, traditional Chinese or English, whichever fits language best; language has the form of an Accept-Language
// header. The sentence names the time to wait if that is known. It is "" for nil.
//
// The sentence is for users of an application, who can correct neither its settings nor its code: such errors are
// "Something went wrong." to them. A command-line tool prints err itself with its Help, or uses clikit.Message.
func UserMessage(err error, language string) string {
	if err == nil {
		return ""
	}
	var wait time.Duration
	if e, ok := errors.AsType[*Error](err); ok {
		wait = e.RetryAfter
	}
	return meaningOf(err).Say(advice.Match(language), wait)
}

// meaningOf also accepts errors that are no *Error: the error of a context, or an error value of this package.
func meaningOf(err error) advice.Meaning {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		e = newError("", err)
		if code, ok := errors.AsType[Code](err); ok {
			e = NewError(code, "")
		}
	}
	return advice.Of(factsOf(e))
}

// NewError makes the *Error of a server's answer, for mocks and for tests of error handling: it has the Category,
// StatusCode, RetryAfter and Help that a call would return. Its fields may be changed.
func NewError(code Code, description string) *Error {
	m := advice.Of(advice.Facts{Code: string(code), Description: description})
	e := &Error{
		Code: code, Description: description, StatusCode: m.Status, Category: Category(m.Category), RetryAfter: m.Wait,
	}
	if m.Tokens&advice.RefusesAccess != 0 {
		e.cause = advice.TokenRefused
	}
	e.refreshRefused = m.Tokens == advice.RefusesRefresh // the code means that in every call
	e.Help = help(e, "zh-CN")
	return e
}
