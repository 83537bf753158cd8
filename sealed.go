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

// sealOverhead is how much longer a value becomes: a nonce of 12 bytes and a tag of 16 stand around it.
const sealOverhead = len(sealHeader) + 12 + 16

// sealHeader begins every sealed value. Its last byte is the version of what follows: in this one a nonce of 12 bytes,
// the ciphertext, and a tag of 16 bytes that authenticates these, the header and the name.
const sealHeader = "tcbauth\x01"

// Sealed returns a store that encrypts its values with AES-256-GCM and keeps them in store. Reading the underlying store
// shows only key names and lengths. Writing to it can delete a value or restore an older one under the same key, but can
// neither change a value nor move it to another key. The ttl is passed on. The result implements [Locker] if store does.
// It implements [Interruptible] and [Reserver] too and passes them on; if store does not implement them, it is not
// interruptible, and Reserve reserves nothing and fails only if the context has ended.
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
	if store == nil {
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
	if locker, ok := store.(Locker); ok {
		return struct {
			*sealedStore
			Locker
		}{s, locker}, nil
	}
	return s, nil
}

// newAEAD returns one whose Seal puts a random nonce before the ciphertext, where its Open finds it.
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
	rest, ok := bytes.CutPrefix(sealed, []byte(sealHeader))
	if !ok {
		return nil, fmt.Errorf("%w: it is not sealed, or by another version", ErrUnsealed)
	}
	for _, aead := range s.aeads {
		if value, err := aead.Open(nil, nil, rest, sealedName(key)); err == nil {
			return value, nil
		}
	}
	return nil, fmt.Errorf("%w: it was sealed with another key or for another name, or was changed", ErrUnsealed)
}

func (s *sealedStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	sealed := s.aeads[0].Seal([]byte(sealHeader), nil, value, sealedName(key)) //nolint:gosec // G407: nil has it take a random nonce
	return s.store.Set(ctx, key, sealed, ttl)
}

func (s *sealedStore) Delete(ctx context.Context, key string) error { return s.store.Delete(ctx, key) }

func (s *sealedStore) Reserve(ctx context.Context, key string, size int) error {
	if reserver, ok := s.store.(Reserver); ok {
		return reserver.Reserve(ctx, key, size+sealOverhead)
	}
	return ctx.Err()
}

func (s *sealedStore) Interruptible() bool {
	inner, ok := s.store.(Interruptible)
	return ok && inner.Interruptible()
}

// sealedName is what a sealed value is bound to beside its key.
func sealedName(key string) []byte { return []byte(sealHeader + key) }
