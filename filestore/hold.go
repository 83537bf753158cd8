package filestore

import (
	"context"
	"sync"

	"github.com/gofrs/flock"
)

// hold is a lock that is held. A nil *hold is none.
type hold struct {
	key   string
	outer *hold // of the context that Lock was called with

	mu     sync.Mutex
	over   bool
	writes sync.WaitGroup
	rooms  map[string]bool // files that reserve room, true until a Set takes them
}

// holdKey is what held has a hold under: a context can carry one for each Store.
type holdKey struct{ store *Store }

// holdOf returns the lock that ctx carries, the one taken last, nil if there is none.
func (s *Store) holdOf(ctx context.Context) *hold {
	h, _ := ctx.Value(holdKey{s}).(*hold)
	return h
}

// begin says that a write begins, which end is called after. It is false when the lock is being given up.
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

func (h *hold) takeRoom(room string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	ready := h.rooms[room]
	if ready {
		h.rooms[room] = false
	}
	return ready
}

// giveUp waits for the writes, gives back the room that is left, and frees the lock.
func (s *Store) giveUp(ctx context.Context, h *hold, file *flock.Flock) {
	h.mu.Lock()
	h.over = true
	h.mu.Unlock()
	h.writes.Wait()
	for room := range h.rooms {
		_ = s.remove(ctx, room) // most are gone: their Set has given them another name
	}
	// The file is not removed: another process may have opened it and be about to lock it, while a third would make and
	// lock a new one, and then both would hold "the" lock.
	//
	// An error leaves nothing to do: the lock goes when the file is closed, at the latest with the process.
	_ = file.Unlock()
}
