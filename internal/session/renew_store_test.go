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

// TestSaveFailsOnce: the refresh token in the store is spent, and the new pair is in this process alone. Whoever looks
// at the store next, through whatever handle, writes the new pair and does not spend the dead token.
func TestSaveFailsOnce(t *testing.T) {
	t.Parallel()
	const visitor = "visitor"
	for name, next := range map[string]struct {
		handle  func(app *tcbauth.App, used *tcbauth.Auth) *tcbauth.Auth
		pause   time.Duration
		refresh int // of what was kept
	}{
		"a fresh handle":               {func(app *tcbauth.App, _ *tcbauth.Auth) *tcbauth.Auth { return app.ForUser(visitor) }, 0, 0},
		"a fresh handle two hours on":  {func(app *tcbauth.App, _ *tcbauth.Auth) *tcbauth.Auth { return app.ForUser(visitor) }, testbed.TokenLifetime, 1},
		"the same handle two hours on": {func(_ *tcbauth.App, used *tcbauth.Auth) *tcbauth.Auth { return used }, testbed.TokenLifetime, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := testbed.NewLockingStore()
				logged, log := testbed.Warnings()
				app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), logged)
				used := app.ForUser(visitor)
				old := testbed.SignInAs(t, used, testbed.Gopher)
				srv.Advance(testbed.TokenLifetime)
				store.On(testbed.Fails("Set", 1))
				fresh, err := used.GetCredentials(t.Context())
				require.NoError(t, err, "the caller gets what the server gave")
				require.NotEqual(t, old.AccessToken, fresh.AccessToken)
				testbed.RequireSession(t, store, testbed.KeyOf(visitor), old)
				assert.Contains(t, log.String(), testbed.ErrDisk.Error())
				assert.Contains(t, log.String(), tcbauth.ErrStore.Error())
				testbed.RequireNoTokens(t, log.String(), old, fresh)

				srv.Advance(next.pause)
				got, err := next.handle(app, used).GetCredentials(t.Context())
				require.NoError(t, err)
				testbed.RequireSession(t, store, testbed.KeyOf(visitor), got)
				assert.Equal(t, 1+next.refresh, srv.Count("token"))
				if next.refresh == 0 {
					assert.True(t, got.AccessToken == fresh.AccessToken)
				}
				testbed.RequireToken(t, testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).ForUser(visitor), got.AccessToken)
			})
		})
	}
}

// TestSaveKeepsFailing: as long as this process lives, the session does, through any number of refreshes and handles;
// and when the store works again, it gets the newest pair.
func TestSaveKeepsFailing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewLockingStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		visitor := func() *tcbauth.Auth { return app.ForUser("visitor") }
		old := testbed.SignInAs(t, visitor(), testbed.Gopher)
		store.On(testbed.Fails("Set", -1))
		newest := old.AccessToken
		for i := range 3 {
			srv.Advance(testbed.TokenLifetime)
			token, err := visitor().GetAccessToken(t.Context())
			require.NoError(t, err)
			require.NotEqual(t, newest, token)
			newest = token
			testbed.RequireToken(t, visitor(), newest)
			testbed.RequireSession(t, store, testbed.KeyOf("visitor"), old)
			require.Equal(t, i+1, srv.Count("token"))
		}
		store.On(nil)
		testbed.RequireToken(t, visitor(), newest)
		assert.True(t, testbed.Stored(t, store, testbed.KeyOf("visitor")).AccessToken == newest)
		assert.Equal(t, 3, srv.Count("token"))
	})
}

// TestUnsavedGivesWay: a pair that waits to be written is no session of its own. It ends with what it would replace.
func TestUnsavedGivesWay(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, app, other *tcbauth.App) (username string){
		"signed out here": func(t *testing.T, app, _ *tcbauth.App) string {
			require.NoError(t, app.Auth().SignOut(t.Context()))
			return ""
		},
		"signed out elsewhere": func(t *testing.T, _, other *tcbauth.App) string {
			require.NoError(t, other.Auth().SetCredentials(t.Context(), nil))
			return ""
		},
		"somebody else signed in here": func(t *testing.T, app, _ *tcbauth.App) string {
			testbed.SignInAs(t, app.Auth(), testbed.Badger)
			return testbed.BadgerSub
		},
		"somebody else signed in elsewhere": func(t *testing.T, _, other *tcbauth.App) string {
			testbed.SignInAs(t, other.Auth(), testbed.Badger)
			return testbed.BadgerSub
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := testbed.NewLockingStore()
				app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
				other := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
				old := testbed.SignInAs(t, app.Auth(), testbed.Gopher)
				srv.Advance(testbed.TokenLifetime)
				store.On(testbed.Fails("Set", 1))
				_, err := app.Auth().GetAccessToken(t.Context())
				require.NoError(t, err)
				sub := change(t, app, other)
				if sub == "" {
					// The very pair that was replaced comes back, from a backup say: it is a session like any other, and
					// what was kept for it is gone.
					srv.Advance(testbed.TokenLifetime)
					_, err = app.Auth().GetAccessToken(t.Context())
					require.ErrorIs(t, err, tcbauth.ErrNoSession)
					testbed.Put(t, store, testbed.DefaultKey, old)
					_, err = app.Auth().GetAccessToken(t.Context())
					require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
					return
				}
				srv.Advance(testbed.TokenLifetime)
				c, err := app.Auth().GetCredentials(t.Context())
				require.NoError(t, err)
				assert.Equal(t, sub, c.Sub)
				testbed.RequireSession(t, store, testbed.DefaultKey, c)
			})
		})
	}
}

// TestStoreChangesDuringRefresh: whoever changes the store without a lock, while a refresh is under way, has the last
// word.
func TestStoreChangesDuringRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewHookedStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		testbed.SignInAs(t, app.Auth(), testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		testbed.Slow(srv, "token", 1)
		refreshing := testbed.Background(testbed.Getting(t.Context(), app.Auth()))
		require.NoError(t, store.Delete(t.Context(), testbed.DefaultKey)) // signed out
		require.ErrorIs(t, (<-refreshing).Err, tcbauth.ErrNoSession)
		assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey), "a session that was signed out came back")
		testbed.RequireNobody(t, app.Auth())

		testbed.SignInAs(t, app.Auth(), testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		testbed.Slow(srv, "token", 1)
		refreshing = testbed.Background(testbed.Getting(t.Context(), app.Auth()))
		next := testbed.SignInAs(t, testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth(), testbed.Badger)
		got := <-refreshing
		require.NoError(t, got.Err)
		assert.True(t, got.Token == next.AccessToken, "the one session of this store is the next person's now")
		testbed.RequireSession(t, store, testbed.DefaultKey, next)
		testbed.RequireToken(t, app.Auth(), next.AccessToken)
	})
}

// brokenLock is a store whose lock nobody gets. How the wait ends is the test's to say.
type brokenLock struct{ *testbed.HookedStore }

func (s brokenLock) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	if err := s.Run("Lock", key); err != nil {
		return nil, nil, err
	}
	<-ctx.Done()
	return nil, nil, ctx.Err()
}

// TestLockCannotBeGot: no lock is no licence to refresh, since somebody else may be at it.
func TestLockCannotBeGot(t *testing.T) {
	t.Parallel()
	for name, hook := range map[string]func(string, string) error{"it fails": testbed.Fails("Lock", -1), "it never comes": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := brokenLock{testbed.NewHookedStore()}
				signedIn := testbed.SignInAs(t, testbed.NewApp(t, srv, tcbauth.WithTokenStore(store.HookedStore)).Auth(), testbed.Gopher)
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				store.On(hook)
				testbed.RequireToken(t, auth, signedIn.AccessToken)

				srv.Advance(testbed.TokenLifetime)
				start := time.Now()
				_, err := auth.GetAccessToken(t.Context())
				require.ErrorIs(t, err, tcbauth.ErrStore)
				require.NotErrorIs(t, err, tcbauth.CodeUnauthenticated)
				assert.Less(t, time.Since(start), 2*time.Minute)
				assert.Zero(t, srv.Count("token"))
				testbed.RequireSession(t, store, testbed.DefaultKey, signedIn)

				waiting := testbed.Background(testbed.Getting(t.Context(), auth))
				token, err := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store.HookedStore)).Auth().GetAccessToken(t.Context())
				require.NoError(t, err)
				got := <-waiting
				if hook == nil { // the other process was done before the wait was
					require.NoError(t, got.Err)
					assert.True(t, got.Token == token)
				}
				testbed.RequireToken(t, auth, token)
				assert.Equal(t, 1, srv.Count("token"))
			})
		})
	}
}

// TestLockWaitEndsWithTheCall: the caller's context bounds the caller's wait for the lock.
func TestLockWaitEndsWithTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := brokenLock{testbed.NewHookedStore()}
		testbed.SignInAs(t, testbed.NewApp(t, srv, tcbauth.WithTokenStore(store.HookedStore)).Auth(), testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		_, err := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth().GetAccessToken(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 3*time.Second, time.Since(start))
		<-time.After(time.Hour) // the flight has an end too, or the bubble would not
	})
}

// losingStore takes the lock away, and refuses who held it, as a store with fences does.
type losingStore struct {
	testbed.LockingStore
	lose context.CancelFunc
}

func (s *losingStore) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	held, unlock, err := s.LockingStore.Lock(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	held, s.lose = context.WithCancel(held)
	return held, unlock, nil
}

// TestLockIsLost: the request goes on, since its answer has the only refresh token that is good. It cannot be written
// under the lost lock; the next flight writes it.
func TestLockIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := &losingStore{LockingStore: testbed.NewLockingStore()}
		logged, log := testbed.Warnings()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), logged)
		old := testbed.SignInAs(t, app.ForUser("visitor"), testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		testbed.Slow(srv, "token", 1)
		refreshing := testbed.Background(testbed.Getting(t.Context(), app.ForUser("visitor")))
		store.lose()
		got := <-refreshing
		require.NoError(t, got.Err)
		testbed.RequireSession(t, store, testbed.KeyOf("visitor"), old)
		assert.Contains(t, log.String(), "could not be stored")
		testbed.RequireNoTokens(t, log.String(), old)

		c, err := app.ForUser("visitor").GetCredentials(t.Context())
		require.NoError(t, err)
		assert.True(t, c.AccessToken == got.Token)
		testbed.RequireSession(t, store, testbed.KeyOf("visitor"), c)
		assert.Equal(t, 1, srv.Count("token"))
	})
}

// TestReadFailsAtSave: whether the store still holds what was refreshed is not known, so nothing is written yet.
func TestReadFailsAtSave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewLockingStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		old := testbed.SignInAs(t, app.ForUser("visitor"), testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		testbed.Slow(srv, "token", 1)
		refreshing := testbed.Background(testbed.Getting(t.Context(), app.ForUser("visitor")))
		store.On(testbed.Fails("Get", -1))
		got := <-refreshing
		require.NoError(t, got.Err)
		store.On(nil)
		testbed.RequireSession(t, store, testbed.KeyOf("visitor"), old)
		testbed.RequireToken(t, app.ForUser("visitor"), got.Token)
		assert.Equal(t, got.Token, testbed.Stored(t, store, testbed.KeyOf("visitor")).AccessToken)
		assert.Equal(t, 1, srv.Count("token"))
	})
}

// TestLockIsLostToSomebody: a holder that was away for too long may find that the next one has refreshed. It neither deletes
// nor overwrites what that one wrote, and its caller gets it.
func TestLockIsLostToSomebody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := &losingStore{LockingStore: testbed.NewLockingStore()}
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		old := testbed.SignInAs(t, auth, testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		testbed.Slow(srv, "token", 1)
		refreshing := testbed.Background(testbed.Getting(t.Context(), auth))

		next := testbed.NewApp(t, srv).Auth()
		require.NoError(t, next.SetCredentials(t.Context(), old))
		fresh, err := next.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		require.NoError(t, err)
		testbed.Put(t, store, testbed.DefaultKey, fresh)
		store.lose()

		got := <-refreshing
		require.NoError(t, got.Err)
		assert.True(t, got.Token == fresh.AccessToken)
		testbed.RequireSession(t, store, testbed.DefaultKey, fresh)
		assert.Equal(t, 2, srv.Count("token"))
	})
}
