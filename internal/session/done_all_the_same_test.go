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

// doingStore is one whose writes of the session fail, and may be done all the same.
type doingStore struct {
	testbed.LockingStore
	fails, does bool
}

func (s *doingStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if key != testbed.DefaultKey || !s.fails {
		return s.LockingStore.Set(ctx, key, value, ttl)
	}
	if s.does {
		if err := s.LockingStore.Set(ctx, key, value, ttl); err != nil {
			return err
		}
	}
	return testbed.ErrDisk
}

// TestWriteThatIsDoneAllTheSame: a store may write a refreshed session and say that it has not. What comes after that is not
// thrown away, and nobody is logged out.
func TestWriteThatIsDoneAllTheSame(t *testing.T) {
	t.Parallel()
	for name, done := range map[string][]bool{
		"the late write":        {false, true},
		"every write":           {true, true, true},
		"no write":              {false, false, false},
		"one after the other":   {true, false, true, false},
		"the late one, at last": {false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t, authtest.WithRefreshPolicy(authtest.Rotating().RevokingReuse()))
				store := &doingStore{LockingStore: testbed.NewLockingStore()}
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				testbed.SignInAs(t, auth, testbed.Gopher)
				store.fails = true
				for n, does := range done {
					store.does = does
					srv.Advance(testbed.TokenLifetime)
					_, err := auth.GetAccessToken(t.Context())
					require.NoError(t, err, n)
				}
				store.fails = false
				for range 2 {
					srv.Advance(testbed.TokenLifetime)
					c, err := auth.GetCredentials(t.Context())
					require.NoError(t, err)
					assert.Equal(t, testbed.GopherSub, c.Sub)
					testbed.RequireSession(t, store, testbed.DefaultKey, c)
				}
			})
		})
	}
}

// TestDeviceIDOfACallerWhoLeaves: a first call that ends before the device id is stored leaves none behind that nobody knows, or an
// anonymous person would become another one.
func TestDeviceIDOfACallerWhoLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewHookedStore()
		early := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		store.On(func(op, key string) error {
			if op == "Set" && key == testbed.DeviceKeyOf("") {
				return testbed.ErrDisk
			}
			return nil
		})
		_, err := early.IsUsernameRegistered(t.Context(), tcbauth.IsUsernameRegisteredRequest{Username: testbed.Gopher})
		require.NoError(t, err)
		store.On(nil)

		other := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		guest := testbed.SignInAnonymously(t, other)
		srv.Advance(testbed.TokenLifetime)
		c, err := early.GetCredentials(t.Context())
		require.NoError(t, err)
		assert.Equal(t, guest.User.Sub, c.Sub, "the guest has become somebody else")
	})
}
