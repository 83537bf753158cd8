package storetest

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

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
	for {
		got := false
		ask := func() error {
			if last, ok := s.renews[name]; ok && last == s.fences[name] { // the last holder's renewal gets there now
				delete(s.renews, name)
				s.locks[name] = leaseOf{last, s.end()}
			}
			if l, ok := s.locks[name]; !ok || leases.ticks.Load() > l.until {
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
		if s.faults.forgetsWaiters {
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
	if !s.faults.neverRenews {
		leases.add(h, func() bool { return s.renew(held, h) })
	}
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

func (s *leased) end() int64 {
	if s.faults.neverFrees {
		return math.MaxInt64
	}
	return leases.ticks.Load() + int64(testLease/tick)
}

// renew reports whether the lock is still held.
func (s *leased) renew(held context.Context, h *holder) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held.Err() != nil || s.isDead() {
		return false
	}
	if l, ok := s.locks[h.key]; ok && l.fence == h.fence {
		s.locks[h.key] = leaseOf{h.fence, s.end()}
		if s.faults.renewsLate {
			s.renews[h.key] = h.fence
		}
	}
	return true
}
