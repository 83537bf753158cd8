package tcbauth

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/session"
)

// GetAccessToken returns a valid access token for an Authorization: Bearer header. It is the session's token, refreshed
// first if it has expired. While nobody is signed in, it is the access key of [WithAccessKey], if that may be used.
//
// If a valid token is at hand, it takes no lock, sends nothing and allocates nothing. Otherwise all callers share one
// refresh, which continues even if the context of one of them ends. If nobody is signed in, the error is [ErrNoSession];
// if the server has ended the session, [ErrSessionExpired]. After any other error the session still exists.
//
// js-sdk: getAccessToken.
func (a *Auth) GetAccessToken(ctx context.Context) (string, error) {
	// WIRE.md 6.1.
	// A handle that cannot be used never learns of a session.
	if a.bare == nil && ctx.Err() == nil {
		if token, ok := a.session.Token(ctx); ok {
			return token, nil
		}
	}
	return a.bearer(ctx, "GetAccessToken")
}

// bearer returns the access token for op: the session's, refreshed first if it has expired, or the access key.
func (a *Auth) bearer(ctx context.Context, op string) (string, error) {
	err := a.ready(ctx)
	if err == nil {
		var token string
		if token, _, err = a.client.Bearer(ctx); err == nil {
			return token, nil
		}
	}
	return "", a.fail(ctx, op, err)
}

// GetCredentials returns a copy of the session's tokens, refreshed first if the access token has expired. Errors are
// as for [Auth.GetAccessToken]; an access key is not a session.
//
// js-sdk: getCredentials.
func (a *Auth) GetCredentials(ctx context.Context) (*Credentials, error) {
	return a.getCredentials(ctx, "GetCredentials")
}

func (a *Auth) getCredentials(ctx context.Context, op string) (*Credentials, error) {
	c, err := a.fresh(ctx, op)
	if err != nil {
		return nil, err
	}
	return public(c), nil
}

// fresh returns the session with a valid access token, refreshed first if it has expired.
func (a *Auth) fresh(ctx context.Context, op string) (*session.Credentials, error) {
	err := a.ready(ctx)
	if err == nil && a.bare != nil {
		return (*session.Credentials)(a.bare), nil
	}
	if err == nil {
		var got session.Renewal
		if got, err = a.session.Fresh(ctx); err == nil {
			return got.Session, nil
		}
	}
	return nil, a.fail(ctx, op, err)
}

// SetCredentials stores credentials as the session, replacing an existing one, without asking the server. nil removes the
// session and does not tell the server. AccessToken is required, and ExpiresIn or ExpiresAt; if ExpiresAt is zero,
// ExpiresIn is counted from now. No event is fired, as in the js-sdk. The end of ctx ends the call, since nothing can be
// lost.
//
// js-sdk: setCredentials.
func (a *Auth) SetCredentials(ctx context.Context, credentials *Credentials) error {
	err := a.ready(ctx, a.storing())
	switch {
	case err != nil:
	case credentials == nil:
		err = a.session.Set(ctx, nil)
	case !client.HeaderText(credentials.AccessToken):
		err = &ValidationError{Field: "access_token", Rule: "is empty, or no header can carry it"}
	case credentials.ExpiresIn <= 0 && credentials.ExpiresAt.IsZero():
		err = &ValidationError{Field: "expires_in", Rule: "or expires_at is required"}
	case !encodable(credentials):
		err = &ValidationError{Field: "Extra", Rule: "has a value that is no JSON"}
	default:
		c := (*session.Credentials)(credentials.clone())
		if c.TokenType == "" {
			c.TokenType = tokenTypeBearer
		}
		if c.ExpiresAt.IsZero() {
			c.Grant(a.app.cfg.now(), 0)
		}
		err = a.session.Set(ctx, c)
	}
	if err != nil {
		return a.fail(ctx, "SetCredentials", err)
	}
	return nil
}

// encodable reports whether credentials can be stored: all of Extra is JSON.
func encodable(credentials *Credentials) bool {
	_, err := credentials.MarshalJSON()
	return err == nil
}

// HasLoginState reports whether there is a session whose access token is valid or can be refreshed. It looks here and in
// the store and sends nothing, so it does not notice that the server has ended the session.
//
// js-sdk: hasLoginState.
func (a *Auth) HasLoginState(ctx context.Context) (bool, error) {
	err := a.ready(ctx)
	if err == nil && a.bare != nil {
		return true, nil
	}
	if err == nil {
		var lasts bool
		if lasts, err = a.session.Lasts(ctx); err == nil {
			return lasts, nil
		}
	}
	return false, a.fail(ctx, "HasLoginState", err)
}

// RefreshSessionRequest may have another refresh token than the session's.
type RefreshSessionRequest struct {
	RefreshToken string `json:"refresh_token,omitempty"`
}

// RefreshSession gets new tokens, whether the old ones have expired or not, and fires [EventTokenRefreshed]. Concurrent
// callers share one refresh. If the request has a RefreshToken, its session replaces the stored one. If nobody is signed
// in, the error is [ErrNoSession]; [Auth.SetSession] needs no session.
//
// If the server refuses the refresh token, the error is [ErrSessionExpired] and [CodeInvalidGrant]. The stored session is
// removed if the token was its own, also where the request has it, and kept otherwise. After any other error the session
// still exists. [ErrOutcomeUnknown] means that the server may have replaced the refresh token without an answer.
//
// js-sdk: refreshSession.
func (a *Auth) RefreshSession(ctx context.Context, req RefreshSessionRequest) (*Credentials, error) {
	// WIRE.md 6.1.
	const op = client.RefreshOp
	if req.RefreshToken == "" {
		return a.forceRefresh(ctx, op, "")
	}
	c, _, err := a.adopt(ctx, op, session.Adoption{RefreshToken: req.RefreshToken, NeedsSession: true})
	if refused, ok := errors.AsType[*session.RefusedError](err); ok {
		err = &session.EndedError{Err: refused.Err}
	}
	if err != nil {
		err = a.fail(ctx, op, err)
	}
	return c, err
}

// adopt takes over a session by its refresh token. Its error is an internal one.
func (a *Auth) adopt(ctx context.Context, op string, in session.Adoption, checks ...error) (*Credentials, session.Mark, error) {
	if err := a.ready(ctx, append(checks, a.storing(), required("refresh_token", in.RefreshToken))...); err != nil {
		return nil, 0, err
	}
	c, mark, err := a.session.Adopt(ctx, in)
	if c == nil {
		return nil, mark, err
	}
	return public(c), mark, err
}

// RefreshTokenForceRequest may name the API version for the refresh: "v1", "v2", or "" for the session's own.
type RefreshTokenForceRequest struct {
	Version string `json:"version,omitempty"`
}

// RefreshTokenForce refreshes the session as [Auth.RefreshSession] does without a RefreshToken. Without a Version it
// uses the one that signed in, so a v2 session stays at v2.
//
// js-sdk: refreshTokenForce, which uses v1 unless the caller names v2, and refreshes an expired session twice.
func (a *Auth) RefreshTokenForce(ctx context.Context, req RefreshTokenForceRequest) (*Credentials, error) {
	return a.forceRefresh(ctx, "RefreshTokenForce", req.Version, checkVersion(req.Version))
}

func (a *Auth) forceRefresh(ctx context.Context, op, version string, checks ...error) (*Credentials, error) {
	err := a.ready(ctx, append(checks, a.storing())...)
	if err == nil {
		var c *session.Credentials
		if c, err = a.session.Force(ctx, version); err == nil {
			return public(c), nil
		}
	}
	return nil, a.fail(ctx, op, err)
}

// GetSession returns the session that is known here or in the store, even if its access token has expired. It sends
// nothing; [Auth.GetLoginState] refreshes. The user is the one that this Auth has fetched last, or has the ids only. If
// nobody is signed in, the error is [ErrNoSession], also with an access key.
//
// js-sdk: getSession.
func (a *Auth) GetSession(ctx context.Context) (*LoginState, error) {
	c, err := a.stored(ctx, "GetSession")
	if err != nil {
		return nil, err
	}
	return a.stateOf(c), nil
}

// GetLoginState returns the session, refreshed first if its access token has expired. The user is the one that this Auth
// has fetched last, or has the ids only. If nobody is signed in, the error is [ErrNoSession], also with an access key.
//
// js-sdk: getLoginState.
func (a *Auth) GetLoginState(ctx context.Context) (*LoginState, error) {
	return a.loginState(ctx, "GetLoginState")
}

func (a *Auth) loginState(ctx context.Context, op string) (*LoginState, error) {
	c, err := a.fresh(ctx, op)
	if err != nil {
		return nil, err
	}
	return a.stateOf(c), nil
}

func (a *Auth) stateOf(c *session.Credentials) *LoginState {
	return &LoginState{User: a.userOf(c), Credentials: public(c)}
}

// stored returns the known session, even if it has expired.
func (a *Auth) stored(ctx context.Context, op string) (*session.Credentials, error) {
	err := a.ready(ctx)
	if err == nil && a.bare != nil {
		return (*session.Credentials)(a.bare), nil
	}
	if err == nil {
		var c *session.Credentials
		if c, err = a.session.Stored(ctx); err == nil {
			return c, nil
		}
	}
	return nil, a.fail(ctx, op, err)
}

// SetSessionRequest has the tokens of a session from elsewhere. As in the js-sdk both are required, though only
// RefreshToken is used.
type SetSessionRequest struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// SetSession takes over a session: it uses up the refresh token, stores the new session, replacing an existing one, and
// fires [EventTokenRefreshed] and [EventSignedIn]. If the server refuses the refresh token, the error is
// [CodeInvalidGrant]. The stored session is then removed if the token was its own, and kept otherwise.
//
// js-sdk: setSession.
func (a *Auth) SetSession(ctx context.Context, req SetSessionRequest) (*Credentials, error) {
	const op = "SetSession"
	c, mark, err := a.adopt(ctx, op, session.Adoption{RefreshToken: req.RefreshToken}, required("access_token", req.AccessToken))
	if err != nil {
		return c, a.fail(ctx, op, err)
	}
	a.session.SignedIn(ctx, mark)
	return c, nil
}

// LoginScope returns the scope of the stored session: values separated by spaces, for example "user sso" or "anonymous".
// It sends nothing.
//
// js-sdk: loginScope.
func (a *Auth) LoginScope(ctx context.Context) (string, error) {
	c, err := a.stored(ctx, "LoginScope")
	if err != nil {
		return "", err
	}
	return c.Scope, nil
}

// LoginGroups returns the groups of the stored session. It sends nothing.
//
// js-sdk: loginGroups.
func (a *Auth) LoginGroups(ctx context.Context) ([]string, error) {
	c, err := a.stored(ctx, "LoginGroups")
	if err != nil {
		return nil, err
	}
	return slices.Clone(c.Groups), nil
}

// ListenOption is an option of [Auth.OnAuthStateChange].
type ListenOption func(*listening)

type listening struct {
	look func(*Auth) error // looks for the state to begin with; nil: the handler does not want to know
}

// WithInitialState tells the handler the current state first, with an [EventInitialSession]: Session is what
// [Auth.GetSession] finds under ctx, or nil if nobody is signed in, and Err says why it is not known.
// [Auth.OnAuthStateChange] then returns after the store has answered.
func WithInitialState(ctx context.Context) ListenOption {
	return func(l *listening) {
		l.look = func(a *Auth) error {
			_, err := a.stored(ctx, "OnAuthStateChange")
			return err
		}
	}
}

// OnAuthStateChange calls handler for each later [Event] of this Auth, in order and one at a time, on a goroutine that
// exists only while there are events. A handler that panics or blocks delays no call and no other handler. After
// unsubscribe no further call of handler starts; a running call continues.
//
// A change by another Auth or process is reported when a call of this Auth has found it in the store, at the latest when
// the access token has expired: [EventSignedIn] for another user, [EventTokenRefreshed] for other tokens of the same
// user, [EventSignedOut] if nobody is signed in any more, or [EventSessionExpired] if this process knows that the server
// has ended the session.
//
// As in the js-sdk there is no event for SetCredentials, SignInCustom, Verify at v2, and anonymous sessions that are
// replaced when they expire.
func (a *Auth) OnAuthStateChange(handler func(AuthEvent), opts ...ListenOption) (unsubscribe func()) {
	var wanted listening
	for _, opt := range opts {
		if opt != nil {
			opt(&wanted)
		}
	}
	first := AuthEvent{Event: EventInitialSession}
	if wanted.look != nil {
		a.listen(func(*session.Credentials) {}) // from here on what is found is remembered, whatever comes between
		if err := wanted.look(a); !nobody(err) {
			first.Err = err
		}
	}
	panicked := func(value any) { // which could hold a secret
		a.app.warn(context.Background(), "an OnAuthStateChange handler panicked", fmt.Errorf("panic (%T)", value))
	}
	a.listen(func(now *session.Credentials) {
		if wanted.look == nil {
			unsubscribe = a.events.Subscribe(handler, panicked)
			return
		}
		if now != nil {
			first.Session = public(now)
		}
		unsubscribe = a.events.Subscribe(handler, panicked, first)
	})
	return unsubscribe
}

// listen calls subscribe between two events, with the session of the last event, or nil.
func (a *Auth) listen(subscribe func(now *session.Credentials)) {
	switch {
	case a.bare == nil:
		a.session.Listen(subscribe)
	case a.unusable == nil:
		subscribe((*session.Credentials)(a.bare))
	default:
		subscribe(nil)
	}
}
