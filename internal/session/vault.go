package session

import (
	"context"
	"errors"
)

// seen is what one look at the store has found. session is nil for nobody.
type seen struct {
	session *Credentials // what is in force
	stored  *Credentials // what the store has: session, or what session has replaced and the store did not take
	text    string       // of stored, as it is there; "": not known
	told    *told        // what the watcher has been told by then
}

// look reads the session as it is now. A call that needs it reads it by itself: nobody is handed what another has read. It
// fails with ErrNone for nobody, *InterruptedError or *StoreError.
func (h *Handle) look(ctx context.Context) (seen, error) {
	before := h.told.Load()
	stored, text, err := h.read(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return seen{}, &InterruptedError{ctx.Err()}
	case err != nil:
		return seen{}, err
	case stored == nil:
		h.saw(before, nil)
		return seen{}, ErrNone
	}
	s := seen{session: stored, stored: stored, text: text}
	if renewed := h.keeper.successor(h.keys.credentials, stored); renewed != nil {
		s.session = renewed
	}
	h.saw(before, s.session)
	s.told = h.told.Load()
	return s, nil
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
func (h *Handle) read(ctx context.Context) (c *Credentials, text string, err error) {
	const doing = "reading the session"
	stored, err := h.keeper.store.get(ctx, h.keys.credentials)
	if err != nil {
		return nil, "", &StoreError{doing, err}
	}
	if !stored.there {
		return nil, "", nil
	}
	if w := h.written.Load(); w != nil && string(w.data) == stored.text {
		return w.session, stored.text, nil
	}
	c = new(Credentials)
	if c.unmarshal(stored.text) != nil || c.AccessToken == "" && c.RefreshToken == "" {
		h.setAside(ctx, stored.text)
		return nil, "", &StoreError{doing, ErrDamaged}
	}
	return c, stored.text, nil
}

// unreadable reports whether err is of a session that nobody can read.
func unreadable(err error) bool {
	failed, ok := errors.AsType[*StoreError](err)
	return ok && failed.Unreadable()
}

const damagedSuffix = ".damaged"

// setAside keeps a copy of a damaged session for whoever wants to know what has happened.
func (h *Handle) setAside(ctx context.Context, damaged string) {
	key := h.keys.credentials + damagedSuffix
	if kept, err := h.keeper.store.get(ctx, key); err == nil && kept.there && kept.text == damaged {
		return
	}
	if err := h.keeper.store.set(ctx, key, []byte(damaged), h.keeper.cfg.TTL); err != nil {
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

// remove deletes everything that the session has in the store, its own entry first, and also other keys. The lock is held.
func (h *Handle) remove(held context.Context, also ...string) error {
	all := []string{h.keys.credentials, h.keys.credentials + damagedSuffix}
	if h.keys.visitor {
		all = append(all, h.keys.device(), h.keys.captcha())
	}
	failed := h.keeper.store.deleteAll(held, append(all, also...)...)
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
