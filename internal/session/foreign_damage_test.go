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

// TestDamagedSession: waiting does not mend a session that nobody can read. The user signs in again, which replaces it, or out.
func TestDamagedSession(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ seal, reserve, out bool }{
		"damaged":                 {},
		"sealed with another key": {seal: true},
		"where room is reserved":  {reserve: true},
		"signed out":              {out: true},
		"sealed and signed out":   {seal: true, out: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				below := testbed.NewLockingStore()
				require.NoError(t, below.Set(t.Context(), testbed.DefaultKey, []byte("damaged"), 0))
				var store tcbauth.TokenStore = below
				if test.seal {
					sealed, err := tcbauth.Sealed(store, make([]byte, 32))
					require.NoError(t, err)
					store = sealed
				}
				if test.reserve {
					store = reservingStore{below}
				}
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithLanguage("en")).Auth()
				_, err := auth.GetAccessToken(t.Context())
				require.ErrorIs(t, err, tcbauth.ErrStore)
				assert.Equal(t, "Please sign in again.", tcbauth.UserMessage(err, "en"))
				assert.Equal(t, http.StatusUnauthorized, tcbauth.HTTPStatus(err))
				assert.Contains(t, testbed.ErrorOf(t, err).Help, "Sign in again, which replaces it")
				if test.out {
					require.NoError(t, auth.SetCredentials(t.Context(), nil))
					testbed.RequireNobody(t, auth)
					return
				}
				_, err = auth.SignInWithSms(t.Context(), testbed.Sms(t, srv, auth, testbed.GopherPhone))
				require.NoError(t, err)
				_, err = auth.GetAccessToken(t.Context())
				require.NoError(t, err)
			})
		})
	}
}

// TestSignInOverADamagedSession works in every way that begins with a code or in a browser, from its first step on.
func TestSignInOverADamagedSession(t *testing.T) {
	t.Parallel()
	for name, begin := range codeSpenders {
		for handle, h := range bothHandles {
			t.Run(name+", "+handle, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.MailingEmulator(t)
					store := reservingStore{testbed.NewLockingStore()}
					require.NoError(t, store.Set(t.Context(), h.key, []byte("damaged"), 0))
					app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
					finish, _ := begin(t, srv, h.open(app))
					require.NoError(t, finish(h.open(app)))
					require.NotNil(t, testbed.Stored(t, store, h.key))
				})
			})
		}
	}
}
