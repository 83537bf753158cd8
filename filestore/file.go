package filestore

import (
	"context"
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

// replace puts value into path: into another file first, so that path never holds half a value. That file is room, if some
// is reserved, else a new one.
func (s *Store) replace(ctx context.Context, in *lane, path, room string, value []byte) error {
	// Opened before anything changes, so that a directory that cannot be synced fails with the old value in place.
	dir, err := openDir(s.dir)
	if err != nil {
		return err
	}
	defer dir.close()
	err = fs.ErrNotExist
	if room != "" {
		err = in.change(ctx, func() error { return s.replaceByRoom(ctx, path, room, value) })
	}
	if errors.Is(err, fs.ErrNotExist) { // no room, or somebody cleaned up
		err = s.replaceByTemp(ctx, in, path, value)
	}
	if err != nil {
		return err
	}
	return dir.sync()
}

// replaceByRoom is called when it is the turn of path, since all that is reserved for it under one lock is in one file.
func (s *Store) replaceByRoom(ctx context.Context, path, room string, value []byte) error {
	err := fillRoom(room, value)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = s.rename(ctx, room, path)
	}
	if err != nil {
		_ = s.remove(ctx, room) // else the end of the lock does it
	}
	return err
}

func (s *Store) replaceByTemp(ctx context.Context, in *lane, path string, value []byte) error {
	temp, err := createTemp(s.dir)
	if err != nil {
		return err
	}
	if err = fill(temp, value); err == nil {
		err = in.change(ctx, func() error { return s.rename(ctx, temp.Name(), path) })
	}
	if err != nil {
		_ = s.remove(ctx, temp.Name()) // else New does it some time
	}
	return err
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

// erase removes path, and room if some is reserved.
func (s *Store) erase(ctx context.Context, in *lane, path, room string) error {
	if room != "" {
		_ = s.remove(ctx, room) // else the end of the lock removes it
	}
	missing := false
	err := in.change(ctx, func() error {
		err := s.remove(ctx, path)
		if err != nil {
			// A read-only file system refuses before it looks whether there is anything to remove.
			_, found := os.Lstat(path)
			missing = errors.Is(found, fs.ErrNotExist)
		}
		return err
	})
	if missing {
		return nil
	}
	if err != nil {
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

// removeStaleTemps removes what processes that died have left. It is best effort: in a directory that cannot be written or
// listed they stay, and do no harm.
func removeStaleTemps(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !isTemp(entry.Name()) && !isHash(entry.Name(), roomSuffix) || !entry.Type().IsRegular() {
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
	return isTemp(name) || isHash(name, valueSuffix) || isHash(name, lockSuffix) || isHash(name, roomSuffix)
}

// isHash reports whether name is one that path makes.
func isHash(name, suffix string) bool {
	name, ok := strings.CutSuffix(name, suffix)
	hash, err := hex.DecodeString(name)
	return ok && err == nil && len(hash) == sha256.Size
}
