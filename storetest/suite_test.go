package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

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
