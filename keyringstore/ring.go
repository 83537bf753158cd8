package keyringstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zalando/go-keyring"
)

// callLimit is the longest wait for one call of a keyring. A locked keyring may wait for its owner for ever.
const callLimit = 3 * time.Second

// ring makes the calls of a keyring one at a time, each with a limit.
type ring struct {
	backend backend
	turn    chan struct{} // holds one element while a call is under way
}

// backend is the implementation that go-keyring has for this system.
type backend interface {
	Get(service, account string) (string, error) // keyring.ErrNotFound
	Set(service, account, secret string) error
}

var system = newRing(systemBackend{})

type systemBackend struct{}

func (systemBackend) Get(service, account string) (string, error) {
	return keyring.Get(service, account)
}

func (systemBackend) Set(service, account, secret string) error {
	return keyring.Set(service, account, secret)
}

func newRing(b backend) *ring { return &ring{backend: b, turn: make(chan struct{}, 1)} }

// entry is one secret of a keyring. One goroutine uses it.
type entry struct {
	*ring
	service, account string
	late             <-chan struct{} // closed when the last call is over
}

func (r *ring) entry(service, account string) *entry {
	none := make(chan struct{})
	close(none)
	return &entry{ring: r, service: service, account: account, late: none}
}

// get returns the secret, or keyring.ErrNotFound unchanged, ctx's error, or ErrNoKeyring.
func (e *entry) get(ctx context.Context) (secret string, err error) {
	return e.call(ctx, func() (string, error) { return e.backend.Get(e.service, e.account) })
}

func (e *entry) set(ctx context.Context, secret string) error {
	_, err := e.call(ctx, func() (string, error) { return "", e.backend.Set(e.service, e.account, secret) })
	return err
}

type answer struct {
	secret string
	err    error
}

func (e *entry) call(ctx context.Context, f func() (string, error)) (secret string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	limit := time.NewTimer(callLimit)
	defer limit.Stop()
	select {
	case e.turn <- struct{}{}:
	case <-limit.C:
		return "", fmt.Errorf("%w: an earlier call still waits for its answer", ErrNoKeyring)
	case <-ctx.Done():
		return "", ctx.Err()
	}
	late, got := make(chan struct{}), make(chan answer, 1)
	e.late = late
	go func() {
		a := safely(f)
		<-e.turn
		close(late)
		got <- a
	}()
	select {
	case a := <-got:
		if a.err != nil && !errors.Is(a.err, keyring.ErrNotFound) {
			a.err = fmt.Errorf("%w: %w", ErrNoKeyring, a.err)
		}
		return a.secret, a.err
	case <-limit.C:
		return "", fmt.Errorf("%w: no answer within %v; it may be locked", ErrNoKeyring, callLimit)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// safely calls f and turns a panic into an error: f talks to another program and does not expect every answer.
func safely(f func() (string, error)) (a answer) {
	defer func() {
		if v := recover(); v != nil { // the value could hold a secret
			a = answer{err: fmt.Errorf("panic (%T)", v)}
		}
	}()
	secret, err := f()
	return answer{secret, err}
}

// afterwards calls f when the last call has finished: usually at once.
func (e *entry) afterwards(f func()) {
	select {
	case <-e.late:
		f()
	default:
		go func() { // ends with the call
			<-e.late
			f()
		}()
	}
}
