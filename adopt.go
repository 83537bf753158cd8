package tcbauth

import (
	"context"
	"errors"
	"fmt"
)

// adoption is the taking over of a session by its refresh token.
type adoption struct {
	refreshToken string
	needsSession bool  // to be replaced; its API version is kept
	event        Event // fired after EventTokenRefreshed, "" for none
}

// adopt spends a refresh token and stores the session that it gives in place of the stored one. Both happen under the
// session's lock: the token may turn out to be the stored one, which is then refreshed like any other.
func (a *Auth) adopt(ctx context.Context, op string, in adoption, checks ...error) (*Credentials, error) {
	if err := a.ready(ctx, append(checks, a.storing(), required("refresh_token", in.refreshToken))...); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	var fresh *Credentials
	// A refresh in flight may be spending the stored refresh token. That is then the caller's refresh too, which waiting for
	// the lock would turn into one with a token that is spent.
	session, _, err := a.load(ctx, false)
	own := err == nil && session.RefreshToken == in.refreshToken
	if !own {
		err = a.outlive(ctx, func(ctx context.Context) (err error) {
			fresh, session, err = a.adoptLocked(ctx, in)
			return err
		})
		own = err == nil && fresh == nil
	}
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return nil, a.fail(ctx, op, err) // what it was doing is not to be read
	case own:
		c, err := a.renew(ctx, renewal{replace: session.AccessToken})
		if err != nil {
			return nil, a.fail(ctx, op, err)
		}
		if in.event != "" {
			a.events.fire(AuthEvent{Event: in.event, Session: c})
		}
		return c.clone(), nil
	case err != nil && fresh == nil:
		return nil, a.fail(ctx, op, err)
	case err != nil:
		return fresh.clone(), a.fail(ctx, op, err)
	}
	return fresh.clone(), nil
}

// adoptLocked is adopt under the lock. own is the stored session if the refresh token is its, and was not spent.
func (a *Auth) adoptLocked(ctx context.Context, in adoption) (fresh, own *Credentials, err error) {
	held, unlock, err := a.app.lock(ctx, a.keys.credentials)
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	version := ""
	session, _, err := a.load(held, true)
	switch {
	case err == nil && session.RefreshToken == in.refreshToken:
		return nil, session, nil
	case err == nil && in.needsSession:
		version = session.Version
	case err == nil:
	case in.needsSession, !errors.Is(err, ErrNoSession) && !errors.Is(err, errDamaged):
		return nil, nil, err
	}
	if fresh, err = a.refresh(ctx, &Credentials{RefreshToken: in.refreshToken, Version: version}, ""); err != nil {
		return nil, nil, err
	}
	if err := a.keeping(fresh)(held); err != nil {
		return fresh, nil, err
	}
	a.events.fire(AuthEvent{Event: EventTokenRefreshed, Session: fresh})
	if in.event != "" {
		a.events.fire(AuthEvent{Event: in.event, Session: fresh})
	}
	return fresh, nil, nil
}

// outlive runs f to its end, which has a limit of its own, and waits for that as long as ctx lives.
func (a *Auth) outlive(ctx context.Context, f func(context.Context) error) error {
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.app.flightLimit())
		defer cancel()
		defer func() {
			if v := recover(); v != nil { // the value could hold a secret
				done <- fmt.Errorf("panic (%T) while a session was taken over", v)
			}
		}()
		done <- f(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return &Error{Code: CodeUnreachable, Category: CategoryServiceError, Err: ctx.Err()}
	}
}
