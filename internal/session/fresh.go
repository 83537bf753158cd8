package session

import (
	"context"
	"errors"
)

// Token returns the access token that the handle knows, if it may be used now. It takes no lock and allocates nothing, and
// may have the token refreshed ahead.
func (h *Handle) Token(ctx context.Context) (token string, ok bool) {
	s := h.current.Load()
	if s.credentials == nil { // not even the clock is asked
		return "", false
	}
	now := h.now().UnixMilli()
	if now < s.ahead { // what most calls find
		return s.token, s.validAt(now)
	}
	return s.token, h.usable(ctx, s, now)
}

// valid returns what the handle knows, and whether that has an access token that may be used, which it may have refreshed
// ahead.
func (h *Handle) valid(ctx context.Context) (s *state, ok bool) {
	s = h.current.Load()
	if s.credentials == nil {
		return s, false
	}
	return s, h.usable(ctx, s, h.now().UnixMilli())
}

// usable reports whether what the handle knows has an access token that may be used now, and has it refreshed ahead.
func (h *Handle) usable(ctx context.Context, s *state, now int64) bool {
	if !s.validAt(now) {
		return false
	}
	if now >= s.ahead {
		h.refreshAhead(ctx, s, now)
	}
	return true
}

// Valid returns the session that the handle knows, if its access token may be used now.
func (h *Handle) Valid() (*Credentials, bool) {
	s := h.current.Load()
	return s.credentials, s.validAt(h.now().UnixMilli())
}

// Fresh returns the session with an access token that may be used, refreshed if need be. Errors are those of
// [Handle.Replace].
func (h *Handle) Fresh(ctx context.Context) (Renewal, error) {
	if s, ok := h.valid(ctx); ok {
		return Renewal{Session: s.credentials, Same: true}, nil
	}
	got, err := h.renew(ctx, want{})
	if err == nil && h.keeper.cfg.Ahead > 0 {
		h.valid(ctx) // what was found in the store may be near its end
	}
	return got, err
}

// Stored returns the session as the handle knows it, or as the store has it, its access token expired or not. It fails with
// ErrNone, *InterruptedError or *StoreError.
func (h *Handle) Stored(ctx context.Context) (*Credentials, error) {
	if c, ok := h.Valid(); ok {
		return c, nil
	}
	before, seen, err := h.see(ctx)
	if err != nil {
		return nil, err
	}
	h.learn(before, seen.told, seen.session)
	return seen.session, nil
}

// Lasts reports whether there is a session: one whose access token may be used, or can be renewed. It fails with
// *InterruptedError or *StoreError.
func (h *Handle) Lasts(ctx context.Context) (bool, error) {
	c, err := h.Stored(ctx)
	if errors.Is(err, ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return c.ValidAt(h.now()) || h.renewable(c), nil
}
