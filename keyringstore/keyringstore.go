// Package keyringstore keeps sessions in encrypted files whose key is in the keyring of the operating system, for
// command-line tools and desktop programs: the Keychain of macOS, the Credential Manager of Windows, and the Secret
// Service elsewhere, such as GNOME's keyring or KWallet.
//
//	dir, err := keyringstore.DefaultDir("mytool")
//	store, err := keyringstore.New(ctx, "mytool", dir)
//	auth, err := tcbauth.New("your-env-id", tcbauth.WithTokenStore(store))
//
// A session of about 2.5 kB is too large for a keyring, and keyrings have no locks. So the keyring holds only a key of 32
// bytes, and package filestore holds the sessions, encrypted by tcbauth.Sealed, with its locks. Without a keyring there is an
// error, and never a file that others could read.
package keyringstore

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/filestore"
)

var (
	// ErrNoKeyring means that there is no keyring, or that it is locked, did not answer within 3 s, or does not keep values.
	ErrNoKeyring = errors.New("keyringstore: the keyring cannot be used")

	// ErrKeyLost means that the directory has encrypted sessions whose key the keyring does not have. They can be read again
	// only if the key comes back. [StartAfresh] removes them. Set, Delete and Reserve of a Store return it if another key has
	// replaced the Store's, or if the directory was replaced.
	ErrKeyLost = errors.New("keyringstore: the keyring does not have the key of the stored sessions")
)

// Store is a tcbauth.TokenStore, tcbauth.Locker, tcbauth.Reserver and tcbauth.Interruptible. Make one with [New]. It is
// safe for concurrent use and needs no Close. It reads the keyring only in New. A key that is changed or deleted there
// later is noticed by the next New.
//
// A value that its key does not decrypt is tcbauth.ErrUnsealed. Other errors of its methods are those of package
// filestore.
type Store struct {
	sealed sealedFiles
}

// sealedFiles is the result of tcbauth.Sealed for a filestore.Store.
type sealedFiles interface {
	tcbauth.TokenStore
	tcbauth.Locker
	tcbauth.Reserver
	tcbauth.Interruptible
}

var _ sealedFiles = (*Store)(nil)

// New returns the store in dir, which it makes as [filestore.New] does. The keyring holds the key as the password of dir
// (without symbolic links) under service: a name that the user recognizes, such as the program's. New makes the key if dir
// is new; processes that start at the same time get the same key.
//
// It fails with [ErrNoKeyring], [ErrKeyLost], an error of package filestore, or ctx's error. Each call of the keyring has 3
// s. New makes one call if the key exists, and up to four if not. A call of the keyring cannot be cancelled: after its 3 s
// it continues in a goroutine until the keyring answers. Until then this process makes no other call, and no process can make
// a key: its New returns ErrNoKeyring after 15 s.
func New(ctx context.Context, service, dir string) (*Store, error) {
	return open(ctx, system, service, dir)
}

// DefaultDir returns the directory for the encrypted sessions of the program called app: the directory tcbauth-sealed in
// the program's own directory in [os.UserConfigDir], beside that of [filestore.DefaultDir]. It creates nothing. app must be
// a single element of a path, such as "mytool".
func DefaultDir(app string) (string, error) {
	dir, err := filestore.DefaultDir(app)
	if err != nil {
		return "", fmt.Errorf("keyringstore: %w", err)
	}
	return dir + "-sealed", nil
}

// Get returns the value under key, decrypted, or [tcbauth.ErrNotFound]; see [filestore.Store.Get].
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) { return s.sealed.Get(ctx, key) }

// Set encrypts value and stores it; see [filestore.Store.Set]. If the directory now has another key, so that nobody could
// read the value, it stores nothing and returns ErrKeyLost.
func (s *Store) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := s.proven(ctx); err != nil {
		return err
	}
	return s.sealed.Set(ctx, key, value, ttl)
}

// Delete removes key; see [filestore.Store.Delete]. If the directory now has another key, it returns ErrKeyLost.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := s.proven(ctx); err != nil {
		return err
	}
	return s.sealed.Delete(ctx, key)
}

// Lock waits for the lock of key; see [filestore.Store.Lock].
func (s *Store) Lock(ctx context.Context, key string) (held context.Context, unlock func(), err error) {
	return s.sealed.Lock(ctx, key)
}

// Reserve makes room for an encrypted value; see [filestore.Store.Reserve]. It returns ErrKeyLost where Set does.
func (s *Store) Reserve(ctx context.Context, key string, size int) error {
	if err := s.proven(ctx); err != nil {
		return err
	}
	return s.sealed.Reserve(ctx, key, size)
}

// Interruptible returns true, as for [filestore.Store].
func (s *Store) Interruptible() bool { return s.sealed.Interruptible() }

// proven checks that the directory still belongs to the store's key.
func (s *Store) proven(ctx context.Context) error {
	_, err := s.sealed.Get(ctx, proofName)
	switch {
	case errors.Is(err, tcbauth.ErrUnsealed):
		return fmt.Errorf("%w: another key has taken the place of this process's", ErrKeyLost)
	case errors.Is(err, tcbauth.ErrNotFound):
		return fmt.Errorf("%w: the directory is not the one that this process has opened", ErrKeyLost)
	}
	return err
}

const (
	keySize = 32

	// firstLimit is how long New waits for another process that is making the key.
	firstLimit = 5 * callLimit

	// proofName is the key of a value that only the directory's own key can decrypt. It is stored before any other value.
	proofName = "keyringstore/proof"
)

func open(ctx context.Context, ring *ring, service, dir string) (*Store, error) {
	o, err := prepare(ring, service, dir)
	if err != nil {
		return nil, err
	}
	store, err := o.withKey(ctx)
	if errors.Is(err, errNew) {
		store, err = o.first(ctx)
	}
	return store, err
}

func prepare(ring *ring, service, dir string) (*opening, error) {
	if service == "" || strings.ContainsFunc(service, func(r rune) bool { return r < ' ' }) {
		return nil, fmt.Errorf("keyringstore: %q is no name for a service", service)
	}
	files, err := filestore.New(dir)
	if err != nil {
		return nil, fmt.Errorf("keyringstore: %w", err)
	}
	account, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("keyringstore: %w", err)
	}
	if resolved, err := filepath.EvalSymlinks(account); err == nil {
		account = resolved
	}
	return &opening{files: files, entry: ring.entry(service, account)}, nil
}

// opening is a New or StartAfresh that is running.
type opening struct {
	files *filestore.Store
	entry *entry
}

// keyLost is ErrKeyLost with the directory, which names the keyring's entry.
func (o *opening) keyLost(why string) error {
	return fmt.Errorf("%w: %s; the sessions are in %s", ErrKeyLost, why, o.entry.account)
}

// errNew means that no New of this directory has finished so far.
var errNew = errors.New("keyringstore: a new directory")

// withKey opens the store with the key in the keyring. If the directory has no check value yet (proofName), it returns
// errNew, with a store if there is a key.
func (o *opening) withKey(ctx context.Context) (*Store, error) {
	// The key is stored before the check value, and read after it. So if there is a check value and no key, no New is
	// running.
	_, proof := o.files.Get(ctx, proofName)
	if proof != nil && !errors.Is(proof, tcbauth.ErrNotFound) {
		return nil, fmt.Errorf("keyringstore: %w", proof)
	}
	text, err := o.entry.get(ctx)
	switch {
	case errors.Is(err, keyring.ErrNotFound) && proof != nil:
		return nil, errNew
	case errors.Is(err, keyring.ErrNotFound):
		return nil, o.keyLost("it has none")
	case err != nil:
		return nil, err
	}
	store, err := o.seal(text)
	if err != nil {
		return nil, err
	}
	switch _, err := store.Get(ctx, proofName); {
	case errors.Is(err, tcbauth.ErrUnsealed):
		return nil, o.keyLost("it has another")
	case errors.Is(err, tcbauth.ErrNotFound):
		return store, errNew
	case err != nil:
		return nil, fmt.Errorf("keyringstore: %w", err)
	}
	return store, nil
}

// first opens a directory without a check value, and makes the key if there is none. Other processes wait and then use it.
func (o *opening) first(ctx context.Context) (*Store, error) {
	held, unlock, err := o.lock(ctx)
	if err != nil {
		return nil, err
	}
	// A late call may still store a key. No other key must come in between.
	defer o.entry.afterwards(unlock)
	store, err := o.withKey(held)
	if !errors.Is(err, errNew) {
		return store, err
	}
	if store == nil {
		switch old, err := hasSealed(o.entry.account); {
		case err != nil:
			return nil, fmt.Errorf("keyringstore: %w", err)
		case old:
			return nil, o.keyLost("it has none, and the directory does not say which it was")
		}
		if store, err = o.makeKey(held); err != nil {
			return nil, err
		}
	}
	return store, o.prove(held, store)
}

// lock waits for a process that makes a key for the directory, for as long as that can take if the keyring answers.
func (o *opening) lock(ctx context.Context) (held context.Context, unlock func(), err error) {
	wait, cancel := context.WithCancel(ctx)
	limit := time.AfterFunc(firstLimit, cancel)
	held, giveUp, err := o.files.Lock(wait, proofName) // held descends from wait, and lasts as long as the lock
	if !limit.Stop() && ctx.Err() == nil {
		if err == nil {
			giveUp()
		}
		return nil, nil, fmt.Errorf("%w: another process still waits for its answer", ErrNoKeyring)
	}
	if err != nil {
		cancel()
		return nil, nil, err
	}
	return held, func() { giveUp(); cancel() }, nil
}

// prove stores the check value, which only the store's key can decrypt. The lock is held.
func (o *opening) prove(held context.Context, store *Store) error {
	if err := store.sealed.Set(held, proofName, nil, 0); err != nil {
		return fmt.Errorf("keyringstore: %w", err)
	}
	return nil
}

// makeKey stores a new key in the keyring and reads it back.
func (o *opening) makeKey(ctx context.Context) (*Store, error) {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	text := base64.StdEncoding.EncodeToString(key)
	if err := o.entry.set(ctx, text); err != nil {
		return nil, err
	}
	switch kept, err := o.entry.get(ctx); {
	case errors.Is(err, keyring.ErrNotFound), err == nil && kept != text:
		return nil, fmt.Errorf("%w: it does not keep what it is given", ErrNoKeyring)
	case err != nil:
		return nil, err
	}
	return o.seal(text)
}

// seal returns the store with the key, given as the text in the keyring.
func (o *opening) seal(text string) (*Store, error) {
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != keySize { // the error would quote it
		return nil, o.keyLost("what it has is no key")
	}
	sealed, err := tcbauth.Sealed(o.files, key)
	if err != nil {
		return nil, err
	}
	return &Store{sealed.(sealedFiles)}, nil
}
