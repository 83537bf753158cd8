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
	// releaseLimit is what the database has for giving up a lock. What is not released ends with its lease.
	releaseLimit = time.Second
	// unlockLimit is how long an unlock waits for that, and unlockGrace how long after the end of the lock's context.
	unlockLimit = 2 * time.Second
	unlockGrace = 50 * time.Millisecond
)

// errUnlocked is why held ends when its lock is given up.
var errUnlocked = errors.New("sqlstore: the lock was given up")

// Lock waits for the lock of key, which excludes everybody who uses the same tables. It returns ctx's error, as it is, once
// ctx is done, and the driver's if the database cannot be reached.
//
// held guards all keys. Where a context carries several locks, the keys of one session, those that are equal up to their last
// slash, are guarded by the lock of that session, of two the one taken last, and all other keys by the lock taken last.
//
// held is cancelled, with [ErrLockLost] as its cause, when it becomes known that somebody else has taken the lock: at the
// next renewal, or at the next use of held. Until then, and while the database cannot be reached, the database itself refuses
// what must not be done. Get, Set and Delete with held put up with a database that cannot be reached for three leases: what they
// are to keep has no other copy as a rule. held also ends with unlock, and once it has ended the lock is not renewed any
// more. unlock returns after 2 s at the latest, and within 100 ms of the end of ctx; a lock that could not be given up by then
// ends with its lease.
func (s *Store) Lock(ctx context.Context, key string) (held context.Context, unlock func(), err error) {
	held, unlock, _, err = s.take(ctx, nameOf(key))
	return held, unlock, err
}

// take waits for the lock of name, and then reads what is stored under others.
func (s *Store) take(ctx context.Context, name name, others ...string) (held context.Context, unlock func(), found map[string][]byte, err error) {
	if err := ended(ctx); err != nil {
		return nil, nil, nil, err
	}
	// The goroutines of this process queue here, so that only one of them asks the database, and the others get the lock in
	// order.
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

// giveUp gives the lock up, and lets the next one in this process have its turn.
func (h *hold) giveUp(ctx context.Context) {
	h.release(ctx)
	h.leave()
}

// awaitRelease waits until a lock is given up, and not for long.
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

// hold is a lock that is held, or was until it was lost.
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

// holdKey is what held has a hold under, with those that its context had before behind it.
type holdKey struct{ store *Store }

// lastHold returns the hold that was taken last, nil if ctx has none.
func (s *Store) lastHold(ctx context.Context) *hold {
	h, _ := ctx.Value(holdKey{s}).(*hold)
	return h
}

// holdOf returns the hold that guards a name, nil if ctx has none.
func (s *Store) holdOf(ctx context.Context, name name) *hold {
	last := s.lastHold(ctx)
	for h := last; h != nil; h = h.outer {
		if h.name.session == name.session {
			return h
		}
	}
	return last
}

// acquire asks for the lock until it gets it, and for what is stored under others, and returns how much of the lease was gone by
// then.
func (h *hold) acquire(ctx context.Context, others []string) (spent time.Duration, err error) {
	s := h.store
	for delay := firstPoll; ; delay = min(delay*3/2, lastPoll) {
		asked := time.Now()
		took, err := h.ask(ctx, others)
		if end := ended(ctx); end != nil { // too late, for whoever waited
			return 0, end
		}
		_, silent := errors.AsType[silentError](err)
		switch spent := time.Since(asked); {
		case err != nil && !silent && !crowded(err):
			return 0, failed(ctx, "lock", err)
		case took && spent < s.lease*2/3:
			return spent, nil
		case took: // the database had it wait, and the lease runs since the beginning of that
			continue
		}
		if wait(ctx, delay) != nil {
			return 0, ended(ctx)
		}
	}
}

// ask asks for the lock once, and if it has got it for what is stored under others. Whoever has the lock already gets a new lease.
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
		// A new row counts as 1, and with the driver's option clientFoundRows an old one that stayed as it was does too.
		return s.holds(ctx, h.name.full, h.token)
	default:
		return true, nil
	}
}

// keep renews the lock until held is done, which it makes happen itself when it finds the lock lost. So much of the lease is
// spent already.
func (h *hold) keep(held context.Context, spent time.Duration) {
	s := h.store
	delay := max(s.lease/3-spent, 0)
	for wait(held, delay) == nil {
		delay = s.lease / 3
		// Longer than this, the call would take the time of the next one.
		rows, err := s.exec(held, s.lease/3, s.sql.renew, h.name.full, h.token, s.lease.Milliseconds())
		if err == nil && rows == 0 { // MySQL counts no row that is as it was
			err = h.check(held)
		}
		if err != nil {
			delay = s.lease / 10 // nobody knows whether the lock is renewed
		}
	}
}

// check returns ErrLockLost if the lock is lost, and ends held.
func (h *hold) check(ctx context.Context) error {
	mine, err := h.store.holds(ctx, h.name.full, h.token)
	if err == nil && !mine {
		err = h.lost()
	}
	return err
}

// release gives the lock up if it is still ours, and sees to it that the token never gets it. The end of ctx, whose lock it
// was, does not matter.
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
	// An error leaves nothing to do: the lock ends with its lease.
	_ = insist(ctx, releaseLimit, passing, func() error {
		_, err := s.exec(ctx, releaseLimit, stmt, h.name.full, h.token)
		return err
	})
}
