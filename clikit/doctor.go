package clikit

import (
	"context"
	"path/filepath"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit/internal/doctor"
)

// Finding is the result of one check of [Kit.Doctor], with advice in the user's language. Status is [CheckOK],
// [CheckWarning] or [CheckFailure].
type Finding = doctor.Finding

// The values of Finding.Status.
const (
	CheckOK      = doctor.OK
	CheckWarning = doctor.Warning // it works, but may stop working soon
	CheckFailure = doctor.Failure // the user cannot sign in, or cannot stay signed in
)

// Doctor looks for problems that keep the user from signing in: with the environment and its server, the network, the
// clock, the store of sessions, and the session. It does not ask the user. Opening the store may make its directory and its
// key, and Doctor takes and releases a lock. It does not remove an ended session. Without an environment the error is a
// *[NeedsPerson]. After ctx has ended it is ctx's error.
func (k *Kit) Doctor(ctx context.Context) ([]Finding, error) {
	set, err := k.Settings()
	if err != nil {
		return nil, err
	}
	if set.Env.Value == "" {
		return nil, missing(AskEnv)
	}
	target := doctor.Target{
		Env: set.Env.Value, Region: set.Region.Value, BaseURL: set.BaseURL.Value, Now: k.cfg.Now, Language: k.Language(),
	}
	if set.storeChosen() {
		dir, err := k.dir()
		if err != nil {
			return nil, err
		}
		target.StoreDir, target.Keyring = filepath.Join(dir, fileDir), set.Store.Value == StoreKeyring
		if target.Keyring {
			target.StoreDir = filepath.Join(dir, sealedDir)
		}
		target.Open = func(ctx context.Context) (*tcbauth.Auth, error) {
			s, err := k.open(ctx, set)
			if err != nil {
				return nil, err
			}
			return s.auth, nil
		}
	}
	found := doctor.Run(ctx, target)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return found, nil
}
