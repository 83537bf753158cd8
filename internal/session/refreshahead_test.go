package session_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// The window of the tests, and when a token is no longer used: 30 s before its end.
const (
	ahead = 10 * time.Minute
	used  = testbed.TokenLifetime - 30*time.Second
)

// later lets time pass for both sides.
func later(d time.Duration) { <-time.After(d) }

// getNow requires a call to give exactly this token without waiting for anything.
func getNow(t *testing.T, auth *tcbauth.Auth, want string) {
	t.Helper()
	begin := time.Now()
	testbed.RequireToken(t, auth, want)
	require.Zero(t, time.Since(begin), "the call waited")
}

func TestRefreshAhead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts []tcbauth.Option
		at   time.Duration // since the sign-in
		want int           // requests
	}{
		"before the window": {[]tcbauth.Option{tcbauth.WithRefreshAhead(ahead)}, used - ahead - time.Second, 0},
		"in the window":     {[]tcbauth.Option{tcbauth.WithRefreshAhead(ahead)}, used - ahead, 1},
		"off":               {nil, used - time.Second, 0},
		"at most half":      {[]tcbauth.Option{tcbauth.WithRefreshAhead(24 * time.Hour)}, time.Hour - 16*time.Second, 0},
		"half":              {[]tcbauth.Option{tcbauth.WithRefreshAhead(24 * time.Hour)}, time.Hour - 15*time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := tcbauth.NewMemoryStore()
				auth := testbed.NewApp(t, srv, append(test.opts, tcbauth.WithTokenStore(store))...).Auth()
				events := testbed.EventsOf(auth)
				old := testbed.SignInAs(t, auth, testbed.Gopher)
				later(test.at)
				slowly := authtest.Fault{Operation: "token", Times: 1, Delay: time.Second}
				if test.want > 0 {
					srv.Fault(slowly)
				}
				for range 100 {
					getNow(t, auth, old.AccessToken)
				}
				later(2 * time.Second)
				synctest.Wait()
				require.Equal(t, test.want, srv.Count("token"))
				if test.want == 0 {
					return
				}
				fresh := testbed.Stored(t, store, testbed.DefaultKey)
				require.NotEqual(t, old.AccessToken, fresh.AccessToken)
				getNow(t, auth, fresh.AccessToken)
				assert.Contains(t, events(), tcbauth.EventTokenRefreshed)
				assert.Equal(t, 1, srv.Count("token"))
			})
		})
	}
}

// While the server does not answer well, the token there is serves until its end, and attempts keep their distance.
func TestRefreshAheadFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		logged, log := testbed.Warnings()
		auth := testbed.NewApp(t, srv, tcbauth.WithRefreshAhead(ahead), logged).Auth()
		old := testbed.SignInAs(t, auth, testbed.Gopher)
		later(used - ahead)
		down := srv.Fault(authtest.Fault{Operation: "token", Error: &authtest.Error{Code: "internal", Number: 13, Description: "x"}})
		for range 60 {
			getNow(t, auth, old.AccessToken)
			later(time.Second)
		}
		assert.Equal(t, 2, down.Fired(), "a minute has room for two attempts 30 s apart")
		synctest.Wait()
		assert.Contains(t, log.String(), "could not be refreshed ahead")
		testbed.RequireNoTokens(t, log.String(), old)

		srv.Reset() // which forgets the fault, and the session
		later(ahead)
		_, err := auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
	})
}

// A refresh token that the server does not take ends nothing while the access token lives; then a call is told, once.
func TestRefreshAheadRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithRefreshAhead(ahead), tcbauth.WithTokenStore(store)).Auth()
		old := testbed.SignInAs(t, auth, testbed.Gopher)
		later(used - ahead)
		srv.Fault(authtest.Fault{
			Operation: "token", Error: &authtest.Error{Code: "invalid_grant", Number: 4026, Description: "invalid refresh token"},
		})
		for range 10 {
			getNow(t, auth, old.AccessToken)
			later(time.Minute - time.Second)
		}
		assert.Equal(t, 1, srv.Count("token"), "one refusal is enough")
		testbed.RequireSession(t, store, testbed.DefaultKey, old)
		later(time.Minute)
		_, err := auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		require.ErrorIs(t, err, tcbauth.CodeInvalidGrant)
		assert.Equal(t, 2, srv.Count("token"))
		testbed.RequireNobody(t, auth)
	})
}

// Handles made for each request, of two replicas of a server, refresh ahead once between them all.
func TestRefreshAheadIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		replica := func() *tcbauth.App {
			return testbed.NewApp(t, srv, tcbauth.WithRefreshAhead(ahead), tcbauth.WithTokenStore(store))
		}
		one, two := replica(), replica()
		old := testbed.SignInAs(t, one.ForUser("v"), testbed.Gopher)
		later(used - ahead)
		testbed.Slow(srv, "token", 1)
		for range 50 {
			getNow(t, one.ForUser("v"), old.AccessToken)
			getNow(t, two.ForUser("v"), old.AccessToken)
		}
		later(2 * time.Second)
		synctest.Wait()
		assert.Equal(t, 1, srv.Count("token"))
		fresh := testbed.Stored(t, store, testbed.KeyOf("v"))
		assert.NotEqual(t, old.AccessToken, fresh.AccessToken)
		getNow(t, two.ForUser("v"), fresh.AccessToken)
	})
}

// A call that needs a new token while one ahead is failing asks for itself.
func TestRefreshAheadIsOvertaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv, tcbauth.WithRefreshAhead(ahead)).Auth()
		old := testbed.SignInAs(t, auth, testbed.Gopher)
		later(used - time.Second)
		srv.Fault(authtest.Fault{
			Operation: "token", Times: 1, Delay: 5 * time.Second, Error: &authtest.Error{Code: "internal", Number: 13, Description: "x"},
		})
		getNow(t, auth, old.AccessToken)
		later(2 * time.Second)
		token, err := auth.GetAccessToken(t.Context())
		require.NoError(t, err)
		assert.NotEqual(t, old.AccessToken, token)
		assert.Equal(t, 2, srv.Count("token"))
	})
}

// What somebody signed out elsewhere is noticed by a refresh ahead; nothing is sent, and nobody comes back.
func TestRefreshAheadAfterSignOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		here := testbed.NewApp(t, srv, tcbauth.WithRefreshAhead(ahead), tcbauth.WithTokenStore(store)).Auth()
		there := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		old := testbed.SignInAs(t, here, testbed.Gopher)
		require.NoError(t, there.SignOut(t.Context()))
		later(used - ahead)
		getNow(t, here, old.AccessToken)
		synctest.Wait()
		testbed.RequireNobody(t, here)
		assert.Zero(t, srv.Count("token"))
		assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey))
	})
}

// Signing out does not refresh what it is about to end.
func TestRefreshAheadNotAtSignOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv, tcbauth.WithRefreshAhead(ahead)).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		later(used - ahead)
		require.NoError(t, auth.SignOut(t.Context()))
		synctest.Wait()
		assert.Zero(t, srv.Count("token"))
	})
}

// A new token is not refreshed at once, however short it lives, also by handles that are made for each request.
func TestRefreshAheadOfShortTokens(t *testing.T) {
	t.Parallel()
	for _, life := range []time.Duration{50 * time.Second, time.Minute, 90 * time.Second} {
		t.Run(life.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t, authtest.WithAccessTokenLifetime(life))
				app := testbed.NewApp(t, srv, tcbauth.WithRefreshAhead(ahead))
				testbed.SignInAs(t, app.ForUser("v"), testbed.Gopher)
				for range 10 {
					_, err := app.ForUser("v").GetAccessToken(t.Context())
					require.NoError(t, err)
					synctest.Wait()
				}
				assert.Zero(t, srv.Count("token"))
			})
		})
	}
}

// Failed attempts keep their distance also where each request makes a handle of its own.
func TestRefreshAheadFailsForVisitors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		app := testbed.NewApp(t, srv, tcbauth.WithRefreshAhead(ahead))
		old := testbed.SignInAs(t, app.ForUser("v"), testbed.Gopher)
		later(used - ahead)
		down := srv.Fault(authtest.Fault{Operation: "token", Error: &authtest.Error{Code: "internal", Number: 13, Description: "x"}})
		for range 60 {
			getNow(t, app.ForUser("v"), old.AccessToken)
			later(time.Second)
		}
		assert.Equal(t, 2, down.Fired())
	})
}

// TestRefreshAheadKeepsAnAnonymousUser: an anonymous session whose refresh token is refused is signed in again when its access
// token has ended, and not before.
func TestRefreshAheadKeepsAnAnonymousUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithAnonymousRefreshToken())
		auth := testbed.NewApp(t, srv, tcbauth.WithRefreshAhead(ahead)).Auth()
		old := testbed.SignInAnonymously(t, auth).Credentials
		later(used - ahead)
		srv.Fault(authtest.Fault{Operation: "token", Error: &authtest.Error{Code: "invalid_grant", Number: 4026}})
		for range 2 {
			getNow(t, auth, old.AccessToken)
			later(time.Minute)
		}
		assert.Equal(t, 1, srv.Count("token"))
		assert.Equal(t, 1, srv.Count("signin/anonymously"))
		later(ahead)
		c, err := auth.GetCredentials(t.Context())
		require.NoError(t, err)
		assert.NotEqual(t, old.AccessToken, c.AccessToken)
		assert.Equal(t, 2, srv.Count("signin/anonymously"))
	})
}

// TestRefreshAheadOutlivesItsCall: a server's request, which has what it wanted, ends before the store has answered.
func TestRefreshAheadOutlivesItsCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewHookedStore()
		logged, log := testbed.Warnings()
		auth := testbed.NewApp(t, srv, tcbauth.WithRefreshAhead(ahead), tcbauth.WithTokenStore(store), logged).Auth()
		old := testbed.SignInAs(t, auth, testbed.Gopher)
		later(used - ahead)
		store.On(func(string, string) error { later(time.Millisecond); return nil })
		ctx, cancel := context.WithCancel(t.Context())
		token, err := auth.GetAccessToken(ctx)
		require.NoError(t, err)
		require.Equal(t, old.AccessToken, token)
		cancel()
		later(time.Second)
		assert.Equal(t, 1, srv.Count("token"))
		assert.Empty(t, log.String())
	})
}
