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
	// tempAge is the age from which a temporary file counts as left behind: a write takes far less.
	tempAge = time.Hour
)

func readValue(dir folder, name string) ([]byte, error) {
	if err := dir.checkRegular(name); err != nil {
		return nil, err
	}
	// openFile and the check of the open file cover changes since then.
	f, err := dir.openFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := regular(name, info); err != nil {
		return nil, err
	}
	if err := secure(name, info, f.Chmod); err != nil {
		return nil, err
	}
	value, err := io.ReadAll(io.LimitReader(f, maxValue+1))
	if err != nil {
		return nil, err
	}
	if len(value) > maxValue {
		return nil, fmt.Errorf("%s: over the limit of %d bytes", name, maxValue)
	}
	return value, nil
}

// replace puts value into a file. It first writes another file, so that the file never holds half a value: the reserved
// room if there is some, else a new file.
func (s *Store) replace(ctx context.Context, j job, name, room string, value []byte) error {
	// Open the directory first: if it cannot be synced, the old value stays.
	entries, err := openEntries(j.dir)
	if err != nil {
		return err
	}
	defer entries.close()
	err = fs.ErrNotExist
	if room != "" {
		err = j.change(ctx, func() error { return s.replaceByRoom(ctx, j.dir, name, room, value) })
	}
	if errors.Is(err, fs.ErrNotExist) { // no room, or somebody cleaned up
		err = s.replaceByTemp(ctx, j, name, value)
	}
	if err != nil {
		return err
	}
	return entries.sync()
}

// replaceByRoom is called in the file's turn, since all reservations for it under one lock use one file.
func (s *Store) replaceByRoom(ctx context.Context, dir folder, name, room string, value []byte) error {
	err := fillRoom(dir, room, value)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = s.rename(ctx, dir, room, name)
	}
	if err != nil {
		_ = s.remove(ctx, dir, room) // else the end of the lock does it
	}
	return err
}

func (s *Store) replaceByTemp(ctx context.Context, j job, name string, value []byte) error {
	f, temp, err := j.dir.createTemp()
	if err != nil {
		return err
	}
	if err = fill(f, value); err == nil {
		err = j.change(ctx, func() error { return s.rename(ctx, j.dir, temp, name) })
	}
	if err != nil {
		_ = s.remove(ctx, j.dir, temp) // else New does it some time
	}
	return err
}

// fill writes value to f, syncs and closes it. Without the sync, a rename can survive a loss of power although the content
// does not.
func fill(f *os.File, value []byte) error {
	_, err := f.Write(value)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// erase removes a file, and the reserved room if there is some.
func (s *Store) erase(ctx context.Context, j job, name, room string) error {
	if room != "" {
		_ = s.remove(ctx, j.dir, room) // else the end of the lock removes it
	}
	missing := false
	err := j.change(ctx, func() error {
		err := s.remove(ctx, j.dir, name)
		if err != nil {
			// A read-only file system refuses before it looks whether the file exists.
			_, found := j.dir.Lstat(name)
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
	entries, err := openEntries(j.dir)
	if err != nil {
		return err
	}
	defer entries.close()
	return entries.sync()
}

// removeStaleTemps removes the files of dead processes. In a directory that cannot be written or listed they stay and do no
// harm.
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

// isHash reports whether path could have made name.
func isHash(name, suffix string) bool {
	name, ok := strings.CutSuffix(name, suffix)
	hash, err := hex.DecodeString(name)
	return ok && err == nil && len(hash) == sha256.Size
}
