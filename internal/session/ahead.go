package session

import (
	"context"
	"errors"
	"math"
	"time"
)

// aheadWait is the least time between the beginnings of two attempts to refresh one session ahead.
const aheadWait = 30 * time.Second

// aheadFor is how long an attempt is remembered at the most.
const aheadFor = 24 * time.Hour

// refreshAhead begins a refresh of s in the background, unless one of this session runs or has just failed. now is the
// Config's clock, in milliseconds.
func (h *Handle) refreshAhead(ctx context.Context, s *state, now int64) {
	const wait = int64(aheadWait / time.Millisecond)
	next := h.aheadNext.Load()
	if now < next || !h.aheadNext.CompareAndSwap(next, now+wait) || !h.keeper.beginAhead(h.keys.credentials, now) {
		return
	}
	if !h.keeper.work.beginInBackground() {
		h.keeper.endAhead(h.keys.credentials, now, now)
		return
	}
	ctx = context.WithoutCancel(ctx)
	go func() {
		defer h.keeper.work.end()
		again := now + wait
		defer func() { h.keeper.endAhead(h.keys.credentials, now, again) }()
		ctx, cancel := context.WithTimeout(ctx, 2*h.keeper.cfg.flightLimit())
		defer cancel()
		_, err := h.renew(ctx, want{replace: s.token, of: s.credentials, ahead: true})
		if err == nil || errors.Is(err, ErrNone) { // signed out meanwhile
			return
		}
		if refused, ok := errors.AsType[*RefusedError](err); ok {
			again, err = s.expires+1, refused.Err
		}
		h.keeper.warn(ctx, "a session could not be refreshed ahead", err)
	}()
}

// beginAhead reports whether an attempt may begin, and keeps others away until endAhead.
func (k *Keeper) beginAhead(key string, now int64) bool {
	return k.aheads.update(key, func(next int64, known bool) (int64, time.Duration, bool) {
		if known && now < next {
			return 0, 0, false
		}
		return math.MaxInt64, aheadFor, true
	})
}

// endAhead lets the next attempt begin at again. The clock's now tells how long that has to be remembered.
func (k *Keeper) endAhead(key string, now, again int64) {
	life := time.Duration(min(max(again-now, 0), int64(aheadFor/time.Millisecond))) * time.Millisecond
	if life == 0 {
		k.aheads.forget(key)
		return
	}
	k.aheads.put(key, again, life)
}
