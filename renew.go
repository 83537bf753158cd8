package tcbauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// renewal says what a caller wants of a refresh.
type renewal struct {
	replace string // the access token that will not do, "" for an expired one
	version string // API version for a forced refresh, "" for the session's own
	ahead   bool   // replace may still be used, so that a failure ends nothing
}

// errNotRenewable: the access token is of no use, and nothing replaces it.
var errNotRenewable = fmt.Errorf("%w: there is no refresh token", ErrSessionExpired)

// maxTurns bounds how often one refresh starts anew because the stored session changed under it.
const maxTurns = 3

// renew returns a session whose access token may be used and is not want.replace. All callers of all handles of one
// session share one flight, which no caller's end stops; each waits as long as its own context lives.
func (a *Auth) renew(ctx context.Context, want renewal) (*Credentials, error) {
	got, err := a.renewed(ctx, want)
	return got.session, err
}

// flown is the result of a flight.
type flown struct {
	session *Credentials
	fresh   bool   // the server gave it just now
	sub     string // whose session it is, "" if nothing says
}

// renewed is renew, and tells where the session comes from.
func (a *Auth) renewed(ctx context.Context, want renewal) (flown, error) {
	for {
		before := a.cur.Load()
		mine := false
		flight := a.app.flights.DoChan(a.keys.credentials, func() (any, error) {
			mine = true
			return a.fly(ctx, want)
		})
		select {
		case <-ctx.Done():
			return flown{}, &Error{Code: CodeUnreachable, Category: CategoryServiceError, Err: ctx.Err()}
		case result := <-flight:
			if result.Err != nil {
				if errors.Is(result.Err, CodeUnauthenticated) {
					a.cur.CompareAndSwap(before, nobody())
				}
				return flown{}, result.Err
			}
			got, _ := result.Val.(flown)
			if !mine && got.session.AccessToken == want.replace {
				continue // that flight replaced an older token
			}
			// Another handle's flight has not told this one. If it was told something since, that is newer.
			a.cur.CompareAndSwap(before, a.newState(got.session))
			return got, nil
		}
	}
}

// fly is one flight. Its result goes to every caller that waits, so its errors are theirs to keep but not to change.
func (a *Auth) fly(ctx context.Context, want renewal) (got flown, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.app.flightLimit())
	defer cancel()
	defer func() {
		if v := recover(); v != nil { // the value could hold a secret
			got, err = flown{}, fmt.Errorf("panic (%T) while the session was refreshed", v)
		}
	}()
	before := a.cur.Load()
	// What another handle, process or machine has refreshed needs no lock.
	c, stored, err := a.load(ctx, false)
	switch {
	case errors.Is(err, ErrNoSession):
		a.cur.CompareAndSwap(before, nobody())
		a.app.forgetUnsaved(a.keys.credentials) // which only this session's flights fill
		return flown{}, err
	case err == nil && c == stored && a.serves(c, want):
		a.cur.CompareAndSwap(before, a.newState(c)) // without the lock, a sign-out may be newer than what was read
		return flown{session: c, sub: subOf(c)}, nil
	}
	held, unlock, err := a.app.lock(ctx, a.keys.credentials)
	if err != nil {
		return a.unlocked(ctx, want, err)
	}
	defer unlock()
	for range maxTurns {
		got, err := a.turn(ctx, held, want)
		switch {
		case err != nil && held.Err() != nil: // the lock was lost
			return a.unlocked(ctx, want, err)
		case !errors.Is(err, errChanged):
			return got, err
		}
	}
	return flown{}, storeError("refreshing the session", errChanged)
}

// unlocked is what is left of a flight without the lock, for want of which it failed with err. That is no licence to
// refresh, since somebody else may be at it; but what is stored may serve.
func (a *Auth) unlocked(ctx context.Context, want renewal, err error) (flown, error) {
	if c, _, readErr := a.load(ctx, false); readErr == nil && a.serves(c, want) {
		return flown{session: c, sub: subOf(c)}, nil
	}
	return flown{}, err
}

// errChanged: the stored session is not the one that was refreshed.
var errChanged = errors.New("the stored session keeps changing")

// turn looks at the store and refreshes what it finds. The lock is held.
//
// Requests run under ctx and not under held: a lost lock must not cut off the answer with the new refresh token.
func (a *Auth) turn(ctx, held context.Context, want renewal) (flown, error) {
	session, stored, err := a.load(held, true)
	if err != nil {
		if errors.Is(err, ErrNoSession) {
			a.cur.Store(nobody())
		}
		return flown{}, err
	}
	if session != stored {
		if err := a.write(held, session); err == nil {
			a.app.forgetUnsaved(a.keys.credentials)
			stored = session
		}
	}
	if a.serves(session, want) {
		a.cur.Store(a.newState(session))
		return flown{session: session, sub: subOf(session)}, nil
	}
	fresh, refreshed, err := a.exchange(ctx, session, want)
	if errors.As(err, new(*spentError)) {
		return flown{}, a.refused(held, stored, want, err)
	}
	if err != nil {
		return flown{}, err
	}
	if err := a.save(held, stored, fresh); err != nil {
		return flown{}, err
	}
	if f := a.fetched.Load(); f != nil {
		var same *fetchedUser // an anonymous session that is made anew may be somebody else's
		if refreshed && f.session == stored.Sub {
			same = &fetchedUser{user: f.user, session: fresh.Sub}
		}
		a.fetched.CompareAndSwap(f, same)
	}
	if refreshed {
		a.events.fire(AuthEvent{Event: EventTokenRefreshed, Session: fresh})
	}
	whose := session
	if !refreshed { // somebody else, perhaps
		whose = fresh
	}
	return flown{session: fresh, fresh: true, sub: subOf(whose)}, nil
}

// serves reports whether c is what the caller wants.
func (a *Auth) serves(c *Credentials, want renewal) bool {
	return c.validAt(a.now()) && c.AccessToken != want.replace
}

// save stores and publishes fresh if the store still holds the session that fresh came from.
func (a *Auth) save(held context.Context, stored, fresh *Credentials) error {
	err := a.replaceStored(held, stored, fresh)
	switch {
	case errors.Is(err, ErrNoSession): // signed out by somebody who takes no lock
		a.cur.Store(nobody())
		return err
	case errors.Is(err, errChanged):
		return err
	case err != nil:
		// The old refresh token is spent. Whoever finds it in the store next writes this session in its place.
		a.app.unsavedMu.Lock()
		a.app.unsaved[a.keys.credentials] = unsaved{renewed: fresh, replaced: stored}
		a.app.unsavedMu.Unlock()
		a.app.warn(held, "a refreshed session could not be stored", slog.Any("error", err))
	default:
		a.app.forgetUnsaved(a.keys.credentials)
	}
	a.cur.Store(a.newState(fresh))
	return nil
}

// replaceStored writes fresh where stored is. A store that panics must not cost the session: fresh is its only copy.
func (a *Auth) replaceStored(held context.Context, stored, fresh *Credentials) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = storeError("storing the session", fmt.Errorf("panic (%T)", v))
		}
	}()
	now, err := a.read(held)
	switch {
	case err != nil:
		return err
	case !sameTokens(now, stored):
		return errChanged
	}
	return a.write(held, fresh)
}

// refused handles a refresh token that the server does not take: the session is over, unless it was replaced meanwhile or
// its access token may still be used.
func (a *Auth) refused(held context.Context, stored *Credentials, want renewal, refusal error) error {
	now, err := a.read(held)
	if err == nil && !sameTokens(now, stored) {
		return errChanged
	}
	if err != nil && !errors.Is(err, ErrNoSession) {
		return err
	}
	if want.ahead {
		return refusal
	}
	if err := a.remove(held); err != nil {
		a.app.warn(held, "an ended session could not be deleted", slog.Any("error", err))
	}
	e := newError("RefreshSession", refusal)
	e.Err = ErrSessionExpired
	return e
}

// spentError: the server does not take the session's refresh token.
type spentError struct{ error }

func (e *spentError) Unwrap() error { return e.error }

// exchange asks the server for new tokens in place of c's. refreshed is false for an anonymous session made anew.
func (a *Auth) exchange(ctx context.Context, c *Credentials, want renewal) (fresh *Credentials, refreshed bool, err error) {
	switch {
	case c.RefreshToken != "":
		fresh, err = a.refresh(ctx, c, want.version)
		if !errors.Is(err, CodeInvalidGrant) {
			return fresh, err == nil, err
		}
		if !c.anonymous() || want.ahead {
			return nil, false, &spentError{err}
		}
		fallthrough
	case c.anonymous():
		fresh, err = a.anonymousAnew(ctx)
		return fresh, false, err
	case a.app.cfg.ticketSource != nil:
		fresh, err = a.customAnew(ctx, c)
		return fresh, err == nil, err
	}
	return nil, false, errNotRenewable
}

// refreshBody is the js-sdk's, an empty secret included (WIRE.md 6.1).
type refreshBody struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	GrantType    string `json:"grant_type"`
	RefreshToken string `json:"refresh_token"`
}

// refresh spends the refresh token of c.
func (a *Auth) refresh(ctx context.Context, c *Credentials, version string) (*Credentials, error) {
	if version == "" {
		version = orV1(c.Version)
	}
	fresh, err := call[Credentials](ctx, a, wire.Request{
		Op: "RefreshSession", Method: http.MethodPost, Path: version + "/token", Body: refreshBody{
			ClientID: a.app.cfg.clientID, ClientSecret: a.app.cfg.clientSecret,
			GrantType: "refresh_token", RefreshToken: c.RefreshToken,
		},
	})
	if err != nil {
		return nil, err
	}
	fresh.Version = version
	fresh.granted(a.now())
	// What an answer leaves out has not changed.
	if fresh.RefreshToken == "" {
		fresh.RefreshToken = c.RefreshToken
	}
	if fresh.Scope == "" {
		fresh.Scope = c.Scope
	}
	if fresh.Sub == "" {
		fresh.Sub = c.Sub
	}
	if fresh.TokenType == "" {
		fresh.TokenType = c.TokenType
	}
	if fresh.Groups == nil {
		fresh.Groups = c.Groups
	}
	return fresh, nil
}

const (
	v1 = "v1"
	v2 = "v2"
)

// orV1 is the API version that a session or a request without one has.
func orV1(version string) string {
	if version == v2 {
		return v2
	}
	return v1
}
