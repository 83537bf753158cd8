package session_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// jointStore is a store that does several things in one step, and notes them. before is called before it replaces something.
type jointStore struct {
	tcbauth.TokenStore

	before func(key string)
	mu     sync.Mutex
	calls  []string
}

func (s *jointStore) note(call string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
}

func (s *jointStore) noted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

func (*jointStore) Interruptible() bool { return true }

func (s *jointStore) Get(ctx context.Context, key string) ([]byte, error) {
	s.note("get")
	return s.TokenStore.Get(ctx, key)
}

func (s *jointStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	s.note("set")
	return s.TokenStore.Set(ctx, key, value, ttl)
}

func (s *jointStore) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	s.note("lock")
	return s.TokenStore.(tcbauth.Locker).Lock(ctx, key)
}

func (s *jointStore) LockGet(ctx context.Context, key string, keys ...string) (context.Context, func(), [][]byte, error) {
	s.note("lock and get")
	held, unlock, err := s.TokenStore.(tcbauth.Locker).Lock(ctx, key)
	if err != nil {
		return nil, nil, nil, err
	}
	values := make([][]byte, len(keys))
	for i, key := range keys {
		if values[i], err = s.TokenStore.Get(held, key); errors.Is(err, tcbauth.ErrNotFound) {
			values[i] = nil
		}
	}
	return held, unlock, values, nil
}

func (s *jointStore) Replace(held context.Context, old []byte, ttl time.Duration, keys []string, values [][]byte) (bool, error) {
	s.note("replace")
	if s.before != nil {
		s.before(keys[0])
	}
	if now, err := s.TokenStore.Get(held, keys[0]); err != nil || string(now) != string(old) {
		return false, nil
	}
	for i, key := range keys {
		if err := s.TokenStore.Set(held, key, values[i], ttl); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (s *jointStore) DeleteAll(held context.Context, keys ...string) error {
	s.note("delete all")
	for _, key := range keys {
		if err := s.Delete(held, key); err != nil {
			return err
		}
	}
	return nil
}

// TestJointStore: a store that can do several things in one step is asked to. Where what is stored is not what was read, the
// session is looked at again, and only over its own pair a refreshed one is written.
func TestJointStore(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(old string, now time.Time) string // of what is stored, before it is replaced; nil: none
		calls  []string
		stays  bool // what has changed
	}{
		"nothing has changed": {nil, []string{"get", "lock and get", "replace"}, false},
		"the same pair in other bytes": {
			func(old string, _ time.Time) string { return " " + old },
			[]string{"get", "lock and get", "replace", "get", "set", "set"}, false,
		},
		"another pair": {
			func(_ string, now time.Time) string {
				return `{"access_token":"theirs","refresh_token":"theirs too","expires_in":7200,"expires_at":"` +
					now.Add(2*time.Hour).UTC().Format(time.RFC3339) + `"}`
			},
			[]string{"get", "lock and get", "replace", "get"}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := testbed.Emulator(t)
			store := &jointStore{TokenStore: tcbauth.NewMemoryStore()}
			app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
			testbed.SignInAs(t, app.ForUser("visitor"), testbed.Gopher)
			srv.Advance(testbed.TokenLifetime)
			changed := ""
			if tt.change != nil {
				store.before = func(key string) {
					store.before = nil
					old, err := store.TokenStore.Get(context.Background(), key)
					assert.NoError(t, err)
					changed = tt.change(string(old), srv.Now())
					assert.NoError(t, store.TokenStore.Set(context.Background(), key, []byte(changed), 0))
				}
			}
			store.noted()
			token, err := app.ForUser("visitor").GetAccessToken(t.Context())
			calls := store.noted()
			require.GreaterOrEqual(t, len(calls), len(tt.calls))
			assert.Equal(t, tt.calls, calls[:len(tt.calls)])
			require.NoError(t, err)
			if tt.stays {
				assert.Equal(t, "theirs", token)
				assert.NotContains(t, calls, "set")
				now, err := store.TokenStore.Get(t.Context(), testbed.VisitorKey(srv.URL, srv.Env, "visitor"))
				require.NoError(t, err)
				assert.Equal(t, changed, string(now))
				return
			}
			assert.Equal(t, token, testbed.Stored(t, store.TokenStore, testbed.VisitorKey(srv.URL, srv.Env, "visitor")).AccessToken)
			require.NoError(t, app.ForUser("visitor").SignOut(t.Context()))
			assert.True(t, slices.Contains(store.noted(), "delete all"))
			testbed.RequireNobody(t, app.ForUser("visitor"))
		})
	}
}
