package session

import (
	"context"
	"errors"
)

// want says what a caller wants of a refresh.
type want struct {
	replace string       // the access token that will not do; "": one that has expired
	version string       // API version for a forced refresh; "": the session's own
	of      *Credentials // whose session it has to be; nil: anybody's
	ahead   bool         // replace may still be used, so that a refusal ends nothing
}

// Renewal is a session that may be used, in place of another one where that may not.
type Renewal struct {
	Session *Credentials
	Fresh   bool // the server has just given it
	// Same says that it is known to be the same person's as the one that it replaces. If it is not, nothing was refreshed.
	Same bool
}

// maxTurns bounds how often one call starts anew because the stored session has changed under it.
const maxTurns = 16

var errChanging = errors.New("the stored session keeps changing")

// Replace returns a session in place of refused, whose access token the server has refused: the one that somebody has stored
// since, or a refreshed one. It fails with ErrNone, ErrNotRenewable, *InterruptedError, *StoreError, *EndedError, or what the
// Exchanger failed with.
func (h *Handle) Replace(ctx context.Context, refused *Credentials) (Renewal, error) {
	return h.renew(ctx, want{replace: refused.AccessToken, of: refused})
}

// Lasting returns mine, or what has become of it: the one that its person has stored since, or a refreshed one if it has
// expired. Errors are those of [Handle.Replace].
func (h *Handle) Lasting(ctx context.Context, mine *Credentials) (Renewal, error) {
	return h.renew(ctx, want{of: mine})
}

// Force refreshes the session whether it has expired or not, at an API version, "" for its own. Errors are those of
// [Handle.Replace].
func (h *Handle) Force(ctx context.Context, version string) (*Credentials, error) {
	c := h.Peek()
	if c == nil {
		_, seen, err := h.see(ctx)
		if err != nil {
			return nil, err
		}
		c = seen.session
	}
	got, err := h.renew(ctx, want{replace: c.AccessToken, version: version})
	return got.Session, err
}

// renew returns a session whose access token may be used and is not want.replace: the stored one, or what an exchange gives
// for it. Each caller looks at the store itself and shares only the exchange, with those who have seen the same pair.
func (h *Handle) renew(ctx context.Context, want want) (Renewal, error) {
	for range maxTurns {
		before, seen, err := h.see(ctx)
		if err != nil {
			return Renewal{}, err
		}
		if want.of != nil && !h.keeper.samePerson(want.of, seen.session) {
			return Renewal{Session: seen.session}, nil
		}
		if seen.session == seen.stored && h.serves(seen.session, want) {
			h.learn(before, seen.told, seen.session)
			return Renewal{Session: seen.session, Same: true}, nil
		}
		o, mine := h.keeper.fly(ctx, h.flightOf(seen.stored, want.ahead), h.keys.first(), func(ctx, held context.Context) outcome {
			return h.exchange(ctx, held, seen, want)
		})
		if o.looking || o.locking {
			if o, err = h.unled(ctx, seen, want, o, mine); err != nil {
				return Renewal{}, err
			}
		}
		switch {
		case o.again:
			continue
		case o.err != nil:
			if _, ended := errors.AsType[*EndedError](o.err); ended {
				h.lose(before)
				h.saw(seen.told, nil)
			}
			return Renewal{}, o.err
		case o.session.AccessToken == want.replace && (!mine || !o.fresh): // that exchange has replaced an older token
			continue
		}
		h.learn(before, seen.told, o.session)
		return Renewal{Session: o.session, Fresh: o.fresh, Same: want.of == nil || o.goesOn || h.keeper.samePerson(want.of, o.session)}, nil
	}
	return Renewal{}, &StoreError{"refreshing the session", errChanging}
}

// flightOf names the exchange of a stored session.
func (h *Handle) flightOf(stored *Credentials, ahead bool) flightKey {
	token := stored.RefreshToken
	if token == "" {
		token = stored.AccessToken
	}
	return flightKey{session: h.keys.credentials, token: digestOf(token), ahead: ahead}
}

// serves reports whether c is what the caller wants.
func (h *Handle) serves(c *Credentials, want want) bool {
	return c.ValidAt(h.now()) && c.AccessToken != want.replace
}

// unled is what is left to a caller where the flight could not look at the store or had no lock. That is no licence to
// refresh, since somebody else may be at it; but the session that is there may serve.
func (h *Handle) unled(ctx context.Context, before seen, want want, o outcome, mine bool) (outcome, error) {
	now, err := h.look(ctx)
	switch {
	case err != nil && o.looking && !mine:
		return outcome{}, err
	case err != nil:
		return outcome{}, o.err
	case !now.stored.SamePair(before.stored):
		return outcome{again: true}, nil
	case h.serves(now.session, want): // whether the store has it or not
		return outcome{session: now.session, goesOn: true}, nil
	case o.looking && !mine:
		return outcome{again: true}, nil
	}
	return outcome{}, o.err
}

// exchange looks at the store under the lock, and spends what it finds if that is still what the caller has seen.
//
// Requests run under ctx and not under held: a lost lock must not cut off the answer with the new refresh token.
func (h *Handle) exchange(ctx, held context.Context, before seen, want want) outcome {
	now, err := h.look(held)
	switch {
	case err == ErrNone: //nolint:errorlint // look's own, which nobody has wrapped
		return outcome{again: true}
	case err != nil:
		return outcome{err: h.lookedInVain(err), looking: true, locking: held.Err() != nil}
	case !now.stored.SamePair(before.stored):
		return outcome{again: true}
	}
	if now.session != now.stored {
		if h.write(held, now.session) == nil {
			h.keeper.unsaved.forget(h.keys.credentials)
			now.stored, now.text = now.session, string(h.written.Load().data)
		}
		if h.serves(now.session, want) {
			return outcome{session: now.session, goesOn: true}
		}
	}
	return h.spend(ctx, held, now, want)
}

// lookedInVain is the error of a look under the lock, whose context is not the caller's.
func (h *Handle) lookedInVain(err error) error {
	if interrupted, ok := errors.AsType[*InterruptedError](err); ok {
		return &StoreError{"reading the session", interrupted.Err}
	}
	return err
}

// spend gets new tokens for a session, and saves them in place of what is stored. The lock is held.
func (h *Handle) spend(ctx, held context.Context, now seen, want want) outcome {
	c := now.session
	if err := h.keeper.store.reserve(held, h.keys.credentials, len(now.text)+roomForGrowth); err != nil {
		return outcome{err: &StoreError{"reserving room for the session", err}}
	}
	done, err := h.turn(ctx, c.RefreshToken)
	if err != nil {
		return outcome{err: err}
	}
	defer done()
	fresh, goesOn, deviceID, err := h.newTokens(ctx, held, c, want)
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		return h.endRefused(held, now, want, refused.Err)
	}
	if err != nil {
		return outcome{err: err}
	}
	change := Change{Kind: Refreshed, Session: fresh, Old: now.stored}
	if !goesOn {
		change.Kind = Anew
	}
	if !h.save(ctx, held, now, change, deviceID) {
		return outcome{again: true}
	}
	return outcome{session: fresh, fresh: true, goesOn: goesOn}
}

// ErrSpent: the refresh token has been spent here before, and what came of it is not there any more.
var ErrSpent = errors.New("the refresh token has been spent already")

// newTokens asks the Exchanger in the one way that there is for c. goesOn is false for an anonymous session that was made
// anew. deviceID is what was sent, "" if the session's is not known.
func (h *Handle) newTokens(ctx, held context.Context, c *Credentials, want want) (fresh *Credentials, goesOn bool, deviceID string, err error) {
	if c.RefreshToken != "" {
		deviceID, err = h.sessionDeviceID(held)
		if err != nil {
			if _, _, away := h.read(held); away != nil { // and has no place for the next refresh token
				return nil, false, "", h.lookedInVain(away)
			}
			h.keeper.warn(ctx, "the device id is not known", err) // which alone costs no refresh
		}
		fresh, err = h.refresh(ctx, c, want.version, deviceID)
		if _, refused := errors.AsType[*RefusedError](err); !refused || !c.Anonymous() || want.ahead {
			return fresh, true, deviceID, err
		}
	}
	if !c.Anonymous() && !h.exchanger.SignsInAnew() {
		return nil, false, "", ErrNotRenewable
	}
	if deviceID, err = h.sessionDeviceID(held); err != nil {
		return nil, false, "", err
	}
	fresh, goesOn, err = h.exchanger.Anew(ctx, c, deviceID)
	return fresh, goesOn, deviceID, err
}

// refresh spends the refresh token of c, which is not sent again once it has been spent in this process. The caller has the turn
// of the token.
func (h *Handle) refresh(ctx context.Context, c *Credentials, version, deviceID string) (*Credentials, error) {
	if h.keeper.spent.has(c.RefreshToken) {
		return nil, &RefusedError{ErrSpent}
	}
	fresh, err := h.exchanger.Refresh(ctx, c, version, deviceID)
	if err != nil {
		return nil, err
	}
	h.keeper.spent.add(c, fresh)
	return fresh, nil
}

// turn waits until nobody in this App spends the same refresh token: for another session, or for this one under a lock that was
// lost. It lasts until what the token has become is stored or kept, so that who comes next finds it.
func (h *Handle) turn(ctx context.Context, refreshToken string) (done func(), err error) {
	if refreshToken == "" {
		return func() {}, nil
	}
	if done, err = h.keeper.turns.Lock(ctx, refreshToken); err != nil {
		return nil, &StoreError{lockingSession, err}
	}
	return done, nil
}

// renewedSince reports whether a refreshed session is kept for what is stored that was not there before.
func (h *Handle) renewedSince(before seen) bool {
	renewed := h.keeper.successor(h.keys.credentials, before.stored)
	return renewed != nil && !renewed.SamePair(before.session)
}

// endRefused ends the session whose refresh token is of no use, unless it was replaced meanwhile or its access token may still
// be used. The lock is held.
func (h *Handle) endRefused(held context.Context, before seen, want want, reason error) outcome {
	now, _, err := h.read(held)
	switch {
	case err != nil:
		return outcome{err: err, locking: held.Err() != nil}
	case now == nil || !now.SamePair(before.stored): // somebody has signed out, or in
		return outcome{again: true}
	case h.renewedSince(before): // under a lock that was lost
		return outcome{again: true}
	case want.ahead:
		return outcome{err: &RefusedError{reason}}
	}
	if err := h.finish(held, before.stored, reason); err != nil {
		h.keeper.warn(held, "the end of a session could not be stored", err)
	}
	return outcome{err: &EndedError{reason}}
}

// save stores a session that the server has just given, if the store still has the one that was spent for it, and makes it
// known. It reports false if the store has not. What the store does not take is remembered, since it is the only copy.
func (h *Handle) save(ctx, held context.Context, before seen, change Change, deviceID string) bool {
	changed, err := h.replace(held, before, change.Session, deviceID)
	switch {
	case err == nil && changed:
		return false
	case err == nil:
		h.keeper.unsaved.forget(h.keys.credentials)
	default: // the next call writes it, or Shutdown
		h.keeper.unsaved.put(h.keys.credentials, unsaved{renewed: change.Session, replaced: before.stored}, unsavedFor)
		h.keeper.warn(ctx, "a refreshed session could not be stored", err)
	}
	h.become(h.newState(change.Session), change) // while the lock keeps others from changing the session
	return true
}

// replace writes fresh where before is, and reports whether something else is there. The lock is held.
func (h *Handle) replace(held context.Context, before seen, fresh *Credentials, deviceID string) (changed bool, err error) {
	if done, err := h.replaceAtOnce(held, before, fresh, deviceID); done || err != nil {
		return false, err
	}
	now, _, err := h.read(held)
	if err != nil {
		return false, err
	}
	if now == nil || !now.SamePair(before.stored) && !h.keeper.precedes(now, fresh) {
		return true, nil
	}
	if err := h.write(held, fresh); err != nil {
		return false, err
	}
	if err := h.writeDevice(held, deviceID); err != nil {
		h.keeper.warn(held, "the device id could not be stored", err)
	}
	return false, nil
}

// replaceAtOnce writes fresh and its device id in one step if what is stored is what was seen before. It reports false where it is
// not, or the store knows no such step. The lock is held.
func (h *Handle) replaceAtOnce(held context.Context, before seen, fresh *Credentials, id string) (done bool, err error) {
	if before.text == "" || h.keys.visitor && id == "" { // something is to be read first
		return false, nil
	}
	data, err := fresh.MarshalJSON()
	if err != nil {
		return false, &StoreError{"encoding the session", err}
	}
	keys, values := []string{h.keys.credentials}, [][]byte{data}
	if h.keys.visitor {
		keys, values = append(keys, h.keys.device()), append(values, []byte(id))
	}
	done, err = h.keeper.store.replace(held, before.text, h.keeper.cfg.TTL, keys, values)
	switch {
	case err != nil:
		return false, &StoreError{"storing the session", err}
	case done:
		h.written.Store(&written{data, fresh})
		if h.keys.visitor {
			h.device.Store(&deviceID{id: id, stored: true})
		}
	}
	return done, nil
}
