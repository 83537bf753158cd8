package clikit

import (
	"context"
	"errors"
	"fmt"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/keyringstore"
)

// errNotRevoked: the session is gone here, and the server could not be told.
var errNotRevoked = errors.New("clikit: signed out here, but the server could not be told")

// errOthersStay: the session was of no use any more, so that it could not end those of other devices.
var errOthersStay = errors.New("clikit: the session cannot be used any more; other devices are still signed in")

// LogoutOptions say how far signing out goes.
type LogoutOptions struct {
	Local bool // only here: the server is not told
	All   bool // the person's sessions on all devices
}

// Logout revokes the session of the profile and forgets it, also one that is damaged or whose key the keyring has lost. It
// reports whether there was one; nobody signed in is no error. Where the server cannot be told, the session is forgotten
// all the same, and the error says so; with All nothing is forgotten then, so that it can be tried again.
// A session that is of no use, since it is damaged, its key is lost, or the server has ended it, is forgotten too; with All that is
// an error, because the other devices stay signed in.
func (k *Kit) Logout(ctx context.Context, o LogoutOptions) (bool, error) {
	set, err := k.Settings()
	if err != nil {
		return false, err
	}
	return k.logout(ctx, set, o)
}

func (k *Kit) logout(ctx context.Context, set *Settings, o LogoutOptions) (bool, error) {
	if o.Local && o.All {
		return false, k.misuse(localOrAll)
	}
	if set.Env.Value == "" || !set.storeChosen() {
		return false, nil
	}
	s, err := k.open(ctx, set)
	if errors.Is(err, keyringstore.ErrKeyLost) {
		there, err := k.startAfresh(ctx, set)
		return there, errors.Join(o.others(), err)
	}
	if err != nil {
		return false, err
	}
	if err := k.dropPending(ctx, s); err != nil {
		return false, err
	}
	there, err := s.auth.HasLoginState(ctx)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false, err
	case err != nil: // damaged: it cannot be revoked
		return true, errors.Join(o.others(), s.auth.SetCredentials(ctx, nil))
	case !there:
		return false, nil
	case o.Local:
		return true, s.auth.SetCredentials(ctx, nil)
	case o.All:
		switch err := s.auth.RevokeAllDevices(ctx); {
		case errors.Is(err, tcbauth.CodeUnauthenticated):
			return true, errors.Join(o.others(), s.auth.SetCredentials(ctx, nil))
		case err != nil:
			return true, err
		}
	}
	return true, revoked(s.auth.SignOut(ctx))
}

// others is what a session that is of no use leaves undone.
func (o LogoutOptions) others() error {
	if o.All {
		return errOthersStay
	}
	return nil
}

// revoked is what has become of a sign-out. A session that the server had ended before is signed out.
func revoked(err error) error {
	switch {
	case err == nil, errors.Is(err, tcbauth.CodeUnauthenticated):
		return nil
	case errors.Is(err, tcbauth.ErrStore), errors.Is(err, context.Canceled):
		return err
	}
	return fmt.Errorf("%w: %w", errNotRevoked, err)
}

// startAfresh removes sealed sessions that nobody can open any more.
func (k *Kit) startAfresh(ctx context.Context, set *Settings) (bool, error) {
	_, where, err := k.openStore(ctx, set)
	if err != nil && errors.Is(err, keyringstore.ErrKeyLost) {
		_, err = keyringstore.StartAfresh(ctx, k.cfg.App, where.Dir)
	}
	if err != nil {
		return true, &StorageError{Path: where.Dir, Err: err}
	}
	return true, nil
}
