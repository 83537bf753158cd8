// Package keylock has mutexes by name, whose wait ends with a context.
package keylock

import (
	"context"
	"sync"
)

// Locks is a set of mutexes, one for each key that somebody holds or waits for. The zero value is ready to use.
type Locks struct {
	mu   sync.Mutex
	keys map[string]*entry
}

type entry struct {
	token chan struct{} // holds one element while the lock is free
	users int           // holders and waiters; the entry is dropped with the last one
}

// Lock waits for the lock of key and returns the function that gives it up, which may be called more than once. It
// returns ctx's error if ctx is done first.
func (l *Locks) Lock(ctx context.Context, key string) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e := l.enter(key)
	select {
	case <-e.token:
	case <-ctx.Done():
		l.leave(key, e)
		return nil, ctx.Err()
	}
	var once sync.Once
	return func() {
		once.Do(func() {
			e.token <- struct{}{}
			l.leave(key, e)
		})
	}, nil
}

func (l *Locks) enter(key string) *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.keys[key]
	if e == nil {
		e = &entry{token: make(chan struct{}, 1)}
		e.token <- struct{}{}
		if l.keys == nil {
			l.keys = make(map[string]*entry)
		}
		l.keys[key] = e
	}
	e.users++
	return e
}

func (l *Locks) leave(key string, e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.users--; e.users == 0 {
		delete(l.keys, key)
	}
}
