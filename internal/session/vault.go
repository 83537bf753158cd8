package session

import (
	"bytes"
	"context"
	"errors"
)

// seen is what one look at the store has found. session is nil for nobody.
type seen struct {
	session *Credentials // what is in force
	stored  *Credentials // what the store has: session, or what session has replaced and the store did not take
	data    []byte       // what is stored, as it is there
}

// look reads the session as it is now. A call that needs it reads it by itself: nobody is handed what another has read. It
// fails with ErrNone for nobody, *InterruptedError or *StoreError.
func (h *Handle) look(ctx context.Context) (seen, error) {
	stored, data, err := h.read(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return seen{}, &InterruptedError{ctx.Err()}
	case err != nil:
		return seen{}, err
	case stored == nil:
		return seen{}, ErrNone
	}
	h.found(stored)
	if renewed := h.keeper.successor(h.keys.credentials, stored); renewed != nil {
		return seen{session: renewed, stored: stored, data: data}, nil
	}
	return seen{session: stored, stored: stored, data: data}, nil
}

// see is look for a call that goes on with what the handle knows, which is before: where nobody is there it knows nothing any
// more.
func (h *Handle) see(ctx context.Context) (before *state, s seen, err error) {
	before = h.current.Load()
	s, err = h.look(ctx)
	if err == ErrNone { //nolint:errorlint // look's own, which nobody has wrapped
		h.lose(before)
		h.keeper.unsaved.forget(h.keys.credentials)
	}
	return before, s, err
}

// precedes reports whether later came of earlier by refreshes in this process: earlier was written after all, though the store
// had said that it failed.
func (k *Keeper) precedes(earlier, later *Credentials) bool {
	return earlier.RefreshToken != later.RefreshToken && k.spent.succeeds(later, earlier.RefreshToken)
}

// successor returns the refreshed session that has replaced stored and could not be written, nil for none.
func (k *Keeper) successor(key string, stored *Credentials) *Credentials {
	if kept, ok := k.unsaved.get(key); ok && stored != nil && (kept.replaced.SamePair(stored) || k.precedes(stored, kept.renewed)) {
		return kept.renewed
	}
	return nil
}

// read returns what the store holds, nil for nothing. Its error is a *StoreError.
func (h *Handle) read(ctx context.Context) (c *Credentials, data []byte, err error) {
	const doing = "reading the session"
	data, err = h.keeper.store.get(ctx, h.keys.credentials)
	if err != nil {
		return nil, nil, &StoreError{doing, err}
	}
	if data == nil {
		return nil, nil, nil
	}
	if w := h.written.Load(); w != nil && bytes.Equal(w.data, data) {
		return w.session, data, nil
	}
	c = new(Credentials)
	if c.UnmarshalJSON(data) != nil || c.AccessToken == "" && c.RefreshToken == "" {
		h.setAside(ctx, data)
		return nil, nil, &StoreError{doing, ErrDamaged}
	}
	return c, data, nil
}

// found tells of the first session that this handle finds.
func (h *Handle) found(c *Credentials) {
	if h.looked.Load() {
		return
	}
	if !h.watcher.Listened() { // no order to keep, and no lock on a server's most frequent way
		h.looked.Store(true)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.looked.Swap(true) {
		h.watcher.Changed(Change{Kind: Found, Session: c})
	}
}

// unreadable reports whether something is stored that nobody can read, now or later: signing in replaces it.
func unreadable(err error) bool {
	failed, ok := errors.AsType[*StoreError](err)
	return ok && (failed.Err == ErrDamaged || errors.Is(failed.Err, ErrUnsealed)) //nolint:errorlint // read's own; a store's may wrap another session's
}

const damagedSuffix = ".damaged"

// setAside keeps a copy of a damaged session for whoever wants to know what has happened.
func (h *Handle) setAside(ctx context.Context, data []byte) {
	key := h.keys.credentials + damagedSuffix
	if kept, err := h.keeper.store.get(ctx, key); err == nil && kept != nil && bytes.Equal(kept, data) {
		return
	}
	if err := h.keeper.store.set(ctx, key, data, h.keeper.cfg.TTL); err != nil {
		h.keeper.warn(ctx, "a damaged session could not be kept", &StoreError{"copying the session", err})
	}
}

// write stores c. The lock is held.
func (h *Handle) write(held context.Context, c *Credentials) error {
	data, err := c.MarshalJSON()
	if err != nil {
		return &StoreError{"encoding the session", err}
	}
	if err := h.keeper.store.set(held, h.keys.credentials, data, h.keeper.cfg.TTL); err != nil {
		return &StoreError{"storing the session", err}
	}
	h.written.Store(&written{data, c})
	return nil
}

// remove deletes everything that the session has in the store, its own entry first. The lock is held.
func (h *Handle) remove(held context.Context) error {
	all := []string{h.keys.credentials, h.keys.credentials + damagedSuffix}
	if h.keys.visitor {
		all = append(all, h.keys.device(), h.keys.captcha())
	}
	failed := h.keeper.store.deleteAll(held, all...)
	h.written.Store(nil)
	h.keeper.unsaved.forget(h.keys.credentials)
	h.keeper.orphans.forget(h.keys.credentials)
	h.forgetDevice()
	if failed != nil {
		return &StoreError{"deleting the session", failed}
	}
	return nil
}

// locked runs f with the session's lock, so that no refresh in flight can undo what f does.
func (h *Handle) locked(ctx context.Context, f func(held context.Context) error) error {
	held, unlock, err := h.keeper.lockFor(ctx, h.keys.credentials, h.keys.first()...)
	if err != nil {
		if ctx.Err() != nil {
			return &StoreError{lockingSession, ctx.Err()}
		}
		return err
	}
	defer unlock()
	return f(held)
}
