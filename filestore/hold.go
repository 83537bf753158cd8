package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/gofrs/flock"
)

// ErrLockLost means that the call was made with the context of a lock whose file or directory was removed or replaced, so
// that another process may have the lock by now. Nothing was done.
var ErrLockLost = errors.New("filestore: the lock was lost: its file or its directory was removed or replaced")

// hold is a lock that is held. A nil *hold is no lock.
type hold struct {
	key    string
	path   string // of the directory
	dir    folder // what was there when the lock was taken
	file   *flock.Flock
	name   string // of the file
	outer  *hold  // of the context that Lock was called with
	cancel context.CancelCauseFunc

	mu     sync.Mutex
	over   bool
	writes sync.WaitGroup
	rooms  map[string]bool // files that reserve room, true until a Set takes them
}

// holdKey is the key of a hold in its context: a context can carry one for each Store.
type holdKey struct{ store *Store }

// holdOf returns the latest lock of a context, or nil.
func (s *Store) holdOf(ctx context.Context) *hold {
	h, _ := ctx.Value(holdKey{s}).(*hold)
	return h
}

// begin marks the start of a write; the caller calls end after it. It returns false if the lock is being released.
func (h *hold) begin() bool {
	if h == nil {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over || !h.outer.begin() {
		return false
	}
	h.writes.Add(1)
	return true
}

// given reports whether the lock, or an outer one, is being released.
func (h *hold) given() bool {
	if h == nil {
		return false
	}
	if h.outer.given() {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.over
}

func (h *hold) end() {
	for ; h != nil; h = h.outer {
		h.writes.Done()
	}
}

func (h *hold) setRoom(room string, ready bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rooms[room] = ready
}

// close ends the use of the lock, and returns the files that reserve room under it.
func (h *hold) close() (rooms []string) {
	h.mu.Lock()
	h.over = true
	h.mu.Unlock()
	h.writes.Wait() // each has noted its room before it began
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.rooms))
}

func (h *hold) takeRoom(room string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	ready := h.rooms[room]
	if ready {
		h.rooms[room] = false
	}
	return ready
}

// check returns ErrLockLost, and ends held, if other processes would lock another file than this lock's. A missing
// directory is another error: the lock still exists when the directory comes back.
func (h *hold) check() error {
	for ; h != nil; h = h.outer {
		now, err := os.Stat(h.path)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the directory is missing: %w", err)
		}
		if err != nil {
			return err
		}
		if !now.IsDir() {
			return errNoDirectory
		}
		same, err := h.sameFile(now)
		if err != nil {
			return err
		}
		if !same {
			h.cancel(ErrLockLost)
			return ErrLockLost
		}
	}
	return nil
}

var errNoDirectory = errors.New("not a directory")

// sameFile reports whether now is the directory of the lock and still contains the lock's file.
func (h *hold) sameFile(now fs.FileInfo) (bool, error) {
	mine, err := h.dir.Stat(".")
	if err != nil || !os.SameFile(mine, now) {
		return false, err
	}
	there, err := h.dir.Lstat(h.name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	locked, err := h.file.Stat()
	return err == nil && os.SameFile(there, locked), err
}

// ended returns ctx's error, or the error of the lock whose loss ended ctx.
func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		if context.Cause(ctx) == ErrLockLost { //nolint:errorlint // our own, as it is
			return ErrLockLost
		}
		return err
	}
	return nil
}

// giveUp waits for the writes, removes unused reserved room, and releases the lock.
func (s *Store) giveUp(ctx context.Context, h *hold) {
	for _, room := range h.close() {
		_ = s.remove(ctx, h.dir, room) // most are gone: their Set has given them another name
	}
	// The file stays: another process may have opened it and be about to lock it, while a third would make and lock a new
	// one. Then both would have "the" lock.
	//
	// Nothing can be done about an error: the lock ends when the file is closed, at the latest with the process.
	h.release()
}

func (h *hold) release() {
	_ = h.file.Unlock()
	h.dir.close()
}
