package filestore

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// A read from a lost network drive can take for ever, and nothing ends it. So the work with files is done in goroutines
// that a caller can leave behind. These limits say how many there can be: a key whose file hangs uses a few of them and
// leaves the others to other keys. If all are in use, a call waits for one until its context ends.
const (
	keyLimit   = 8   // for one key
	storeLimit = 512 // for one Store; each may keep a thread of the operating system
)

// lanes counts the running work with files, by the path of the value.
type lanes struct {
	slots chan struct{} // holds one element for each piece of work
	mu    sync.Mutex
	paths map[string]*lane
}

type lane struct {
	slots chan struct{}
	users int // those at work and those waiting; the lane is dropped with the last one
	// turns keeps changes in order; each change takes all of it. A change that has begun is made before later ones, even if
	// its caller has stopped waiting.
	turns *semaphore.Weighted
}

func newLanes() *lanes {
	return &lanes{slots: make(chan struct{}, storeLimit), paths: make(map[string]*lane)}
}

// enter waits for a place for work on path, or until ctx is done. leave is called once, after the work.
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

// change calls f, which changes the lane's file, when it is f's turn. If ctx is done by then, it does not call f: a change
// whose caller has stopped waiting does not begin.
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

// look calls f, which reads the lane's file.
func (in *lane) look(ctx context.Context, f func() error) error {
	if readersTakeTurns {
		if err := in.turns.Acquire(ctx, 1); err != nil {
			return err
		}
		defer in.turns.Release(1)
	}
	return f()
}
