package storetest

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// testLease is how long a lock of a leased store lasts without renewal: long enough for a machine that stands still for a
// moment.
const testLease = 800 * time.Millisecond

// site is the place of leased stores, as a server would be: values with ttls, locks with leases and fences.
type site struct {
	mu     sync.Mutex
	values map[string]kept
	locks  map[string]leaseOf
	fences map[string]int           // the last one of each lock
	hung   map[string]chan struct{} // closed when the key is well again
	broken bool
	late   func() error   // a write that somebody has given up
	renews map[string]int // the fence of each lock of which a renewal is still under way
	conns  chan struct{}  // nil: as many connections as anybody wants
	stores int            // made so far
}

type kept struct {
	value []byte
	until time.Time // zero: for ever
}

type leaseOf struct {
	fence int
	until int64 // in ticks
}

// leases is the clock of all leases, which also renews them: a busy machine can keep a goroutine waiting for longer than a lease,
// and a lock must not be lost by that.
var leases = &leaseClock{holders: make(map[*holder]func() bool)}

type leaseClock struct {
	ticks   atomic.Int64
	mu      sync.Mutex
	holders map[*holder]func() bool // renews the lock, and is false when there is nothing to renew any more
}

const tick = 10 * time.Millisecond

func (c *leaseClock) run() {
	for last := time.Now(); ; {
		<-time.After(tick)
		c.mu.Lock()
		for h, renew := range c.holders {
			if !renew() {
				delete(c.holders, h)
			}
		}
		c.mu.Unlock()
		c.ticks.Add(int64(min(time.Since(last), testLease/4) / tick)) // less than a lease before the next renewal
		last = time.Now()
	}
}

func (c *leaseClock) add(h *holder, renew func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holders[h] = renew
}

var startLeases = sync.OnceFunc(func() { go leases.run() }) // ends with the process

func newSite() *site {
	startLeases()
	return &site{
		values: make(map[string]kept), locks: make(map[string]leaseOf), fences: make(map[string]int),
		renews: make(map[string]int), hung: make(map[string]chan struct{}),
	}
}

// leased is a store that keeps every promise but those that its faults name.
type leased struct {
	*site
	faults faults
	id     int
	dead   chan struct{} // closed when its process is killed, under the site's mutex

	cache  map[string]kept // under the site's mutex
	buffer []byte
	whole  sync.Mutex
}

// faults are the promises that a leased store breaks.
type faults struct {
	key   func(string) string // what a key is taken for
	value func([]byte) []byte // what a value is taken for
	ttl   func(time.Duration) time.Duration

	cachesReads, cachesNothing, rewritesAll, deletesHereOnly, writesBehind, keepsTTL, oneBuffer              bool
	notFoundOnFailure, notFoundOnHang, swallowsFailures, quotes, writesFirst, tears, tearsAtKill, oneAtATime bool

	locksHereOnly, ignoresFence, neverRenews, neverCancels, looseUnlock, renewsLate, neverFrees, connectionPerLock bool
	forgetsWaiters, lockHidesValue, deafToContext, deafToCancel, lateWrites                                        bool
}

var errSite = errors.New("the place cannot be reached")

func newLeased(s *site, f faults) *leased {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stores++
	return &leased{site: s, faults: f, id: s.stores, dead: make(chan struct{}), cache: make(map[string]kept)}
}

func (*leased) Interruptible() bool { return true }

func (s *leased) name(key string) string {
	if s.faults.key != nil {
		return s.faults.key(key)
	}
	return key
}

// call does something about a key at the place, in one step.
func (s *leased) call(ctx context.Context, key string, f func() error) error {
	if err := ctx.Err(); err != nil {
		if s.faults.notFoundOnFailure {
			return tcbauth.ErrNotFound
		}
		return err
	}
	if s.faults.oneAtATime {
		s.whole.Lock()
		defer s.whole.Unlock()
	}
	if s.conns != nil {
		select {
		case s.conns <- struct{}{}:
			defer func() { <-s.conns }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	hung, broken := s.hung[key], s.broken
	s.mu.Unlock()
	if hung != nil {
		if err := s.hang(ctx, hung, f); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isDead() {
		return errDead
	}
	if broken {
		switch {
		case s.faults.notFoundOnFailure:
			return tcbauth.ErrNotFound
		case s.faults.swallowsFailures:
			return nil
		}
		return errSite
	}
	return f()
}

var errDead = errors.New("the process is dead")

func (s *leased) isDead() bool {
	select {
	case <-s.dead:
		return true
	default:
		return false
	}
}

// hang waits until the place is well again or the context ends.
func (s *leased) hang(ctx context.Context, hung <-chan struct{}, f func() error) error {
	done := ctx.Done()
	if s.faults.deafToContext {
		done = nil
	}
	if _, ok := ctx.Deadline(); !ok && s.faults.deafToCancel {
		done = nil
	}
	select {
	case <-hung:
		return nil
	case <-done:
	}
	if s.faults.lateWrites {
		s.mu.Lock()
		s.late = f
		s.mu.Unlock()
	}
	if s.faults.notFoundOnHang {
		return tcbauth.ErrNotFound
	}
	return ctx.Err()
}

// holdOf is the key of a context for the holder of a lock.
type holdOf struct{ site *site }

type holder struct {
	key    string
	fence  int
	cancel context.CancelCauseFunc
	outer  *holder
}

var errLost = errors.New("the lock was lost")

// guard is called with the site's mutex held.
func (s *leased) guard(ctx context.Context) error {
	h, _ := ctx.Value(holdOf{s.site}).(*holder)
	for ; h != nil; h = h.outer {
		if s.fences[h.key] != h.fence && !s.faults.ignoresFence {
			if !s.faults.neverCancels {
				h.cancel(errLost)
			}
			return errLost
		}
	}
	return nil
}

func (s *leased) Get(ctx context.Context, key string) (value []byte, err error) {
	name := s.name(key)
	if s.faults.lockHidesValue {
		if h, _ := ctx.Value(holdOf{s.site}).(*holder); h == nil {
			_, unlock, err := s.Lock(ctx, key)
			if err != nil {
				return nil, err
			}
			defer unlock()
		}
	}
	err = s.call(ctx, key, func() error {
		if err := s.guard(ctx); err != nil {
			return err
		}
		if k, ok := s.cache[name]; ok && s.faults.cachesReads {
			value = bytes.Clone(k.value)
			return nil
		}
		k, ok := s.values[name]
		if seen, looked := s.cache[name]; looked && seen.value == nil && s.faults.deletesHereOnly {
			ok = false
		}
		if s.faults.cachesNothing {
			if seen, looked := s.cache[name]; looked && seen.value == nil {
				ok = false
			} else if !ok {
				s.cache[name] = kept{}
			}
		}
		if !ok || !k.until.IsZero() && time.Now().After(k.until) {
			return tcbauth.ErrNotFound
		}
		if s.faults.rewritesAll || s.faults.cachesReads {
			s.load()
		}
		value = bytes.Clone(k.value)
		if s.faults.oneBuffer {
			s.buffer = append(s.buffer[:0], value...)
			value = s.buffer
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return value, nil
}

// load fills the cache with all values.
func (s *leased) load() {
	clear(s.cache)
	for name, k := range s.values {
		s.cache[name] = k
	}
}

func (s *leased) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	name := s.name(key)
	given := value
	value = bytes.Clone(value)
	if s.faults.value != nil {
		value = s.faults.value(value)
	}
	if s.faults.ttl != nil {
		ttl = s.faults.ttl(ttl)
	}
	write := func() error {
		if err := s.guard(ctx); err != nil {
			return err
		}
		k := kept{value: value}
		if ttl != 0 {
			k.until = time.Now().Add(ttl)
		}
		if old, ok := s.values[name]; ok && ttl == 0 && s.faults.keepsTTL {
			k.until = old.until
		}
		if s.faults.rewritesAll {
			clear(s.values)
			for name, old := range s.cache {
				s.values[name] = old
			}
		}
		s.values[name], s.cache[name] = k, k
		if late := s.late; late != nil { // now it gets there
			s.late = nil
			return late()
		}
		return nil
	}
	if s.faults.writesFirst {
		s.mu.Lock()
		_ = write()
		s.mu.Unlock()
	}
	err := s.call(ctx, key, func() error {
		if s.faults.writesBehind {
			time.AfterFunc(20*time.Millisecond, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				_ = write()
			})
			return nil
		}
		if s.faults.tears {
			s.values[name] = kept{value: value[:len(value)/2]}
			s.mu.Unlock()
			<-time.After(2 * time.Millisecond)
			s.mu.Lock()
			if s.isDead() {
				return errDead
			}
		}
		return write()
	})
	if err != nil && s.faults.quotes {
		return errors.New("could not store " + string(given) + ": " + err.Error())
	}
	return err
}

func (s *leased) Delete(ctx context.Context, key string) error {
	name := s.name(key)
	return s.call(ctx, key, func() error {
		if err := s.guard(ctx); err != nil {
			return err
		}
		s.cache[name] = kept{}
		if !s.faults.deletesHereOnly {
			delete(s.values, name)
			delete(s.cache, name)
		}
		return nil
	})
}
