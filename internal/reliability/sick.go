package reliability

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// Sickness is how a store can be ill. The zero value is well.
type Sickness int

// The kinds of Sickness.
const (
	Fails       Sickness = iota + 1 // every call fails at once
	FailsWrites                     // values can be read; a lock, too, needs a write
	Hangs                           // every call waits until the store is well
)

// Ward is a place whose stores can be made ill, all at once.
type Ward struct {
	Place

	mu      sync.Mutex
	illness Sickness
	well    chan struct{} // closed when it is over
}

// NewWard puts a place whose stores have locks into a ward.
func NewWard(p Place) *Ward {
	w := &Ward{well: make(chan struct{})}
	close(w.well)
	w.Place = Place{Store: p.Store, Open: func(tb testing.TB) tcbauth.TokenStore { return &sickStore{TokenStore: p.Open(tb), ward: w} }}
	return w
}

// Infect makes the stores ill until they are cured.
func (w *Ward) Infect(s Sickness) (cure func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.illness, w.well = s, make(chan struct{})
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.illness = 0
		close(w.well)
	}
}

var errIll = errors.New("the store is ill")

// admit lets a call through, or not.
func (w *Ward) admit(ctx context.Context, writes bool) error {
	w.mu.Lock()
	illness, well := w.illness, w.well
	w.mu.Unlock()
	switch {
	case illness == Fails, illness == FailsWrites && writes:
		return errIll
	case illness == Hangs:
		select {
		case <-well:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// sickStore is a store of a ward.
type sickStore struct {
	tcbauth.TokenStore
	ward *Ward
}

func (s *sickStore) Interruptible() bool { return true }

func (s *sickStore) Get(ctx context.Context, key string) ([]byte, error) {
	if err := s.ward.admit(ctx, false); err != nil {
		return nil, err
	}
	return s.TokenStore.Get(ctx, key)
}

func (s *sickStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := s.ward.admit(ctx, true); err != nil {
		return err
	}
	return s.TokenStore.Set(ctx, key, value, ttl)
}

func (s *sickStore) Delete(ctx context.Context, key string) error {
	if err := s.ward.admit(ctx, true); err != nil {
		return err
	}
	return s.TokenStore.Delete(ctx, key)
}

func (s *sickStore) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	if err := s.ward.admit(ctx, true); err != nil {
		return nil, nil, err
	}
	return s.TokenStore.(tcbauth.Locker).Lock(ctx, key)
}
