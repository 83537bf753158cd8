package clikit

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/filestore"
	"github.com/cloudbase-community/tcbauth/internal/bilingual"
	"github.com/cloudbase-community/tcbauth/keyringstore"
)

// The stores of sessions.
const (
	StoreAuto    = "auto"    // the keyring's if there is one, else files; the first sign-in of a profile decides
	StoreKeyring = "keyring" // package keyringstore: sealed files, whose key is in the keyring of the system
	StoreFile    = "file"    // package filestore: files that only their owner can read
)

// The directories in the tool's own directory, named as by filestore.DefaultDir and keyringstore.DefaultDir.
const (
	fileDir   = "tcbauth"
	sealedDir = "tcbauth-sealed"
)

// probeLimit is how long a keyring that nobody has chosen may take to answer.
const probeLimit = 2 * time.Second

// Where says where sessions lie.
type Where struct {
	Kind string `json:"kind"` // StoreKeyring or StoreFile
	Dir  string `json:"dir"`
}

// OpenStore opens the store of sessions in use, and says where it is. [StoreAuto] means the keyring store if the keyring
// answers within 2 s, else files. A store that was chosen, by a setting or by the first sign-in of the profile, is opened
// or is an error: the kit never replaces a keyring by plain files unless the user chooses files.
func (k *Kit) OpenStore(ctx context.Context) (tcbauth.TokenStore, Where, error) {
	set, err := k.Settings()
	if err != nil {
		return nil, Where{}, err
	}
	return k.openStore(ctx, set)
}

func (k *Kit) openStore(ctx context.Context, set *Settings) (tcbauth.TokenStore, Where, error) {
	dir, err := k.dir()
	if err != nil {
		return nil, Where{}, err
	}
	switch set.Store.Value {
	case StoreKeyring:
		return k.openKeyring(ctx, dir)
	case StoreFile:
		return openFiles(dir)
	}
	probe, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	store, where, err := k.openKeyring(probe, dir)
	switch {
	case err == nil || ctx.Err() != nil:
		return store, where, err
	case errors.Is(err, keyringstore.ErrNoKeyring), errors.Is(err, context.DeadlineExceeded):
		return openFiles(dir)
	}
	return nil, where, err // a keyring without the key of the sessions that are there
}

func openFiles(dir string) (tcbauth.TokenStore, Where, error) {
	where := Where{StoreFile, filepath.Join(dir, fileDir)}
	store, err := filestore.New(where.Dir)
	if err != nil {
		return nil, where, &StorageError{Path: where.Dir, Err: err}
	}
	return store, where, nil
}

func (k *Kit) openKeyring(ctx context.Context, dir string) (tcbauth.TokenStore, Where, error) {
	where := Where{StoreKeyring, filepath.Join(dir, sealedDir)}
	store, err := keyringstore.New(ctx, k.cfg.App, where.Dir)
	if err != nil {
		return nil, where, &StorageError{Path: where.Dir, Err: err}
	}
	return store, where, nil
}

// keyringErrors are the errors of a keyring that a user can solve.
var keyringErrors = []struct {
	err  error
	text bilingual.Text
}{
	{keyringstore.ErrNoKeyring, keyringGone},
	{keyringstore.ErrKeyLost, keyringLost},
}

// roomForSession is the most that a session takes, in bytes: one has about 3 kB.
const roomForSession = 16 << 10

// writable makes sure that a session can be kept, before a message is paid for.
func writable(ctx context.Context, s *opened) error {
	const key = "writable" // nothing is ever stored under it
	locker, ok := s.store.(tcbauth.Locker)
	if !ok {
		return nil
	}
	held, unlock, err := locker.Lock(ctx, key)
	if err != nil {
		return &StorageError{Path: s.where.Dir, Err: err}
	}
	defer unlock()
	if reserver, ok := s.store.(tcbauth.Reserver); ok {
		if err := reserver.Reserve(held, key, roomForSession); err != nil {
			return &StorageError{Path: s.where.Dir, Err: err}
		}
	}
	return nil
}
