package tcbauth

import (
	"context"
	"sync"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/keylock"
	"github.com/cloudbase-community/tcbauth/internal/session"
)

// ErrNotFound is what a TokenStore's Get returns, bare or wrapped, when it holds nothing under a key.
var ErrNotFound = session.ErrNotFound

// TokenStore keeps small opaque values under string keys, like the js-sdk's storage. tcbauth keeps the session, the
// device id and the captcha token in it.
//
// A store must be safe for concurrent use. A Set replaces the whole value or leaves the old one, also when the process
// dies in the middle of it. Values hold tokens: a store must not log them or put them into an error.
//
// A store that several processes or machines share should implement [Locker] too: without it only the goroutines of
// one [App] are kept from refreshing the same session twice. Package storetest has the tests that every store must pass.
type TokenStore interface {
	// Get returns the value under key. The caller owns the returned slice. Nothing there is ErrNotFound.
	Get(ctx context.Context, key string) ([]byte, error)
	// Set stores a copy of value under key. ttl is how long the value is of use, 0 for ever; a store may drop it
	// after that time, or keep it.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Delete removes key. Nothing there is not an error.
	Delete(ctx context.Context, key string) error
}

// Locker is what a [TokenStore] implements to let every process that shares the store take turns. tcbauth holds the
// lock of a session while it refreshes, replaces or deletes it.
type Locker interface {
	// Lock waits until it holds the lock of key, or until ctx is done, and then returns ctx's error. Locks of
	// different keys do not exclude each other, and a lock dies with the process that holds it.
	//
	// held is ctx with the lock's fence: it goes into Get, Set and Delete while the lock is held, so that a store
	// whose locks can be lost refuses the writes of a holder that lost it. held is cancelled when the lock is lost.
	// unlock gives the lock up; it may be called more than once, and from any goroutine.
	Lock(ctx context.Context, key string) (held context.Context, unlock func(), err error)
}

// Reserver is what a [TokenStore] implements whose Set can fail for want of room, such as one on a disk. tcbauth calls it
// before it spends a refresh token, so that the token is spent only if its successor can be kept.
type Reserver interface {
	// Reserve makes sure that there is room for the next Set of at most size bytes under key. It is called with the context
	// of a lock that is held, and counts for a Set with the context of the same lock. That Set uses up what was reserved; a
	// Delete of key, and giving up the lock, give it back. What is stored under key stays as it is.
	//
	// An error means that there may be no room: nothing that needs a Set must be begun.
	Reserve(ctx context.Context, key string, size int) error
}

// StringGetter is what a [TokenStore] implements that has its values as strings: tcbauth then reads sessions without a copy.
// A type that embeds such a store and has a Get of its own needs a GetString of its own too.
type StringGetter interface {
	// GetString is Get with the value as a string.
	GetString(ctx context.Context, key string) (string, error)
}

// Interruptible is what a [TokenStore] implements to say whether its caller can rely on the context of a call.
type Interruptible interface {
	// Interruptible reports whether Get, Set and Delete return as soon as their context ends, whatever they wait for, and so
	// do Lock and Reserve where the store has them; and whether the unlock of a Lock returns within some seconds. Such a
	// store may be called in the goroutine of whoever waits for the answer; any other store, and one that does not implement
	// this interface, may keep its caller for longer. The answer is always the same.
	//
	// A Set or Delete that returns the context's error may have been done or not.
	Interruptible() bool
}

// NewMemoryStore returns a TokenStore that forgets everything when the process ends; it is the default. It never drops
// a value because of its ttl. It implements [Locker], [Interruptible] and [StringGetter].
func NewMemoryStore() TokenStore { return &memoryStore{values: make(map[string]string)} }

type memoryStore struct {
	locks  keylock.Locks
	mu     sync.Mutex
	values map[string]string
}

func (m *memoryStore) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := m.GetString(ctx, key)
	if err != nil {
		return nil, err
	}
	return []byte(value), nil
}

func (m *memoryStore) GetString(ctx context.Context, key string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.values[key]
	if !ok {
		return "", ErrNotFound
	}
	return value, nil
}

func (m *memoryStore) Set(ctx context.Context, key string, value []byte, _ time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[key] = string(value)
	return nil
}

func (m *memoryStore) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return nil
}

func (*memoryStore) Interruptible() bool { return true }

func (m *memoryStore) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	unlock, err := m.locks.Lock(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	return ctx, unlock, nil
}
