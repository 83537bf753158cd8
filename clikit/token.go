package clikit

import (
	"context"
	"errors"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

var errShortLifetime = errors.New("clikit: the server issues no token with so long a lifetime")

// TokenOptions are the requirements for a token.
type TokenOptions struct {
	MinTTL time.Duration // the token must be valid for at least this time; 0: it must be valid now
	Force  bool          // get a new token in any case
}

// Token returns the tokens of the signed-in user, refreshed first if necessary. Processes that ask at the same time share
// one refresh. If the user must sign in again, the exit code of the error is [ExitLoginRequired].
func (k *Kit) Token(ctx context.Context, o TokenOptions) (*tcbauth.Credentials, error) {
	auth, err := k.Auth(ctx)
	if err != nil {
		return nil, err
	}
	c, err := auth.GetCredentials(ctx)
	if err != nil {
		return nil, err
	}
	lives := func() bool { return c.ExpiresAt.Sub(k.cfg.Now()) >= o.MinTTL }
	if o.Force || !lives() {
		if c, err = auth.RefreshSession(ctx, tcbauth.RefreshSessionRequest{}); err != nil {
			return nil, err
		}
	}
	if !lives() {
		return nil, errShortLifetime
	}
	return c, nil
}
