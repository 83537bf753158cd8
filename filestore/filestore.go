// Package filestore keeps sessions in the files of one directory, for command-line tools, desktop programs and servers
// on one machine. Processes that use the same directory share its sessions, and only one of them refreshes a session at a time.
//
//	dir, err := filestore.DefaultDir("mytool")
//	store, err := filestore.New(dir)
//	auth, err := tcbauth.New("your-env-id", tcbauth.WithTokenStore(store))
//
// The values are not encrypted: whoever can read the files can act as the signed-in user. On Unix only the owner can read them.
// On Windows the access rights of the directory decide; the user's profile, which contains DefaultDir, is private to the
// user. Package keyringstore encrypts them.
package filestore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/detach"
	"github.com/cloudbase-community/tcbauth/internal/keylock"
)

const (
	maxValue = 1 << 20 // bytes; a session is a few kB

	valueSuffix = ".value"
	lockSuffix  = ".lock"
)

// Store is a tcbauth.TokenStore, tcbauth.Locker, tcbauth.Reserver and tcbauth.Interruptible in a directory. Make one with
// [New]. It is safe for concurrent use, and several Stores, in one process or in many, may share a directory. It holds no
// open files except those of held locks, with the directory, and needs no Close.
//
// While the directory is missing, renamed, unmounted or at the end of a dangling link, every call fails, since it is not
// known what is stored. Once the directory is back, calls succeed again. It is not created again. If another directory
// takes its place while a lock is held, the lock is lost: see [ErrLockLost].
//
// A call returns when its context ends, even if the file system does not answer. The work on the files then continues in
// a goroutine. A change that has not started by then is not made, and one that has started is made before all later ones.
// At most 512 such goroutines of a Store run at once, 8 of them for one key; further calls wait.
//
// An error never quotes a key or a value. It names the file, whose name is a hash of the key.
type Store struct {
	dir   string
	disk  disk
	locks keylock.Locks
	lanes *lanes
}

var (
	_ tcbauth.TokenStore    = (*Store)(nil)
	_ tcbauth.Locker        = (*Store)(nil)
	_ tcbauth.Reserver      = (*Store)(nil)
	_ tcbauth.Interruptible = (*Store)(nil)
)

// New returns the store in dir. It makes dir, and the missing directories above it, for the owner only (0700). It also
// removes temporary files that a dead process left there more than an hour ago.
//
// On Unix, if the group or others can enter, read or write dir, New makes it private (0700), provided that it belongs to
// the current user and holds nothing but this package's files. Otherwise New returns an error: changing the mode of /tmp or
// of a home directory would harm others. If dir cannot be written, that is no error: its values can be read, while Set and
// Lock fail.
func New(dir string) (*Store, error) {
	if dir == "" {
		return nil, errors.New("filestore: no directory given")
	}
	// A later change of the working directory must not move the store.
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("filestore: make the directory: %w", err)
	}
	if err := secureDir(dir); err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	removeStaleTemps(dir)
	return &Store{dir: dir, disk: system, lanes: newLanes()}, nil
}

// DefaultDir returns the directory for the sessions of the program called app: the directory tcbauth in the program's own
// directory in os.UserConfigDir, for example ~/.config/mytool/tcbauth. It creates nothing. app must be a single element
// of a path, such as "mytool".
func DefaultDir(app string) (string, error) {
	// Both separators are refused everywhere, so that a name which works on one system works on all.
	if app == "." || !filepath.IsLocal(app) || strings.ContainsAny(app, "/\\\x00") {
		return "", fmt.Errorf("filestore: %q is not a single element of a path", app)
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("filestore: find the user's configuration directory: %w", err)
	}
	return filepath.Join(config, app, "tcbauth"), nil
}

// Get returns the value under key, or [tcbauth.ErrNotFound]. On Unix, if the group or others can access the file, Get makes
// it private (0600) first; if the file belongs to another user, Get returns an error. A symbolic link, anything else that
// is not a regular file, and a file of more than 1 MiB are errors too.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	if err := ended(ctx); err != nil {
		return nil, err
	}
	h := s.holdOf(ctx)
	if h.given() {
		return nil, context.Canceled // with its lock
	}
	name := fileName(key, valueSuffix)
	in, leave, err := s.lanes.enter(ctx, name)
	if err != nil {
		return nil, err
	}
	value, err := detach.Run(ctx, func() (value []byte, err error) {
		defer leave()
		err = s.within(h, func(dir folder) error {
			return in.look(ctx, func() error {
				value, err = s.read(ctx, dir, name)
				if errors.Is(err, fs.ErrNotExist) { // in a directory that is there
					return tcbauth.ErrNotFound
				}
				return err
			})
		})
		return value, err
	})
	if err != nil {
		return nil, s.failed(ctx, "read", err)
	}
	return value, nil
}

// Set stores value, at most 1 MiB, under key in a file of mode 0600. When it returns nil, the value is on the disk. If the
// process or the machine dies before that, the file has the old value or the new one, never a part of one. The value is
// kept until it is replaced or deleted, whatever the ttl.
func (s *Store) Set(ctx context.Context, key string, value []byte, _ time.Duration) error {
	if err := ended(ctx); err != nil {
		return err
	}
	// A value that Get would refuse must not replace one that it can read.
	if len(value) > maxValue {
		return fmt.Errorf("filestore: write: a value of %d bytes is over the limit of %d", len(value), maxValue)
	}
	room := s.takeRoom(s.holdOf(ctx), key)
	value = bytes.Clone(value) // the caller may use it again while a write that it has left goes on
	err := s.write(ctx, key, func(j job) error {
		return s.replace(ctx, j, fileName(key, valueSuffix), room, value)
	})
	return s.failed(ctx, "write", err)
}

// Delete removes key. If nothing is stored, that is not an error.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := ended(ctx); err != nil {
		return err
	}
	room := s.takeRoom(s.holdOf(ctx), key)
	err := s.write(ctx, key, func(j job) error {
		return s.erase(ctx, j, fileName(key, valueSuffix), room)
	})
	return s.failed(ctx, "delete", err)
}

// Interruptible returns true.
func (*Store) Interruptible() bool { return true }

// write calls f, which changes files, for key. The locks of ctx are not released before f has returned.
func (s *Store) write(ctx context.Context, key string, f func(j job) error) error {
	h := s.holdOf(ctx)
	if !h.begin() {
		return context.Canceled // with its lock
	}
	in, leave, err := s.lanes.enter(ctx, fileName(key, valueSuffix))
	if err != nil {
		h.end()
		return err
	}
	_, err = detach.Run(ctx, func() (struct{}, error) {
		defer h.end()
		defer leave()
		return struct{}{}, s.within(h, func(dir folder) error { return f(job{in, dir, h}) })
	})
	return err
}

// job is a piece of work with a file.
type job struct {
	in   *lane
	dir  folder
	hold *hold
}

// change calls f, which changes the file, in its turn and while the lock is held.
func (j job) change(ctx context.Context, f func() error) error {
	return j.in.change(ctx, func() error {
		if err := j.hold.check(); err != nil {
			return err
		}
		return f()
	})
}

// within calls f with the directory: the directory of the lock, which must be held, or else the current one.
func (s *Store) within(h *hold, f func(dir folder) error) error {
	if h == nil {
		dir, err := s.open()
		if err != nil {
			return err
		}
		defer dir.close()
		return f(dir)
	}
	if err := h.check(); err != nil {
		return err
	}
	return f(h.dir) // which a swap at this moment does not change
}

// failed returns ctx's error and the errors of this module unchanged, and adds to others what they were about.
func (s *Store) failed(ctx context.Context, what string, err error) error {
	switch {
	case err == nil, err == ErrLockLost, err == tcbauth.ErrNotFound: //nolint:errorlint // as they are
		return err
	case err == ctx.Err(): //nolint:errorlint // as it is
		return ended(ctx)
	}
	return fmt.Errorf("filestore: %s: in %s: %w", what, s.dir, err)
}

// fileName returns the file for key. A hash cannot leave the directory, its length suits every file system, and keys that
// differ only in case or Unicode form have different hashes.
func fileName(key, suffix string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:]) + suffix
}

func (s *Store) path(key, suffix string) string { return filepath.Join(s.dir, fileName(key, suffix)) }
