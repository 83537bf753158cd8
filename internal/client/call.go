package client

import (
	"context"

	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// Call makes one call as the person of the session. If the server wants a captcha, req is sent once more with one, as far as
// one is to be had; and once again if that was the stored one and the server has forgotten it.
//
// Its error is a *[wire.Failure], one of package session's, a *[CallbackError], or what encoding the body gave.
func Call[T any](ctx context.Context, c *Client, req *wire.Request) (*T, error) {
	out, _, err := CallAs[T](ctx, c, req, nil)
	return out, err
}

// CallAs makes one call in the name of as's person and of nobody else, even if the session is somebody else's by now; nil
// stands for the person of the session. acted has the session whose token was sent, nil for none, and is Fresh if that was
// refreshed on the way. Captchas and errors are those of [Call].
func CallAs[T any](ctx context.Context, c *Client, req *wire.Request, as *session.Credentials) (out *T, acted session.Renewal, err error) {
	c.sign(ctx, req)
	out, acted, err = send[T](ctx, c, req, as)
	for fresh, repeats := false, 0; err != nil && !fresh && repeats < 2; repeats++ {
		var token string
		var failed error
		token, fresh, failed = c.captchaAfter(ctx, req, err)
		if failed != nil {
			return nil, acted, failed
		}
		if token == "" {
			break
		}
		setCaptcha(req, token)
		if acted.Session != nil { // in whose name the call began, whoever has signed in while the captcha was solved
			as = acted.Session
		}
		refreshed := acted.Fresh
		out, acted, err = send[T](ctx, c, req, as)
		acted.Fresh = acted.Fresh || refreshed
	}
	return out, acted, err
}
