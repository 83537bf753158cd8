package tcbauth

import "context"

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
	c, err := a.getCredentials(ctx, op)
	if err != nil {
		return nil, err
	}
	return a.stateOf(c), nil
}

func (a *Auth) stateOf(c *Credentials) *LoginState {
	u := User{Sub: c.Sub, UID: c.Sub}
	if f := a.fetched.Load(); f != nil && f.session == c.Sub {
		u = f.user
	}
	return &LoginState{User: &u, Credentials: c}
}

// stored returns a copy of the session as it is known, without a look at its expiry.
func (a *Auth) stored(ctx context.Context, op string) (*Credentials, error) {
	err := a.ready(ctx)
	if err == nil && a.bare {
		return a.bareCredentials(), nil
	}
	if err == nil {
		if s, ok := a.current(); ok {
			return s.credentials.clone(), nil
		}
		var c *Credentials
		if c, _, err = a.load(ctx, false); err == nil {
			return c.clone(), nil
		}
	}
	return nil, a.fail(ctx, op, err)
}

func (a *Auth) bareCredentials() *Credentials {
	return &Credentials{TokenType: tokenTypeBearer, AccessToken: a.bareToken}
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
	return a.adopt(ctx, "SetSession", adoption{refreshToken: req.RefreshToken, event: EventSignedIn},
		required("access_token", req.AccessToken))
}
