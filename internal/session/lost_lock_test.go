package session_test

import (
	"context"
	"errors"
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

// lockDroppingStore loses one lock, while the session is written under it.
type lockDroppingStore struct {
	tcbauth.TokenStore
	losing   atomic.Bool
	lose     atomic.Pointer[context.CancelFunc] // the lock that is held
	released func()                             // called after each lock is given back
}

func (s *lockDroppingStore) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	held, unlock, err := s.TokenStore.(tcbauth.Locker).Lock(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	held, cancel := context.WithCancel(held)
	lose := context.CancelFunc(func() { unlock(); cancel() })
	s.lose.Store(&lose)
	var once sync.Once
	return held, func() {
		once.Do(func() {
			lose()
			if s.released != nil {
				s.released()
			}
		})
	}, nil
}

func (s *lockDroppingStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if key == testbed.DefaultKey && s.losing.CompareAndSwap(true, false) {
		(*s.lose.Load())()
		return errors.New("the connection is lost")
	}
	return s.TokenStore.Set(ctx, key, value, ttl)
}

// TestSignInAfterALostLock: a refreshed session is written under a second lock, after the first one was lost. Somebody else signs
// in as soon as that is given back, with the same handle, which then knows them and not the refreshed session.
func TestSignInAfterALostLock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := &lockDroppingStore{TokenStore: tcbauth.NewMemoryStore()}
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		store.losing.Store(true)
		var signedIn atomic.Bool
		store.released = func() {
			if !store.losing.Load() && signedIn.CompareAndSwap(false, true) {
				testbed.SignInAs(t, auth, testbed.Badger)
			}
		}
		_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		require.NoError(t, err)
		synctest.Wait()
		stored := testbed.Stored(t, store, testbed.DefaultKey)
		require.Equal(t, testbed.BadgerSub, stored.Sub)
		testbed.RequireToken(t, auth, stored.AccessToken)
	})
}

// looseStore is a store whose locks are lost as soon as they are held, and whose holder is not told.
type looseStore struct{ *testbed.HookedStore }

func (looseStore) Lock(ctx context.Context, _ string) (context.Context, func(), error) {
	return ctx, func() {}, nil
}

// TestTwoHoldersOfOneApp: a refresh ahead has spent the token and has yet to store what it got when another refresh of this App,
// which holds the lock too, finds the old pair. That one waits for what the token has become, and ends nothing.
func TestTwoHoldersOfOneApp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithRefreshPolicy(authtest.Rotating().RevokingReuse()))
		store := looseStore{testbed.NewHookedStore()}
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithRefreshAhead(time.Hour)).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		srv.Advance(testbed.TokenLifetime - 30*time.Minute)

		gate := make(chan struct{})
		store.On(func(op, key string) error {
			if op == "Set" && key == testbed.DefaultKey {
				<-gate
			}
			return nil
		})
		_, err := auth.GetAccessToken(t.Context()) // which begins a refresh ahead
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, 1, srv.Count("token"))
		forced := testbed.Background(testbed.Forcing(t.Context(), auth))
		synctest.Wait()
		close(gate)
		got := <-forced
		require.NoError(t, got.Err)
		assert.Equal(t, 1, srv.Count("token"), "a spent refresh token was sent")
		testbed.RequireToken(t, auth, got.Token)
		srv.Advance(testbed.TokenLifetime)
		c, err := auth.GetCredentials(t.Context())
		require.NoError(t, err, "gopher was logged out")
		testbed.RequireSession(t, store, testbed.DefaultKey, c)
	})
}
