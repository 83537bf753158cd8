package session

import (
	"context"
	"errors"
	"time"
)

const lockingSession = "locking the session"

// lock waits for the lock of key until ctx ends. unlock may be called more than once. It fails with a *StoreError.
func (k *Keeper) lock(ctx context.Context, key string, first []string) (held context.Context, unlock func(), err error) {
	if k.store.locker == nil {
		unlock, err = k.locks.Lock(ctx, key)
		if err != nil {
			return nil, nil, &StoreError{lockingSession, context.Cause(ctx)}
		}
		return ctx, unlock, nil
	}
	l, err := k.store.lock(ctx, key, first)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, nil, &StoreError{lockingSession, err}
	}
	return l.held, func() { k.store.release(ctx, l.unlock) }, nil
}

// lockFor waits for the lock of key until ctx ends, and no longer than another holder may need it. unlock may be called more
// than once. first are the keys that its holder reads first. It fails with a *StoreError.
func (k *Keeper) lockFor(ctx context.Context, key string, first ...string) (held context.Context, unlock func(), err error) {
	wait, cancel := context.WithCancelCause(ctx)
	limit := time.AfterFunc(k.cfg.lockWait(), func() { cancel(errLockWait) })
	held, release, err := k.lock(wait, key, first) // held descends from wait, and lasts as long as the lock
	if !limit.Stop() && err == nil {
		release()
		err = &StoreError{lockingSession, errLockWait}
	}
	if err != nil {
		cancel(nil)
		return nil, nil, err
	}
	return held, func() { release(); cancel(nil) }, nil
}

var errLockWait = errors.New("another process holds the lock for too long")
