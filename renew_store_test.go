package tcbauth_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
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
		"a fresh handle two hours on":  {func(app *tcbauth.App, _ *tcbauth.Auth) *tcbauth.Auth { return app.ForUser(visitor) }, lifetime, 1},
		"the same handle two hours on": {func(_ *tcbauth.App, used *tcbauth.Auth) *tcbauth.Auth { return used }, lifetime, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := emulator(t)
				store := newLockingStore()
				logged, log := warnings()
				app := newApp(t, srv, tcbauth.WithTokenStore(store), logged)
				used := app.ForUser(visitor)
				old := signInAs(t, used, gopher)
				srv.Advance(lifetime)
				store.on(fails("Set", 1))
				fresh, err := used.GetCredentials(t.Context())
				require.NoError(t, err, "the caller gets what the server gave")
				require.NotEqual(t, old.AccessToken, fresh.AccessToken)
				requireSession(t, store, keyOf(visitor), old)
				assert.Contains(t, log.String(), errDisk.Error())
				assert.Contains(t, log.String(), tcbauth.ErrStore.Error())
				requireNoTokens(t, log.String(), old, fresh)

				srv.Advance(next.pause)
				got, err := next.handle(app, used).GetCredentials(t.Context())
				require.NoError(t, err)
				requireSession(t, store, keyOf(visitor), got)
				assert.Equal(t, 1+next.refresh, srv.Count("token"))
				if next.refresh == 0 {
					assert.True(t, got.AccessToken == fresh.AccessToken)
				}
				requireToken(t, newApp(t, srv, tcbauth.WithTokenStore(store)).ForUser(visitor), got.AccessToken)
			})
		})
	}
}

// TestSaveKeepsFailing: as long as this process lives, the session does, through any number of refreshes and handles;
// and when the store works again, it gets the newest pair.
func TestSaveKeepsFailing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := newLockingStore()
		app := newApp(t, srv, tcbauth.WithTokenStore(store))
		visitor := func() *tcbauth.Auth { return app.ForUser("visitor") }
		old := signInAs(t, visitor(), gopher)
		store.on(fails("Set", -1))
		newest := old.AccessToken
		for i := range 3 {
			srv.Advance(lifetime)
			token, err := visitor().GetAccessToken(t.Context())
			require.NoError(t, err)
			require.NotEqual(t, newest, token)
			newest = token
			requireToken(t, visitor(), newest)
			requireSession(t, store, keyOf("visitor"), old)
			require.Equal(t, i+1, srv.Count("token"))
		}
		store.on(nil)
		requireToken(t, visitor(), newest)
		assert.True(t, stored(t, store, keyOf("visitor")).AccessToken == newest)
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
			signInAs(t, app.Auth(), badger)
			return badgerSub
		},
		"somebody else signed in elsewhere": func(t *testing.T, _, other *tcbauth.App) string {
			signInAs(t, other.Auth(), badger)
			return badgerSub
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := emulator(t)
				store := newLockingStore()
				app := newApp(t, srv, tcbauth.WithTokenStore(store))
				other := newApp(t, srv, tcbauth.WithTokenStore(store))
				old := signInAs(t, app.Auth(), gopher)
				srv.Advance(lifetime)
				store.on(fails("Set", 1))
				_, err := app.Auth().GetAccessToken(t.Context())
				require.NoError(t, err)
				sub := change(t, app, other)
				if sub == "" {
					// The very pair that was replaced comes back, from a backup say: it is a session like any other, and
					// what was kept for it is gone.
					srv.Advance(lifetime)
					_, err = app.Auth().GetAccessToken(t.Context())
					require.ErrorIs(t, err, tcbauth.ErrNoSession)
					put(t, store, defaultKey, old)
					_, err = app.Auth().GetAccessToken(t.Context())
					require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
					return
				}
				srv.Advance(lifetime)
				c, err := app.Auth().GetCredentials(t.Context())
				require.NoError(t, err)
				assert.Equal(t, sub, c.Sub)
				requireSession(t, store, defaultKey, c)
			})
		})
	}
}

// TestStoreChangesDuringRefresh: whoever changes the store without a lock, while a refresh is under way, has the last
// word.
func TestStoreChangesDuringRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := newTestStore()
		app := newApp(t, srv, tcbauth.WithTokenStore(store))
		signInAs(t, app.Auth(), gopher)
		srv.Advance(lifetime)
		slow(srv, "token", 1)
		refreshing := background(getting(t.Context(), app.Auth()))
		require.NoError(t, store.Delete(t.Context(), defaultKey)) // signed out
		require.ErrorIs(t, (<-refreshing).err, tcbauth.ErrNoSession)
		assert.Nil(t, stored(t, store, defaultKey), "a session that was signed out came back")
		requireNobody(t, app.Auth())

		signInAs(t, app.Auth(), gopher)
		srv.Advance(lifetime)
		slow(srv, "token", 1)
		refreshing = background(getting(t.Context(), app.Auth()))
		next := signInAs(t, newApp(t, srv, tcbauth.WithTokenStore(store)).Auth(), badger)
		got := <-refreshing
		require.NoError(t, got.err)
		assert.True(t, got.token == next.AccessToken, "the one session of this store is the next person's now")
		requireSession(t, store, defaultKey, next)
		requireToken(t, app.Auth(), next.AccessToken)
	})
}

// brokenLock is a store whose lock nobody gets. How the wait ends is the test's to say.
type brokenLock struct{ *testStore }

func (s brokenLock) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	if err := s.run("Lock", key); err != nil {
		return nil, nil, err
	}
	<-ctx.Done()
	return nil, nil, ctx.Err()
}

// TestLockCannotBeGot: no lock is no licence to refresh, since somebody else may be at it.
func TestLockCannotBeGot(t *testing.T) {
	t.Parallel()
	for name, hook := range map[string]func(string, string) error{"it fails": fails("Lock", -1), "it never comes": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := emulator(t)
				store := brokenLock{newTestStore()}
				signedIn := signInAs(t, newApp(t, srv, tcbauth.WithTokenStore(store.testStore)).Auth(), gopher)
				auth := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				store.on(hook)
				requireToken(t, auth, signedIn.AccessToken)

				srv.Advance(lifetime)
				start := time.Now()
				_, err := auth.GetAccessToken(t.Context())
				require.ErrorIs(t, err, tcbauth.ErrStore)
				require.NotErrorIs(t, err, tcbauth.CodeUnauthenticated)
				assert.Less(t, time.Since(start), 2*time.Minute)
				assert.Zero(t, srv.Count("token"))
				requireSession(t, store, defaultKey, signedIn)

				waiting := background(getting(t.Context(), auth))
				token, err := newApp(t, srv, tcbauth.WithTokenStore(store.testStore)).Auth().GetAccessToken(t.Context())
				require.NoError(t, err)
				got := <-waiting
				if hook == nil { // the other process was done before the wait was
					require.NoError(t, got.err)
					assert.True(t, got.token == token)
				}
				requireToken(t, auth, token)
				assert.Equal(t, 1, srv.Count("token"))
			})
		})
	}
}

// TestLockWaitEndsWithTheCall: the caller's context bounds the caller's wait for the lock.
func TestLockWaitEndsWithTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := brokenLock{newTestStore()}
		signInAs(t, newApp(t, srv, tcbauth.WithTokenStore(store.testStore)).Auth(), gopher)
		srv.Advance(lifetime)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		_, err := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth().GetAccessToken(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 3*time.Second, time.Since(start))
		<-time.After(time.Hour) // the flight has an end too, or the bubble would not
	})
}

// losingStore takes the lock away, and refuses who held it, as a store with fences does.
type losingStore struct {
	lockingStore
	lose context.CancelFunc
}

func (s *losingStore) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	held, unlock, err := s.lockingStore.Lock(ctx, key)
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
		srv := emulator(t)
		store := &losingStore{lockingStore: newLockingStore()}
		logged, log := warnings()
		app := newApp(t, srv, tcbauth.WithTokenStore(store), logged)
		old := signInAs(t, app.ForUser("visitor"), gopher)
		srv.Advance(lifetime)
		slow(srv, "token", 1)
		refreshing := background(getting(t.Context(), app.ForUser("visitor")))
		store.lose()
		got := <-refreshing
		require.NoError(t, got.err)
		requireSession(t, store, keyOf("visitor"), old)
		assert.Contains(t, log.String(), "could not be stored")
		requireNoTokens(t, log.String(), old)

		c, err := app.ForUser("visitor").GetCredentials(t.Context())
		require.NoError(t, err)
		assert.True(t, c.AccessToken == got.token)
		requireSession(t, store, keyOf("visitor"), c)
		assert.Equal(t, 1, srv.Count("token"))
	})
}

// TestReadFailsAtSave: whether the store still holds what was refreshed is not known, so nothing is written yet.
func TestReadFailsAtSave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := newLockingStore()
		app := newApp(t, srv, tcbauth.WithTokenStore(store))
		old := signInAs(t, app.ForUser("visitor"), gopher)
		srv.Advance(lifetime)
		slow(srv, "token", 1)
		refreshing := background(getting(t.Context(), app.ForUser("visitor")))
		store.on(fails("Get", -1))
		got := <-refreshing
		require.NoError(t, got.err)
		store.on(nil)
		requireSession(t, store, keyOf("visitor"), old)
		requireToken(t, app.ForUser("visitor"), got.token)
		assert.Equal(t, got.token, stored(t, store, keyOf("visitor")).AccessToken)
		assert.Equal(t, 1, srv.Count("token"))
	})
}

// TestLockIsLostToSomebody: a holder that was away for too long may find that the next one has refreshed. It neither deletes
// nor overwrites what that one wrote, and its caller gets it.
func TestLockIsLostToSomebody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := &losingStore{lockingStore: newLockingStore()}
		auth := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		old := signInAs(t, auth, gopher)
		srv.Advance(lifetime)
		slow(srv, "token", 1)
		refreshing := background(getting(t.Context(), auth))

		next := newApp(t, srv).Auth()
		require.NoError(t, next.SetCredentials(t.Context(), old))
		fresh, err := next.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		require.NoError(t, err)
		put(t, store, defaultKey, fresh)
		store.lose()

		got := <-refreshing
		require.NoError(t, got.err)
		assert.True(t, got.token == fresh.AccessToken)
		requireSession(t, store, defaultKey, fresh)
		assert.Equal(t, 2, srv.Count("token"))
	})
}
