package session_test

import (
	"context"
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

// hangingStore hangs once in one operation on a session, whatever becomes of its context. What it was asked for is done
// before (late) or never (not late).
type hangingStore struct {
	tcbauth.TokenStore

	mu   sync.Mutex
	op   string
	late bool
	gate chan struct{}
	hung atomic.Int32
}

func newHangingStore() *hangingStore { return &hangingStore{TokenStore: tcbauth.NewMemoryStore()} }

// hangs has the next such operation hang. free ends it, with an error.
func (s *hangingStore) hangs(t *testing.T, op string, late bool) (free func()) {
	t.Helper()
	gate := make(chan struct{})
	s.mu.Lock()
	s.op, s.late, s.gate = op, late, gate
	s.mu.Unlock()
	var once sync.Once
	free = func() { once.Do(func() { close(gate) }) }
	t.Cleanup(func() {
		free()
		later(time.Hour) // whatever still runs comes to its end before the server does
	})
	return free
}

func (s *hangingStore) stuck(op, key string, late bool) bool {
	s.mu.Lock()
	if s.op != op || s.late != late || !isSession(key) {
		s.mu.Unlock()
		return false
	}
	gate := s.gate
	s.op = ""
	s.mu.Unlock()
	s.hung.Add(1)
	<-gate
	return true
}

func (s *hangingStore) Get(ctx context.Context, key string) ([]byte, error) {
	if s.stuck("Get", key, false) {
		return nil, testbed.ErrDisk
	}
	value, err := s.TokenStore.Get(ctx, key)
	s.stuck("Get", key, true)
	return value, err
}

func (s *hangingStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if s.stuck("Set", key, false) {
		return testbed.ErrDisk
	}
	err := s.TokenStore.Set(ctx, key, value, ttl)
	s.stuck("Set", key, true)
	return err
}

func (s *hangingStore) Delete(ctx context.Context, key string) error {
	if s.stuck("Delete", key, false) {
		return testbed.ErrDisk
	}
	err := s.TokenStore.Delete(ctx, key)
	s.stuck("Delete", key, true)
	return err
}

func (s *hangingStore) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	if s.stuck("Lock", key, false) {
		return nil, nil, testbed.ErrDisk
	}
	held, unlock, err := s.TokenStore.(tcbauth.Locker).Lock(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	s.stuck("Lock", key, true)
	return held, func() {
		unlock() // a lease that has run out frees the key in the end
		s.stuck("Unlock", key, true)
	}, nil
}

// waitFor waits for a call for as long as any call may take. One that takes longer is set free, so that the test ends.
func waitFor(t *testing.T, done <-chan testbed.Outcome, most time.Duration, free func()) testbed.Outcome {
	t.Helper()
	limit := time.NewTimer(most)
	defer limit.Stop()
	select {
	case got := <-done:
		return got
	case <-limit.C:
		free()
		<-done
		require.Fail(t, "the call does not end", "within %v", most)
		return testbed.Outcome{}
	}
}

// callLimit is more than any call may take: the wait for a lock, all attempts of its requests, and the store's work.
const callLimit = 10 * time.Minute

// TestStoreHangs: a store hangs in one operation and ignores its context. The call ends all the same, by itself or with
// its caller's context, and the next one finds the session in order.
func TestStoreHangs(t *testing.T) {
	t.Parallel()
	signOut := func(t *testing.T, auth *tcbauth.Auth) func() (string, error) {
		return func() (string, error) { return "", auth.SignOut(t.Context()) }
	}
	signIn := func(t *testing.T, auth *tcbauth.Auth) func() (string, error) {
		return func() (string, error) {
			state, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: testbed.Gopher, Password: testbed.Password})
			if err != nil {
				return "", err
			}
			return state.Credentials.AccessToken, nil
		}
	}
	for name, test := range map[string]struct {
		op      string
		late    bool
		expired bool
		call    func(t *testing.T, auth *tcbauth.Auth) func() (string, error)
		served  bool // the call has what it wants in spite of it
		tokens  int  // refreshes in all
		gone    bool // nobody is signed in afterwards
	}{
		"reading": {op: "Get", call: func(t *testing.T, auth *tcbauth.Auth) func() (string, error) {
			return testbed.Getting(t.Context(), auth)
		}},
		"reading, late": {op: "Get", late: true, call: func(t *testing.T, auth *tcbauth.Auth) func() (string, error) {
			return testbed.Getting(t.Context(), auth)
		}},
		"looking": {op: "Get", call: func(t *testing.T, auth *tcbauth.Auth) func() (string, error) {
			return func() (string, error) { _, err := auth.HasLoginState(t.Context()); return "", err }
		}},
		"reading for a forced refresh": {op: "Get", tokens: -1, call: func(t *testing.T, auth *tcbauth.Auth) func() (string, error) {
			return testbed.Forcing(t.Context(), auth)
		}},
		"locking for a refresh": {op: "Lock", expired: true, tokens: 1, call: func(t *testing.T, auth *tcbauth.Auth) func() (string, error) {
			return testbed.Getting(t.Context(), auth)
		}},
		"saving a refresh": {op: "Set", expired: true, served: true, tokens: 1, call: func(t *testing.T, auth *tcbauth.Auth) func() (string, error) {
			return testbed.Getting(t.Context(), auth)
		}},
		"saving a refresh, late": {op: "Set", late: true, expired: true, served: true, tokens: 1, call: func(t *testing.T, auth *tcbauth.Auth) func() (string, error) {
			return testbed.Getting(t.Context(), auth)
		}},
		"unlocking after a refresh": {op: "Unlock", late: true, expired: true, served: true, tokens: 1, call: func(t *testing.T, auth *tcbauth.Auth) func() (string, error) {
			return testbed.Getting(t.Context(), auth)
		}},
		"storing a sign-in":             {op: "Set", call: signIn},
		"storing a sign-in, late":       {op: "Set", late: true, call: signIn},
		"locking for a sign-in":         {op: "Lock", call: signIn},
		"unlocking after a sign-in":     {op: "Unlock", late: true, served: true, call: signIn},
		"deleting at a sign-out":        {op: "Delete", call: signOut},
		"locking for a sign-out":        {op: "Lock", call: signOut},
		"unlocking after a sign-out":    {op: "Unlock", late: true, gone: true, call: signOut},
		"deleting at a sign-out, late":  {op: "Delete", late: true, gone: true, call: signOut},
		"reading to end a dead session": {op: "Get", call: func(t *testing.T, auth *tcbauth.Auth) func() (string, error) { return signOut(t, auth) }},
	} {
		for handle, h := range bothHandles {
			t.Run(name+", "+handle, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t, authtest.Relaxed()) // a sign-in that was not stored ends nobody's session
					store := newHangingStore()
					app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
					open := func() *tcbauth.Auth {
						if handle == "default" { // which would keep what it has read
							return h.open(testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)))
						}
						return h.open(app)
					}
					old := testbed.SignInAs(t, open(), testbed.Gopher)
					if test.expired {
						srv.Advance(testbed.TokenLifetime)
					}
					first := open()
					free := store.hangs(t, test.op, test.late)
					done := testbed.Background(test.call(t, first))
					require.EqualValues(t, 1, store.hung.Load(), "the test does not meet the hang")
					got := waitFor(t, done, callLimit, free)
					if test.served {
						require.NoError(t, got.Err)
					}

					// Still hanging, and no matter to the next calls.
					begin := time.Now()
					next := testbed.Background(testbed.Getting(t.Context(), first))
					after := waitFor(t, next, callLimit, free)
					assert.Less(t, time.Since(begin), time.Minute, "the key is still blocked")
					if test.gone {
						require.ErrorIs(t, after.Err, tcbauth.ErrNoSession)
						return
					}
					if name == "deleting at a sign-out" || name == "locking for a sign-out" || name == "reading to end a dead session" {
						free()
						return // signed out here, and still stored: either may be told
					}
					require.NoError(t, after.Err)
					if test.served && got.Token != "" {
						assert.True(t, after.Token == got.Token, "another session than the one that was returned")
					}
					if test.tokens >= 0 {
						assert.Equal(t, test.tokens, srv.Count("token"))
					}
					_, err := testbed.GetMe(t, first)
					require.NoError(t, err)
					forced := waitFor(t, testbed.Background(testbed.Forcing(t.Context(), first)), callLimit, free)
					require.NoError(t, forced.Err, "no lock is left behind")
					require.NotEqual(t, old.AccessToken, forced.Token)
					_, err = testbed.GetMe(t, first)
					require.NoError(t, err)
				})
			})
		}
	}
}

// TestHangEndsWithTheCaller: a read is over when its caller's context is, whatever the store does about it.
func TestHangEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	for name, call := range sessionCalls {
		for handle, h := range bothHandles {
			t.Run(name+", "+handle, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					store := newHangingStore()
					app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
					testbed.SignInAs(t, h.open(app), testbed.Gopher)
					auth := h.open(testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)))
					free := store.hangs(t, "Get", false)
					ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
					defer cancel()
					begin := time.Now()
					done := testbed.Background(func() (string, error) { return "", call(ctx, auth) })
					got := waitFor(t, done, callLimit, free)
					require.ErrorIs(t, got.Err, context.DeadlineExceeded)
					assert.Equal(t, 3*time.Second, time.Since(begin))
					free()
				})
			})
		}
	}
}

// TestHangBesidesOtherKeys: one visitor's trouble is no other visitor's.
func TestHangBesidesOtherKeys(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"Get", "Set", "Lock"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := newHangingStore()
				app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
				testbed.SignInAs(t, app.ForUser("one"), testbed.Gopher)
				testbed.SignInAs(t, app.ForUser("two"), testbed.Badger)
				srv.Advance(testbed.TokenLifetime)
				free := store.hangs(t, op, false)
				one := testbed.Background(testbed.Getting(t.Context(), app.ForUser("one")))
				begin := time.Now()
				two := waitFor(t, testbed.Background(testbed.Getting(t.Context(), app.ForUser("two"))), callLimit, free)
				require.NoError(t, two.Err)
				assert.Less(t, time.Since(begin), time.Second)
				waitFor(t, one, callLimit, free)
				free()
			})
		})
	}
}

// TestLockThatComesLate: a lock that a store gives to somebody who has stopped waiting for it is given back.
func TestLockThatComesLate(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(ctx context.Context, auth *tcbauth.Auth) func() (string, error){
		"a refresh":        testbed.Getting,
		"a forced refresh": testbed.Forcing,
		"a sign-in": func(ctx context.Context, auth *tcbauth.Auth) func() (string, error) {
			return func() (string, error) {
				_, err := auth.SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{Username: testbed.Gopher, Password: testbed.Password})
				return "", err
			}
		},
		"a session taken over": func(ctx context.Context, auth *tcbauth.Auth) func() (string, error) {
			return func() (string, error) {
				_, err := auth.SetSession(ctx, tcbauth.SetSessionRequest{AccessToken: "a", RefreshToken: "another"})
				return "", err
			}
		},
		"a set of tokens": func(ctx context.Context, auth *tcbauth.Auth) func() (string, error) {
			return func() (string, error) {
				return "", auth.SetCredentials(ctx, &tcbauth.Credentials{AccessToken: "a", ExpiresIn: 7200})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t, authtest.Relaxed()) // a sign-in that was not stored ends nobody's session
				store := newHangingStore()
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				testbed.SignInAs(t, auth, testbed.Gopher)
				srv.Advance(testbed.TokenLifetime)
				free := store.hangs(t, "Lock", true)
				got := waitFor(t, testbed.Background(call(t.Context(), auth)), callLimit, free)
				require.ErrorIs(t, got.Err, tcbauth.ErrStore)
				assert.Zero(t, srv.Count("token"))
				free()
				synctest.Wait()
				begin := time.Now()
				next := waitFor(t, testbed.Background(testbed.Forcing(t.Context(), auth)), callLimit, func() {})
				require.NoError(t, next.Err)
				assert.Less(t, time.Since(begin), time.Minute)
				assert.Equal(t, 1, srv.Count("token"))
			})
		})
	}
}
