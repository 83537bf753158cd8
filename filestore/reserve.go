package filestore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

const roomSuffix = ".room"

// Reserve makes sure that there is room for the next Set of key, of at most size bytes, with the context of the same lock.
// It writes a file of that size to the disk. The Set writes its value into that file and renames it. On a file system that
// never overwrites data (ZFS, Btrfs) this makes success likely, not certain. It is an error if ctx does not come from Lock.
//
// If a process is killed, the next process that reserves uses the file, or [New] removes it after an hour.
func (s *Store) Reserve(ctx context.Context, key string, size int) error {
	if err := ended(ctx); err != nil {
		return err
	}
	h := s.holdOf(ctx)
	switch {
	case h == nil:
		return errors.New("filestore: reserve: no lock is held")
	case size < 0 || size > maxValue:
		return fmt.Errorf("filestore: reserve: %d bytes are over the limit of %d", size, maxValue)
	}
	room := s.room(h, key)
	h.setRoom(room, false) // whatever becomes of it, the end of the lock removes it
	err := s.write(ctx, key, func(j job) error {
		return j.change(ctx, func() error { return s.makeRoom(ctx, j.dir, room, size) })
	})
	if err != nil {
		return s.failed(ctx, "reserve", err)
	}
	h.setRoom(room, true)
	return nil
}

// room is the file that reserves room for key. Its name contains the lock's, so only the process that has the lock uses it.
func (s *Store) room(h *hold, key string) string { return fileName(h.key+"\x00"+key, roomSuffix) }

// takeRoom returns the file that is reserved for key under one of the locks, or "". The next call does not return it again.
func (s *Store) takeRoom(h *hold, key string) string {
	for ; h != nil; h = h.outer {
		if room := s.room(h, key); h.takeRoom(room) {
			return room
		}
	}
	return ""
}

// makeRoom makes a new file. Its content is random, since a file system that compresses stores zeros without using blocks.
func (s *Store) makeRoom(ctx context.Context, dir folder, room string, size int) error {
	if err := s.remove(ctx, dir, room); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := dir.openFile(room, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	noise := make([]byte, size)
	_, _ = rand.Read(noise) // never fails
	if err := fill(f, noise); err != nil {
		return errors.Join(err, s.remove(ctx, dir, room))
	}
	return nil
}

// fillRoom writes value into a file of makeRoom, and shortens the file afterwards.
func fillRoom(dir folder, room string, value []byte) error {
	f, err := dir.openFile(room, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := f.Write(value); err != nil {
		return errors.Join(err, f.Close())
	}
	err = f.Truncate(int64(len(value)))
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
