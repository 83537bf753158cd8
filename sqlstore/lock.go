package sqlstore

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// releaseLimit limits the time for releasing a lock. A lock that is not released by then ends with its lease.
	releaseLimit = time.Second
	// unlockLimit limits the wait of unlock for that, and unlockGrace its wait after the lock's context has ended.
	unlockLimit = 2 * time.Second
	unlockGrace = 50 * time.Millisecond
	// mostLate is how often Lock may get the lock when most of the lease is over.
	mostLate = 3
)

// errUnlocked is the cause with which held ends when its lock is released.
var errUnlocked = errors.New("sqlstore: the lock was given up")

// Lock waits for the lock of key, which excludes all others that use the same tables. If ctx ends, it returns ctx's error
// unchanged; if the database cannot be reached, the driver's error. It also returns an error if the database does not answer
// for three leases, or takes too long for the lease.
//
// held guards all keys. If a context carries several locks, the lock of a session guards the keys of that session: those
// that are equal up to their last slash. All other keys are guarded by the latest lock. If there are two locks of one
// session, the later one counts.
//
// held is cancelled, with [ErrLockLost] as its cause, when the Store learns that another caller has taken the lock: at the
// next renewal, or at the next use of held. Until then the database itself refuses calls with held. Get, Set and Delete
// with held try for three leases while the database cannot be reached, since the value that they store usually has no other
// copy. held also ends with unlock. The lock is not renewed after held has ended.
//
// unlock returns after 2 s at the latest, and within 100 ms after the end of ctx. A lock that could not be released by then
// ends with its lease.
func (s *Store) Lock(ctx context.Context, key string) (held context.Context, unlock func(), err error) {
	held, unlock, _, err = s.take(ctx, nameOf(key))
	return held, unlock, err
}

// take waits for the lock of name, and then reads the values under others.
func (s *Store) take(ctx context.Context, name name, others ...string) (held context.Context, unlock func(), found map[string][]byte, err error) {
	if err := ended(ctx); err != nil {
		return nil, nil, nil, err
	}
	// The goroutines of this process queue here: only one of them asks the database, and the others get the lock in order.
	leave, err := s.locks.Lock(ctx, name.full)
	if err != nil {
		return nil, nil, nil, err
	}
	h := &hold{store: s, name: name, token: rand.Text(), outer: s.lastHold(ctx), leave: leave}
	spent, err := h.acquire(ctx, others)
	if err != nil {
		go h.giveUp(ctx) // ends with releaseLimit
		return nil, nil, nil, err
	}
	held, h.cancel = context.WithCancelCause(context.WithValue(ctx, holdKey{s}, h))
	go h.keep(held, spent)
	var once sync.Once
	return held, func() {
		once.Do(func() {
			h.cancel(errUnlocked)
			given := make(chan struct{})
			go func() { // ends with releaseLimit
				defer close(given)
				h.giveUp(ctx)
			}()
			awaitRelease(ctx, given)
		})
	}, h.found, nil
}

// giveUp releases the lock and lets the next goroutine of this process have it.
func (h *hold) giveUp(ctx context.Context) {
	h.release(ctx)
	h.leave()
}

// awaitRelease waits a short time for the release of a lock.
func awaitRelease(ctx context.Context, given <-chan struct{}) {
	limit := time.NewTimer(unlockLimit)
	defer limit.Stop()
	select {
	case <-given:
		return
	case <-limit.C:
		return
	case <-ctx.Done():
	}
	limit.Reset(unlockGrace)
	select {
	case <-given:
	case <-limit.C:
	}
}

// hold is a lock that this Store has, or had until it was lost.
type hold struct {
	store  *Store
	name   name
	token  string
	cancel context.CancelCauseFunc // of held
	outer  *hold                   // of the context that Lock was called with
	leave  func()                  // lets the next one in this process ask
	found  map[string][]byte       // what was there, by name, of what was asked for with the lock

	taken  bool         // the database has said so
	astray bool         // a statement that asks for the lock may still be under way
	number atomic.Int64 // of the writes
}

// holdKey is the key of a hold in its context. A hold links to the earlier ones of the same context.
type holdKey struct{ store *Store }

// lastHold returns the latest hold of a context, or nil.
func (s *Store) lastHold(ctx context.Context) *hold {
	h, _ := ctx.Value(holdKey{s}).(*hold)
	return h
}

// holdOf returns the hold that guards a name, or nil.
func (s *Store) holdOf(ctx context.Context, name name) *hold {
	last := s.lastHold(ctx)
	for h := last; h != nil; h = h.outer {
		if h.name.session == name.session {
			return h
		}
	}
	return last
}

// acquire asks for the lock until it gets it, and then for the values under others. It returns how much of the lease has
// passed by then. It fails if the database gives no answer for three leases, or mostLate answers that were too late.
func (h *hold) acquire(ctx context.Context, others []string) (spent time.Duration, err error) {
	s := h.store
	heard, late := time.Now(), 0
	for delay := firstPoll; ; delay = min(delay*3/2, lastPoll) {
		asked := time.Now()
		took, err := h.ask(ctx, others)
		if end := ended(ctx); end != nil { // too late, for whoever waited
			return 0, end
		}
		if err == nil {
			heard = time.Now()
		}
		_, silent := errors.AsType[silentError](err)
		switch spent := time.Since(asked); {
		case err != nil && (!silent && !crowded(err) || time.Since(heard) >= 3*s.lease):
			return 0, failed(ctx, "lock", err)
		case took && spent < s.lease*2/3:
			return spent, nil
		case took: // the database had it wait, and the lease runs since the beginning of that
			if late++; late == mostLate {
				return 0, failed(ctx, "lock", slowError{spent, s.lease})
			}
			continue
		}
		if wait(ctx, delay) != nil {
			return 0, ended(ctx)
		}
	}
}

// ask asks for the lock once and, if it gets it, for the values under others. A caller that has the lock already gets a new
// lease.
func (h *hold) ask(ctx context.Context, others []string) (took bool, err error) {
	s := h.store
	rows, err := s.exec(ctx, attemptLimit, s.sql.acquire, h.name.full, h.token, s.lease.Milliseconds())
	h.taken = h.taken || rows > 0
	h.astray = h.astray || err != nil && !crowded(err)
	switch {
	case err != nil || rows == 0:
		return false, err
	case len(others) > 0:
		h.found, took, err = h.look(ctx, others)
		return took, err
	case rows == 1 && s.dialect == MySQL:
		// A new row counts as 1. With the driver's option clientFoundRows an unchanged old row does too.
		return s.holds(ctx, h.name.full, h.token)
	default:
		return true, nil
	}
}

// keep renews the lock until held is done. If the lock is lost, it ends held. spent is the part of the lease that has
// passed.
func (h *hold) keep(held context.Context, spent time.Duration) {
	s := h.store
	delay := max(s.lease/3-spent, 0)
	for wait(held, delay) == nil {
		delay = s.lease / 3
		// A longer call would overlap the next one.
		rows, err := s.exec(held, s.lease/3, s.sql.renew, h.name.full, h.token, s.lease.Milliseconds())
		if err == nil && rows == 0 { // MySQL counts no row that is as it was
			err = h.check(held)
		}
		if err != nil {
			delay = s.lease / 10 // nobody knows whether the lock is renewed
		}
	}
}

// check returns ErrLockLost if the lock is lost, and ends held then.
func (h *hold) check(ctx context.Context) error {
	mine, err := h.store.holds(ctx, h.name.full, h.token)
	if err == nil && !mine {
		err = h.lost()
	}
	return err
}

// release releases the lock if it is still this hold's, and makes sure that the token never gets it again. It does so even
// after the lock's ctx has ended.
func (h *hold) release(ctx context.Context) {
	s := h.store
	stmt := s.sql.release
	switch {
	case h.astray:
		stmt = s.sql.quit
	case !h.taken:
		return // the database knows nothing of it
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseLimit)
	defer cancel()
	// Nothing can be done about an error: the lock ends with its lease.
	_ = insist(ctx, releaseLimit, passing, func() error {
		_, err := s.exec(ctx, releaseLimit, stmt, h.name.full, h.token)
		return err
	})
}
