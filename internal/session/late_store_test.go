package session_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// lateStore is a store with locks. A test can have anything happen between an operation and the moment at which its
// caller learns the result, as on a slow network.
type lateStore struct {
	tcbauth.TokenStore

	mu    sync.Mutex
	after func(op, key string)
}

func newLateStore() *lateStore { return &lateStore{TokenStore: tcbauth.NewMemoryStore()} }

// then has f called after each Get, Set, Delete, Lock and Unlock. nil ends it.
func (s *lateStore) then(f func(op, key string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = f
}

func (s *lateStore) did(op, key string) {
	s.mu.Lock()
	after := s.after
	s.mu.Unlock()
	if after != nil {
		after(op, key)
	}
}

func (s *lateStore) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := s.TokenStore.Get(ctx, key)
	s.did("Get", key)
	return value, err
}

func (s *lateStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	err := s.TokenStore.Set(ctx, key, value, ttl)
	s.did("Set", key)
	return err
}

func (s *lateStore) Delete(ctx context.Context, key string) error {
	err := s.TokenStore.Delete(ctx, key)
	s.did("Delete", key)
	return err
}

func (s *lateStore) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	held, unlock, err := s.TokenStore.(tcbauth.Locker).Lock(ctx, key)
	s.did("Lock", key)
	if err != nil {
		return nil, nil, err
	}
	var once sync.Once
	return held, func() {
		once.Do(func() {
			unlock()
			s.did("Unlock", key)
		})
	}, nil
}

// isSession reports whether a session lies under key.
func isSession(key string) bool {
	return strings.Contains(key, "credentials_") && !strings.HasSuffix(key, ".damaged")
}

// hold keeps the caller of the next such operation on a session waiting for its result, until release is called.
func (s *lateStore) hold(t *testing.T, op string) (release func()) {
	t.Helper()
	gate := make(chan struct{})
	var arrived, released sync.Once
	s.then(func(got, key string) {
		if got == op && isSession(key) {
			arrived.Do(func() {
				s.then(nil)
				<-gate
			})
		}
	})
	release = func() { released.Do(func() { close(gate) }) }
	t.Cleanup(release)
	return release
}

// subIn is whom an access token of the emulator is of.
func subIn(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	require.Len(t, parts, 3, "this is no token of the emulator")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	var claims struct {
		Sub string `json:"sub"`
	}
	require.NoError(t, json.Unmarshal(payload, &claims))
	return claims.Sub
}
