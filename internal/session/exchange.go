package session

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// fly returns the outcome of the exchange that key names, which exchange makes if nobody has begun it. mine says that this
// call has. The exchange goes on when ctx ends; its own context has a limit. first are the keys that it reads first.
func (k *Keeper) fly(ctx context.Context, key flightKey, first []string, exchange func(ctx, held context.Context) outcome) (o outcome, mine bool) {
	f, mine := k.flights.enter(key)
	if mine {
		k.work.begin()
		go k.lead(context.WithoutCancel(ctx), key, f, first, exchange)
	}
	select {
	case <-f.done:
		return f.outcome, mine
	case <-ctx.Done():
		return outcome{err: &InterruptedError{ctx.Err()}}, mine
	}
}

// lead makes one exchange under the session's lock. Its callers are told before the lock is given back, and at the limit
// whatever the exchange does.
func (k *Keeper) lead(ctx context.Context, key flightKey, f *flight, first []string, exchange func(ctx, held context.Context) outcome) {
	defer k.work.end()
	ctx, cancel := context.WithTimeout(ctx, k.cfg.flightLimit())
	defer cancel()
	var held atomic.Pointer[func()] // what gives the lock back
	overdue := time.AfterFunc(k.cfg.flightLimit()+storeLimit, func() {
		k.flights.land(key, f, outcome{err: &StoreError{"refreshing the session", errOverdue}})
		if unlock := held.Load(); unlock != nil {
			(*unlock)()
		}
	})
	defer overdue.Stop()
	fence, unlock, err := k.lockFor(ctx, key.session, first...)
	if err != nil {
		k.flights.land(key, f, outcome{err: err, locking: true})
		return
	}
	defer unlock()
	held.Store(&unlock)
	select {
	case <-f.done: // the lock has come too late
		return
	default:
	}
	k.flights.land(key, f, safely(ctx, fence, exchange))
}

var errOverdue = fmt.Errorf("the exchange does not end: %w", context.DeadlineExceeded)

// safely makes a panic of the exchange an error. Its value could hold a secret.
func safely(ctx, held context.Context, exchange func(ctx, held context.Context) outcome) (o outcome) {
	defer func() {
		if v := recover(); v != nil {
			o = outcome{err: fmt.Errorf("panic (%T) while the session was refreshed", v)}
		}
	}()
	return exchange(ctx, held)
}
