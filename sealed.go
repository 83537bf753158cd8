package tcbauth

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/session"
)

// ErrUnsealed is returned by Get of a [Sealed] store for a value that it cannot decrypt: the value was not encrypted by such a
// store, or with another key, or under another key of the store, or it was changed.
var ErrUnsealed = session.ErrUnsealed

// sealKeySize is AES-256's.
const sealKeySize = 32

// sealOverhead is how much longer an encrypted value is: a nonce of 12 bytes before it and a tag of 16 bytes after it.
const sealOverhead = len(sealHeader) + 12 + 16

// sealHeader is the beginning of every encrypted value. Its last byte is the version of the rest: a nonce of 12 bytes, the
// ciphertext, and a tag of 16 bytes that authenticates these, the header and the name.
const sealHeader = "tcbauth\x01"

// Sealed returns a store that encrypts its values with AES-256-GCM and keeps them in store. Reading the underlying store
// shows only key names and lengths. Writing to it can delete a value or restore an older one under the same key, but can
// neither change a value nor move it to another key. The ttl is passed on. The result implements [Locker] and [Reserver]
// if store does. It also implements [Interruptible], and is interruptible if store is.
//
// Every key must be 32 random bytes, for example from crypto/rand: a password is not a key. The first key encrypts, and
// all of them decrypt. To replace a key, put the new one before it; remove the old one when every session has been
// refreshed since. With one key at most 2^32 values should be encrypted, since each has a random nonce of 96 bits (NIST
// SP 800-38D, section 8.3): enough for 100 sessions a second for a year.
//
// A value that cannot be decrypted is [ErrUnsealed] and is kept. This includes values from before the store was sealed:
// their users have to sign in again, which replaces them. A missing store, no key, or a key of another length is an
// error. The keys are copied.
func Sealed(store TokenStore, keys ...[]byte) (TokenStore, error) {
	if isNil(store) {
		return nil, errors.New("tcbauth: Sealed: a nil store")
	}
	if len(keys) == 0 {
		return nil, errors.New("tcbauth: Sealed: no key")
	}
	s := &sealedStore{store: store}
	for i, key := range keys {
		if len(key) != sealKeySize {
			return nil, fmt.Errorf("tcbauth: Sealed: key %d has %d bytes instead of %d", i, len(key), sealKeySize)
		}
		aead, err := newAEAD(key)
		if err != nil {
			return nil, fmt.Errorf("tcbauth: Sealed: key %d: %w", i, err)
		}
		s.aeads = append(s.aeads, aead)
	}
	return s.withInterfaces(), nil
}

// withInterfaces returns s with those of the optional interfaces that the store inside has.
func (s *sealedStore) withInterfaces() TokenStore {
	locker, locks := s.store.(Locker)
	joint, together := s.store.(session.Joint)
	reserver, reserves := s.store.(Reserver)
	locking, room := sealedLocker{s, locker}, sealedReserver{reserver}
	switch {
	case locks && together && reserves:
		return struct {
			sealedJoint
			sealedReserver
		}{sealedJoint{locking, joint}, room}
	case locks && together:
		return sealedJoint{locking, joint}
	case locks && reserves:
		return struct {
			sealedLocker
			sealedReserver
		}{locking, room}
	case locks:
		return locking
	case reserves:
		return struct {
			*sealedStore
			sealedReserver
		}{s, room}
	}
	return s
}

// newAEAD returns an AEAD whose Seal puts a random nonce before the ciphertext; its Open reads it there.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

type sealedStore struct {
	store TokenStore
	aeads []cipher.AEAD // not empty
}

func (s *sealedStore) Get(ctx context.Context, key string) ([]byte, error) {
	sealed, err := s.store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	return s.open(key, sealed)
}

// open decrypts the value of key. The result is not nil.
func (s *sealedStore) open(key string, sealed []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(sealed, []byte(sealHeader))
	if !ok {
		return nil, fmt.Errorf("%w: it is not sealed, or by another version", ErrUnsealed)
	}
	for _, aead := range s.aeads {
		if value, err := aead.Open([]byte{}, nil, rest, sealedName(key)); err == nil {
			return value, nil
		}
	}
	return nil, fmt.Errorf("%w: it was sealed with another key or for another name, or was changed", ErrUnsealed)
}

func (s *sealedStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return s.store.Set(ctx, key, s.seal(key, value), ttl)
}

func (s *sealedStore) seal(key string, value []byte) []byte {
	return s.aeads[0].Seal([]byte(sealHeader), nil, value, sealedName(key)) //nolint:gosec // G407: nil has it take a random nonce
}

func (s *sealedStore) Delete(ctx context.Context, key string) error { return s.store.Delete(ctx, key) }

func (s *sealedStore) Interruptible() bool {
	inner, ok := s.store.(Interruptible)
	return ok && inner.Interruptible()
}

// sealedName is the name that is bound to an encrypted value, beside its key.
func sealedName(key string) []byte { return []byte(sealHeader + key) }

type sealedLocker struct {
	*sealedStore
	Locker
}

// sealedReserver reserves what an encrypted value needs.
type sealedReserver struct{ inner Reserver }

func (s sealedReserver) Reserve(ctx context.Context, key string, size int) error {
	return s.inner.Reserve(ctx, key, size+sealOverhead)
}

// sealedJoint is a sealed store over a store that does several things in one step. It does them in one step too.
type sealedJoint struct {
	sealedLocker
	session.Joint
}

// openedKey is the key, in the context of a lock, of the decrypted values that came with the lock.
type openedKey struct{ store *sealedStore }

// opened is a value as the store has it, and decrypted.
type opened struct{ sealed, value []byte }

// LockGet is LockGet of the inner store. If one value cannot be decrypted it returns none of them, so that a Get of that
// one is told.
func (s sealedJoint) LockGet(ctx context.Context, key string, keys ...string) (held context.Context, unlock func(), values [][]byte, err error) {
	held, unlock, sealed, err := s.Joint.LockGet(ctx, key, keys...)
	if err != nil || len(sealed) != len(keys) {
		return held, unlock, nil, err
	}
	values = make([][]byte, len(keys))
	all := make(map[string]opened, len(keys))
	for i, key := range keys {
		if sealed[i] == nil {
			continue
		}
		if values[i], err = s.open(key, sealed[i]); err != nil {
			return held, unlock, nil, nil //nolint:nilerr // see above
		}
		all[key] = opened{sealed[i], values[i]}
	}
	return context.WithValue(held, openedKey{s.sealedStore}, all), unlock, values, nil
}

// Replace is Replace of the inner store, which compares the old value in its encrypted form.
func (s sealedJoint) Replace(held context.Context, old []byte, ttl time.Duration, keys []string, values [][]byte) (done bool, err error) {
	there, err := s.opened(held, keys[0])
	if err != nil || there.sealed == nil || !bytes.Equal(there.value, old) {
		return false, err
	}
	sealed := make([][]byte, len(values))
	for i, value := range values {
		sealed[i] = s.seal(keys[i], value)
	}
	return s.Joint.Replace(held, there.sealed, ttl, keys, sealed)
}

// opened returns the decrypted value that came with the lock under key, or else the one in the store. A value that is
// missing or cannot be decrypted is none.
func (s sealedJoint) opened(held context.Context, key string) (opened, error) {
	if all, ok := held.Value(openedKey{s.sealedStore}).(map[string]opened); ok && all[key].sealed != nil {
		return all[key], nil
	}
	sealed, err := s.store.Get(held, key)
	switch {
	case errors.Is(err, ErrNotFound):
		return opened{}, nil
	case err != nil:
		return opened{}, err
	}
	value, err := s.open(key, sealed)
	if err != nil {
		return opened{}, nil //nolint:nilerr // whoever reads it is told
	}
	return opened{sealed, value}, nil
}
