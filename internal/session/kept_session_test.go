package session_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestKeptWithoutALock: a refreshed session that the store did not take serves a new handle, also while the store has no lock to
// write it with. When it has one again, the session is written.
func TestKeptWithoutALock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewLockingStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		old := testbed.SignInAs(t, app.ForUser("visitor"), testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		store.On(testbed.Fails("Set", -1))
		fresh, err := app.ForUser("visitor").GetAccessToken(t.Context())
		require.NoError(t, err)

		store.On(testbed.FailsWith(testbed.ErrDisk, "Set", "Lock"))
		testbed.RequireToken(t, app.ForUser("visitor"), fresh)
		testbed.RequireSession(t, store, testbed.KeyOf("visitor"), old)
		srv.Advance(testbed.TokenLifetime)
		_, err = app.ForUser("visitor").GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrStore)
		assert.Equal(t, 1, srv.Count("token"), "refreshed without a lock")

		store.On(nil)
		c, err := app.ForUser("visitor").GetCredentials(t.Context())
		require.NoError(t, err)
		testbed.RequireSession(t, store, testbed.KeyOf("visitor"), c)
	})
}

// TestKeptSessionEnds: the server ends a refreshed session that the store did not take. That is the end of the one that is stored
// as well, from which it came.
func TestKeptSessionEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		refuse    func(srv *authtest.Server)
		refreshes int
	}{
		"its refresh token is refused": {func(srv *authtest.Server) {
			srv.Advance(testbed.TokenLifetime)
			srv.Fault(authtest.Fault{Operation: "token", Error: &authtest.Error{Code: "invalid_grant", Number: 4026}})
		}, 1},
		"its bearer is refused, and the next one": {func(srv *authtest.Server) { testbed.RefuseBearers(srv, 2, 0) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := testbed.NewLockingStore()
				app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
				testbed.SignInAs(t, app.ForUser("visitor"), testbed.Gopher)
				srv.Advance(testbed.TokenLifetime)
				store.On(testbed.Fails("Set", -1))
				_, err := app.ForUser("visitor").GetAccessToken(t.Context())
				require.NoError(t, err)
				before := srv.Count("token")

				test.refuse(srv)
				_, err = testbed.GetMe(t, app.ForUser("visitor"))
				require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
				assert.Equal(t, test.refreshes, srv.Count("token")-before)
				assert.Nil(t, testbed.Stored(t, store, testbed.KeyOf("visitor")))
				testbed.RequireNobody(t, app.ForUser("visitor"))
			})
		})
	}
}

// TestKeptSessionSignsOut: signing out removes the session that is stored as well, also where no token says whose the two are.
func TestKeptSessionSignsOut(t *testing.T) {
	t.Parallel()
	store := testbed.NewLockingStore()
	app := testbed.NewPeerApp(t, nameless(), store)
	auth := app.Auth()
	testbed.SignInAs(t, auth, "alice")
	store.On(testbed.Fails("Set", -1))
	c, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
	require.NoError(t, err)
	require.Equal(t, "a2", c.AccessToken)
	require.NoError(t, auth.SignOut(t.Context()))
	assert.Nil(t, testbed.Stored(t, store, testbed.SessionKey("", testbed.MethodEnv)))
	testbed.RequireNobody(t, app.Auth())
}
