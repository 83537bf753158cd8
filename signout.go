package tcbauth

import (
	"context"
	"errors"
	"net/http"

	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

type revokeBody struct {
	Token string `json:"token"`
}

// SignOut revokes the session on the server, removes it here and fires [EventSignedOut]. It removes the session even if
// revoking fails, and then returns what failed. If the store fails, this Auth forgets the session, but the session may
// stay in the store. The error is then [ErrStore], unless revoking failed before, and SignOut can be called again. A
// session that cannot be read is not revoked. Once begun, removing continues after ctx has ended. Only a context that has
// ended before the call leaves everything unchanged. If another user has signed in meanwhile, through another handle or
// process, that session is kept. If nobody is signed in, the error is [ErrNoSession].
//
// js-sdk: signOut without arguments.
func (a *Auth) SignOut(ctx context.Context) error {
	// WIRE.md 6.6.
	const op = "SignOut"
	leaving, err := a.sessionToEnd(ctx, op)
	if leaving == nil {
		return err
	}
	err = exec(ctx, a, wire.Request{
		Op: op, Method: http.MethodPost, Path: "v1/revoke", Body: revokeBody{Token: leaving.AccessToken}, Repeatable: true,
	})
	return a.forget(ctx, op, leaving, err)
}

// SignOutRequest says where a browser goes after signing out.
type SignOutRequest struct {
	RedirectURI string `json:"redirect_uri,omitempty"`
	State       string `json:"state,omitempty"`
}

// SignOutResponse has the URL to send the browser to, if the server gave one.
type SignOutResponse struct {
	RedirectURI string `json:"redirect_uri,omitempty"`
}

// SignOutWithRedirect signs out as [Auth.SignOut] does, through another endpoint, which returns a URL for the browser. A
// session that the server does not know any more is not an error.
//
// js-sdk: signOut with arguments.
func (a *Auth) SignOutWithRedirect(ctx context.Context, req SignOutRequest) (*SignOutResponse, error) {
	// WIRE.md 6.7.
	const op = "SignOutWithRedirect"
	leaving, err := a.sessionToEnd(ctx, op)
	if leaving == nil {
		return nil, err
	}
	out, err := call[SignOutResponse](ctx, a, wire.Request{
		Op: op, Method: http.MethodPost, Path: "v1/user/signout", Body: req, Auth: wire.Bearer, Token: leaving.AccessToken,
	})
	if unauthenticated(err) {
		out, err = new(SignOutResponse), nil
	}
	return out, a.forget(ctx, op, leaving, err)
}

// sessionToEnd returns the session to end, refreshed first if its access token has expired, as the js-sdk does. If there is
// none, the server is not told: the rest of the session is removed here, and err is the result of SignOut.
func (a *Auth) sessionToEnd(ctx context.Context, op string) (*session.Credentials, error) {
	if err := a.ready(ctx); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	if a.bare != nil {
		return (*session.Credentials)(a.bare), nil
	}
	if c, ok := a.session.Valid(); ok { // not to be refreshed ahead
		return c, nil
	}
	mine, err := a.session.Peek(), error(nil) // which has expired
	if mine == nil {
		mine, err = a.session.Stored(ctx)
	}
	if err == nil {
		var got session.Renewal
		if got, err = a.session.Lasting(ctx, mine); err == nil {
			if !got.Same {
				return mine, nil // another user has signed in since: mine cannot be refreshed, but revoked
			}
			return got.Session, nil
		}
	}
	if errors.Is(err, session.ErrNone) {
		return nil, a.fail(ctx, op, err)
	}
	return nil, a.forget(ctx, op, mine, err)
}

// forget removes the session of mine's user here, whether or not the server was told. nil stands for the signed-in user.
// err is an earlier failure, which it returns.
func (a *Auth) forget(ctx context.Context, op string, mine *session.Credentials, err error) error {
	if a.bare == nil {
		if failed := a.session.Forget(ctx, mine); failed != nil && err == nil {
			err = failed
		}
	}
	if err != nil {
		return a.fail(ctx, op, err)
	}
	return nil
}
