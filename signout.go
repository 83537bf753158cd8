package tcbauth

import (
	"context"
	"errors"
	"net/http"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

type revokeBody struct {
	Token string `json:"token"`
}

// SignOut revokes the session on the server, forgets it here and fires [EventSignedOut]. It forgets the session also
// when revoking fails, and then returns what failed; only a context that is done before the call leaves everything as it
// is. Nobody signed in is [ErrNoSession].
//
// js-sdk: signOut without arguments. WIRE.md 6.6.
func (a *Auth) SignOut(ctx context.Context) error {
	const op = "SignOut"
	token, err := a.leaving(ctx, op)
	if token == "" {
		return err
	}
	_, err = call[wire.Empty](ctx, a, wire.Request{
		Op: op, Method: http.MethodPost, Path: "v1/revoke", Body: revokeBody{Token: token}, Repeatable: true,
	})
	return a.left(ctx, op, err)
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

// SignOutWithRedirect is [Auth.SignOut] by another endpoint, which answers with a URL for the browser. A session that the
// server does not know any more is no error.
//
// js-sdk: signOut with arguments. WIRE.md 6.7.
func (a *Auth) SignOutWithRedirect(ctx context.Context, req SignOutRequest) (*SignOutResponse, error) {
	const op = "SignOutWithRedirect"
	token, err := a.leaving(ctx, op)
	if token == "" {
		return nil, err
	}
	out, err := call[SignOutResponse](ctx, a, wire.Request{
		Op: op, Method: http.MethodPost, Path: "v1/user/signout", Body: req, Auth: wire.Bearer, Token: token,
	})
	if errors.Is(err, CodeUnauthenticated) {
		out, err = new(SignOutResponse), nil
	}
	return out, a.left(ctx, op, err)
}

// leaving returns the access token of the session that is to end, refreshed if it has expired, as the js-sdk does.
// Without one there is nothing to tell the server: the session is forgotten, and err is what SignOut returns.
func (a *Auth) leaving(ctx context.Context, op string) (token string, err error) {
	if err := a.ready(ctx); err != nil {
		return "", a.fail(ctx, op, err)
	}
	if a.bare {
		return a.bareToken, nil
	}
	if s, ok := a.current(); ok { // not to be refreshed ahead
		return s.token, nil
	}
	c, err := a.session(ctx)
	switch {
	case err == nil:
		return c.AccessToken, nil
	case errors.Is(err, ErrNoSession):
		return "", a.fail(ctx, op, err)
	}
	return "", a.left(ctx, op, err)
}

// left forgets the session, whatever became of telling the server. err is what failed before, and is returned.
func (a *Auth) left(ctx context.Context, op string, err error) error {
	if !a.bare {
		if failed := a.forget(ctx); failed != nil && err == nil {
			err = a.fail(ctx, op, failed)
		}
		a.events.fire(AuthEvent{Event: EventSignedOut})
	}
	if err != nil {
		return a.fail(ctx, op, err)
	}
	return nil
}
