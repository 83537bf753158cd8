package redisstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// Ask often at first, since most locks are held for one small request only.
	firstPoll = 5 * time.Millisecond
	lastPoll  = 100 * time.Millisecond

	// freeTTL is how long Redis keeps a lock after its release.
	freeTTL = time.Hour

	// tokenSize is the length of rand.Text, and goneTokens the number of released tokens that Redis remembers.
	tokenSize  = 26
	goneTokens = 64

	// firstTries is how often a Redis that has never answered is asked for a lock.
	firstTries = 4

	// unlockLimit limits the wait of unlock for Redis, and unlockGrace its wait after the lock's context has ended.
	unlockLimit = 2 * time.Second
	unlockGrace = 50 * time.Millisecond
)

// errUnlocked is the cause with which held ends when its lock is released.
var errUnlocked = errors.New("redisstore: the lock was given up")

// Lock waits for the lock of key, which excludes all others that use the same Redis with the same prefix. If ctx ends, it
// returns ctx's error unchanged. If Redis cannot be reached, it returns the client's error; but if Redis has answered this
// Store before, it first tries for three leases, so that a restart, a failover or a moving slot does not fail the call.
//
// held guards the keys of the same session: those that are equal to key up to their last slash. Other keys are used as
// without a lock. If a context carries two locks of one session, the later one guards.
//
// held is cancelled, with [ErrLockLost] as its cause, when the Store learns that another caller has taken the lock: at the
// next renewal, or at the next use of held. Until then Redis itself refuses calls with held. Get, Set and Delete with held
// try for three leases while Redis cannot be reached, since the value that they store usually has no other copy. held also
// ends with unlock. The lock is not renewed after held has ended.
//
// unlock returns after 2 s at the latest, and within 100 ms after the end of ctx. A lock that could not be released by then
// ends with its lease.
func (s *Store) Lock(ctx context.Context, key string) (held context.Context, unlock func(), err error) {
	h, err := s.take(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	held, unlock = h.begin(ctx)
	return held, unlock, nil
}

// take waits for the lock of key and reads the values of keys with it.
func (s *Store) take(ctx context.Context, key string, keys ...string) (*hold, error) {
	if err := ended(ctx); err != nil {
		return nil, err
	}
	name := s.name(key)
	// The goroutines of this process queue here: only one of them asks Redis, and the others get the lock in order and at
	// once.
	leave, err := s.locks.Lock(ctx, name.lock())
	if err != nil {
		return nil, err
	}
	h := &hold{store: s, name: name, token: rand.Text(), outer: s.lastHold(ctx), leave: leave}
	if err := h.acquire(ctx, keys); err != nil {
		go h.giveUp(ctx) // ends with the lease
		return nil, err
	}
	return h, nil
}

// begin starts a hold: its context and its renewal.
func (h *hold) begin(ctx context.Context) (held context.Context, unlock func()) {
	held, h.cancel = context.WithCancelCause(context.WithValue(ctx, holdKey{h.store}, h))
	go h.keep(held)
	var once sync.Once
	return held, func() {
		once.Do(func() {
			h.cancel(errUnlocked)
			given := make(chan struct{})
			go func() { // ends with the lease
				defer close(given)
				h.giveUp(ctx)
			}()
			h.awaitRelease(ctx, given)
		})
	}
}

// giveUp releases the lock and lets the next goroutine of this process have it.
func (h *hold) giveUp(ctx context.Context) {
	h.release(ctx)
	h.leave()
}

// awaitRelease waits a short time for the release of a lock.
func (h *hold) awaitRelease(ctx context.Context, given <-chan struct{}) {
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
	fence  string
	before string                  // the fence before it
	cancel context.CancelCauseFunc // of held
	outer  *hold                   // of the context that Lock was called with
	leave  func()                  // lets the next one in this process ask
	values []any                   // of the keys that were asked for with the lock, as Redis has answered; nil: not with it

	astray bool                      // a copy of what asked for the lock may still be under way
	heard  atomic.Pointer[time.Time] // when that was asked for which Redis has last said that the lock is held
	number atomic.Int64              // of the writes and renewals
}

// holdKey is the key of a hold in its context. A hold links to those of other sessions in the same context.
type holdKey struct{ store *Store }

// lastHold returns the latest hold of a context, or nil.
func (s *Store) lastHold(ctx context.Context) *hold {
	h, _ := ctx.Value(holdKey{s}).(*hold)
	return h
}

// holdOf returns the hold that guards a name, or nil.
func (s *Store) holdOf(ctx context.Context, name name) *hold {
	h := s.lastHold(ctx)
	for h != nil && h.name.session != name.session {
		h = h.outer
	}
	return h
}

// sight is the state of another caller's lock, as a waiting caller sees it. It changes with every renewal.
type sight struct {
	look  string
	since time.Time // when it was seen first
	lease time.Duration
}

// stale returns the state that has not changed for a whole lease, or "".
func (s *sight) stale() string {
	if s.look == "" || time.Since(s.since) < s.lease {
		return ""
	}
	return s.look
}

func (s *sight) see(look string, lease time.Duration) {
	if look != s.look {
		*s = sight{look, time.Now(), lease}
	}
}

// acquire asks for the lock until it gets it, and then for the values of keys.
func (h *hold) acquire(ctx context.Context, values []string) error {
	keys := append([]string{h.name.lock()}, values...)
	var seen sight
	p := patience{spoken: h.store.spoken.Load()}
	for delay := firstPoll; ; delay = min(delay*3/2, lastPoll) {
		asked := time.Now()
		reply, err := h.store.run(ctx, attemptLimit, acquire, keys,
			h.token, h.store.lease.Milliseconds(), seen.stale())
		if err != nil && !answered(err) {
			h.astray = true
		}
		if end := ended(ctx); end != nil { // too late, for whoever waited
			return end
		}
		switch {
		case err == nil && took(reply):
			h.fence, h.before = text(reply, 1), text(reply, 2)
			h.heard.Store(&asked)
			if len(keys) > 1 {
				h.values = reply[3:]
			}
			return nil
		case err == nil:
			p = patience{spoken: true}
			lease, err := time.ParseDuration(text(reply, 2) + "ms")
			if err != nil {
				return failed(ctx, "lock", errAnswer)
			}
			seen.see(text(reply, 1), lease)
		case !p.endures(err, h.store.lease):
			return failed(ctx, "lock", err)
		default:
			if answered(err) { // in a slot that moves the values may be elsewhere
				keys = keys[:1]
			}
			// Its owner could not renew the lock either: give it one more lease from now.
			seen = sight{}
		}
		if wait(ctx, delay) != nil {
			return ended(ctx)
		}
	}
}

// patience is how long calls are repeated while Redis does not do its work.
type patience struct {
	spoken bool      // it has answered
	since  time.Time // when that began; zero: it has not
	tries  int
}

// endures reports whether the call that failed with err is to be repeated. If Redis has never answered, the caller learns
// of it at once.
func (p *patience) endures(err error, lease time.Duration) bool {
	if !passing(err) {
		return false
	}
	if p.since.IsZero() {
		p.since = time.Now()
	}
	p.tries++
	if p.spoken = p.spoken || answered(err); !p.spoken {
		return p.tries < firstTries
	}
	return time.Since(p.since) < 3*lease
}

// keep renews the lock until held is done. If the lock is lost, it ends held.
func (h *hold) keep(held context.Context) {
	lease := h.store.lease
	delay := lease / 3
	for wait(held, delay) == nil {
		// A longer call would overlap the next one.
		_, err := h.act(held, lease/3, renew, nil, h.number.Add(1))
		delay = lease / 3
		if err != nil {
			delay = lease / 10 // nobody knows whether the lock is renewed
		}
	}
}

// release releases the lock if it is still this hold's. It does so even after the lock's ctx has ended.
func (h *hold) release(ctx context.Context) {
	astray := "0"
	if h.astray {
		astray = "1"
	} else if h.fence == "" {
		return // Redis knows nothing of it
	}
	// A lock that is not released by then has reached the end of its lease.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.store.lease)
	defer cancel()
	_ = insist(ctx, &patience{spoken: true}, h.store.lease, func() error {
		_, err := h.store.run(ctx, attemptLimit, release, []string{h.name.lock()},
			h.token, freeTTL.Milliseconds(), astray, goneTokens*tokenSize)
		return err
	})
}

func (h *hold) get(ctx context.Context, name name) (value []byte, err error) {
	reply, err := h.insist(ctx, read, []string{name.value})
	if err != nil {
		return nil, err
	}
	if len(reply) < 2 || reply[1] == nil {
		return nil, redis.Nil
	}
	return []byte(text(reply, 1)), nil
}

func (h *hold) set(ctx context.Context, name name, value []byte, ttl time.Duration) error {
	value = bytes.Clone(value) // the caller may use it again while an attempt that he has left goes on
	_, err := h.insist(ctx, write, []string{name.value}, h.number.Add(1), value, ttl.Milliseconds())
	return err
}

func (h *hold) delete(ctx context.Context, values ...string) error {
	_, err := h.insist(ctx, remove, values, h.number.Add(1))
	return err
}

// act makes one attempt to run a script that begins with guard.
func (h *hold) act(ctx context.Context, limit time.Duration, script script, keys []string, args ...any) ([]any, error) {
	asked, sure := time.Now(), "0"
	if asked.Sub(*h.heard.Load()) < h.store.lease {
		sure = "1"
	}
	keys = append([]string{h.name.lock()}, keys...)
	args = append([]any{h.token, h.fence, h.before, h.store.lease.Milliseconds(), sure}, args...)
	reply, err := h.store.run(ctx, limit, script, keys, args...)
	if err != nil {
		return nil, err
	}
	if !took(reply) {
		h.cancel(ErrLockLost)
		return nil, ErrLockLost
	}
	if now := h.heard.Load(); now.Before(asked) {
		h.heard.CompareAndSwap(now, &asked)
	}
	return reply, nil
}

// insist repeats act until Redis answers, for three leases at most. A script may run twice.
func (h *hold) insist(ctx context.Context, script script, keys []string, args ...any) (reply []any, err error) {
	err = insist(ctx, &patience{spoken: true}, h.store.lease, func() error {
		reply, err = h.act(ctx, attemptLimit, script, keys, args...)
		return err
	})
	return reply, err
}

// insist calls f until it succeeds, p is used up, or ctx is done.
func insist(ctx context.Context, p *patience, lease time.Duration, f func() error) error {
	for delay := firstPoll; ; delay = min(delay*3/2, lastPoll) {
		err := f()
		if err == nil || !p.endures(err, lease) || wait(ctx, delay) != nil {
			return err
		}
	}
}

// took reports whether a script has done its work.
func took(reply []any) bool {
	yes, ok := first(reply).(int64)
	return ok && yes == answerYes
}

func first(reply []any) any {
	if len(reply) == 0 {
		return nil
	}
	return reply[0]
}

// text returns one of the strings of an answer.
func text(reply []any, i int) string {
	if i >= len(reply) {
		return ""
	}
	s, _ := reply[i].(string)
	return s
}

// wait waits for about d, so that processes that started together do not stay in step.
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
