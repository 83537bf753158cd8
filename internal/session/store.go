package session

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// store calls the user's store: it ends each call with its context, turns a panic into an error, and tells "nothing
// there" from every failure.
type store struct {
	inner    Store
	texts    StringGetter // nil: it has bytes only
	locker   Locker       // nil: it has no locks
	reserver Reserver     // nil: it does not reserve
	prompt   bool         // its calls end with their contexts by themselves
	joint    Joint        // nil: it does one thing at a time
	observer Observer     // nil: none
}

func newStore(s Store, o Observer) store {
	out := store{inner: s, observer: o}
	out.texts, _ = s.(StringGetter)
	out.locker, _ = s.(Locker)
	out.reserver, _ = s.(Reserver)
	if out.prompt = interruptible(s); out.prompt {
		out.joint, _ = s.(Joint)
	}
	return out
}

// interruptible reports whether s says that its calls end with their contexts. One that panics does not.
func interruptible(s Store) (prompt bool) {
	var err error
	defer recovered(&err)
	p, ok := s.(Interruptible)
	return ok && p.Interruptible()
}

// begin measures a call of the store, where somebody wants to know.
func (s *store) begin() (watch Stopwatch) {
	if s.observer != nil {
		watch = StartWatch()
	}
	return watch
}

// end tells of a call of the store.
func (s *store) end(ctx context.Context, kind StoreKind, watch Stopwatch, err error) {
	if s.observer != nil {
		s.observer.StoreCalled(ctx, StoreOp{Kind: kind, Took: watch.Took(), Err: err})
	}
}

func (s *store) get(ctx context.Context, key string) (e entry, err error) {
	if s.joint != nil {
		if e, ok := came(ctx, key); ok {
			return e, ctx.Err()
		}
	}
	watch := s.begin()
	if s.prompt { // no closure, goroutine or timer on a server's most frequent way
		e, err = s.getNow(ctx, key)
	} else {
		e, err = bounded(ctx, func(ctx context.Context) (entry, error) { return s.getNow(ctx, key) })
	}
	s.end(ctx, StoreGet, watch, err)
	return e, err
}

func (s *store) getNow(ctx context.Context, key string) (e entry, err error) {
	defer recovered(&err)
	if s.texts != nil {
		e.text, err = s.texts.GetString(ctx, key)
	} else {
		var value []byte
		value, err = s.inner.Get(ctx, key)
		e.text = string(value)
	}
	switch {
	case err == nil:
		return entry{text: e.text, there: true}, nil
	case errors.Is(err, ErrNotFound):
		return entry{}, nil
	}
	return entry{}, err
}

func (s *store) set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	s.passed(ctx, key)
	return s.do(ctx, StoreSet, func(ctx context.Context) error { return s.inner.Set(ctx, key, value, ttl) })
}

func (s *store) delete(ctx context.Context, key string) error {
	s.passed(ctx, key)
	return s.do(ctx, StoreDelete, func(ctx context.Context) error { return s.inner.Delete(ctx, key) })
}

// deleteAll deletes keys, in one step where the store can. The lock of their session is held.
func (s *store) deleteAll(held context.Context, keys ...string) (err error) {
	if s.joint != nil {
		s.passed(held, keys...)
		return s.do(held, StoreDelete, func(held context.Context) error { return s.joint.DeleteAll(held, keys...) })
	}
	for _, key := range keys {
		err = errors.Join(err, s.delete(held, key))
	}
	return err
}

// replace is that of a Joint. It reports false where the store is none.
func (s *store) replace(held context.Context, old string, ttl time.Duration, keys []string, values [][]byte) (done bool, err error) {
	if s.joint == nil {
		return false, nil
	}
	s.passed(held, keys...)
	err = s.do(held, StoreSet, func(held context.Context) (err error) {
		done, err = s.joint.Replace(held, []byte(old), ttl, keys, values)
		return err
	})
	return done, err
}

// passed says that keys are about to be changed: what came of them with the lock is not what is there.
func (s *store) passed(ctx context.Context, keys ...string) {
	if s.joint == nil {
		return
	}
	for _, key := range keys {
		_, _ = came(ctx, key)
	}
}

// roomForGrowth is the room, in bytes, that is reserved beyond what is stored, for a new or a refreshed session.
const roomForGrowth = 16 << 10

// reserve makes sure that the next set under key has room, where the store can tell.
func (s *store) reserve(ctx context.Context, key string, size int) error {
	if s.reserver == nil {
		return nil
	}
	return s.do(ctx, StoreReserve, func(ctx context.Context) error { return s.reserver.Reserve(ctx, key, size) })
}

func (s *store) do(ctx context.Context, kind StoreKind, f func(context.Context) error) (err error) {
	watch := s.begin()
	call := func(ctx context.Context) (_ struct{}, err error) {
		defer recovered(&err)
		return struct{}{}, f(ctx)
	}
	if s.prompt {
		_, err = call(ctx)
	} else {
		_, err = bounded(ctx, call)
	}
	s.end(ctx, kind, watch, err)
	return err
}

// lock is a lock of the store that is held.
type lock struct {
	held   context.Context //nolint:containedctx // it is the store's fence, which goes into each call of the lock's holder
	unlock func()
}

// lock waits for the store's lock of key until ctx ends. first are the keys that its holder reads first: their values come with the
// lock where the store can do that.
func (s *store) lock(ctx context.Context, key string, first []string) (l lock, err error) {
	watch := s.begin()
	acquire := func(ctx context.Context) (l lock, err error) {
		defer recovered(&err)
		var values [][]byte
		if s.joint != nil && len(first) > 0 {
			l.held, l.unlock, values, err = s.joint.LockGet(ctx, key, first...)
		} else {
			l.held, l.unlock, err = s.locker.Lock(ctx, key)
		}
		if err == nil && (l.held == nil || l.unlock == nil) {
			err = errNoLock
			if l.unlock != nil {
				l.unlock()
			}
		} else if err == nil && values != nil && len(values) == len(first) {
			l.held = withValues(l.held, first, values)
		}
		return l, err
	}
	if s.prompt {
		l, err = acquire(ctx)
		s.end(ctx, StoreLock, watch, err)
		return l, err
	}
	late := func(l lock) {
		var err error
		defer recovered(&err)
		l.unlock()
	}
	// The context of a lock lasts as long as the lock, so it is the caller's own and has no limit here.
	l, err = raced(ctx, late, func() (lock, error) { return acquire(ctx) })
	s.end(ctx, StoreLock, watch, err)
	return l, err
}

var errNoLock = errors.New("the store's lock has no context, or cannot be given up")

// release gives a lock back. A store that does not return from it keeps nobody waiting for longer than storeLimit.
func (s *store) release(ctx context.Context, unlock func()) {
	release := func() (_ struct{}, err error) {
		defer recovered(&err)
		unlock()
		return struct{}{}, nil
	}
	watch := s.begin()
	var err error
	if s.prompt {
		_, err = release()
	} else {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeLimit)
		defer cancel()
		_, err = raced(limited, nil, release)
	}
	s.end(ctx, StoreUnlock, watch, err)
}

var errSlow = fmt.Errorf("the store did not answer within %v", storeLimit)

// bounded runs f in a goroutine of its own and returns when f does, when ctx ends, or after storeLimit.
func bounded[T any](ctx context.Context, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, storeLimit, errSlow)
	defer cancel()
	return raced(ctx, nil, func() (T, error) { return f(ctx) })
}

// raced runs f in a goroutine of its own and returns when f does or when ctx ends. What f returns after that goes to late,
// which may be nil. The goroutine lasts as long as f.
func raced[T any](ctx context.Context, late func(T), f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	var settled atomic.Bool // by the first of the two that gets there
	go func() {
		value, err := f()
		if settled.CompareAndSwap(false, true) {
			done <- result{value, err}
		} else if err == nil && late != nil {
			late(value)
		}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		if settled.CompareAndSwap(false, true) {
			var none T
			return none, context.Cause(ctx)
		}
		r := <-done
		return r.value, r.err
	}
}

// recovered turns a panic of foreign code into an error. Its value could hold a secret.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("panic (%T)", v)
	}
}
