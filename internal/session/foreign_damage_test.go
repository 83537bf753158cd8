package session_test

import (
	"fmt"
	"net/http"
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

// TestDamagedSession: waiting does not mend a session that nobody can read. The user signs in again, which replaces it.
func TestDamagedSession(t *testing.T) {
	t.Parallel()
	for name, seal := range map[string]bool{"damaged": false, "sealed with another key": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := tcbauth.NewMemoryStore()
				require.NoError(t, store.Set(t.Context(), testbed.DefaultKey, []byte("damaged"), 0))
				if seal {
					sealed, err := tcbauth.Sealed(store, make([]byte, 32))
					require.NoError(t, err)
					store = sealed
				}
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithLanguage("en")).Auth()
				_, err := auth.GetAccessToken(t.Context())
				require.ErrorIs(t, err, tcbauth.ErrStore)
				assert.Equal(t, "Please sign in again.", tcbauth.UserMessage(err, "en"))
				assert.Equal(t, http.StatusUnauthorized, tcbauth.HTTPStatus(err))
				assert.Contains(t, testbed.ErrorOf(t, err).Help, "Sign in again, which replaces it")
				testbed.SignInAs(t, auth, testbed.Gopher)
				_, err = auth.GetAccessToken(t.Context())
				require.NoError(t, err)
			})
		})
	}
}
