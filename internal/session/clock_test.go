package session_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestExpiryBeyondTheTokensLifetime: an expiry that is further off than the token lives was written by a clock that was
// wrong. The token is taken for expired, and refreshed.
func TestExpiryBeyondTheTokensLifetime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		expiresIn int
		until     time.Duration
		refreshed bool
	}{
		"three years":                 {7200, 3 * 365 * 24 * time.Hour, true},
		"a day":                       {7200, 24 * time.Hour, true},
		"twice its life":              {7200, 4 * time.Hour, true},
		"a short token, for an hour":  {60, time.Hour, true},
		"its life":                    {7200, 2*time.Hour - 30*time.Second, false},
		"half its life":               {7200, time.Hour, false},
		"an hour, of an unknown life": {0, time.Hour, false},
		"eighty years":                {7200, 80 * 365 * 24 * time.Hour, true},
	} {
		for handle, h := range bothHandles {
			t.Run(name+", "+handle, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					store := tcbauth.NewMemoryStore()
					app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
					c := testbed.SignInAs(t, h.open(app), testbed.Gopher)
					c.ExpiresIn, c.ExpiresAt = test.expiresIn, srv.Now().Add(test.until)
					testbed.Put(t, store, h.key, c)
					auth := h.open(testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)))
					has, err := auth.HasLoginState(t.Context())
					require.NoError(t, err)
					require.True(t, has)
					token, err := auth.GetAccessToken(t.Context())
					require.NoError(t, err)
					if !test.refreshed {
						assert.Zero(t, srv.Count("token"))
						assert.True(t, token == c.AccessToken)
						return
					}
					assert.Equal(t, 1, srv.Count("token"))
					assert.False(t, token == c.AccessToken)
					fresh := testbed.Stored(t, store, h.key)
					assert.True(t, fresh.AccessToken == token)
					assert.WithinDuration(t, srv.Now().Add(testbed.TokenLifetime-30*time.Second), fresh.ExpiresAt, time.Second)
					testbed.RequireToken(t, auth, token)
					assert.Equal(t, 1, srv.Count("token"))
				})
			})
		}
	}
}

// TestClockIsSetBack: the machine's clock was years ahead when this handle's session was refreshed or begun, and is right
// again. The handle does not serve that token for years.
func TestClockIsSetBack(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(t *testing.T, auth *tcbauth.Auth){
		"refreshed": func(t *testing.T, auth *tcbauth.Auth) {
			_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
			require.NoError(t, err)
		},
		"expired, and refreshed": func(t *testing.T, auth *tcbauth.Auth) {
			_, err := auth.GetAccessToken(t.Context())
			require.NoError(t, err)
		},
		"signed in": func(t *testing.T, auth *tcbauth.Auth) { testbed.SignInAs(t, auth, testbed.Gopher) },
	} {
		for handle, h := range bothHandles {
			t.Run(name+", "+handle, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					var wrong atomic.Int64
					clock := tcbauth.WithClock(func() time.Time { return srv.Now().Add(time.Duration(wrong.Load())) })
					auth := h.open(testbed.NewApp(t, srv, clock))
					testbed.SignInAs(t, auth, testbed.Gopher)
					wrong.Store(int64(3 * 365 * 24 * time.Hour))
					begin(t, auth)
					before := srv.Count("token")
					served, err := auth.GetAccessToken(t.Context())
					require.NoError(t, err)
					require.Equal(t, before, srv.Count("token"))

					wrong.Store(0)
					srv.Advance(2 * testbed.TokenLifetime) // by now it is dead
					token, err := auth.GetAccessToken(t.Context())
					require.NoError(t, err)
					assert.False(t, token == served, "a dead token")
					user, err := testbed.GetMe(t, auth)
					require.NoError(t, err)
					assert.Equal(t, testbed.GopherSub, user.Sub)
					assert.Equal(t, before+1, srv.Count("token"))
				})
			})
		}
	}
}

// TestClockAheadWithRefreshAhead: a session whose expiry is years off is refreshed at once, not ahead of its time.
func TestClockAheadWithRefreshAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithRefreshAhead(ahead))
		c := testbed.SignInAs(t, app.ForUser("visitor"), testbed.Gopher)
		c.ExpiresAt = srv.Now().AddDate(3, 0, 0)
		testbed.Put(t, store, testbed.KeyOf("visitor"), c)
		token, err := app.ForUser("visitor").GetAccessToken(t.Context())
		require.NoError(t, err)
		assert.False(t, token == c.AccessToken)
		assert.Equal(t, 1, srv.Count("token"))
	})
}

// TestExpiredBeyondRepair: a session whose expiry cannot be true and that nothing renews is over.
func TestExpiredBeyondRepair(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		testbed.Put(t, store, testbed.DefaultKey, &tcbauth.Credentials{AccessToken: "a", ExpiresIn: 7200, ExpiresAt: srv.Now().AddDate(3, 0, 0)})
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		has, err := auth.HasLoginState(t.Context())
		require.NoError(t, err)
		assert.False(t, has)
		_, err = auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		assert.Empty(t, srv.Requests())
	})
}
