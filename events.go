package tcbauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/session"
)

// Event names a change of a session, as the js-sdk's onAuthStateChange does.
type Event string

// The events.
const (
	// EventInitialSession is fired when the first look at the store finds a session. A handler with [WithInitialState] gets
	// it at once, even if nobody is signed in.
	EventInitialSession Event = "INITIAL_SESSION"
	EventSignedIn       Event = "SIGNED_IN"       // after the user was fetched; or another user was found in the store
	EventSignedOut      Event = "SIGNED_OUT"      // here; or the session was no longer in the store
	EventSessionExpired Event = "SESSION_EXPIRED" // the server has ended the session: the user must sign in again
	EventTokenRefreshed Event = "TOKEN_REFRESHED" // here; or new tokens were found in the store

	EventPasswordRecovery Event = "PASSWORD_RECOVERY" // a forgotten password was replaced
	EventUserUpdated      Event = "USER_UPDATED"
	EventBindIdentity     Event = "BIND_IDENTITY" // the end of LinkIdentity, whether it succeeded or not
)

// AuthEvent is passed to the handlers of [Auth.OnAuthStateChange]. Printed with fmt or slog it shows no token.
type AuthEvent struct {
	Event   Event
	Session *Credentials // a copy of the session after the event; nil if nobody is signed in

	Provider string // of EventBindIdentity: the third party
	// Err says for EventBindIdentity why the account was not linked (nil if it was), for EventSessionExpired why the
	// session has ended, and for EventInitialSession why the state is not known (nil if it is).
	Err error
}

// Observer is told what an App does, for traces and metrics. Its functions are called in the goroutine that does the
// work, concurrently, and sometimes while a session is locked: they must not block and must not call the App. A panic is
// logged as a warning and has no other effect. They never get a token, a code, a phone number, a body, a query or the key
// of a stored value.
//
// Any function may be nil. Later versions may add functions, and fields to their arguments; this does not break code that
// names the fields that it sets.
type Observer struct {
	// CallStart is called before a call and returns the context for it, which must derive from ctx; nil means ctx. If the
	// call needs a refresh or the store, their contexts derive from it too.
	CallStart func(ctx context.Context, call CallStart) context.Context
	// CallEnd is called after the call, with the context that CallStart returned. It follows every CallStart.
	CallEnd func(ctx context.Context, call CallEnd)
	// Refresh is called after each attempt to get new tokens for a session, after the CallEnd of its call.
	Refresh func(ctx context.Context, refresh RefreshEnd)
	// Store is called after each operation of the [TokenStore].
	Store func(ctx context.Context, op StoreOp)
	// SessionEnd is called for each session that ends through this App, not for sessions that end elsewhere.
	SessionEnd func(ctx context.Context, end SessionEnd)
}

// CallStart describes a call that begins: one request to the server with all its attempts, a captcha and a new access
// token included. A method that needs several requests makes several calls; one whose arguments are refused makes none.
type CallStart struct {
	Op     string // the method of Auth; RefreshSession, SignInAnonymously or SignInWithCustomTicket for a refresh
	Method string // of the request: "POST"
	Path   string // of the request below /auth, without a query: "v1/signin"
	Server string // its host, with the port if the URL has one
}

// CallEnd describes a call that has ended.
type CallEnd struct {
	CallStart

	Code       Code          // the error code; "" if the call succeeded, or failed without a code
	Category   Category      // the category of the error; "" if the call succeeded
	StatusCode int           // of the last answer; 0: none
	Attempts   int           // how often the request was sent; 0: a token or another precondition was missing
	Duration   time.Duration // of all of it
	Refreshed  bool          // whether it waited for a new access token
	RequestID  string        // x-request-id of all attempts
}

// RefreshOutcome is the result of a refresh.
type RefreshOutcome string

// The outcomes of a refresh.
const (
	RefreshDone     = RefreshOutcome(client.RefreshDone)     // "refreshed": the session has new tokens
	RefreshReplaced = RefreshOutcome(client.RefreshReplaced) // "replaced": a new anonymous session replaces the expired one
	RefreshRefused  = RefreshOutcome(client.RefreshRefused)  // "refused": the server does not accept the refresh token
	RefreshFailed   = RefreshOutcome(client.RefreshFailed)   // "failed": for any other reason; the session still exists
)

// RefreshEnd describes a refresh that has ended. All callers that wait for one share it, and it is reported once.
type RefreshEnd struct {
	Outcome  RefreshOutcome
	Code     Code          // why there are no new tokens, as of [CallEnd]
	Category Category      // the same
	Duration time.Duration // of the exchange with the server; the store's calls come on top
}

// StoreOpKind names an operation of a store.
type StoreOpKind string

// The kinds of [StoreOp].
const (
	StoreGet     = StoreOpKind(session.StoreGet)     // "get"
	StoreSet     = StoreOpKind(session.StoreSet)     // "set": of one value, or of several where the store does that in one step
	StoreDelete  = StoreOpKind(session.StoreDelete)  // "delete": the same
	StoreReserve = StoreOpKind(session.StoreReserve) // "reserve": of a [Reserver]
	StoreLock    = StoreOpKind(session.StoreLock)    // "lock": of a [Locker], with the time spent waiting for it
	StoreUnlock  = StoreOpKind(session.StoreUnlock)  // "unlock"
)

// StoreOp describes an operation of the [TokenStore] that has ended.
type StoreOp struct {
	Kind     StoreOpKind
	Duration time.Duration
	Failed   bool // with an error other than [ErrNotFound]; not if the caller cancelled
}

// SessionEndReason says why a session has ended.
type SessionEndReason string

// The reasons of [SessionEnd].
const (
	SessionSignedOut SessionEndReason = "signed_out" // by SignOut, or because the account was deleted
	SessionForgotten SessionEndReason = "forgotten"  // by SetCredentials(nil)
	SessionExpired   SessionEndReason = "expired"    // the server has ended it: the user must sign in again
)

// SessionEnd describes a session that has ended.
type SessionEnd struct {
	Reason SessionEndReason
	Code   Code // for SessionExpired, the server's error code
}

// observing forwards internal events to an Observer.
type observing struct {
	to     Observer
	server string // CallStart.Server
	warn   func(ctx context.Context, text string, err error)
}

// recovered keeps a panic of the Observer away from the observed call. It is deferred. It does not log the panic's value,
// which could hold a secret.
func (o *observing) recovered(ctx context.Context) {
	if v := recover(); v != nil {
		o.warn(ctx, "an Observer panicked", fmt.Errorf("panic (%T)", v))
	}
}

func (o *observing) startOf(c client.CallStart) CallStart {
	return CallStart{Op: c.Op, Method: c.Method, Path: c.Path, Server: o.server}
}

func (o *observing) CallStart(ctx context.Context, c client.CallStart) (observed context.Context) {
	observed = ctx
	if o.to.CallStart != nil {
		defer o.recovered(ctx)
		if changed := o.to.CallStart(ctx, o.startOf(c)); changed != nil {
			observed = changed
		}
	}
	return observed
}

func (o *observing) CallEnd(ctx context.Context, c client.CallEnd) {
	if o.to.CallEnd == nil {
		return
	}
	defer o.recovered(ctx)
	end := CallEnd{
		CallStart: o.startOf(c.CallStart), StatusCode: c.Status, Attempts: c.Attempts, Duration: c.Took, Refreshed: c.Refreshed, RequestID: c.RequestID,
	}
	end.Code, end.Category = codeAndCategory(c.Err)
	o.to.CallEnd(ctx, end)
}

func (o *observing) Refresh(ctx context.Context, r client.Refresh) {
	if o.to.Refresh == nil {
		return
	}
	defer o.recovered(ctx)
	end := RefreshEnd{Outcome: RefreshOutcome(r.Outcome), Duration: r.Took}
	end.Code, end.Category = codeAndCategory(r.Err)
	o.to.Refresh(ctx, end)
}

func (o *observing) StoreCalled(ctx context.Context, op session.StoreOp) {
	if o.to.Store == nil {
		return
	}
	defer o.recovered(ctx)
	failed := op.Err != nil && !errors.Is(ctx.Err(), context.Canceled)
	o.to.Store(ctx, StoreOp{Kind: StoreOpKind(op.Kind), Duration: op.Took, Failed: failed})
}

func (o *observing) SessionEnded(ctx context.Context, kind session.ChangeKind, reason error) {
	if o.to.SessionEnd == nil {
		return
	}
	defer o.recovered(ctx)
	end := SessionEnd{Reason: SessionSignedOut}
	switch kind {
	case session.Replaced:
		end.Reason = SessionForgotten
	case session.Ended:
		end.Reason = SessionExpired
		end.Code, _ = codeAndCategory(&session.EndedError{Err: reason})
	}
	o.to.SessionEnd(ctx, end)
}

// codeAndCategory describes an internal error as an [Error] does.
func codeAndCategory(err error) (Code, Category) {
	if err == nil {
		return "", ""
	}
	e := newError("", err)
	return e.Code, e.Category
}

// calmHandler is the handler of the caller's logger. A record that it panics with is lost, and nothing else is: a call
// matters more than its record.
type calmHandler struct{ slog.Handler }

// calm returns logger with panics kept away from calls; nil for nil.
func calm(logger *slog.Logger) *slog.Logger {
	if logger == nil {
		return nil
	}
	return slog.New(calmHandler{logger.Handler()})
}

// Enabled is false after a panic.
func (h calmHandler) Enabled(ctx context.Context, level slog.Level) (enabled bool) {
	defer func() { _ = recover() }()
	return h.Handler.Enabled(ctx, level)
}

// Handle returns nil after a panic.
func (h calmHandler) Handle(ctx context.Context, r slog.Record) (err error) {
	defer func() { _ = recover() }()
	return h.Handler.Handle(ctx, r)
}
