package testbed

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// ErrDisk is what a store here fails with.
var ErrDisk = errors.New("the disk is full")

// HookedStore is a memory store without locks, in which a test can have anything happen first.
type HookedStore struct {
	tcbauth.TokenStore

	mu   sync.Mutex
	hook func(op, key string) error
}

// NewHookedStore returns an empty one, which does nothing yet but store.
func NewHookedStore() *HookedStore { return &HookedStore{TokenStore: tcbauth.NewMemoryStore()} }

// On has hook called before each Get, Set, Delete and Lock; its error is theirs. nil ends it.
func (s *HookedStore) On(hook func(op, key string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = hook
}

// Run calls the hook, for stores that are made of this one.
func (s *HookedStore) Run(op, key string) error {
	s.mu.Lock()
	hook := s.hook
	s.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook(op, key)
}

// Get implements tcbauth.TokenStore.
func (s *HookedStore) Get(ctx context.Context, key string) ([]byte, error) {
	if err := s.Run("Get", key); err != nil {
		return nil, err
	}
	return s.TokenStore.Get(ctx, key)
}

// Set implements tcbauth.TokenStore.
func (s *HookedStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := s.Run("Set", key); err != nil {
		return err
	}
	return s.TokenStore.Set(ctx, key, value, ttl)
}

// Delete implements tcbauth.TokenStore.
func (s *HookedStore) Delete(ctx context.Context, key string) error {
	if err := s.Run("Delete", key); err != nil {
		return err
	}
	return s.TokenStore.Delete(ctx, key)
}

// LockingStore is a HookedStore with locks.
type LockingStore struct{ *HookedStore }

// NewLockingStore returns an empty one.
func NewLockingStore() LockingStore { return LockingStore{NewHookedStore()} }

// Lock implements tcbauth.Locker.
func (s LockingStore) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	if err := s.Run("Lock", key); err != nil {
		return nil, nil, err
	}
	return s.TokenStore.(tcbauth.Locker).Lock(ctx, key)
}

// NewBrokenStore returns a store over inner, a Locker, in which these operations always fail.
func NewBrokenStore(inner tcbauth.TokenStore, ops ...string) LockingStore {
	s := LockingStore{&HookedStore{TokenStore: inner}}
	s.On(FailsWith(ErrDisk, ops...))
	return s
}

// FailsWith is a hook that lets all operations of these names fail with err, on any key.
func FailsWith(err error, ops ...string) func(op, key string) error {
	return func(op, _ string) error {
		if slices.Contains(ops, op) {
			return err
		}
		return nil
	}
}

// Fails is a hook that lets an operation fail for its first n calls; -1 is all.
func Fails(op string, n int) func(string, string) error {
	return func(got, _ string) error {
		if got != op || n == 0 {
			return nil
		}
		n--
		return ErrDisk
	}
}

// Untouchable is a store that nobody may use.
type Untouchable struct{ TB testing.TB }

// Get fails the test.
func (u Untouchable) Get(context.Context, string) ([]byte, error) {
	u.TB.Error("the store was read")
	return nil, tcbauth.ErrNotFound
}

// Set fails the test.
func (u Untouchable) Set(context.Context, string, []byte, time.Duration) error {
	u.TB.Error("the store was written")
	return nil
}

// Delete fails the test.
func (u Untouchable) Delete(context.Context, string) error {
	u.TB.Error("something was deleted from the store")
	return nil
}
