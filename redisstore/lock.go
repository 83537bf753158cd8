package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// A waiter asks often at first, since most locks are held for as long as one small request takes.
	firstPoll = 5 * time.Millisecond
	lastPoll  = 100 * time.Millisecond

	// fenceTTL is how long Redis remembers the last fence of a lock that nobody uses.
	fenceTTL = time.Hour

	// releaseLimit is what Redis has for giving up a lock. What is not released ends with its lease.
	releaseLimit = time.Second
	// unlockLimit is how long an unlock waits for that, and for the end of a renewal: the client may not mind a limit.
	unlockLimit = 2 * time.Second
)

// errUnlocked is why held ends when its lock is given up.
var errUnlocked = errors.New("redisstore: the lock was given up")

// Lock waits for the lock of key, which excludes everybody who uses the same Redis with the same prefix. It returns
// ctx's error, as it is, once ctx is done, and the client's if it cannot reach Redis; while it waits for another holder it
// puts up with that for the time of a lease, so that Redis may start anew meanwhile.
//
// held guards the keys of the same session, those that are equal to key up to their last slash; other keys are used as
// without a lock. Of two locks of one session that a context carries, the one taken last guards.
//
// held is cancelled, with [ErrLockLost] as its cause, when it becomes known that somebody else has taken the lock: at the
// next renewal, or at the next use of held. Until then, and while Redis cannot be reached, Redis itself refuses what must
// not be done. Get, Set and Delete with held put up with a Redis that cannot be reached for the time of a lease: what they
// are to keep has no other copy as a rule. held also ends with unlock, and once it has ended the lock is not renewed any
// more. unlock returns after 2 s at the latest; a lock that could not be given up by then ends with its lease.
func (s *Store) Lock(ctx context.Context, key string) (held context.Context, unlock func(), err error) {
	if err := ended(ctx); err != nil {
		return nil, nil, err
	}
	name := s.name(key)
	// The goroutines of this process queue here, so that only one of them asks Redis, and the others get the lock in
	// order and without a delay.
	leave, err := s.locks.Lock(ctx, name.lock())
	if err != nil {
		return nil, nil, err
	}
	h := &hold{store: s, name: name, token: rand.Text(), outer: s.lastHold(ctx)}
	if err := h.acquireAside(ctx, leave); err != nil {
		return nil, nil, err
	}
	held, h.cancel = context.WithCancelCause(context.WithValue(ctx, holdKey{s}, h))
	renewing := make(chan struct{})
	go func() {
		defer close(renewing)
		h.keep(held)
	}()
	var once sync.Once
	return held, func() {
		once.Do(func() {
			h.cancel(errUnlocked)
			given := make(chan struct{})
			go func() { // ends when the client gives up; a key has one, since the next Lock waits for leave
				defer close(given)
				<-renewing // or a renewal could take the lock again
				h.release(ctx)
				leave()
			}()
			limit := time.NewTimer(unlockLimit)
			defer limit.Stop()
			select {
			case <-given:
			case <-limit.C:
			}
		})
	}, nil
}

// hold is a lock that is held, or was until it was lost.
type hold struct {
	store  *Store
	name   name
	token  string
	fence  string
	cancel context.CancelCauseFunc // of held
	outer  *hold                   // of the context that Lock was called with
}

// holdKey is what held has a hold under, with those of other sessions behind it.
type holdKey struct{ store *Store }

// lastHold returns the hold that was taken last, nil if ctx has none.
func (s *Store) lastHold(ctx context.Context) *hold {
	h, _ := ctx.Value(holdKey{s}).(*hold)
	return h
}

// holdOf returns the hold that guards a name, nil if ctx has none.
func (s *Store) holdOf(ctx context.Context, name name) *hold {
	h := s.lastHold(ctx)
	for h != nil && h.name.session != name.session {
		h = h.outer
	}
	return h
}

// acquireAside is acquire, but returns when ctx ends, whatever the client does. If it returns an error, leave is
// called, sooner or later.
func (h *hold) acquireAside(ctx context.Context, leave func()) error {
	got := make(chan error)
	go func() { // ends when the client gives up; a key has one, since others wait for leave
		err := h.acquire(ctx)
		if err != nil {
			leave()
		}
		select {
		case got <- err:
		case <-ctx.Done():
			if err == nil {
				h.release(ctx)
				leave()
			}
		}
	}()
	select {
	case err := <-got:
		return err
	case <-ctx.Done():
		return ended(ctx)
	}
}

// acquire asks for the lock until it gets it.
func (h *hold) acquire(ctx context.Context) error {
	ask := func() error {
		fence, err := acquire.Run(ctx, h.store.client, []string{h.name.lock(), h.name.fence()},
			h.token, h.store.lease.Milliseconds(), fenceTTL.Milliseconds()).Text()
		h.fence = fence
		return err
	}
	err := ask() // if Redis is not there at all, nobody has to wait to learn it
	for delay := firstPoll; errors.Is(err, redis.Nil); delay = min(delay*3/2, lastPoll) {
		if wait(ctx, delay) != nil {
			return ended(ctx)
		}
		err = h.insist(ctx, ask)
	}
	if err != nil {
		h.release(ctx) // Redis may have given it, and only the answer is missing
		return failed(ctx, "lock", err)
	}
	if err := ended(ctx); err != nil { // too late, for whoever waited
		h.release(ctx)
		return err
	}
	return nil
}

// keep renews the lock until held is done, which it makes happen itself when it finds the lock lost.
func (h *hold) keep(held context.Context) {
	lease := h.store.lease
	delay := lease / 3
	for wait(held, delay) == nil {
		// Longer than this, the call would take the time of the next one.
		ctx, cancel := context.WithTimeout(held, lease/3)
		_, err := h.run(ctx, renew, nil, lease.Milliseconds())
		cancel()
		delay = lease / 3
		if err != nil {
			delay = lease / 10 // nobody knows whether the lock is renewed
		}
	}
}

// release gives the lock up if it is still ours. The end of ctx, whose lock it was, does not matter.
func (h *hold) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseLimit)
	defer cancel()
	// An error leaves nothing to do: the lock ends with its lease.
	_ = release.Run(ctx, h.store.client, []string{h.name.lock()}, h.token).Err()
}

func (h *hold) get(ctx context.Context, name name) (value []byte, err error) {
	err = h.insist(ctx, func() error {
		cmd, err := h.run(ctx, read, []string{name.value})
		if err == nil {
			var text string
			text, err = cmd.Text()
			value = []byte(text)
		}
		return err
	})
	return value, err
}

func (h *hold) set(ctx context.Context, name name, value []byte, ttl time.Duration) error {
	return h.insist(ctx, func() error {
		_, err := h.run(ctx, write, []string{name.value}, value, ttl.Milliseconds())
		return err
	})
}

func (h *hold) delete(ctx context.Context, name name) error {
	return h.insist(ctx, func() error {
		_, err := h.run(ctx, remove, []string{name.value})
		return err
	})
}

// run runs a script that begins with guard.
func (h *hold) run(ctx context.Context, script *redis.Script, keys []string, args ...any) (*redis.Cmd, error) {
	keys = append([]string{h.name.lock(), h.name.fence()}, keys...)
	args = append([]any{h.token, h.fence, fenceTTL.Milliseconds()}, args...)
	cmd := script.Run(ctx, h.store.client, keys, args...)
	if redis.HasErrorPrefix(cmd.Err(), lost) {
		h.cancel(ErrLockLost)
		return nil, ErrLockLost
	}
	return cmd, cmd.Err()
}

// insist calls f, which may be done twice, until Redis answers, or has not for the time of a lease.
func (h *hold) insist(ctx context.Context, f func() error) error {
	start := time.Now()
	for delay := firstPoll; ; delay = min(delay*3/2, lastPoll) {
		err := f()
		if err == nil || !passing(err) || time.Since(start) > h.store.lease || wait(ctx, delay) != nil {
			return err
		}
	}
}

// wait waits for about d, so that processes that started together do not go on together.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d/2 + mathrand.N(d/2+1)) //nolint:gosec // no secret depends on it
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
