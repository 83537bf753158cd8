package clikit

import (
	"context"
	"errors"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

var errShortLifetime = errors.New("clikit: the server gives no token that lives so long")

// TokenOptions say what token is wanted.
type TokenOptions struct {
	MinTTL time.Duration // it must live so long from now on; 0: it must be usable now
	Force  bool          // a new one, whatever there is
}

// Token returns the tokens of the person who is signed in, refreshed first if need be. Processes that ask at the same time refresh
// once. A person who must sign in again is an error with [ExitLoginRequired].
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
