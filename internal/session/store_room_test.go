package session_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// roomyStore is a store with locks that is asked for room before something is spent.
type roomyStore struct {
	testbed.LockingStore

	mu       sync.Mutex
	reserved []reservation
}

type reservation struct {
	key    string
	size   int
	locked bool // by a caller that had the session's lock
}

func newRoomyStore() *roomyStore { return &roomyStore{LockingStore: testbed.NewLockingStore()} }

type lockedKey struct{}

func (s *roomyStore) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	held, unlock, err := s.LockingStore.Lock(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	return context.WithValue(held, lockedKey{}, key), unlock, nil
}

func (s *roomyStore) Reserve(ctx context.Context, key string, size int) error {
	s.mu.Lock()
	s.reserved = append(s.reserved, reservation{key, size, ctx.Value(lockedKey{}) == key})
	s.mu.Unlock()
	return s.Run("Reserve", key)
}

func (s *roomyStore) reservations() []reservation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]reservation(nil), s.reserved...)
}

// spenders are calls that spend a refresh token. An access token that has expired is theirs to replace.
var spenders = map[string]struct {
	expired bool
	call    func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) error
}{
	"GetAccessToken": {true, func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error {
		_, err := auth.GetAccessToken(t.Context())
		return err
	}},
	"GetLoginState": {true, func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error {
		_, err := auth.GetLoginState(t.Context())
		return err
	}},
	"a call with the session's token": {true, func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error {
		_, err := testbed.GetMe(t, auth)
		return err
	}},
	"a call whose token is refused": {false, func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) error {
		srv.Fault(authtest.Fault{Operation: "user/query", Times: 1, Error: &authtest.Error{Code: "unauthenticated", Number: 16}})
		_, err := auth.QueryUser(t.Context(), tcbauth.QueryUserRequest{Username: testbed.Gopher})
		return err
	}},
	"Transport": {true, func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error {
		resp, err := auth.Transport(cloudAPI()).RoundTrip(newRequest(t.Context(), auth))
		if err == nil {
			err = resp.Body.Close()
		}
		return err
	}},
	"RefreshSession": {false, func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error {
		_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		return err
	}},
	"RefreshTokenForce": {false, func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error {
		_, err := auth.RefreshTokenForce(t.Context(), tcbauth.RefreshTokenForceRequest{})
		return err
	}},
	"RefreshSession of a token": {false, func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) error {
		_, err := adopters["RefreshSession"](t.Context(), auth, testbed.SignInAs(t, testbed.NewApp(t, srv).Auth(), testbed.Badger))
		return err
	}},
	"SetSession": {false, func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) error {
		_, err := adopters["SetSession"](t.Context(), auth, testbed.SignInAs(t, testbed.NewApp(t, srv).Auth(), testbed.Badger))
		return err
	}},
	"SetSession of the session's own token": {false, func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error {
		c, err := auth.GetSession(t.Context())
		require.NoError(t, err)
		_, err = adopters["SetSession"](t.Context(), auth, c.Credentials)
		return err
	}},
}

// TestNoRoomForTheSuccessor: a full disk is found out before the refresh token is spent. Nothing is sent, the error names
// the disk, and nobody is logged out.
func TestNoRoomForTheSuccessor(t *testing.T) {
	t.Parallel()
	failures := map[string]error{"full": testbed.ErrDisk}
	for name, foreign := range testbed.ForeignErrors() {
		failures[name] = foreign
	}
	failures["ErrNotFound"] = fmt.Errorf("no such volume: %w", tcbauth.ErrNotFound)
	for name, spender := range spenders {
		for handle, h := range bothHandles {
			for kind, failure := range failures {
				if kind != "full" && (handle == "visitor" || name != "GetAccessToken" && name != "SetSession") {
					continue
				}
				t.Run(name+", "+handle+", "+kind, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						srv := testbed.Emulator(t)
						store := newRoomyStore()
						app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithAccessKey(testbed.PlantedKey))
						old := testbed.SignInAs(t, h.open(app), testbed.Gopher)
						if spender.expired {
							srv.Advance(testbed.TokenLifetime)
						}
						store.On(testbed.FailsWith(failure, "Reserve"))
						err := spender.call(t, srv, h.open(app))
						require.ErrorIs(t, err, tcbauth.ErrStore)
						if kind == "full" {
							require.ErrorIs(t, err, testbed.ErrDisk)
							require.NotErrorIs(t, err, tcbauth.CodeUnauthenticated)
						}
						assert.Empty(t, testbed.ErrorOf(t, err).Code)
						assert.Zero(t, srv.Count("token"), "the refresh token was spent")
						testbed.RequireSession(t, store, h.key, old)

						store.On(nil)
						store.mu.Lock()
						store.reserved = nil
						store.mu.Unlock()
						_, err = h.open(app).RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
						require.NoError(t, err)
						assert.Equal(t, 1, srv.Count("token"))
						fresh, err := store.Get(t.Context(), h.key)
						require.NoError(t, err)
						var asked []reservation
						for _, r := range store.reservations() {
							if r.key == h.key {
								asked = append(asked, r)
							}
						}
						require.Len(t, asked, 1)
						assert.True(t, asked[0].locked, "room is of use while the lock is held")
						assert.GreaterOrEqual(t, asked[0].size, len(fresh), "room for the whole successor")
					})
				})
			}
		}
	}
}

// TestNoRoomUnderASeal: a store that encrypts asks the one below it.
func TestNoRoomUnderASeal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		below := newRoomyStore()
		store, err := tcbauth.Sealed(below, bytes.Repeat([]byte{1}, 32))
		require.NoError(t, err)
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		old := testbed.SignInAs(t, auth, testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		below.On(testbed.FailsWith(testbed.ErrDisk, "Reserve"))
		_, err = auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, testbed.ErrDisk)
		require.ErrorIs(t, err, tcbauth.ErrStore)
		assert.Zero(t, srv.Count("token"))
		testbed.RequireSession(t, store, testbed.DefaultKey, old)
		below.On(nil)
		_, err = auth.GetAccessToken(t.Context())
		require.NoError(t, err)
		asked := below.reservations()
		fresh, err := below.Get(t.Context(), asked[len(asked)-1].key)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, asked[len(asked)-1].size, len(fresh))
	})
}

// TestNoRoomAhead: a refresh ahead of time spends nothing either, and costs no call.
func TestNoRoomAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := newRoomyStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithRefreshAhead(ahead), tcbauth.WithTokenStore(store)).Auth()
		old := testbed.SignInAs(t, auth, testbed.Gopher)
		later(used - ahead)
		store.On(testbed.FailsWith(testbed.ErrDisk, "Reserve"))
		getNow(t, auth, old.AccessToken)
		synctest.Wait()
		assert.Zero(t, srv.Count("token"))
		assert.NotEmpty(t, store.reservations())
		testbed.RequireSession(t, store, testbed.DefaultKey, old)
	})
}

// TestReserveHangs or panics: the call ends, nothing is spent, and the next one goes on as ever.
func TestReserveHangs(t *testing.T) {
	t.Parallel()
	for name, panics := range map[string]bool{"hangs": false, "panics": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := newRoomyStore()
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				old := testbed.SignInAs(t, auth, testbed.Gopher)
				srv.Advance(testbed.TokenLifetime)
				gate := make(chan struct{})
				free := sync.OnceFunc(func() { close(gate) })
				t.Cleanup(func() {
					free()
					later(time.Hour)
				})
				store.On(func(op, _ string) error {
					if op != "Reserve" {
						return nil
					}
					store.On(nil)
					if panics {
						panic("planted")
					}
					<-gate
					return testbed.ErrDisk
				})
				got := waitFor(t, testbed.Background(testbed.Getting(t.Context(), auth)), callLimit, free)
				require.Error(t, got.Err)
				assert.NotContains(t, got.Err.Error(), "planted")
				assert.Zero(t, srv.Count("token"))
				testbed.RequireSession(t, store, testbed.DefaultKey, old)
				next := waitFor(t, testbed.Background(testbed.Getting(t.Context(), auth)), callLimit, free)
				require.NoError(t, next.Err)
				assert.Equal(t, 1, srv.Count("token"))
			})
		})
	}
}
