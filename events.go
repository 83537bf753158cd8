package tcbauth

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
