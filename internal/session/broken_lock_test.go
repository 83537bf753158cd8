package session_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestSignOutWithoutALock: the store has no lock for it. Its error is told, and so is the end of the session here.
func TestSignOutWithoutALock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewLockingStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		events := testbed.EventsOf(auth)
		store.On(testbed.FailsWith(testbed.ErrDisk, "Lock"))
		require.ErrorIs(t, auth.SignOut(t.Context()), tcbauth.ErrStore)
		synctest.Wait()
		assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedOut}, events())
		assert.Equal(t, 1, srv.Count("revoke"))
	})
}

// TestSignInWaitsForALock that somebody else has, on a store that reserves room: the end of the caller's context is the caller's
// own, and no failure of the store.
func TestSignInWaitsForALock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := reservingStore{testbed.NewLockingStore()}
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		req := testbed.Sms(t, srv, auth, testbed.GopherPhone)
		_, unlock, err := store.Lock(t.Context(), testbed.DefaultKey)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = auth.SignInWithSms(ctx, req)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, tcbauth.ErrStore)
		unlock()
		_, err = auth.SignInWithSms(t.Context(), req)
		require.NoError(t, err, "the code is still good")
	})
}

// TestEndedWithoutAStore: the server has refused an access token for good. It is not handed out again, although the store cannot
// be told.
func TestEndedWithoutAStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewLockingStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		c := testbed.SignInAs(t, testbed.NewApp(t, srv).Auth(), testbed.Gopher)
		require.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: c.AccessToken, ExpiresIn: 7200, Sub: c.Sub}))
		testbed.RefuseBearers(srv, 1, 0)
		locks := 0
		store.On(func(op, key string) error {
			if op == "Lock" && key == testbed.DefaultKey {
				locks++ // the first one is of the search for another token
			}
			if locks > 1 {
				return testbed.ErrDisk
			}
			return nil
		})
		_, err := testbed.GetMe(t, auth)
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		_, err = auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrStore)
	})
}
