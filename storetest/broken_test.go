package storetest

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// plain is a store without locks that obeys every rule but those that it is told to break.
type plain struct {
	keepGiven, keepReturned, ignoreContext bool
	key                                    func(string) string

	mu     sync.Mutex
	values map[string][]byte
}

func (p *plain) Get(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil && !p.ignoreContext {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	value, ok := p.values[p.name(key)]
	if !ok {
		return nil, tcbauth.ErrNotFound
	}
	if p.keepReturned {
		return value, nil
	}
	return bytes.Clone(value), nil
}

func (p *plain) Set(ctx context.Context, key string, value []byte, _ time.Duration) error {
	if err := ctx.Err(); err != nil && !p.ignoreContext {
		return err
	}
	if !p.keepGiven {
		value = bytes.Clone(value)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.values == nil {
		p.values = make(map[string][]byte)
	}
	p.values[p.name(key)] = value
	return nil
}

func (p *plain) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil && !p.ignoreContext {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.values, p.name(key))
	return nil
}

func (p *plain) name(key string) string {
	if p.key == nil {
		return key
	}
	return p.key(key)
}

// torn lets readers in between the two halves of a write.
type torn struct{ plain }

func (s *torn) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := s.plain.Set(ctx, key, value[:len(value)/2], ttl); err != nil {
		return err
	}
	for range 100 {
		runtime.Gosched()
	}
	return s.plain.Set(ctx, key, value, ttl)
}

// noErrNotFound returns nothing for nothing.
type noErrNotFound struct{ *plain }

func (s noErrNotFound) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := s.plain.Get(ctx, key)
	if ctx.Err() == nil {
		err = nil
	}
	return value, err
}

type neverDeletes struct{ *plain }

func (s neverDeletes) Delete(ctx context.Context, _ string) error { return ctx.Err() }

type free struct{ lockingStore }

func (s free) Lock(ctx context.Context, _ string) (context.Context, func(), error) {
	return ctx, func() {}, ctx.Err()
}

type oneLock struct{ lockingStore }

func (s oneLock) Lock(ctx context.Context, _ string) (context.Context, func(), error) {
	return s.lockingStore.Lock(ctx, "the one")
}

// deafLock waits however long it takes.
type deafLock struct{ lockingStore }

func (s deafLock) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	_, unlock, err := s.lockingStore.Lock(context.WithoutCancel(ctx), key)
	return ctx, unlock, err
}

// looseUnlock gives up whatever lock there is, as a lock that is just a deleted row or file does.
type looseUnlock struct {
	lockingStore
	mu      sync.Mutex
	current map[string]func()
}

func (s *looseUnlock) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	held, unlock, err := s.lockingStore.Lock(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		s.current = make(map[string]func())
	}
	s.current[key] = unlock
	return held, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.current[key]()
	}, nil
}

// fragileUnlock uses the caller's context to give the lock up.
type fragileUnlock struct{ lockingStore }

func (s fragileUnlock) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	held, unlock, err := s.lockingStore.Lock(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	return held, func() {
		if ctx.Err() == nil {
			unlock()
		}
	}, nil
}

type bareHeld struct{ lockingStore }

func (s bareHeld) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	_, unlock, err := s.lockingStore.Lock(ctx, key)
	return context.Background(), unlock, err
}

// lockIsValue keeps its locks among the values.
type lockIsValue struct{ lockingStore }

func (s lockIsValue) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	held, unlock, err := s.lockingStore.Lock(ctx, key)
	if err == nil {
		err = s.Set(held, key+".lock", nil, 0)
	}
	return held, unlock, err
}

// reservesValue puts something where the value will be.
type reservesValue struct{ lockingStore }

func (s reservesValue) Reserve(ctx context.Context, key string, size int) error {
	return s.Set(ctx, key, make([]byte, size), 0)
}

// full promises room that it does not have.
type full struct{ lockingStore }

func (s full) Reserve(ctx context.Context, _ string, _ int) error { return ctx.Err() }

func (s full) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if len(value) > 1<<10 {
		return errors.New("no space left on the device")
	}
	return s.lockingStore.Set(ctx, key, value, ttl)
}

type deafReserve struct{ lockingStore }

func (deafReserve) Reserve(context.Context, string, int) error { return nil }

// reservesOnce does not get back what was not used.
type reservesOnce struct {
	lockingStore
	taken atomic.Bool
}

func (s *reservesOnce) Reserve(ctx context.Context, _ string, _ int) error {
	if ctx.Err() == nil && s.taken.Swap(true) {
		return errors.New("no space left on the device")
	}
	return ctx.Err()
}

// slow answers after a while, whatever becomes of the context meanwhile.
type slow struct{ lockingStore }

func (slow) Interruptible() bool { return true }

func (s slow) Get(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if key == interruptedKey {
		<-time.After(2 * hasty.promptly)
	}
	return s.lockingStore.Get(ctx, key)
}

// staleString keeps the first string that it has read.
type staleString struct {
	lockingStore
	first atomic.Pointer[string]
}

func (s *staleString) GetString(ctx context.Context, key string) (string, error) {
	value, err := s.Get(ctx, key)
	if err != nil {
		return "", err
	}
	got := string(value)
	s.first.CompareAndSwap(nil, &got)
	return *s.first.Load(), nil
}
