package session

import (
	"context"
)

// Adoption is the taking over of a session by its refresh token.
type Adoption struct {
	RefreshToken string
	NeedsSession bool // to be replaced; its API version is kept
}

// Adopt spends a refresh token and stores the session that it gives in place of the stored one. If it is the stored one's
// own token, that session is refreshed; if it was spent for the stored one here, the stored one is the answer. Of several
// calls with one token one spends it, and all get what it gives. A session that could not be stored is returned beside the
// error.
//
// mark names the session for [Handle.SignedIn], NoMark for a call that another one has spent the token for. Errors are those of
// [Handle.Replace], and *RefusedError.
func (h *Handle) Adopt(ctx context.Context, in Adoption) (c *Credentials, mark Mark, err error) {
	for range maxTurns {
		before := h.current.Load()
		seen, err := h.look(ctx)
		switch {
		case err == nil:
		case in.NeedsSession || err != ErrNone && !unreadable(err): //nolint:errorlint // look's own, which nobody has wrapped
			return nil, NoMark, err
		}
		if seen.session != nil && seen.session.RefreshToken == in.RefreshToken {
			got, err := h.renew(ctx, want{replace: seen.session.AccessToken, of: seen.session})
			if err == ErrNone || err == nil && !got.Same { //nolint:errorlint // look's own, which nobody has wrapped
				continue // somebody has signed out, or somebody else in, since the look
			}
			return got.Session, h.markOf(got.Session), err
		}
		if h.keeper.spent.succeeds(seen.session, in.RefreshToken) {
			h.learn(before, seen.told, seen.session)
			return seen.session, NoMark, nil
		}
		o, mine := h.keeper.fly(ctx, h.keyOf(in), h.keys.first(), func(ctx, held context.Context) outcome { return h.adopt(ctx, held, in) })
		if o.again || o.looking && !mine {
			continue
		}
		if o.err == nil && !mine {
			h.learn(before, seen.told, o.session) // it was stored through another handle, perhaps
		}
		if !mine {
			return o.session, NoMark, o.err
		}
		return o.session, o.mark, o.err
	}
	return nil, NoMark, &StoreError{"taking over the session", errChanging}
}

// markOf names the session that the handle knows, if that is the one of c's person.
func (h *Handle) markOf(c *Credentials) Mark {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.keeper.samePerson(c, h.current.Load().credentials) {
		return NoMark
	}
	return h.signIns
}

// keyOf names the exchange of a refresh token of the caller's.
func (h *Handle) keyOf(in Adoption) flightKey {
	return flightKey{session: h.keys.credentials, token: digestOf(in.RefreshToken)}
}

// adopt spends the refresh token unless it has turned out to be the stored session's. The lock is held.
func (h *Handle) adopt(ctx, held context.Context, in Adoption) outcome {
	version := ""
	now, err := h.look(held)
	switch {
	case err == nil && (now.session.RefreshToken == in.RefreshToken || h.keeper.spent.succeeds(now.session, in.RefreshToken)):
		return outcome{again: true}
	case err == nil && in.NeedsSession:
		version = now.session.Version
	case err == nil:
	case in.NeedsSession || err != ErrNone && !unreadable(err): //nolint:errorlint // look's own, which nobody has wrapped
		return outcome{err: h.lookedInVain(err), looking: true}
	}
	deviceID, err := h.NextDeviceID(held)
	if err != nil {
		return outcome{err: err}
	}
	done, err := h.turn(ctx, in.RefreshToken)
	if err != nil {
		return outcome{err: err}
	}
	defer done()
	fresh, token := (*Credentials)(nil), digestOf(in.RefreshToken)
	if kept, ok := h.keeper.orphans.get(h.keys.credentials); ok && kept.token == token && !h.keeper.spent.has(kept.session.RefreshToken) {
		fresh = kept.session
	} else if fresh, err = h.take(ctx, held, &Credentials{RefreshToken: in.RefreshToken, Version: version}, deviceID, len(now.text)); err != nil {
		return outcome{err: err}
	}
	mark, err := h.put(held, fresh, deviceID, Adopted)
	if err != nil { // the same call again stores it
		h.keeper.orphans.put(h.keys.credentials, orphan{fresh, token}, unsavedFor)
		return outcome{session: fresh, err: err}
	}
	h.keeper.orphans.forget(h.keys.credentials)
	return outcome{session: fresh, fresh: true, mark: mark}
}

// take spends the refresh token of given. size is that of what is stored. The lock is held.
func (h *Handle) take(ctx, held context.Context, given *Credentials, deviceID string, size int) (*Credentials, error) {
	if err := h.keeper.store.reserve(held, h.keys.credentials, size+roomForGrowth); err != nil {
		return nil, &StoreError{"reserving room for the session", err}
	}
	return h.refresh(ctx, given, "", deviceID)
}
