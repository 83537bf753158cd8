package session

import (
	"context"
	"errors"
)

// SignedIn tells the watcher that what belongs to a sign-in is done, if the session that mark names is still there, and
// returns what has become of it by refreshes. Otherwise it returns nil.
func (h *Handle) SignedIn(ctx context.Context, mark Mark) *Credentials {
	mine := h.Peek()
	if mine == nil {
		return nil
	}
	// Somebody else may have signed out, or in, since. A store that fails does not tell.
	if seen, err := h.look(ctx); errors.Is(err, ErrNone) || err == nil && !h.keeper.samePerson(mine, seen.session) {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.current.Load().credentials
	if h.signIns != mark || c == nil {
		return nil
	}
	if last := h.told.Load(); last != nil {
		if !h.keeper.samePerson(c, last.session) {
			return nil
		}
		c = last.session
	}
	h.watcher.Changed(Change{Kind: SignedIn, Session: c})
	return c
}

// Keep makes c the session, in place of whatever there was. The server has given c already, so that the end of ctx does
// not stop it. deviceID is what c was signed in with, "" for none; a visitor's is stored with the session.
func (h *Handle) Keep(ctx context.Context, c *Credentials, deviceID string) (Mark, error) {
	h.keeper.work.begin()
	defer h.keeper.work.end()
	ctx, cancel := h.keeper.detached(ctx)
	defer cancel()
	var mark Mark
	err := h.locked(ctx, func(held context.Context) (err error) {
		h.keeper.spent.given(c)
		mark, err = h.put(held, c, deviceID, Replaced)
		return err
	})
	return mark, err
}

// Set makes c the session, in place of whatever there was. The end of ctx stops it: the caller still has c then. nil is
// nobody: the session that is there is removed as [Handle.Forget] does it, without telling that somebody has signed out.
func (h *Handle) Set(ctx context.Context, c *Credentials) error {
	h.keeper.work.begin()
	defer h.keeper.work.end()
	if c == nil {
		mine, err := h.meant(ctx)
		if err != nil {
			return err
		}
		return h.locked(ctx, func(held context.Context) error { return h.drop(held, mine, Replaced) })
	}
	return h.locked(ctx, func(held context.Context) error {
		_, err := h.put(held, c, "", Replaced)
		return err
	})
}

// put stores c in place of whatever there is. The lock is held.
func (h *Handle) put(held context.Context, c *Credentials, deviceID string, kind ChangeKind) (Mark, error) {
	if err := h.writeDevice(held, deviceID); err != nil {
		return 0, err
	}
	if err := h.write(held, c); err != nil {
		return 0, err
	}
	h.keeper.unsaved.forget(h.keys.credentials)
	if h.keeper.cfg.Pending {
		if err := h.keeper.store.delete(held, h.keys.pending()); err != nil {
			h.keeper.warn(held, "what was pending goes on", &StoreError{"deleting what is pending", err})
		}
	}
	return h.become(h.newState(c), Change{Kind: kind, Session: c}), nil
}

// meant returns the session that a call means which ends one: the one that this handle knows and may use, else the one that
// is stored; nil for none that can be read.
func (h *Handle) meant(ctx context.Context) (*Credentials, error) {
	if c := h.current.Load().credentials; c != nil {
		return c, nil
	}
	seen, err := h.look(ctx)
	if _, interrupted := err.(*InterruptedError); interrupted { //nolint:errorlint // look's own, which nobody has wrapped
		return nil, err
	}
	return seen.session, nil
}

// Forget ends the session of mine's person here: it is removed from the store, and the watcher is told that it has been
// signed out. If the store holds somebody else's session by now, that stays. nil is whoever is there. The end of ctx does not
// stop it, and what the store cannot delete is forgotten by this handle all the same.
func (h *Handle) Forget(ctx context.Context, mine *Credentials) error {
	return h.forget(ctx, mine, SignedOut)
}

// Vacate removes everything that is stored here, whoever is signed in: their session lies under another key by now. The end
// of ctx does not stop it. It fails with a *StoreError.
func (h *Handle) Vacate(ctx context.Context) error { return h.forget(ctx, nil, Replaced) }

func (h *Handle) forget(ctx context.Context, mine *Credentials, kind ChangeKind) error {
	h.keeper.work.begin()
	defer h.keeper.work.end()
	if s := h.current.Load(); mine == nil || h.keeper.samePerson(mine, s.credentials) {
		h.lose(s)
	}
	ctx, cancel := h.keeper.detached(ctx)
	defer cancel()
	gone := false
	err := h.locked(ctx, func(held context.Context) error {
		gone = true
		return h.drop(held, mine, kind)
	})
	if !gone { // the lock could not be had
		h.leave(ctx, mine, kind)
	}
	return err
}

// leave makes the handle know nothing of mine's person any more, and tells of it. Somebody else who is signed in here by now
// stays.
func (h *Handle) leave(ctx context.Context, mine *Credentials, kind ChangeKind) {
	if now := h.current.Load().credentials; mine != nil && now != nil && !h.keeper.samePerson(mine, now) {
		return
	}
	h.become(nobody(), Change{Kind: kind, Old: mine})
	if mine != nil {
		h.keeper.ended(ctx, kind, nil)
	}
}

// drop removes the session of mine's person, and tells of it. The lock is held.
func (h *Handle) drop(held context.Context, mine *Credentials, kind ChangeKind) error {
	stored, _, err := h.read(held)
	switch {
	case err != nil && !unreadable(err):
	case mine != nil && stored != nil && !h.keeper.samePerson(mine, stored) && !h.keeper.samePerson(mine, h.keeper.successor(h.keys.credentials, stored)):
	default:
		var also []string
		if h.keeper.cfg.Pending {
			also = append(also, h.keys.pending())
		}
		err = h.remove(held, also...)
	}
	h.leave(held, mine, kind)
	return err
}

// End removes the session whose access token the server has refused for good, if that is still the stored one. reason is
// the refusal.
func (h *Handle) End(ctx context.Context, refused *Credentials, reason error) {
	h.keeper.work.begin()
	defer h.keeper.work.end()
	ctx, cancel := h.keeper.detached(ctx)
	defer cancel()
	err := h.locked(ctx, func(held context.Context) error {
		stored, _, err := h.read(held)
		if err != nil || stored == nil {
			return err // what cannot be read is not deleted
		}
		renewed := h.keeper.successor(h.keys.credentials, stored)
		if stored.AccessToken != refused.AccessToken && (renewed == nil || renewed.AccessToken != refused.AccessToken) {
			return nil // it is another session by now
		}
		return h.finish(held, stored, reason)
	})
	if err != nil {
		h.keeper.warn(ctx, "the end of a session could not be stored", err)
	}
	// What this handle knows is of no use, whatever the store says.
	if s := h.current.Load(); s.token == refused.AccessToken {
		h.lose(s)
	}
}

// finish removes a session that the server has ended, and tells of it. What waits for its second step goes on: it may be how
// the person signs in again. The lock is held.
func (h *Handle) finish(held context.Context, stored *Credentials, reason error) error {
	h.keeper.endings.put(h.keys.credentials, endingOf(stored, reason), endedFor)
	err := h.remove(held)
	h.become(nobody(), Change{Kind: Ended, Old: stored, Err: reason})
	h.keeper.ended(held, Ended, reason)
	return err
}

// Prepare returns the device id to sign in with. Before something is spent on a session, it makes sure that the store works: of
// a Reserver it takes the lock and reserves room, any other store it reads. It fails with a *StoreError or *InterruptedError.
func (h *Handle) Prepare(ctx context.Context) (string, error) {
	switch {
	case h.keeper.store.reserver != nil:
		if err := h.locked(ctx, h.roomForAnother); err != nil {
			if ctx.Err() != nil {
				err = &InterruptedError{ctx.Err()}
			}
			return "", err
		}
	case h.keys.visitor || h.device.Load() == nil && h.keeper.cfg.DeviceID == "": // NextDeviceID reads the store
	default:
		if _, err := h.look(ctx); err != nil && !errors.Is(err, ErrNone) && !unreadable(err) {
			return "", err
		}
	}
	return h.NextDeviceID(ctx)
}

// roomForAnother makes sure that the store can be read, and that it has room for a session in place of what is there. The
// lock is held.
func (h *Handle) roomForAnother(held context.Context) error {
	if _, _, err := h.read(held); err != nil && !unreadable(err) {
		return err
	}
	if err := h.keeper.store.reserve(held, h.keys.credentials, roomForGrowth); err != nil {
		return &StoreError{"reserving room for a session", err}
	}
	return nil
}
