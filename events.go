package tcbauth

import (
	"context"
	"fmt"
)

// Event names a change of a session, as the js-sdk's onAuthStateChange does.
type Event string

// The events.
const (
	EventInitialSession Event = "INITIAL_SESSION" // the first look at the store found a session
	EventSignedIn       Event = "SIGNED_IN"       // after the user was fetched
	EventSignedOut      Event = "SIGNED_OUT"
	EventSessionExpired Event = "SESSION_EXPIRED" // the server has ended the session: its person must sign in again
	EventTokenRefreshed Event = "TOKEN_REFRESHED"

	EventPasswordRecovery Event = "PASSWORD_RECOVERY" // a forgotten password was set anew
	EventUserUpdated      Event = "USER_UPDATED"
	EventBindIdentity     Event = "BIND_IDENTITY" // the end of LinkIdentity, good or bad
)

// AuthEvent is what a handler of [Auth.OnAuthStateChange] gets. Printed with fmt or slog it shows no token.
type AuthEvent struct {
	Event   Event
	Session *Credentials // a copy of the session after the event; nil if nobody is signed in

	Provider string // of EventBindIdentity: the third party
	// Err is why the account was not bound, of EventBindIdentity, nil if it was; and why the session has ended, of
	// EventSessionExpired.
	Err error
}

// OnAuthStateChange calls handler for each [Event] of this Auth from now on, in the order of the changes, one at a time, on a
// goroutine of its own that lives only while there is something to tell. A handler that panics or blocks holds up no call and
// no other handler. After unsubscribe no further call of handler begins; one that runs goes on.
//
// As in the js-sdk there is no event for SetCredentials, SignInCustom, Verify at v2 and anonymous sessions that are made anew.
func (a *Auth) OnAuthStateChange(handler func(AuthEvent)) (unsubscribe func()) {
	return a.events.Subscribe(handler, func(value any) { // which could hold a secret
		a.app.warn(context.Background(), "an OnAuthStateChange handler panicked", fmt.Errorf("panic (%T)", value))
	})
}

// fire tells all handlers, each with a copy of the session that it may change.
func (a *Auth) fire(e AuthEvent) {
	a.events.Publish(func() AuthEvent {
		own := e
		if e.Session != nil {
			own.Session = e.Session.clone()
		}
		return own
	})
}
