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

// Reserve makes sure that there is room for the next Set of key, with the context of the same lock, of at most size bytes:
// a file of that size is there, on the disk, which that Set writes its value into and gives the name of the old one. On a
// file system that never overwrites what it has written (ZFS, Btrfs) that is a good sign and no certainty. It is an error if
// ctx is not one that Lock returned.
//
// What a process leaves behind when it is killed is used by the next one that reserves, or removed by [New] after an hour.
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

// room is the file that reserves room for key. Its name is of the lock too: who holds that is alone with the file.
func (s *Store) room(h *hold, key string) string { return fileName(h.key+"\x00"+key, roomSuffix) }

// takeRoom returns the file that is reserved for key in one of the locks, "" if there is none. The next call finds none.
func (s *Store) takeRoom(h *hold, key string) string {
	for ; h != nil; h = h.outer {
		if room := s.room(h, key); h.takeRoom(room) {
			return room
		}
	}
	return ""
}

// makeRoom makes the file anew. It is full of noise, since a file system that compresses keeps zeros without a block.
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

// fillRoom writes value into a file that makeRoom has made. It takes back what is too much afterwards.
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
