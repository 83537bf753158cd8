package filestore

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// A read from a network drive that is gone can take for ever, and nothing ends it. So the work with files is done in
// goroutines that a caller can leave behind, and these limits say how many there can be: a key whose file hangs takes a few
// of them, and leaves the others to the other keys. Whoever finds no place waits for one, until the context ends.
const (
	keyLimit   = 8   // for one key
	storeLimit = 512 // for one Store; each may keep a thread of the operating system
)

// lanes is where the work with files is under way, by the path of the value that it is about.
type lanes struct {
	slots chan struct{} // holds one element for each piece of work
	mu    sync.Mutex
	paths map[string]*lane
}

type lane struct {
	slots chan struct{}
	users int // those at work and those waiting; the lane is dropped with the last one
	// turns keeps changes in order, each of which takes all of it: one that its caller has left, and that has begun, comes
	// before later ones.
	turns *semaphore.Weighted
}

func newLanes() *lanes {
	return &lanes{slots: make(chan struct{}, storeLimit), paths: make(map[string]*lane)}
}

// enter waits until there is a place for work about path, or until ctx is done. leave is called once, after the work.
func (l *lanes) enter(ctx context.Context, path string) (in *lane, leave func(), err error) {
	in = l.join(path)
	select {
	case in.slots <- struct{}{}:
	case <-ctx.Done():
		l.part(path, in)
		return nil, nil, ctx.Err()
	}
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		<-in.slots
		l.part(path, in)
		return nil, nil, ctx.Err()
	}
	return in, func() {
		<-l.slots
		<-in.slots
		l.part(path, in)
	}, nil
}

func (l *lanes) join(path string) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	in := l.paths[path]
	if in == nil {
		in = &lane{slots: make(chan struct{}, keyLimit), turns: semaphore.NewWeighted(keyLimit)}
		l.paths[path] = in
	}
	in.users++
	return in
}

func (l *lanes) part(path string, in *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if in.users--; in.users == 0 {
		delete(l.paths, path)
	}
}

// change calls f, which changes the file that the lane is about, when it is f's turn, unless ctx is done by then: a change
// whose caller has left does not begin.
func (in *lane) change(ctx context.Context, f func() error) error {
	if err := in.turns.Acquire(ctx, keyLimit); err != nil {
		return err
	}
	defer in.turns.Release(keyLimit)
	if err := ctx.Err(); err != nil {
		return err
	}
	return f()
}

// look calls f, which reads the file that the lane is about.
func (in *lane) look(ctx context.Context, f func() error) error {
	if readersTakeTurns {
		if err := in.turns.Acquire(ctx, 1); err != nil {
			return err
		}
		defer in.turns.Release(1)
	}
	return f()
}
