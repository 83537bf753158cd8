package tcbauth

import (
	"context"
	"errors"
)

// GetAccessToken returns an access token that may be used now, for an Authorization: Bearer header. It is the session's,
// refreshed first if it has expired, or the access key of [WithAccessKey] while nobody is signed in.
//
// With a token at hand it takes no lock, sends nothing and allocates nothing. Otherwise all callers share one refresh,
// which goes on if the context of one of them ends. Nobody signed in is [ErrNoSession]; a session that the server has
// ended is [ErrSessionExpired]; after any other error the session is still there.
//
// js-sdk: getAccessToken. WIRE.md 6.1.
func (a *Auth) GetAccessToken(ctx context.Context) (string, error) {
	// A handle that cannot be used never learns of a session.
	if ctx.Err() == nil {
		if s, ok := a.usable(ctx); ok {
			return s.token, nil
		}
	}
	return a.accessToken(ctx)
}

// accessToken is GetAccessToken where that is not a matter of looking.
func (a *Auth) accessToken(ctx context.Context) (string, error) {
	err := a.ready(ctx)
	if err == nil {
		var token string
		if token, err = a.bearer(ctx); err == nil {
			return token, nil
		}
	}
	return "", a.fail(ctx, "GetAccessToken", err)
}

// GetCredentials returns a copy of the session's tokens, refreshed first if the access token has expired. Errors are
// those of [Auth.GetAccessToken]; an access key is no session.
//
// js-sdk: getCredentials.
func (a *Auth) GetCredentials(ctx context.Context) (*Credentials, error) {
	return a.getCredentials(ctx, "GetCredentials")
}

func (a *Auth) getCredentials(ctx context.Context, op string) (*Credentials, error) {
	err := a.ready(ctx)
	if err == nil && a.bare {
		return a.bareCredentials(), nil
	}
	if err == nil {
		var c *Credentials
		if c, err = a.session(ctx); err == nil {
			return c.clone(), nil
		}
	}
	return nil, a.fail(ctx, op, err)
}

const tokenTypeBearer = "Bearer"

// SetCredentials makes credentials the session, in place of what there was, without asking the server. nil forgets the
// session and tells the server nothing. ExpiresAt, if zero, is counted from now. It needs an AccessToken, and an
// ExpiresIn or ExpiresAt. No event is fired, as in the js-sdk.
//
// js-sdk: setCredentials.
func (a *Auth) SetCredentials(ctx context.Context, credentials *Credentials) error {
	err := a.ready(ctx, a.storing())
	switch {
	case err != nil:
	case credentials == nil:
		err = a.changeUntil(ctx, a.remove)
	case !headerText.MatchString(credentials.AccessToken):
		err = &ValidationError{Field: "access_token", Rule: "is empty, or no header can carry it"}
	case credentials.ExpiresIn <= 0 && credentials.ExpiresAt.IsZero():
		err = &ValidationError{Field: "expires_in", Rule: "or expires_at is required"}
	default:
		c := credentials.clone()
		if c.TokenType == "" {
			c.TokenType = tokenTypeBearer
		}
		if c.ExpiresAt.IsZero() {
			c.granted(a.now())
		}
		err = a.changeUntil(ctx, a.keeping(c)) // nothing is lost if ctx ends first
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
	if err == nil {
		if _, ok := a.current(); ok || a.bare {
			return true, nil
		}
		var c *Credentials
		if c, _, err = a.load(ctx, false); err == nil {
			return c.validAt(a.now()) || c.renewable() || a.app.cfg.ticketSource != nil, nil
		}
		if errors.Is(err, ErrNoSession) {
			return false, nil
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
	c, err := a.adopt(ctx, op, adoption{refreshToken: req.RefreshToken, needsSession: true})
	if e, ok := errors.AsType[*Error](err); ok && e.Code == CodeInvalidGrant {
		over := *e
		over.Err = ErrSessionExpired
		return c, a.fail(ctx, op, &over)
	}
	return c, err
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
		held := a.cur.Load().token
		if held == "" {
			var c *Credentials
			if c, _, err = a.load(ctx, false); err == nil {
				held = c.AccessToken
			}
		}
		if err == nil {
			var c *Credentials
			if c, err = a.renew(ctx, renewal{replace: held, version: version}); err == nil {
				return c.clone(), nil
			}
		}
	}
	return nil, a.fail(ctx, op, err)
}
