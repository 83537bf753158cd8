package clikit

import (
	"context"
	"path/filepath"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit/internal/doctor"
)

// Finding is what one check of [Kit.Doctor] has found, and what to do about it, in the person's language. Status is [CheckOK],
// [CheckWarning] or [CheckFailure].
type Finding = doctor.Finding

// The values of Finding.Status.
const (
	CheckOK      = doctor.OK
	CheckWarning = doctor.Warning // it works, and may not for long
	CheckFailure = doctor.Failure // it keeps the person from signing in or staying signed in
)

// Doctor looks for what keeps the person from signing in: the environment and its server, the network, the clock, the store of
// sessions, the session. It asks nobody. Opening the store may make its directory and its key, and a
// lock is taken and given back; an ended session stays. Without an environment the error is a *[NeedsPerson]. It is that of ctx once
// that has ended.
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
