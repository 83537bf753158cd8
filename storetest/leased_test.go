package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
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
	conns  chan struct{} // nil: as many connections as anybody wants
	stores int           // made so far
}

type kept struct {
	value []byte
	until time.Time // zero: for ever
}

type leaseOf struct {
	fence int
	until time.Time
}

func newSite() *site {
	return &site{
		values: make(map[string]kept), locks: make(map[string]leaseOf), fences: make(map[string]int),
		hung: make(map[string]chan struct{}),
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
		go func() {
			<-hung
			time.AfterFunc(2*shortWait, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				_ = f()
			})
		}()
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

func (s *leased) Lock(ctx context.Context, key string) (held context.Context, unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	name := s.name(key)
	if s.faults.locksHereOnly {
		name = fmt.Sprint(key, s.id)
	}
	if s.faults.connectionPerLock {
		select {
		case s.conns <- struct{}{}:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	release := func() {
		if s.faults.connectionPerLock {
			<-s.conns
		}
	}
	h := &holder{key: name}
	h.outer, _ = ctx.Value(holdOf{s.site}).(*holder)
	for first := true; ; first = false {
		got := false
		ask := func() error {
			if l, ok := s.locks[name]; !ok || time.Now().After(l.until) {
				s.fences[name]++
				h.fence = s.fences[name]
				s.locks[name] = leaseOf{h.fence, s.end()}
				got = true
			}
			return nil
		}
		if s.faults.connectionPerLock { // the one that it has
			s.mu.Lock()
			_ = ask()
			s.mu.Unlock()
		} else if err := s.call(ctx, key, ask); err != nil {
			release()
			return nil, nil, err
		}
		if got {
			break
		}
		wait := 3 * time.Millisecond
		if s.faults.forgetsWaiters && !first {
			wait = time.Hour
		}
		select {
		case <-ctx.Done():
			release()
			return nil, nil, ctx.Err()
		case <-time.After(wait):
		}
	}
	held, h.cancel = context.WithCancelCause(context.WithValue(ctx, holdOf{s.site}, h))
	go s.renew(held, h)
	var once sync.Once
	return held, func() {
		once.Do(func() {
			h.cancel(context.Canceled)
			s.mu.Lock()
			defer s.mu.Unlock()
			if l, ok := s.locks[name]; ok && (l.fence == h.fence || s.faults.looseUnlock) {
				delete(s.locks, name)
			}
			release()
		})
	}, nil
}

func (s *leased) end() time.Time {
	if s.faults.neverFrees {
		return time.Now().Add(time.Hour)
	}
	return time.Now().Add(testLease)
}

func (s *leased) renew(held context.Context, h *holder) {
	for !s.faults.neverRenews {
		select {
		case <-s.dead:
			return
		case <-held.Done():
			if s.faults.renewsLate {
				<-time.After(10 * time.Millisecond)
				s.mu.Lock()
				if s.fences[h.key] == h.fence {
					s.locks[h.key] = leaseOf{h.fence, time.Now().Add(time.Hour)}
				}
				s.mu.Unlock()
			}
			return
		case <-time.After(testLease / 8):
		}
		s.mu.Lock()
		if l, ok := s.locks[h.key]; ok && l.fence == h.fence && !s.isDead() {
			s.locks[h.key] = leaseOf{h.fence, s.end()}
		}
		s.mu.Unlock()
	}
}

// suiteOf returns the whole Suite for leased stores with faults. conns is how many connections a place has, 0 for any number.
func suiteOf(f faults, conns int) Suite {
	return Suite{
		Open: func(*testing.T) tcbauth.TokenStore {
			s := newSite()
			if conns > 0 {
				s.conns = make(chan struct{}, conns)
			}
			return newLeased(s, f)
		},
		Again: func(_ *testing.T, store tcbauth.TokenStore) tcbauth.TokenStore {
			return newLeased(store.(*leased).site, f)
		},
		Process: func(t *testing.T, store tcbauth.TokenStore, key string) (kill func()) {
			other := newLeased(store.(*leased).site, f)
			begun := make(chan struct{})
			go func() { // ends with the test, or stands still when it is killed
				if err := Work(t.Context(), pacing{other}, key, func() { close(begun) }); t.Context().Err() == nil && !other.isDead() {
					t.Errorf("the work of a process: %v", err)
				}
			}()
			<-begun
			return sync.OnceFunc(func() {
				other.mu.Lock()
				defer other.mu.Unlock()
				close(other.dead)
				if f.tearsAtKill {
					k := other.values[key]
					other.values[key] = kept{value: k.value[:len(k.value)/2]}
				}
			})
		},
		Lease: testLease,
		Lose: func(_ *testing.T, store tcbauth.TokenStore, key string) {
			s := store.(*leased)
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.locks, s.name(key))
		},
		Break: func(_ *testing.T, store tcbauth.TokenStore) (mend func()) {
			s := store.(*leased).site
			breaks := func(broken bool) {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.broken = broken
			}
			breaks(true)
			return func() { breaks(false) }
		},
		Hang: func(t *testing.T, store tcbauth.TokenStore, key string) (well func()) {
			s := store.(*leased).site
			hung := make(chan struct{})
			s.mu.Lock()
			defer s.mu.Unlock()
			s.hung[key] = hung
			well = sync.OnceFunc(func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				delete(s.hung, key)
				close(hung)
			})
			t.Cleanup(well)
			return well
		},
	}
}

// pacing lets others have the processor between two writes.
type pacing struct{ *leased }

func (p pacing) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	select {
	case <-time.After(200 * time.Microsecond):
	case <-p.dead:
	}
	return p.leased.Set(ctx, key, value, ttl)
}
