package tcbauth

import (
	"context"
	"reflect"
	"sync"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/keylock"
	"github.com/cloudbase-community/tcbauth/internal/session"
)

// ErrNotFound is returned by a TokenStore's Get, bare or wrapped, if nothing is stored under a key.
var ErrNotFound = session.ErrNotFound

// TokenStore keeps small opaque values under string keys, like the js-sdk's storage. tcbauth keeps the session, the
// device id, the captcha token and, with [WithStoredOtp], the challenge of a code in it. The storage holds the values, such as
// a directory or a database. Any number of stores, in one process or in many, may use the same storage.
//
// tcbauth relies on all of the following. Package storetest has a test for each number, with its name.
//
//  1. Last write. Get returns what the last Set of the key has stored, and [ErrNotFound] after a Delete, as soon as that call
//     has returned: in this store and in every other one on the same storage. A call about one key changes no other key.
//  2. Not found. ErrNotFound says that nothing is stored under the key, and nothing else: tcbauth concludes that nobody is
//     signed in. If the storage cannot be reached, a value cannot be read or a context has ended, the error is another one,
//     which does not wrap ErrNotFound. Set and Delete never return nil unless the work is done.
//  3. Any value. A value is any bytes, or none, and is returned unchanged. 256 KiB can be stored; a longer value is stored
//     whole or refused, and a refused one leaves the old value.
//  4. Any key. A key is any text of 1 to 8192 bytes. Two keys that differ in one byte are two keys, whatever the byte: case,
//     blanks, accents, slashes, NUL, and bytes that are not UTF-8.
//  5. Copies. The caller may change the slice that it passed to Set, and the one that Get returned.
//  6. Whole values. A Set replaces the whole value or leaves the old one. A concurrent Get returns one of the two, even if the
//     process dies in the middle.
//  7. Delete. After it nothing is stored under the key. If nothing was stored, that is not an error.
//  8. Time to live. A value is kept for at least its ttl; after that a store may drop it or keep it. A ttl of 0 means for
//     ever. Each Set has its own ttl, whatever the one before had.
//  9. Contexts. A call whose context has ended before it begins returns the context's error and does nothing. A call that
//     returns the context's error later may have done its work or not.
//  10. Independent keys. A call about one key does not wait for calls about other keys, nor for a lock.
//  11. Concurrent use. All of this holds for any number of goroutines at once.
//  12. Discretion. No error contains a value: values hold tokens. A store does not log them either.
//
// A store that several processes or machines share should implement [Locker] too: without it, only the goroutines of one
// [App] are kept from refreshing the same session twice. [Reserver] and [Interruptible] are optional promises.
type TokenStore interface {
	// Get returns the value under key. The caller owns the returned slice. If nothing is stored, the error is ErrNotFound.
	Get(ctx context.Context, key string) ([]byte, error)
	// Set stores a copy of value under key. ttl is how long the value is useful, 0 for ever; after that time a store may
	// drop it.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Delete removes key. If nothing is stored, that is not an error.
	Delete(ctx context.Context, key string) error
}

// Locker is implemented by a [TokenStore] that several processes share, so that only one of them works on a session at a
// time. tcbauth holds the lock of a session while it refreshes, replaces or deletes it.
//
// tcbauth relies on all of the following. Package storetest has a test for each number, with its name.
//
//  1. Exclusion. At any time one caller at most has the lock of a key: of all callers of all stores on the same storage, in
//     this process and in others. Locks of different keys do not exclude each other. Keys are as in TokenStore.
//  2. Waiting. Lock waits until the lock is free, or until ctx is done, and then returns ctx's error and has no lock. A lock
//     that is released goes to a waiting caller, if there is one.
//  3. Releasing. unlock releases the lock, also if ctx has ended. It may be called from any goroutine, and more than once:
//     only the first call counts, and no call affects a lock that another caller has taken since.
//  4. Held. held is ctx with the lock's fencing token, a value by which the storage recognizes calls of an old lock. It has
//     ctx's values and ends with ctx. It is passed to Get, Set and Delete of any key while the lock is held. Lock may be called
//     with it for another key; the two locks are released separately.
//  5. Renewal. A lock lasts until it is released, however long that takes, while held has not ended, the process runs and the
//     storage can be reached. A store whose locks expire renews them.
//  6. Death. If a process dies, its locks end at once or within a lease.
//  7. Lost lock. A lock can be lost if it expires or can be taken away. Once another caller has taken it, Get, Set and Delete
//     with the old held fail and change nothing, held is cancelled by then, and the old unlock has no effect. While no other
//     caller has taken it, they fail or succeed.
//  8. Beside values. A lock is not a value: Get finds none for it under any key, and values can be read, written and deleted
//     without it while it is held.
//  9. No second connection. A lock that is held occupies nothing that another call needs, such as a connection of a limited
//     pool: any number of locks may be held at once, and calls with them succeed.
type Locker interface {
	// Lock waits until it has the lock of key. If ctx is done first, it returns ctx's error. held carries the lock's fencing
	// token into Get, Set and Delete, and is cancelled when the lock is known to be lost. unlock releases the lock.
	Lock(ctx context.Context, key string) (held context.Context, unlock func(), err error)
}

// Reserver is implemented by a [TokenStore] whose Set can fail for lack of room, such as one on a disk. tcbauth calls it
// before it uses up a refresh token, so that the token is used only if the new one can be stored.
type Reserver interface {
	// Reserve makes sure that there is room for the next Set of at most size bytes under key. It is called with the context
	// of a lock that is held, and counts for a Set with the context of the same lock. That Set uses the reservation; a
	// Delete of key and releasing the lock cancel it. The stored value does not change.
	//
	// An error means that there may be no room: nothing that needs a Set must be started.
	Reserve(ctx context.Context, key string, size int) error
}

// StringGetter is implemented by a [TokenStore] that has its values as strings: tcbauth then reads sessions without a
// copy. A type that embeds such a store and has its own Get needs its own GetString too.
type StringGetter interface {
	// GetString is Get with the value as a string.
	GetString(ctx context.Context, key string) (string, error)
}

// Interruptible is implemented by a [TokenStore] to say whether its calls end with their context.
type Interruptible interface {
	// Interruptible reports whether Get, Set, Delete, Lock and Reserve return as soon as their context ends, whatever they
	// wait for, and whether unlock returns within a few seconds. Such a store may be called in the goroutine that waits for
	// the answer. Any other store, and one that does not implement this interface, may delay its caller. The answer is
	// always the same.
	//
	// A Set or Delete that returns the context's error may have been done or not.
	Interruptible() bool
}

// isNil reports whether there is no store: nil, or the nil pointer that the constructor of a store returns beside its error.
func isNil(store TokenStore) bool {
	v := reflect.ValueOf(store)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}

// NewMemoryStore returns a TokenStore that forgets everything when the process ends; it is the default. It never drops a
// value because of its ttl. It implements [Locker], [Interruptible] and [StringGetter].
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
