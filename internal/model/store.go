package model

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// A late store waits before, and again after, it does what it is asked for: as a rule for up to maxLate, at times longer.
const (
	maxLate  = 3 * time.Millisecond
	veryLate = 15 * time.Millisecond
	longHold = 40 * time.Millisecond // of a lock
)

func lateness() time.Duration {
	if rand.IntN(12) == 0 { //nolint:gosec // no secret depends on it
		return rand.N(veryLate) //nolint:gosec // as above
	}
	return rand.N(maxLate) //nolint:gosec // as above
}

// late is the part of a store that a world has to itself. It is slow by chance, and in a sick world it fails.
type late struct {
	inner  tcbauth.TokenStore
	prefix string
	sick   bool
	loses  bool // locks
	prompt bool
}

// lateLocker is late over a store with locks.
type lateLocker struct {
	late
	locker tcbauth.Locker
}

// shelf has the stores of Apps that share theirs, by world.
type shelf struct {
	mu     sync.Mutex
	stores map[string]tcbauth.TokenStore
}

func newShelf() *shelf { return &shelf{stores: make(map[string]tcbauth.TokenStore)} }

// store returns a store of a world's on inner.
func (s *shelf) store(inner tcbauth.TokenStore, w world) tcbauth.TokenStore {
	if w.Apart {
		return newLate(inner, w)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stores[w.ID] == nil {
		s.stores[w.ID] = newLate(inner, w)
	}
	return s.stores[w.ID]
}

func newLate(inner tcbauth.TokenStore, w world) tcbauth.TokenStore {
	store := late{inner: inner, prefix: w.ID + "/", sick: w.Flavor.faulty(), loses: w.Flavor == sick}
	if p, ok := inner.(tcbauth.Interruptible); ok {
		store.prompt = w.Prompt && p.Interruptible()
	}
	if locker, ok := inner.(tcbauth.Locker); ok {
		return &lateLocker{late: store, locker: locker}
	}
	return &store
}

func (l *late) Interruptible() bool { return l.prompt }

var (
	errBefore = errors.New("the store is sick and did nothing")
	errAfter  = errors.New("the store is sick, though it did what was asked")
)

func (l *late) Get(ctx context.Context, key string) (value []byte, err error) {
	err = l.around(ctx, func() (err error) {
		value, err = l.inner.Get(ctx, l.prefix+key)
		return err
	})
	if err != nil {
		value = nil
	}
	return value, err
}

func (l *late) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return l.around(ctx, func() error {
		return whileHeld(ctx, func() error { return l.inner.Set(ctx, l.prefix+key, value, ttl) })
	})
}

func (l *late) Delete(ctx context.Context, key string) error {
	return l.around(ctx, func() error {
		return whileHeld(ctx, func() error { return l.inner.Delete(ctx, l.prefix+key) })
	})
}

func (l *late) Reserve(ctx context.Context, key string, size int) error {
	reserver, ok := l.inner.(tcbauth.Reserver)
	if !ok {
		return l.before(ctx)
	}
	return l.around(ctx, func() error { return reserver.Reserve(ctx, l.prefix+key, size) })
}

func (l *lateLocker) Lock(ctx context.Context, key string) (held context.Context, unlock func(), err error) {
	if err := l.before(ctx); err != nil {
		return nil, nil, err
	}
	held, release, err := l.locker.Lock(ctx, l.prefix+key)
	if err != nil {
		return nil, nil, err
	}
	held, cancel := context.WithCancel(held)
	turn := make(chan struct{}, 1)
	held = context.WithValue(held, turnKey{}, turn)
	lose := sync.OnceFunc(func() {
		turn <- struct{}{}
		cancel()
		release()
		<-turn
	})
	if l.loses && rand.IntN(8) == 0 { //nolint:gosec // no secret depends on it
		time.AfterFunc(rand.N(longHold), lose) //nolint:gosec // as above
	}
	return held, func() {
		_ = pause(context.WithoutCancel(held), lateness())
		lose()
	}, nil
}

// turnKey is the key of a lock's turn in its context: a lock is not lost while its holder writes, as if writes were fenced.
type turnKey struct{}

// whileHeld writes, unless ctx is of a lock that is lost.
func whileHeld(ctx context.Context, write func() error) error {
	if turn, ok := ctx.Value(turnKey{}).(chan struct{}); ok {
		turn <- struct{}{}
		defer func() { <-turn }()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return write()
}

func (l *late) around(ctx context.Context, do func() error) error {
	if err := l.before(ctx); err != nil {
		return err
	}
	err := do()
	_ = pause(ctx, lateness())
	if err == nil && l.fails() {
		return errAfter
	}
	return err
}

func (l *late) before(ctx context.Context) error {
	if err := pause(ctx, lateness()); err != nil {
		return err
	}
	if l.fails() {
		return errBefore
	}
	return nil
}

func (l *late) fails() bool { return l.sick && rand.IntN(30) == 0 } //nolint:gosec // as above

// pause waits, and tells if ctx ended first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
