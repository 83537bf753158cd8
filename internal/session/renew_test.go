package session_test

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
	"github.com/cloudbase-community/tcbauth/internal/testbed"
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
		"store without locks": func() tcbauth.TokenStore { return testbed.NewHookedStore() },
	}
	for kind, handle := range handles {
		for storeKind, newStore := range stores {
			t.Run(kind+", "+storeKind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(newStore()))
					old := testbed.SignInAs(t, handle(app), testbed.Gopher)
					srv.Advance(testbed.TokenLifetime)
					testbed.Slow(srv, "token", 1)

					ctx, cancel := context.WithCancel(t.Context())
					first := testbed.Background(testbed.Getting(ctx, handle(app)))
					var answers [callers]testbed.Outcome
					var wg sync.WaitGroup
					for i := range answers {
						wg.Go(func() { answers[i].Token, answers[i].Err = handle(app).GetAccessToken(t.Context()) })
					}
					synctest.Wait()
					require.Equal(t, 1, srv.Count("token"), "the refresh is under way")
					cancel()
					require.ErrorIs(t, (<-first).Err, context.Canceled)

					wg.Wait()
					want := answers[0].Token
					require.NotEqual(t, old.AccessToken, want)
					for _, got := range answers {
						require.NoError(t, got.Err)
						require.True(t, got.Token == want)
					}
					testbed.RequireToken(t, handle(app), want)
					assert.Equal(t, 1, srv.Count("token"))
				})
			})
		}
	}
}

func TestRenewOtherKeysApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		app := testbed.NewApp(t, srv)
		people := map[string]string{"a": testbed.Gopher, "b": testbed.Badger}
		for key, username := range people {
			testbed.SignInAs(t, app.ForUser(key), username)
		}
		srv.Advance(testbed.TokenLifetime)
		testbed.Slow(srv, "token", 2)
		a := testbed.Background(testbed.Getting(t.Context(), app.ForUser("a")))
		b := testbed.Background(testbed.Getting(t.Context(), app.ForUser("b")))
		assert.Equal(t, 2, srv.Count("token"), "neither waits for the other")
		subs := make([]string, 0, len(people))
		for _, done := range []<-chan testbed.Outcome{a, b} {
			got := <-done
			require.NoError(t, got.Err)
			user, err := app.ForToken(got.Token).GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
			require.NoError(t, err)
			subs = append(subs, user.Sub)
		}
		assert.Equal(t, []string{testbed.GopherSub, testbed.BadgerSub}, subs)
	})
}

// TestRenewOnceAcrossApps: two Apps are to each other what two processes are. The store's lock makes the second wait,
// and then there is nothing left to refresh.
func TestRenewOnceAcrossApps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		one := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		other := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		testbed.SignInAs(t, one, testbed.Gopher)
		_, err := other.GetAccessToken(t.Context())
		require.NoError(t, err)
		srv.Advance(testbed.TokenLifetime)
		testbed.Slow(srv, "token", 1)
		first := testbed.Background(testbed.Getting(t.Context(), one))
		second := testbed.Background(testbed.Getting(t.Context(), other))
		a, b := <-first, <-second
		require.NoError(t, a.Err)
		require.NoError(t, b.Err)
		require.True(t, a.Token == b.Token)
		assert.Equal(t, 1, srv.Count("token"))
	})
}

// TestRenewAdopts: what somebody else refreshed is taken over, without a request and without the lock.
func TestRenewAdopts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewLockingStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		token, err := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth().GetAccessToken(t.Context())
		require.NoError(t, err)

		store.On(testbed.Fails("Lock", -1))
		testbed.RequireToken(t, auth, token)

		// It also answers who wants the token that it replaced refreshed.
		store.On(nil)
		newer, err := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth().RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		require.NoError(t, err)
		got, err := testbed.Forcing(t.Context(), auth)()
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
					srv := testbed.Emulator(t)
					store := tcbauth.NewMemoryStore()
					auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
					old := testbed.SignInAs(t, auth, testbed.Gopher)
					if expired {
						srv.Advance(testbed.TokenLifetime)
					}
					testbed.Slow(srv, "token", 1)
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
					testbed.RequireSession(t, store, testbed.DefaultKey, sessions[0])

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
		srv := testbed.Emulator(t)
		store := testbed.NewLockingStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		current := testbed.SignInAs(t, app.ForUser("visitor"), testbed.Gopher)
		holder := app.ForUser("visitor")
		testbed.RequireToken(t, holder, current.AccessToken)

		gate := make(chan struct{})
		store.On(func(op, key string) error {
			if op == "Get" && key == testbed.KeyOf("visitor") {
				<-gate
			}
			return nil
		})
		reader := testbed.Background(testbed.Getting(t.Context(), app.ForUser("visitor"))) // will find the current token
		forced := testbed.Background(testbed.Forcing(t.Context(), holder))
		close(gate)
		got := <-reader
		require.NoError(t, got.Err)
		assert.True(t, got.Token == current.AccessToken)
		got = <-forced
		require.NoError(t, got.Err)
		assert.NotEqual(t, current.AccessToken, got.Token)
		assert.Equal(t, 1, srv.Count("token"))
	})
}

// TestTokenIsUsedUntilItsEnd: up to expires_at itself, and not a millisecond longer. A session from the store is judged
// as one in memory is.
func TestTokenIsUsedUntilItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		var now atomic.Int64 // what the clients think it is
		now.Store(srv.Now().UnixMilli())
		clock := tcbauth.WithClock(func() time.Time { return time.UnixMilli(now.Load()) })
		store := tcbauth.NewMemoryStore()
		newAuth := func() *tcbauth.Auth { return testbed.NewApp(t, srv, clock, tcbauth.WithTokenStore(store)).Auth() }
		auth := newAuth()
		c := testbed.SignInAs(t, auth, testbed.Gopher)
		require.True(t, c.ExpiresAt.Equal(time.UnixMilli(now.Load()).Add(testbed.TokenLifetime-30*time.Second)), c.ExpiresAt)

		now.Store(c.ExpiresAt.UnixMilli())
		testbed.RequireToken(t, auth, c.AccessToken)
		testbed.RequireToken(t, newAuth(), c.AccessToken)
		assert.Zero(t, srv.Count("token"))

		now.Add(1)
		fresh, err := newAuth().GetCredentials(t.Context())
		require.NoError(t, err)
		assert.NotEqual(t, c.AccessToken, fresh.AccessToken)
		assert.True(t, fresh.ExpiresAt.Equal(time.UnixMilli(now.Load()).Add(testbed.TokenLifetime-30*time.Second)), fresh.ExpiresAt)
		testbed.RequireToken(t, auth, fresh.AccessToken)
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
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		require.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: "a", ExpiresIn: 60}))
		requireEnded := func(err error) {
			t.Helper()
			require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
			require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
			require.NotErrorIs(t, err, tcbauth.CodeInvalidGrant)
			require.NotErrorIs(t, err, tcbauth.ErrNoSession)
			assert.Equal(t, "a", testbed.Stored(t, store, testbed.DefaultKey).AccessToken)
		}
		_, err := testbed.Forcing(t.Context(), auth)()
		requireEnded(err)
		testbed.RequireToken(t, auth, "a")

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
		answers      []testbed.Answer
	}{
		"without refresh token": {"", []testbed.Answer{testbed.Reply(http.StatusOK, fresh)}},
		"refresh refused":       {"r", []testbed.Answer{testbed.Reply(http.StatusBadRequest, refusal), testbed.Reply(http.StatusOK, fresh)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := testbed.Script(test.answers...)
				store := tcbauth.NewMemoryStore()
				testbed.Put(t, store, testbed.SessionKey("", "env"), &tcbauth.Credentials{
					AccessToken: "old", RefreshToken: test.refreshToken, Scope: "anonymous", ExpiresAt: time.Now().Add(-time.Hour),
				})
				auth, err := tcbauth.New("env", tcbauth.WithTokenStore(store), tcbauth.WithHTTPClient(testbed.HTTPClient(server)))
				require.NoError(t, err)
				events := testbed.EventsOf(auth)
				testbed.RequireToken(t, auth, "new")
				assert.Equal(t, "new", testbed.Stored(t, store, testbed.SessionKey("", "env")).AccessToken)
				testbed.RequireToken(t, auth, "new")

				sent := server.Requests()
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
		srv := testbed.Emulator(t)
		srv.Fault(authtest.Fault{Operation: "token", Times: 1, Error: &authtest.Error{Code: "unavailable"}})
		store := tcbauth.NewMemoryStore()
		session := &tcbauth.Credentials{AccessToken: "a", RefreshToken: "r", Scope: "anonymous", ExpiresAt: srv.Now().Add(-time.Hour)}
		testbed.Put(t, store, testbed.DefaultKey, session)
		_, err := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth().GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.CodeUnavailable)
		testbed.RequireSession(t, store, testbed.DefaultKey, session)
		assert.Len(t, srv.Requests(), 1)
	})
}
