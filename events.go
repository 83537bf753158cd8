package tcbauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/session"
)

// Event names a change of a session, as the js-sdk's onAuthStateChange does.
type Event string

// The events.
const (
	// EventInitialSession: the first look at the store found a session. A handler with [WithInitialState] is told at once
	// what the first look finds, which may be nobody.
	EventInitialSession Event = "INITIAL_SESSION"
	EventSignedIn       Event = "SIGNED_IN"       // after the user was fetched, or by a look at the store: somebody signed in elsewhere
	EventSignedOut      Event = "SIGNED_OUT"      // here, or by a look at the store: elsewhere
	EventSessionExpired Event = "SESSION_EXPIRED" // the server has ended the session: its person must sign in again
	EventTokenRefreshed Event = "TOKEN_REFRESHED" // here, or by a look at the store: elsewhere

	EventPasswordRecovery Event = "PASSWORD_RECOVERY" // a forgotten password was set anew
	EventUserUpdated      Event = "USER_UPDATED"
	EventBindIdentity     Event = "BIND_IDENTITY" // the end of LinkIdentity, good or bad
)

// AuthEvent is what a handler of [Auth.OnAuthStateChange] gets. Printed with fmt or slog it shows no token.
type AuthEvent struct {
	Event   Event
	Session *Credentials // a copy of the session after the event; nil if nobody is signed in

	Provider string // of EventBindIdentity: the third party
	// Err is why the account was not bound, of EventBindIdentity, nil if it was; why the session has ended, of
	// EventSessionExpired; and why it is not known who is signed in, of EventInitialSession, nil if it is.
	Err error
}

// Observer is told what an App does, for traces and metrics. Its functions are called in the goroutine that does it, from
// many at a time, and some while the lock of a session is held: they must not wait, and not call the App. A panic of one is
// logged as a warning and changes nothing else. None is told a token, a code, a phone number, a body, a query or the key of
// a stored value.
//
// A nil function is told nothing. Later versions may add functions here, and fields to what they are given: neither breaks
// code that names the fields which it sets.
type Observer struct {
	// CallStart is told that a call is about to be made, and returns the context for it, which descends from ctx; nil stands
	// for ctx. The calls that a refresh on the way makes, and the store's, have a context that descends from that one.
	CallStart func(ctx context.Context, call CallStart) context.Context
	// CallEnd is told what has become of the call, under the context that CallStart returned. It follows every CallStart.
	CallEnd func(ctx context.Context, call CallEnd)
	// Refresh is told what has become of an attempt to get new tokens for a session. It follows the CallEnd of its call.
	Refresh func(ctx context.Context, refresh RefreshEnd)
	// Store is told of each call of the [TokenStore], after it.
	Store func(ctx context.Context, op StoreOp)
	// SessionEnd is told of each session that has ended through this App. What ends elsewhere is told there.
	SessionEnd func(ctx context.Context, end SessionEnd)
}

// CallStart is a call that begins: one request to the server with all its repeats, a captcha and a new access token among
// them. A method that needs several requests makes several calls; one whose arguments are refused makes none.
type CallStart struct {
	Op     string // the method of Auth; RefreshSession, SignInAnonymously or SignInWithCustomTicket for a refresh
	Method string // of the request: "POST"
	Path   string // of the request below /auth, without a query: "v1/signin"
	Server string // its host, with the port if the URL has one
}

// CallEnd is a call that is over.
type CallEnd struct {
	CallStart

	Code       Code          // that of the [Error]; "" if it succeeded, or failed without a word
	Category   Category      // that of the [Error]; "" if it succeeded
	StatusCode int           // of the last answer; 0: none
	Attempts   int           // how often the request was sent; 0: what it needed could not be had
	Duration   time.Duration // of all of it
	Refreshed  bool          // it waited for a new access token
	RequestID  string        // x-request-id of all attempts
}

// RefreshOutcome says what has become of a refresh.
type RefreshOutcome string

// The outcomes of a refresh.
const (
	RefreshDone    = RefreshOutcome(client.RefreshDone)    // "refreshed": the session goes on with new tokens
	RefreshAnew    = RefreshOutcome(client.RefreshAnew)    // "anew": an anonymous session was made anew
	RefreshRefused = RefreshOutcome(client.RefreshRefused) // "refused": the server does not take the refresh token
	RefreshFailed  = RefreshOutcome(client.RefreshFailed)  // "failed": nothing is known; the session is still there
)

// RefreshEnd is a refresh that is over. All callers that wait for one share it, and it is told once.
type RefreshEnd struct {
	Outcome  RefreshOutcome
	Code     Code          // why there are no new tokens, as of [CallEnd]
	Category Category      // the same
	Duration time.Duration // of the exchange with the server; the store's calls come on top
}

// StoreOpKind says what a store was asked for.
type StoreOpKind string

// The kinds of [StoreOp].
const (
	StoreGet     = StoreOpKind(session.StoreGet)     // "get"
	StoreSet     = StoreOpKind(session.StoreSet)     // "set": of one value, or of several where the store does that in one step
	StoreDelete  = StoreOpKind(session.StoreDelete)  // "delete": the same
	StoreReserve = StoreOpKind(session.StoreReserve) // "reserve": of a [Reserver]
	StoreLock    = StoreOpKind(session.StoreLock)    // "lock": of a [Locker], with the wait for whoever holds it
	StoreUnlock  = StoreOpKind(session.StoreUnlock)  // "unlock"
)

// StoreOp is a call of the [TokenStore] that is over.
type StoreOp struct {
	Kind     StoreOpKind
	Duration time.Duration
	Failed   bool // by an error other than [ErrNotFound]; a caller who has gone away is no failure
}

// SessionEndReason says why a session has ended.
type SessionEndReason string

// The reasons of [SessionEnd].
const (
	SessionSignedOut SessionEndReason = "signed_out" // by SignOut, or where an account was deleted
	SessionForgotten SessionEndReason = "forgotten"  // by SetCredentials(nil)
	SessionExpired   SessionEndReason = "expired"    // the server has ended it: its person must sign in again
)

// SessionEnd is a session that has ended.
type SessionEnd struct {
	Reason SessionEndReason
	Code   Code // the server's word, of SessionExpired
}

// observing tells an Observer of what the inside does.
type observing struct {
	to     Observer
	server string // CallStart.Server
	warn   func(ctx context.Context, text string, err error)
}

// recovered keeps a panic of the Observer from what it was told of. It is deferred. The panic's value could hold a secret.
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
	end.Code, end.Category = wordsOf(c.Err)
	o.to.CallEnd(ctx, end)
}

func (o *observing) Refresh(ctx context.Context, r client.Refresh) {
	if o.to.Refresh == nil {
		return
	}
	defer o.recovered(ctx)
	end := RefreshEnd{Outcome: RefreshOutcome(r.Outcome), Duration: r.Took}
	end.Code, end.Category = wordsOf(r.Err)
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
		end.Code, _ = wordsOf(&session.EndedError{Err: reason})
	}
	o.to.SessionEnd(ctx, end)
}

// wordsOf is what an error of the inside means in a word or two.
func wordsOf(err error) (Code, Category) {
	if err == nil {
		return "", ""
	}
	e := newError("", err)
	return e.Code, e.Category
}
