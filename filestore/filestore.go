// Package filestore keeps sessions in the files of one directory, for command-line tools, desktop programs and servers
// on one machine. Processes that use the same directory share its sessions and take turns at refreshing them.
//
//	dir, err := filestore.DefaultDir("mytool")
//	store, err := filestore.New(dir)
//	auth, err := tcbauth.New("your-env-id", tcbauth.WithTokenStore(store))
//
// The values stand in the files as they are: whoever can read the files can act as the person who signed in. On Unix
// nobody but the owner can, on Windows the access rights of the directory decide; the user's own profile, where
// [DefaultDir] lies, is private to the user.
package filestore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/keylock"
)

const (
	maxValue = 1 << 20 // bytes; a session is a few kB

	valueSuffix = ".value"
	lockSuffix  = ".lock"
)

// Store is a [tcbauth.TokenStore] and [tcbauth.Locker] in a directory. Make one with [New]; it is safe for concurrent
// use, and several Stores, in one process or in many, may share a directory. It holds no open files but those of the
// locks that are held, and needs no Close.
//
// An error never quotes a key or a value; it names the file, whose name is a hash of the key.
type Store struct {
	dir   string
	locks keylock.Locks
	// files lets the readers and the rename of this process take turns: Windows does not replace a file that is open.
	files sync.RWMutex
}

var (
	_ tcbauth.TokenStore = (*Store)(nil)
	_ tcbauth.Locker     = (*Store)(nil)
)

// New returns the store in dir. It makes dir, and what is missing above it, for the owner only (0700), and removes
// temporary files that a process which died left there more than an hour ago.
//
// On Unix, a dir that its group or others can enter, read or write is made private (0700) if it belongs to the current
// user and holds nothing but this package's files; otherwise New returns an error, since to change the mode of, say,
// /tmp or a home directory would harm others. A dir that cannot be written is no error: what is in it can be read,
// while Set and Lock fail.
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
	return &Store{dir: dir}, nil
}

// DefaultDir returns the directory for the sessions of the program called app: the directory tcbauth in app's own in
// [os.UserConfigDir], for instance ~/.config/mytool/tcbauth. It makes nothing. app must be a single element of a path,
// such as "mytool".
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

// Get returns the value under key, or [tcbauth.ErrNotFound]. On Unix, a file that its group or others can access is
// made private (0600) first if it belongs to the current user, and refused if not. A symbolic link, anything else that
// is not a regular file, and a file of more than 1 MiB are refused.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.files.RLock()
	defer s.files.RUnlock()
	value, err := readValue(s.path(key, valueSuffix))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, tcbauth.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("filestore: read: %w", err)
	}
	return value, nil
}

// Set stores value, at most 1 MiB, under key in a file of mode 0600. When it returns nil, the value is on the disk;
// when the process or the machine dies before that, the old value or the new one is there, whole. The value is kept
// until it is replaced or deleted, whatever the ttl.
func (s *Store) Set(ctx context.Context, key string, value []byte, _ time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// What Get would refuse must not take the place of what it can read.
	if len(value) > maxValue {
		return fmt.Errorf("filestore: write: a value of %d bytes is over the limit of %d", len(value), maxValue)
	}
	if err := s.replace(s.path(key, valueSuffix), value); err != nil {
		return fmt.Errorf("filestore: write: %w", err)
	}
	return nil
}

// Delete removes key. Nothing there is not an error.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.remove(s.path(key, valueSuffix)); err != nil {
		return fmt.Errorf("filestore: delete: %w", err)
	}
	return nil
}

// path returns the file for key. A hash cannot leave the directory, has a length that every file system takes, and
// keeps keys apart that differ in case or Unicode form only.
func (s *Store) path(key, suffix string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(s.dir, hex.EncodeToString(sum[:])+suffix)
}
