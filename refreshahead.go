package tcbauth

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"
)

// WithRefreshAhead refreshes a session in the background once a call needs its access token within d of that token's
// end, and in the second half of its life only: the call itself goes on at once with the token there is. All handles of one
// App share one such refresh, and processes that share a store with locks share it too. The next one begins 30 s later at
// the earliest; a refresh token that the server refuses is left to the call that needs a new access token, which then is
// told [ErrSessionExpired]. 0, the default, refreshes only what has expired.
//
// A refresh ahead ends by itself, within the time that any refresh may take; there is nothing to close. What goes wrong is
// logged as a warning.
func WithRefreshAhead(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 {
			return errors.New("WithRefreshAhead: a negative duration")
		}
		c.refreshAhead = d
		return nil
	}
}

// aheadWait is the least time between the beginnings of two attempts to refresh one session ahead.
const aheadWait = 30 * time.Second

// aheadFrom is the millisecond from which on c, whose access token ends at expires, is refreshed ahead.
func (a *Auth) aheadFrom(c *Credentials, expires int64) int64 {
	window := a.app.cfg.refreshAhead
	if window == 0 || !c.renewable() && a.app.cfg.ticketSource == nil {
		return math.MaxInt64
	}
	if life := time.Duration(c.ExpiresIn)*time.Second - expiryMargin; life > 0 {
		window = min(window, life/2)
	}
	return expires - window.Milliseconds()
}

// refreshAhead begins a refresh in the background, unless one of this session runs or has just failed.
func (a *Auth) refreshAhead(ctx context.Context, s *state, now int64) {
	const wait = int64(aheadWait / time.Millisecond)
	next := a.aheadNext.Load()
	if now < next || !a.aheadNext.CompareAndSwap(next, now+wait) || !a.app.aheads.begin(a.keys.credentials, now) {
		return
	}
	ctx = context.WithoutCancel(ctx)
	go func() {
		again := now + wait
		defer func() { a.app.aheads.end(a.keys.credentials, again) }()
		// A flight of its own, since handles that have yet to read the store join the ordinary one and would have to wait. The
		// session's lock keeps the two apart.
		_, err := a.fly(ctx, renewal{replace: s.token, ahead: true})
		switch {
		case err == nil, errors.Is(err, ErrNoSession) && !fromCallback(err): // signed out meanwhile
			return
		case errors.As(err, new(*spentError)):
			again = s.expires + 1
		}
		a.app.warn(ctx, "a session could not be refreshed ahead", slog.Any("error", err))
	}()
}

// aheads keeps the attempts of all handles apart. The zero value is ready.
type aheads struct {
	mu    sync.Mutex
	next  map[string]int64 // by session key, the millisecond from which on another attempt may begin
	limit int              // the number of keys at which those of the past are dropped
}

// begin reports whether an attempt may begin, and keeps others away until end.
func (h *aheads) begin(key string, now int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now < h.next[key] {
		return false
	}
	if h.next == nil {
		h.next = make(map[string]int64)
	}
	if len(h.next) >= h.limit {
		for old, next := range h.next {
			if next <= now {
				delete(h.next, old)
			}
		}
		const few = 64
		h.limit = max(few, 2*len(h.next))
	}
	h.next[key] = math.MaxInt64
	return true
}

// end lets the next attempt begin at again.
func (h *aheads) end(key string, again int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next[key] = again
}
