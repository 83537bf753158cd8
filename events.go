package tcbauth

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
