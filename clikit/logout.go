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

// errOthersStay means that the session was unusable, so it could not end the sessions of other devices.
var errOthersStay = errors.New("clikit: the session cannot be used any more; other devices are still signed in")

// LogoutOptions choose the sessions to end.
type LogoutOptions struct {
	Local bool // only here, without the server
	All   bool // the user's sessions on all devices
}

// Logout revokes the session of the profile and removes it here, even if it is damaged or the keyring has lost its key. It
// reports whether there was a session; if nobody is signed in, that is not an error. If the server cannot be reached, the
// session is removed anyway, and the error says so. With All it is then kept, so that you can try again.
//
// A session can be unusable: it is damaged, its key is lost, or the server has ended it. It is removed too. With All that
// is an error, because the other devices stay signed in. If the store only fails to read the session, nothing is removed.
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
	case damaged(err): // it cannot be revoked
		return true, errors.Join(o.others(), s.auth.SetCredentials(ctx, nil))
	case err != nil:
		return false, err
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

// others is the part of signing out that an unusable session cannot do.
func (o LogoutOptions) others() error {
	if o.All {
		return errOthersStay
	}
	return nil
}

// revoked returns the result of a sign-out. A session that the server had ended before counts as signed out.
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
