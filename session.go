package tcbauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"
)

// state is what a handle knows of its session. It does not change.
type state struct {
	credentials *Credentials // nil: nobody, as far as this handle knows
	token       string
	expires     int64 // the last millisecond at which token is used
	ahead       int64 // the first one at which it is refreshed ahead
}

func (a *Auth) newState(c *Credentials) *state {
	if c.AccessToken == "" {
		return nobody()
	}
	expires := c.ExpiresAt.UnixMilli()
	return &state{credentials: c, token: c.AccessToken, expires: expires, ahead: a.aheadFrom(c, expires)}
}

// nobody is what a handle knows of a session when it knows nothing. Each is another one, for CompareAndSwap.
func nobody() *state { return &state{expires: math.MinInt64} }

// unsaved is a renewed session that the store did not take.
type unsaved struct {
	renewed  *Credentials
	replaced *Credentials // what the store held, and holds until renewed is written
}

// current returns what the handle knows, and whether that has an access token that may be used.
func (a *Auth) current() (s *state, ok bool) {
	s = a.cur.Load()
	return s, a.now().UnixMilli() <= s.expires
}

// usable is current for a call that uses the access token, which may have it refreshed ahead.
func (a *Auth) usable(ctx context.Context) (s *state, ok bool) {
	s = a.cur.Load()
	now := a.now().UnixMilli()
	if now > s.expires {
		return s, false
	}
	if now >= s.ahead {
		a.refreshAhead(ctx, s, now)
	}
	return s, true
}

// session returns the session with an access token that may be used, refreshed if need be.
func (a *Auth) session(ctx context.Context) (*Credentials, error) {
	if s, ok := a.usable(ctx); ok {
		return s.credentials, nil
	}
	c, err := a.renew(ctx, renewal{})
	if err == nil {
		a.usable(ctx) // what was found in the store may be near its end
	}
	return c, err
}

// bearer returns the access token for a call that carries one: the session's, or else the access key.
func (a *Auth) bearer(ctx context.Context) (string, error) {
	token, _, err := a.bearerOf(ctx)
	return token, err
}

// bearerOf is bearer with the session that the token is of, nil if it is of none and cannot be replaced.
func (a *Auth) bearerOf(ctx context.Context) (token string, session *Credentials, err error) {
	if a.bare {
		return a.bareToken, nil, nil
	}
	session, err = a.session(ctx)
	switch {
	case err == nil:
		return session.AccessToken, session, nil
	case a.app.cfg.accessKey != "" && errors.Is(err, ErrNoSession) && !fromCallback(err):
		return a.app.cfg.accessKey, nil, nil
	}
	return "", nil, err
}

// load returns the session, and what the store has of it: the same, or the session that a renewed one replaces which the
// store did not take. locked says that the caller holds the session's lock.
func (a *Auth) load(ctx context.Context, locked bool) (session, stored *Credentials, err error) {
	stored, err = a.read(ctx)
	if err != nil {
		if locked && errors.Is(err, ErrNoSession) {
			a.app.forgetUnsaved(a.keys.credentials)
		}
		return nil, nil, err
	}
	a.found(stored)
	a.app.unsavedMu.Lock()
	defer a.app.unsavedMu.Unlock()
	kept, ok := a.app.unsaved[a.keys.credentials]
	switch {
	case !ok:
	case sameTokens(kept.replaced, stored):
		return kept.renewed, stored, nil
	case locked: // somebody signed in since
		delete(a.app.unsaved, a.keys.credentials)
	}
	return stored, stored, nil
}

func sameTokens(a, b *Credentials) bool {
	return a.AccessToken == b.AccessToken && a.RefreshToken == b.RefreshToken
}

// read returns what the store holds, ErrNoSession for nothing.
func (a *Auth) read(ctx context.Context) (*Credentials, error) {
	data, err := a.app.cfg.store.Get(ctx, a.keys.credentials)
	if errors.Is(err, ErrNotFound) {
		return nil, ErrNoSession
	}
	if err != nil {
		return nil, storeError("reading the session", err)
	}
	c := new(Credentials)
	if c.UnmarshalJSON(data) != nil || c.AccessToken == "" && c.RefreshToken == "" {
		a.setAside(ctx, data)
		return nil, storeError("reading the session", errDamaged)
	}
	return c, nil
}

const damagedSuffix = ".damaged"

var errDamaged = errors.New("what is stored is damaged; signing in replaces it")

// setAside keeps a copy of a damaged session for whoever wants to know what happened. Failing to is no matter beside
// the damage, which is reported anyway.
func (a *Auth) setAside(ctx context.Context, data []byte) {
	key := a.keys.credentials + damagedSuffix
	if kept, err := a.app.cfg.store.Get(ctx, key); err != nil || string(kept) != string(data) {
		if err := a.app.cfg.store.Set(ctx, key, data, a.app.cfg.sessionTTL); err != nil {
			a.app.warn(ctx, "a damaged session could not be kept", slog.Any("error", storeError("copying", err)))
		}
	}
}

// found fires INITIAL_SESSION at the first look at the store, if it finds a session.
func (a *Auth) found(c *Credentials) {
	if !a.initial.Swap(true) {
		a.events.fire(AuthEvent{Event: EventInitialSession, Session: c})
	}
}

// write stores c and, for a visitor, the device id that goes with it. The caller holds the session's lock.
func (a *Auth) write(ctx context.Context, c *Credentials) error {
	data, err := c.MarshalJSON()
	if err != nil {
		return storeError("encoding the session", err)
	}
	store, ttl := a.app.cfg.store, a.app.cfg.sessionTTL
	if id := a.device.id.Load(); a.keys.visitor && id != nil { // one that is not known is not replaced
		if err := store.Set(ctx, a.keys.device, []byte(*id), ttl); err != nil {
			return storeError("storing the device id", err)
		}
	}
	if err := store.Set(ctx, a.keys.credentials, data, ttl); err != nil {
		return storeError("storing the session", err)
	}
	return nil
}

// keep makes c the session, in place of whatever there was. The server has given c already, so ctx's end does not stop it.
func (a *Auth) keep(ctx context.Context, c *Credentials) error { return a.change(ctx, a.keeping(c)) }

// keeping is keep for somebody who holds the session's lock.
func (a *Auth) keeping(c *Credentials) func(held context.Context) error {
	return func(held context.Context) error {
		if err := a.write(held, c); err != nil {
			return err
		}
		a.initial.Store(true)
		a.app.forgetUnsaved(a.keys.credentials)
		a.changes.Add(1)
		a.fetched.Store(nil)
		a.cur.Store(a.newState(c))
		return nil
	}
}

// forget deletes the session. What a store cannot delete is forgotten by this handle all the same.
func (a *Auth) forget(ctx context.Context) error {
	a.cur.Store(nobody())
	return a.change(ctx, a.remove)
}

// remove deletes everything that the session has in the store. The caller holds the session's lock.
func (a *Auth) remove(held context.Context) error {
	store := a.app.cfg.store
	err := store.Delete(held, a.keys.credentials)
	a.cur.Store(nobody())
	a.changes.Add(1)
	a.fetched.Store(nil)
	a.app.forgetUnsaved(a.keys.credentials)
	err = errors.Join(err, store.Delete(held, a.keys.credentials+damagedSuffix))
	if a.keys.visitor {
		err = errors.Join(err, store.Delete(held, a.keys.device), store.Delete(held, a.keys.captcha))
	}
	if err != nil {
		return storeError("deleting the session", err)
	}
	return nil
}

// end deletes the session if token, which the server refused, is still its access token.
func (a *Auth) end(ctx context.Context, token string) {
	err := a.change(ctx, func(held context.Context) error {
		c, _, err := a.load(held, true)
		if err != nil || c.AccessToken != token {
			return nil //nolint:nilerr // what cannot be read, or is another session, is not deleted
		}
		return a.remove(held)
	})
	if err != nil {
		a.app.warn(ctx, "an ended session could not be deleted", slog.Any("error", err))
	}
}

// change is changeUntil without the end of ctx, for what must not be lost.
func (a *Auth) change(ctx context.Context, f func(held context.Context) error) error {
	ctx, cancel := a.app.detached(ctx)
	defer cancel()
	return a.changeUntil(ctx, f)
}

// changeUntil runs f with the session's lock, so that no refresh in flight can undo what f does.
func (a *Auth) changeUntil(ctx context.Context, f func(held context.Context) error) error {
	held, unlock, err := a.app.lockUntil(ctx, a.keys.credentials)
	if err != nil {
		return err
	}
	defer unlock()
	return f(held)
}

func (p *App) forgetUnsaved(key string) {
	p.unsavedMu.Lock()
	defer p.unsavedMu.Unlock()
	delete(p.unsaved, key)
}

// lock waits for the lock of key, though not for longer than another holder may need.
func (p *App) lock(ctx context.Context, key string) (held context.Context, unlock func(), err error) {
	// The limit is on the wait alone: held descends from wait, and lasts as long as the lock.
	wait, cancel := context.WithCancelCause(ctx)
	limit := time.AfterFunc(p.lockWait(), func() { cancel(errLockWait) })
	held, release, err := p.lockUntil(wait, key)
	if !limit.Stop() && err == nil {
		release()
		err = storeError("locking the session", errLockWait)
	}
	if err != nil {
		cancel(nil)
		return nil, nil, err
	}
	return held, func() { release(); cancel(nil) }, nil
}

// lockUntil waits for the lock of key until ctx ends: for the store's, if it has locks.
func (p *App) lockUntil(ctx context.Context, key string) (held context.Context, unlock func(), err error) {
	held = ctx
	if locker, ok := p.cfg.store.(Locker); ok {
		held, unlock, err = locker.Lock(ctx, key)
	} else {
		unlock, err = p.locks.Lock(ctx, key)
	}
	if err == nil {
		return held, unlock, nil
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return nil, nil, storeError("locking the session", err)
}

var errLockWait = errors.New("another process holds the lock for too long")

// storeError says what a store was asked for when it failed.
func storeError(what string, err error) error { return fmt.Errorf("%w: %s: %w", ErrStore, what, err) }

// flightLimit is the most that one refresh takes: the wait for the lock, all attempts, and the store's work.
func (p *App) flightLimit() time.Duration { return 2 * p.lockWait() }
