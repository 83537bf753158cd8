package session

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/lenient"
)

// Pending is one call's turn at what the first of two steps leaves for the second one: a value beside the session, which is
// there until its time is over. Whoever signs in or out ends it. Turns of one session come one after the other, in all
// processes that share a store with locks, so that of two calls that finish the same step the second one finds it done.
//
// Its methods take the context of the turn, which does not end with that of its caller: what was sent meanwhile cannot be taken
// back. They have limits of their own.
type Pending struct {
	h     *Handle
	found string      // what the store had when the turn began, "" for nothing
	kept  pendingJSON // the same; no Value for nothing that is of use
}

// pendingJSON is what the store has.
type pendingJSON struct {
	Value json.RawMessage `json:"value,omitempty"`
	Tries int             `json:"tries,omitempty"` // how often the second step was refused
	Until lenient.Time    `json:"until,omitzero"`
}

// ErrNothingPending: no first step waits for its second one.
var ErrNothingPending = errors.New("nothing is pending")

// Pending returns the value that waits for the second step. It fails with ErrNothingPending, *InterruptedError or
// *StoreError.
func (h *Handle) Pending(ctx context.Context) ([]byte, error) {
	_, kept, err := h.readPending(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, &InterruptedError{ctx.Err()}
	case err != nil:
		return nil, err
	case len(kept.Value) == 0:
		return nil, ErrNothingPending
	}
	return kept.Value, nil
}

// TakePending waits for the turn of a call, until ctx ends. held is the turn's context. done ends it, and may be called more than
// once. It fails with *InterruptedError or *StoreError.
func (h *Handle) TakePending(ctx context.Context) (held context.Context, p *Pending, done func(), err error) {
	turn, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stays := context.AfterFunc(ctx, cancel)
	held, unlock, err := h.keeper.lock(turn, h.keys.pending(), nil) // without a limit: the one before may have to read a captcha
	if err != nil {
		stays()
		cancel()
		if ctx.Err() != nil {
			err = &InterruptedError{ctx.Err()}
		}
		return nil, nil, nil, err
	}
	h.keeper.work.begin() // who still waits has nothing that could be cut off
	done = sync.OnceFunc(func() { unlock(); cancel(); h.keeper.work.end() })
	if !stays() { // ctx has ended, perhaps a moment after the lock was there
		err = ctx.Err()
	}
	if err == nil {
		p = &Pending{h: h}
		p.found, p.kept, err = h.readPending(ctx)
	}
	switch {
	case err == nil:
		return held, p, done, nil
	case ctx.Err() != nil:
		err = &InterruptedError{ctx.Err()}
	}
	done()
	return nil, nil, nil, err
}

// readPending returns what is stored, and as far as it is of use what is in it. Its error is a *StoreError.
func (h *Handle) readPending(ctx context.Context) (text string, kept pendingJSON, err error) {
	stored, err := h.keeper.store.get(ctx, h.keys.pending())
	switch {
	case errors.Is(err, ErrUnsealed):
		return "", kept, nil
	case err != nil:
		return "", kept, &StoreError{"reading what is pending", err}
	case json.Unmarshal([]byte(stored.text), &kept) != nil, !h.now().Before(time.Time(kept.Until)):
		return stored.text, pendingJSON{}, nil
	}
	return stored.text, kept, nil
}

// Value is what waits for the second step, nil for nothing.
func (p *Pending) Value() []byte { return p.kept.Value }

// Ready makes sure that the store takes a value of at most size bytes, before something is spent that would be lost without
// it. What waits already goes on waiting; where nothing does, an entry without a value is left, so that Keep can tell whether
// somebody has signed in or out since. It fails with a *StoreError.
func (p *Pending) Ready(held context.Context, size int) error {
	err := p.guarded(held, func(held context.Context) error {
		return p.write(held, p.kept, max(p.life(p.kept), readyLifetime))
	})
	if err != nil {
		return err
	}
	held, cancel := p.limited(held)
	defer cancel()
	if err := p.h.keeper.store.reserve(held, p.h.keys.pending(), size+pendingOverhead); err != nil {
		return &StoreError{"reserving room for what is pending", err}
	}
	return nil
}

// readyLifetime is longer than anybody takes from Ready to Keep, captcha and all.
const readyLifetime = time.Hour

// pendingOverhead is how much longer a value is in the store.
const pendingOverhead = 128

// Keep has value, which is JSON, wait until a point in time, in place of what waited before. Ready comes before it. If somebody
// has signed in or out in between, the wait is over already: nothing is stored, which is no error. It fails with a *StoreError.
func (p *Pending) Keep(held context.Context, value []byte, until time.Time) error {
	return p.guarded(held, func(held context.Context) error {
		if p.found == "" { // what Ready has left is gone
			return nil
		}
		kept := pendingJSON{Value: value, Until: lenient.Time(until)}
		return p.write(held, kept, p.life(kept))
	})
}

// Refused counts a refusal of the second step. After the last of most refusals nothing waits any more. It fails with a
// *StoreError.
func (p *Pending) Refused(held context.Context, most int) error {
	return p.guarded(held, func(held context.Context) error {
		switch p.kept.Tries++; {
		case p.Value() == nil:
			return nil
		case p.kept.Tries >= most:
			return p.delete(held)
		}
		return p.write(held, p.kept, p.life(p.kept))
	})
}

// Drop ends the waiting. It fails with a *StoreError.
func (p *Pending) Drop(held context.Context) error {
	held, cancel := p.limited(held)
	defer cancel()
	return p.delete(held)
}

// guarded runs f with the session's lock, under which whoever signs in or out ends the waiting. If somebody has done so since
// the turn began, nothing waits any more.
func (p *Pending) guarded(held context.Context, f func(held context.Context) error) error {
	held, cancel := p.limited(held)
	defer cancel()
	held, unlock, err := p.h.keeper.lockFor(held, p.h.keys.credentials)
	if err != nil {
		return err
	}
	defer unlock()
	now, _, err := p.h.readPending(held)
	if err != nil {
		return err
	}
	if now != p.found {
		p.found, p.kept = now, pendingJSON{}
	}
	return f(held)
}

func (p *Pending) delete(held context.Context) error {
	if err := p.h.keeper.store.delete(held, p.h.keys.pending()); err != nil {
		return &StoreError{"deleting what is pending", err}
	}
	p.found, p.kept = "", pendingJSON{}
	return nil
}

// life is how long the store should keep what waits.
func (p *Pending) life(kept pendingJSON) time.Duration {
	return max(time.Time(kept.Until).Sub(p.h.now()), time.Second)
}

func (p *Pending) write(held context.Context, kept pendingJSON, life time.Duration) error {
	data, err := json.Marshal(kept)
	if err != nil {
		return &StoreError{"encoding what is pending", err}
	}
	if err := p.h.keeper.store.set(held, p.h.keys.pending(), data, life); err != nil {
		return &StoreError{"storing what is pending", err}
	}
	p.found, p.kept = string(data), kept
	return nil
}

// limited is the turn's context for one use of the store.
func (p *Pending) limited(held context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(held, p.h.keeper.cfg.lockWait()+storeLimit)
}
