package filestore

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	tempPrefix = "tcbauth-"
	tempSuffix = ".tmp"
	// tempAge is the age from which a temporary file counts as left behind: no write takes nearly as long.
	tempAge = time.Hour
)

func readValue(path string) ([]byte, error) {
	if err := checkRegular(path); err != nil {
		return nil, err
	}
	// noFollow, and the check of the open file, cover what may have changed since.
	f, err := os.OpenFile(path, os.O_RDONLY|noFollow, 0) //nolint:gosec // the name is our own hash
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := regular(path, info); err != nil {
		return nil, err
	}
	if err := secure(path, info, f.Chmod); err != nil {
		return nil, err
	}
	value, err := io.ReadAll(io.LimitReader(f, maxValue+1))
	if err != nil {
		return nil, err
	}
	if len(value) > maxValue {
		return nil, fmt.Errorf("%s: over the limit of %d bytes", path, maxValue)
	}
	return value, nil
}

// replace puts value into path: into a temporary file first, so that path never holds half a value.
func (s *Store) replace(path string, value []byte) (err error) {
	// Opened before anything changes, so that a directory that cannot be synced fails with the old value in place.
	dir, err := openDir(s.dir)
	if err != nil {
		return err
	}
	defer dir.close()
	temp, err := createTemp(s.dir)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp.Name())
		}
	}()
	if err := fill(temp, value); err != nil {
		return err
	}
	s.files.Lock()
	err = os.Rename(temp.Name(), path)
	s.files.Unlock()
	if err != nil {
		return err
	}
	return dir.sync()
}

// fill writes value to f, down to the disk, and closes f. Without the sync, a rename can survive a loss of power that
// the contents do not survive.
func fill(f *os.File, value []byte) error {
	_, err := f.Write(value)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func (s *Store) remove(path string) error {
	s.files.Lock()
	err := os.Remove(path)
	s.files.Unlock()
	if err != nil {
		// A read-only file system refuses before it looks whether there is anything to remove.
		if _, missing := os.Lstat(path); errors.Is(missing, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	dir, err := openDir(s.dir)
	if err != nil {
		return err
	}
	defer dir.close()
	return dir.sync()
}

// checkRegular refuses what stands at path if it is not a regular file; a link or a pipe is none of ours, and a pipe
// would block who opens it. Nothing there is fs.ErrNotExist.
func checkRegular(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	return regular(path, info)
}

func regular(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file but %s", path, info.Mode())
	}
	return nil
}

// createTemp makes a new file that only its owner can access.
func createTemp(dir string) (*os.File, error) {
	return os.CreateTemp(dir, tempPrefix+"*"+tempSuffix)
}

// removeStaleTemps is best effort: in a directory that cannot be written or listed they stay, and do no harm.
func removeStaleTemps(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !isTemp(entry.Name()) || !entry.Type().IsRegular() {
			continue
		}
		info, err := entry.Info()
		if err == nil && time.Since(info.ModTime()) > tempAge {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}

func isTemp(name string) bool {
	return strings.HasPrefix(name, tempPrefix) && strings.HasSuffix(name, tempSuffix)
}

func isOurs(name string) bool {
	suffix := filepath.Ext(name)
	hash, err := hex.DecodeString(strings.TrimSuffix(name, suffix))
	return isTemp(name) || err == nil && len(hash) == sha256.Size && (suffix == valueSuffix || suffix == lockSuffix)
}
