package session_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestDamageOfAnotherSession: a store fails with an error of this package about a session of its own that is damaged. The session
// here is not: no token is spent in its place, and it is not deleted unread.
func TestDamageOfAnotherSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		damaged := tcbauth.NewMemoryStore()
		require.NoError(t, damaged.Set(t.Context(), testbed.DefaultKey, []byte("damaged"), 0))
		_, err := testbed.NewApp(t, srv, tcbauth.WithTokenStore(damaged)).Auth().GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrStore)
		foreign := fmt.Errorf("the store's own session: %w", err)

		store := testbed.NewHookedStore()
		open := func() *tcbauth.Auth { return testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth() }
		c := testbed.SignInAs(t, open(), testbed.Gopher)
		badger := testbed.SignInAs(t, testbed.NewApp(t, srv).Auth(), testbed.Badger)
		store.On(testbed.FailsWith(foreign, "Get"))
		_, err = open().SetSession(t.Context(), tcbauth.SetSessionRequest{AccessToken: badger.AccessToken, RefreshToken: badger.RefreshToken})
		require.ErrorIs(t, err, tcbauth.ErrStore)
		assert.Zero(t, srv.Count("token"))
		require.ErrorIs(t, open().SignOut(t.Context()), tcbauth.ErrStore)
		store.On(nil)
		testbed.RequireSession(t, store, testbed.DefaultKey, c)
	})
}
