package tcbauth

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/session"
)

// GetAccessToken returns an access token that may be used now, for an Authorization: Bearer header. It is the session's,
// refreshed first if it has expired, or while nobody is signed in the access key of [WithAccessKey], where that may stand in.
//
// With a token at hand it takes no lock, sends nothing and allocates nothing. Otherwise all callers share one refresh,
// which goes on if the context of one of them ends. Nobody signed in is [ErrNoSession]; a session that the server has
// ended is [ErrSessionExpired]; after any other error the session is still there.
//
// js-sdk: getAccessToken. WIRE.md 6.1.
func (a *Auth) GetAccessToken(ctx context.Context) (string, error) {
	// A handle that cannot be used never learns of a session.
	if a.bare == nil && ctx.Err() == nil {
		if token, ok := a.session.Token(ctx); ok {
			return token, nil
		}
	}
	return a.bearer(ctx, "GetAccessToken")
}

// bearer returns the access token for op: the session's, refreshed if need be, or the access key.
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
// those of [Auth.GetAccessToken]; an access key is no session.
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

// fresh returns the session with an access token that may be used, refreshed if need be.
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

// SetCredentials makes credentials the session, in place of what there was, without asking the server. nil forgets the
// session and tells the server nothing. ExpiresAt, if zero, is counted from now. It needs an AccessToken, and an
// ExpiresIn or ExpiresAt. No event is fired, as in the js-sdk. The end of ctx ends it, since nothing is lost then.
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

// HasLoginState reports whether there is a session: one whose access token may be used, or can be refreshed. It looks
// here and in the store and sends nothing, so that the server may have ended the session all the same.
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

// RefreshSessionRequest may name another refresh token than the session's.
type RefreshSessionRequest struct {
	RefreshToken string `json:"refresh_token,omitempty"`
}

// RefreshSession gets new tokens whether the old ones have expired or not, and fires [EventTokenRefreshed]. Callers that
// ask at the same time share one refresh. With a RefreshToken of the request, its session takes the place of the stored
// one. Nobody signed in is [ErrNoSession]; [Auth.SetSession] needs no session.
//
// A refresh token that the server refuses is [ErrSessionExpired] and [CodeInvalidGrant]. If it was the stored one, the session
// is forgotten; if it was the request's, the stored session stays. After any other error the session is still there.
// [ErrOutcomeUnknown] means that the server may have replaced the refresh token without telling.
//
// js-sdk: refreshSession. WIRE.md 6.1.
func (a *Auth) RefreshSession(ctx context.Context, req RefreshSessionRequest) (*Credentials, error) {
	const op = "RefreshSession"
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

// adopt takes over a session by its refresh token. Its error is one of the inside.
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

// RefreshTokenForceRequest may name the API version to refresh at: "v1", "v2", or "" for the session's own.
type RefreshTokenForceRequest struct {
	Version string `json:"version,omitempty"`
}

// RefreshTokenForce is [Auth.RefreshSession] without a refresh token of the caller's. Unlike the js-sdk's it leaves a v2
// session one of v2, and refreshes an expired session once.
//
// js-sdk: refreshTokenForce.
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

// GetSession returns the session as it is known here or in the store, its access token expired or not. It sends nothing;
// [Auth.GetLoginState] refreshes. The user is the one that was last fetched through this Auth, or has the ids only. Nobody
// signed in is [ErrNoSession], also with an access key.
//
// js-sdk: getSession.
func (a *Auth) GetSession(ctx context.Context) (*LoginState, error) {
	c, err := a.stored(ctx, "GetSession")
	if err != nil {
		return nil, err
	}
	return a.stateOf(c), nil
}

// GetLoginState returns the session, refreshed first if its access token has expired. The user is the one that was last
// fetched through this Auth, or has the ids only. Nobody signed in is [ErrNoSession], also with an access key.
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

// stored returns the session as it is known, without a look at its expiry.
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

// SetSessionRequest has the tokens of a session that comes from elsewhere. As in the js-sdk both are required, though only
// RefreshToken is used.
type SetSessionRequest struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// SetSession takes over a session: it spends the refresh token, stores what the server gives for it in place of an earlier
// session, and fires [EventTokenRefreshed] and [EventSignedIn]. A refresh token that the server refuses is
// [CodeInvalidGrant] and leaves the stored session alone.
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

// LoginScope returns the scope of the stored session: words with spaces between, "user sso" or "anonymous" say. It sends
// nothing.
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

// WithInitialState has the handler told at once who is signed in, before anything else and with one [EventInitialSession] of
// its own: Session is what [Auth.GetSession] finds under ctx, nil for nobody, and Err is why that is not known.
// [Auth.OnAuthStateChange] then returns when the store has answered.
func WithInitialState(ctx context.Context) ListenOption {
	return func(l *listening) {
		l.look = func(a *Auth) error {
			_, err := a.stored(ctx, "OnAuthStateChange")
			return err
		}
	}
}

// OnAuthStateChange calls handler for each [Event] of this Auth from now on, in the order of the changes, one at a time, on a
// goroutine of its own that lives only while there is something to tell. A handler that panics or blocks holds up no call and
// no other handler. After unsubscribe no further call of handler begins; one that runs goes on.
//
// What another handle or process has done to the session is told when a call of this Auth has looked at the store and found
// it, at the latest when the access token has expired: [EventSignedIn] for somebody else, [EventTokenRefreshed] for other
// tokens of the same person, [EventSignedOut] for nobody, or [EventSessionExpired] where this process knows that the server has
// ended the session.
//
// As in the js-sdk there is no event for SetCredentials, SignInCustom, Verify at v2 and anonymous sessions that are made anew.
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

// listen calls subscribe between two events, with the session that was told of last, nil for nobody.
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
