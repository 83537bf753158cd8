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

// shuttingDown is App.Shutdown, for background.
func shuttingDown(ctx context.Context, app *tcbauth.App) func() (string, error) {
	return func() (string, error) { return "", app.Shutdown(ctx) }
}

// settles lets what is still under way when the test ends come to its own end, before the server closes.
func settles(t *testing.T) {
	t.Helper()
	t.Cleanup(func() { later(time.Hour) })
}

// requirePending requires that a call is still under way.
func requirePending(t *testing.T, done <-chan testbed.Outcome, why string) {
	t.Helper()
	synctest.Wait()
	select {
	case got := <-done:
		require.Fail(t, "it has returned already", "%s; error: %v", why, got.Err)
	default:
	}
}

// exchanges are what a process may be about to store when it is to end.
var exchanges = map[string]struct {
	expired bool
	held    string // the operation of the store that is late
	begin   func(ctx context.Context, t *testing.T, srv *authtest.Server, app *tcbauth.App) func() (string, error)
	gone    bool // nobody is signed in afterwards
}{
	"a refresh": {true, "Set", func(ctx context.Context, _ *testing.T, _ *authtest.Server, app *tcbauth.App) func() (string, error) {
		return testbed.Getting(ctx, app.ForUser("visitor"))
	}, false},
	"a refresh, before it is known to be stored": {true, "Get", func(ctx context.Context, _ *testing.T, _ *authtest.Server, app *tcbauth.App) func() (string, error) {
		return testbed.Getting(ctx, app.ForUser("visitor"))
	}, false},
	"a forced refresh": {false, "Set", func(ctx context.Context, _ *testing.T, _ *authtest.Server, app *tcbauth.App) func() (string, error) {
		return testbed.Forcing(ctx, app.ForUser("visitor"))
	}, false},
	"a session that is taken over": {false, "Set", func(ctx context.Context, t *testing.T, srv *authtest.Server, app *tcbauth.App) func() (string, error) {
		c := testbed.SignInAs(t, testbed.NewApp(t, srv).Auth(), testbed.Gopher)
		return func() (string, error) {
			return testbed.AccessTokenOf(adopters["SetSession"](ctx, app.ForUser("visitor"), c))
		}
	}, false},
	"a sign-in": {false, "Set", func(ctx context.Context, _ *testing.T, _ *authtest.Server, app *tcbauth.App) func() (string, error) {
		return func() (string, error) {
			state, err := app.ForUser("visitor").SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{Username: testbed.Gopher, Password: testbed.Password})
			if err != nil {
				return "", err
			}
			return state.Credentials.AccessToken, nil
		}
	}, false},
	"a sign-out": {false, "Delete", func(ctx context.Context, _ *testing.T, _ *authtest.Server, app *tcbauth.App) func() (string, error) {
		return func() (string, error) { return "", app.ForUser("visitor").SignOut(ctx) }
	}, true},
}

// TestShutdownWaits for what the server has given and the store has not taken yet, whether its caller still waits or not.
func TestShutdownWaits(t *testing.T) {
	t.Parallel()
	for name, exchange := range exchanges {
		for who, gone := range map[string]bool{"its caller waits": false, "its caller has gone": true} {
			t.Run(name+", "+who, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					settles(t)
					store := newLateStore()
					app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
					old := testbed.SignInAs(t, app.ForUser("visitor"), testbed.Gopher)
					if exchange.expired {
						srv.Advance(testbed.TokenLifetime)
					}
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					begin := exchange.begin(ctx, t, srv, app)
					var release func()
					var calling <-chan testbed.Outcome
					if exchange.held == "Get" { // the one after the answer
						testbed.Slow(srv, "token", 1)
						calling = testbed.Background(begin)
						release = store.hold(t, "Get")
					} else {
						release = store.hold(t, exchange.held)
						calling = testbed.Background(begin)
					}
					if gone {
						cancel()
						synctest.Wait()
					}
					shutdown := testbed.Background(shuttingDown(t.Context(), app))
					later(3 * time.Second)
					requirePending(t, shutdown, "something is not stored yet")
					release()
					require.NoError(t, (<-shutdown).Err)
					kept := testbed.Stored(t, store, testbed.KeyOf("visitor"))
					if exchange.gone {
						assert.Nil(t, kept)
					} else {
						require.NotNil(t, kept)
						assert.NotEqual(t, old.AccessToken, kept.AccessToken, "Shutdown returned before the new pair was stored")
					}
					<-calling
				})
			})
		}
	}
}

// TestShutdownWaitsForAnswers: the server takes its time, and the process that asked it ends. The next one finds the
// session.
func TestShutdownWaitsForAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithMaxSessions(3), authtest.WithRefreshPolicy(authtest.Rotating().RevokingReuse()))
		settles(t)
		store := tcbauth.NewMemoryStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		for _, visitor := range []string{"one", "two", "three"} {
			testbed.SignInAs(t, app.ForUser(visitor), testbed.Gopher)
		}
		srv.Advance(testbed.TokenLifetime)
		srv.Fault(authtest.Fault{Operation: "token", Times: 3, Delay: 700 * time.Millisecond})
		ctx, cancel := context.WithCancel(t.Context())
		for _, visitor := range []string{"one", "two", "three"} {
			testbed.Background(testbed.Getting(ctx, app.ForUser(visitor)))
		}
		cancel() // the server's requests end
		begin := time.Now()
		require.NoError(t, app.Shutdown(t.Context()))
		assert.GreaterOrEqual(t, time.Since(begin), 700*time.Millisecond)
		assert.Less(t, time.Since(begin), 10*time.Second)
		next := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		for _, visitor := range []string{"one", "two", "three"} {
			_, err := testbed.GetMe(t, next.ForUser(visitor))
			require.NoError(t, err, "logged out by a deploy")
		}
		assert.Equal(t, 3, srv.Count("token"))
	})
}

// TestShutdownWaitsForARefreshAhead that is under way; none begins after it.
func TestShutdownWaitsForARefreshAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		settles(t)
		store := tcbauth.NewMemoryStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithRefreshAhead(ahead))
		old := testbed.SignInAs(t, app.Auth(), testbed.Gopher)
		other := testbed.SignInAs(t, app.ForUser("visitor"), testbed.Badger)
		later(used - ahead)
		testbed.Slow(srv, "token", 1)
		getNow(t, app.Auth(), old.AccessToken)
		require.NoError(t, app.Shutdown(t.Context()))
		fresh := testbed.Stored(t, store, testbed.DefaultKey)
		require.NotEqual(t, old.AccessToken, fresh.AccessToken)
		for range 3 {
			getNow(t, app.ForUser("visitor"), other.AccessToken)
			later(time.Minute)
		}
		synctest.Wait()
		assert.Equal(t, 1, srv.Count("token"), "a refresh in the background began after Shutdown")
		testbed.RequireSession(t, store, testbed.KeyOf("visitor"), other)
	})
}

// TestNoRefreshAheadWhileShuttingDown: Shutdown does not wait for work that begins after it, because none does.
func TestNoRefreshAheadWhileShuttingDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		settles(t)
		store := newLateStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithRefreshAhead(ahead))
		testbed.SignInAs(t, app.ForUser("one"), testbed.Gopher)
		other := testbed.SignInAs(t, app.ForUser("two"), testbed.Badger)
		later(used - ahead)
		release := store.hold(t, "Set")
		refreshing := testbed.Background(testbed.Forcing(t.Context(), app.ForUser("one")))
		shutdown := testbed.Background(shuttingDown(t.Context(), app))
		getNow(t, app.ForUser("two"), other.AccessToken)
		synctest.Wait()
		assert.Equal(t, 1, srv.Count("token"))
		release()
		require.NoError(t, (<-refreshing).Err)
		require.NoError(t, (<-shutdown).Err)
		assert.Equal(t, 1, srv.Count("token"))
	})
}

// TestShutdownEndsWithItsContext and says so; what it waited for goes on.
func TestShutdownEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  func(context.Context) (context.Context, context.CancelFunc)
		want error
	}{
		"a deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 3*time.Second)
		}, context.DeadlineExceeded},
		"cancelled": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(3*time.Second, cancel)
			return ctx, cancel
		}, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				settles(t)
				store := newLateStore()
				app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
				testbed.SignInAs(t, app.Auth(), testbed.Gopher)
				release := store.hold(t, "Set")
				refreshing := testbed.Background(testbed.Forcing(t.Context(), app.Auth()))
				ctx, cancel := test.end(t.Context())
				defer cancel()
				begin := time.Now()
				err := app.Shutdown(ctx)
				require.ErrorIs(t, err, test.want)
				assert.Equal(t, 3*time.Second, time.Since(begin))
				release()
				got := <-refreshing
				require.NoError(t, got.Err)
				assert.True(t, testbed.Stored(t, store, testbed.DefaultKey).AccessToken == got.Token)
				require.NoError(t, app.Shutdown(t.Context()), "a second one finds nothing to wait for")
			})
		})
	}
}

// TestShutdownOfAHangingStore ends with its context too.
func TestShutdownOfAHangingStore(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"Get", "Set", "Lock", "Unlock"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				settles(t)
				store := newHangingStore()
				app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
				testbed.SignInAs(t, app.ForUser("visitor"), testbed.Gopher)
				srv.Advance(testbed.TokenLifetime)
				free := store.hangs(t, op, op == "Unlock")
				testbed.Background(testbed.Getting(t.Context(), app.ForUser("visitor")))
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				begin := time.Now()
				_ = app.Shutdown(ctx) // what is not stored is not known to every engine here
				assert.LessOrEqual(t, time.Since(begin), 3*time.Second)
				free()
			})
		})
	}
}

// TestShutdownAgain: it may be called as often as one likes, also at a time, and with nothing to wait for it does not wait.
func TestShutdownAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		settles(t)
		store := newLateStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		begin := time.Now()
		require.NoError(t, app.Shutdown(t.Context()), "nothing has begun")
		testbed.SignInAs(t, app.Auth(), testbed.Gopher)
		require.NoError(t, app.Shutdown(t.Context()))
		require.NoError(t, app.Shutdown(t.Context()))
		assert.Zero(t, time.Since(begin))

		release := store.hold(t, "Set")
		refreshing := testbed.Background(testbed.Forcing(t.Context(), app.Auth()))
		one, two := testbed.Background(shuttingDown(t.Context(), app)), testbed.Background(shuttingDown(t.Context(), app))
		requirePending(t, one, "a refresh is under way")
		requirePending(t, two, "a refresh is under way")
		release()
		require.NoError(t, (<-refreshing).Err)
		require.NoError(t, (<-one).Err)
		require.NoError(t, (<-two).Err)
	})
}

// TestCallsAfterShutdown work as before: a server still answers its last requests.
func TestCallsAfterShutdown(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]tcbauth.Option{"": nil, "with refresh ahead": {tcbauth.WithRefreshAhead(ahead)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				settles(t)
				app := testbed.NewApp(t, srv, opts...)
				old := testbed.SignInAs(t, app.Auth(), testbed.Gopher)
				require.NoError(t, app.Shutdown(t.Context()))
				testbed.RequireToken(t, app.Auth(), old.AccessToken)
				srv.Advance(testbed.TokenLifetime)
				token, err := app.Auth().GetAccessToken(t.Context())
				require.NoError(t, err)
				assert.NotEqual(t, old.AccessToken, token)
				_, err = app.Auth().RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
				require.NoError(t, err)
				testbed.SignInAs(t, app.ForUser("visitor"), testbed.Badger)
				_, err = testbed.GetMe(t, app.ForUser("visitor"))
				require.NoError(t, err)
				require.NoError(t, app.ForUser("visitor").SignOut(t.Context()))
				require.NoError(t, app.Auth().SignOut(t.Context()))
				testbed.RequireNobody(t, app.Auth())
			})
		})
	}
}

// TestShutdownWaitsForSetCredentials: it waits for every session that is being written.
func TestShutdownWaitsForSetCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewHookedStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		store.On(func(op, _ string) error {
			if op == "Set" {
				testbed.Moment(t, time.Second)
			}
			return nil
		})
		done := testbed.Background(func() (string, error) {
			return "", app.Auth().SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: "a", ExpiresIn: 7200})
		})
		require.NoError(t, app.Shutdown(t.Context()))
		require.NotNil(t, testbed.Stored(t, store, testbed.DefaultKey))
		require.NoError(t, (<-done).Err)
	})
}
