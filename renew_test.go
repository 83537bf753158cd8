package tcbauth_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// TestRenewOnce: however many ask for the token of an expired session, and through whatever handles, one refresh is sent.
// The caller that began it goes away in the middle, and takes nobody along.
func TestRenewOnce(t *testing.T) {
	t.Parallel()
	const callers = 1000
	handles := map[string]func(*tcbauth.App) *tcbauth.Auth{
		"one handle":   (*tcbauth.App).Auth,
		"many handles": func(app *tcbauth.App) *tcbauth.Auth { return app.ForUser("visitor") },
	}
	stores := map[string]func() tcbauth.TokenStore{
		"store with locks":    tcbauth.NewMemoryStore,
		"store without locks": func() tcbauth.TokenStore { return newTestStore() },
	}
	for kind, handle := range handles {
		for storeKind, newStore := range stores {
			t.Run(kind+", "+storeKind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := emulator(t)
					app := newApp(t, srv, tcbauth.WithTokenStore(newStore()))
					old := signInAs(t, handle(app), gopher)
					srv.Advance(lifetime)
					slow(srv, "token", 1)

					ctx, cancel := context.WithCancel(t.Context())
					first := background(getting(ctx, handle(app)))
					var answers [callers]outcome
					var wg sync.WaitGroup
					for i := range answers {
						wg.Go(func() { answers[i].token, answers[i].err = handle(app).GetAccessToken(t.Context()) })
					}
					synctest.Wait()
					require.Equal(t, 1, srv.Count("token"), "the refresh is under way")
					cancel()
					require.ErrorIs(t, (<-first).err, context.Canceled)

					wg.Wait()
					want := answers[0].token
					require.NotEqual(t, old.AccessToken, want)
					for _, got := range answers {
						require.NoError(t, got.err)
						require.True(t, got.token == want)
					}
					requireToken(t, handle(app), want)
					assert.Equal(t, 1, srv.Count("token"))
				})
			})
		}
	}
}

func TestRenewOtherKeysApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		app := newApp(t, srv)
		people := map[string]string{"a": gopher, "b": badger}
		for key, username := range people {
			signInAs(t, app.ForUser(key), username)
		}
		srv.Advance(lifetime)
		slow(srv, "token", 2)
		a := background(getting(t.Context(), app.ForUser("a")))
		b := background(getting(t.Context(), app.ForUser("b")))
		assert.Equal(t, 2, srv.Count("token"), "neither waits for the other")
		subs := make([]string, 0, len(people))
		for _, done := range []<-chan outcome{a, b} {
			got := <-done
			require.NoError(t, got.err)
			user, err := app.ForToken(got.token).GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
			require.NoError(t, err)
			subs = append(subs, user.Sub)
		}
		assert.Equal(t, []string{gopherSub, badgerSub}, subs)
	})
}

// TestRenewOnceAcrossApps: two Apps are to each other what two processes are. The store's lock makes the second wait,
// and then there is nothing left to refresh.
func TestRenewOnceAcrossApps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := tcbauth.NewMemoryStore()
		one := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		other := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		signInAs(t, one, gopher)
		_, err := other.GetAccessToken(t.Context())
		require.NoError(t, err)
		srv.Advance(lifetime)
		slow(srv, "token", 1)
		first := background(getting(t.Context(), one))
		second := background(getting(t.Context(), other))
		a, b := <-first, <-second
		require.NoError(t, a.err)
		require.NoError(t, b.err)
		require.True(t, a.token == b.token)
		assert.Equal(t, 1, srv.Count("token"))
	})
}

// TestRenewAdopts: what somebody else refreshed is taken over, without a request and without the lock.
func TestRenewAdopts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := newLockingStore()
		auth := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		signInAs(t, auth, gopher)
		srv.Advance(lifetime)
		token, err := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth().GetAccessToken(t.Context())
		require.NoError(t, err)

		store.on(fails("Lock", -1))
		requireToken(t, auth, token)

		// It also answers who wants the token that it replaced refreshed.
		store.on(nil)
		newer, err := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth().RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		require.NoError(t, err)
		got, err := forcing(t.Context(), auth)()
		require.NoError(t, err)
		assert.True(t, got == newer.AccessToken)
		assert.Equal(t, 2, srv.Count("token"), "the others'")
	})
}

// TestForcedRefreshOnce: all who ask hold the same token, so one refresh answers all of them.
func TestForcedRefreshOnce(t *testing.T) {
	t.Parallel()
	const callers = 50
	for name, force := range map[string]func(context.Context, *tcbauth.Auth) (*tcbauth.Credentials, error){
		"RefreshSession": func(ctx context.Context, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
			return auth.RefreshSession(ctx, tcbauth.RefreshSessionRequest{})
		},
		"RefreshTokenForce": func(ctx context.Context, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
			return auth.RefreshTokenForce(ctx, tcbauth.RefreshTokenForceRequest{})
		},
	} {
		for kind, expired := range map[string]bool{"valid": false, "expired": true} {
			t.Run(name+" of a session that is "+kind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := emulator(t)
					store := tcbauth.NewMemoryStore()
					auth := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
					old := signInAs(t, auth, gopher)
					if expired {
						srv.Advance(lifetime)
					}
					slow(srv, "token", 1)
					var sessions [callers]*tcbauth.Credentials
					var errs [callers]error
					var wg sync.WaitGroup
					for i := range sessions {
						wg.Go(func() { sessions[i], errs[i] = force(t.Context(), auth) })
					}
					wg.Wait()
					assert.Equal(t, 1, srv.Count("token"))
					for i, err := range errs {
						require.NoError(t, err)
						require.True(t, sessions[i].AccessToken == sessions[0].AccessToken)
					}
					assert.NotEqual(t, old.AccessToken, sessions[0].AccessToken)
					requireSession(t, store, defaultKey, sessions[0])

					_, err := force(t.Context(), auth)
					require.NoError(t, err)
					assert.Equal(t, 2, srv.Count("token"), "who asks later wants a newer one")
				})
			})
		}
	}
}

// TestForcedRefreshJoinsAnother: a flight that ends with the very token that a caller wants replaced is no answer to it.
func TestForcedRefreshJoinsAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := newLockingStore()
		app := newApp(t, srv, tcbauth.WithTokenStore(store))
		current := signInAs(t, app.ForUser("visitor"), gopher)
		holder := app.ForUser("visitor")
		requireToken(t, holder, current.AccessToken)

		gate := make(chan struct{})
		store.on(func(op, key string) error {
			if op == "Get" && key == keyOf("visitor") {
				<-gate
			}
			return nil
		})
		reader := background(getting(t.Context(), app.ForUser("visitor"))) // will find the current token
		forced := background(forcing(t.Context(), holder))
		close(gate)
		got := <-reader
		require.NoError(t, got.err)
		assert.True(t, got.token == current.AccessToken)
		got = <-forced
		require.NoError(t, got.err)
		assert.NotEqual(t, current.AccessToken, got.token)
		assert.Equal(t, 1, srv.Count("token"))
	})
}

// TestTokenIsUsedUntilItsEnd: up to expires_at itself, and not a millisecond longer. A session from the store is judged
// as one in memory is.
func TestTokenIsUsedUntilItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		var now atomic.Int64 // what the clients think it is
		now.Store(srv.Now().UnixMilli())
		clock := tcbauth.WithClock(func() time.Time { return time.UnixMilli(now.Load()) })
		store := tcbauth.NewMemoryStore()
		newAuth := func() *tcbauth.Auth { return newApp(t, srv, clock, tcbauth.WithTokenStore(store)).Auth() }
		auth := newAuth()
		c := signInAs(t, auth, gopher)
		require.True(t, c.ExpiresAt.Equal(time.UnixMilli(now.Load()).Add(lifetime-30*time.Second)), c.ExpiresAt)

		now.Store(c.ExpiresAt.UnixMilli())
		requireToken(t, auth, c.AccessToken)
		requireToken(t, newAuth(), c.AccessToken)
		assert.Zero(t, srv.Count("token"))

		now.Add(1)
		fresh, err := newAuth().GetCredentials(t.Context())
		require.NoError(t, err)
		assert.NotEqual(t, c.AccessToken, fresh.AccessToken)
		assert.True(t, fresh.ExpiresAt.Equal(time.UnixMilli(now.Load()).Add(lifetime-30*time.Second)), fresh.ExpiresAt)
		requireToken(t, auth, fresh.AccessToken)
		assert.Equal(t, 1, srv.Count("token"))
	})
}

// TestWallClock is outside of a bubble, where times have no monotonic reading anyway. Two times are compared by that
// reading if both have one, and it stands still while a machine sleeps.
func TestWallClock(t *testing.T) {
	t.Parallel()
	auth, err := tcbauth.New("env")
	require.NoError(t, err)
	require.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: "a", ExpiresIn: 7200}))
	c, err := auth.GetCredentials(t.Context())
	require.NoError(t, err)
	assert.True(t, c.ExpiresAt == c.ExpiresAt.Round(0), "ExpiresAt has a monotonic reading") //nolint:staticcheck // not the instants are compared
}

// TestSessionWithoutRefreshToken ends with its access token. What is left of it stays until somebody signs in or out.
func TestSessionWithoutRefreshToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		require.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: "a", ExpiresIn: 60}))
		requireEnded := func(err error) {
			t.Helper()
			require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
			require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
			require.NotErrorIs(t, err, tcbauth.CodeInvalidGrant)
			require.NotErrorIs(t, err, tcbauth.ErrNoSession)
			assert.Equal(t, "a", stored(t, store, defaultKey).AccessToken)
		}
		_, err := forcing(t.Context(), auth)()
		requireEnded(err)
		requireToken(t, auth, "a")

		srv.Advance(time.Minute)
		for range 2 {
			_, err = auth.GetAccessToken(t.Context())
			requireEnded(err)
		}
		assert.Empty(t, srv.Requests())
	})
}

// TestAnonymousSignsInAnew: an anonymous session has nobody who could sign in again, so the client does it, with Basic
// and the device id by which the server knows the user.
func TestAnonymousSignsInAnew(t *testing.T) {
	t.Parallel()
	const (
		fresh   = `{"token_type":"Bearer","access_token":"new","expires_in":7200,"scope":"anonymous","sub":"anon"}`
		refusal = `{"error":"invalid_grant","error_code":4026,"error_description":"invalid refresh token"}`
	)
	for name, test := range map[string]struct {
		refreshToken string
		answers      []answer
	}{
		"without refresh token": {"", []answer{reply(http.StatusOK, fresh)}},
		"refresh refused":       {"r", []answer{reply(http.StatusBadRequest, refusal), reply(http.StatusOK, fresh)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := script(test.answers...)
				store := tcbauth.NewMemoryStore()
				put(t, store, "credentials_env", &tcbauth.Credentials{
					AccessToken: "old", RefreshToken: test.refreshToken, Scope: "anonymous", ExpiresAt: time.Now().Add(-time.Hour),
				})
				auth, err := tcbauth.New("env", tcbauth.WithTokenStore(store), tcbauth.WithHTTPClient(httpClient(server)))
				require.NoError(t, err)
				events := eventsOf(auth)
				requireToken(t, auth, "new")
				assert.Equal(t, "new", stored(t, store, "credentials_env").AccessToken)
				requireToken(t, auth, "new")

				sent := server.requests()
				require.Len(t, sent, len(test.answers))
				last := sent[len(sent)-1]
				assert.Equal(t, "/auth/v1/signin/anonymously", last.URL.Path)
				user, _, basic := last.BasicAuth()
				assert.True(t, basic)
				assert.Equal(t, "env", user)
				assert.Equal(t, "env", last.URL.Query().Get("client_id"))
				assert.Equal(t, []tcbauth.Event{tcbauth.EventInitialSession}, events())
			})
		})
	}
}

// TestAnonymousIsKept: only a refusal is a reason to become another anonymous user.
func TestAnonymousIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		srv.Fault(authtest.Fault{Operation: "token", Times: 1, Error: &authtest.Error{Word: "unavailable"}})
		store := tcbauth.NewMemoryStore()
		session := &tcbauth.Credentials{AccessToken: "a", RefreshToken: "r", Scope: "anonymous", ExpiresAt: srv.Now().Add(-time.Hour)}
		put(t, store, defaultKey, session)
		_, err := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth().GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.CodeUnavailable)
		requireSession(t, store, defaultKey, session)
		assert.Len(t, srv.Requests(), 1)
	})
}
