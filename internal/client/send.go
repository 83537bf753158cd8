package client

import (
	"context"
	"errors"

	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// CallbackError is what a function of the App's user returned, for that user to look at. It does not unwrap: what it says of
// some other session is not taken for this one's.
type CallbackError struct {
	Name string // "the ticket source"
	Err  error
}

func (e *CallbackError) Error() string { return e.Name + ": " + e.Err.Error() }

// KeyRefusedError is the server's refusal of the access key.
type KeyRefusedError struct{ Err error }

func (e *KeyRefusedError) Error() string { return "the access key was refused: " + e.Err.Error() }

// Bearer returns the access token for a call that carries one: the session's, refreshed if need be, or else the access key.
// as is the session that the token is of, nil if it is of none and cannot be replaced. Errors are those of
// [session.Handle.Fresh].
func (c *Client) Bearer(ctx context.Context) (token string, as *session.Credentials, err error) {
	token, got, err := c.bearer(ctx)
	return token, got.Session, err
}

// bearer also tells whether the session has been refreshed for it.
func (c *Client) bearer(ctx context.Context) (token string, as session.Renewal, err error) {
	if c.session == nil {
		return c.token, session.Renewal{}, nil
	}
	as, err = c.session.Fresh(ctx)
	switch {
	case err == nil:
		return as.Session.AccessToken, as, nil
	case errors.Is(err, session.ErrNone) && c.accessKey() != "":
		return c.accessKey(), session.Renewal{}, nil
	}
	return "", session.Renewal{}, err
}

// accessKey is what stands in while nobody is signed in, "" for nothing. An administrator's key stands in for no visitor.
func (c *Client) accessKey() string {
	if c.userKey != "" && !c.cfg.KeyForVisitors {
		return ""
	}
	return c.cfg.AccessKey
}

// HasBearer reports whether a call that may carry a bearer carries one. A store that fails is an error: it is not known
// then whether somebody is signed in. A session that nobody can read is none: this may be how its user signs in again.
func (c *Client) HasBearer(ctx context.Context) (bool, error) {
	_, _, err := c.Bearer(ctx)
	if failed, ok := errors.AsType[*session.StoreError](err); ok && !failed.Unreadable() {
		return false, err
	}
	return err == nil, nil
}

// send sends req with the bearer that it needs: that of as, or if that is nil the session's. One that the server does not
// accept is replaced once, by a token of the same person. acted has the session whose token was sent last, nil for
// none, and is Fresh if that was refreshed on the way.
func send[T any](ctx context.Context, c *Client, req *wire.Request, as *session.Credentials) (out *T, acted session.Renewal, err error) {
	if req.Auth != wire.Bearer || req.Token != "" { // a caller who set a token wants that or none
		c.setDeviceID(ctx, req)
		out, err = wire.Do[T](ctx, c.cfg.Wire, req)
		return out, acted, err
	}
	if as != nil && c.session != nil { // a bare token is all there is, and nothing replaces it
		acted.Session, req.Token = as, as.AccessToken
	} else if req.Token, acted, err = c.bearer(ctx); err != nil {
		return nil, acted, err
	}
	c.setDeviceID(ctx, req)   // after the session has been looked at, whose device id it is
	if acted.Session != nil { // an access key stays on the request, which may be sent again
		defer func() { req.Token = "" }()
	}
	out, err = wire.Do[T](ctx, c.cfg.Wire, req)
	// The server refused before it acted, so the call may be sent again with a token that it knows. A token that was only
	// found in the store has one more chance: to be refreshed.
	for fresh, repeats := false, 0; acted.Session != nil && refusedBearer(err) && !fresh && repeats < 2; repeats++ {
		got, failed := c.session.Replace(ctx, acted.Session)
		switch {
		case errors.Is(failed, session.ErrNotRenewable):
			return nil, acted, c.giveUp(ctx, acted.Session, err)
		case failed != nil:
			return nil, acted, failed
		case !got.Same: // somebody else has signed in, in whose name this call was not made
			return nil, acted, &session.EndedError{Err: err}
		}
		fresh, req.Token = got.Fresh, got.Session.AccessToken
		acted.Session, acted.Fresh = got.Session, acted.Fresh || got.Fresh
		out, err = wire.Do[T](ctx, c.cfg.Wire, req)
	}
	switch {
	case !refusedBearer(err):
	case acted.Session != nil:
		return nil, acted, c.giveUp(ctx, acted.Session, err)
	case c.session != nil:
		return nil, acted, &KeyRefusedError{Err: err}
	}
	return out, acted, err
}

// setDeviceID puts the device id on req, if it has none.
func (c *Client) setDeviceID(ctx context.Context, req *wire.Request) {
	if req.DeviceID == "" {
		req.DeviceID = c.DeviceID(ctx)
	}
}

// giveUp ends the session whose token the server has refused for good. err is the refusal. A refusal without an error code of
// the server may be a proxy's, and ends nothing.
func (c *Client) giveUp(ctx context.Context, as *session.Credentials, err error) error {
	if f, ok := errors.AsType[*wire.Failure](err); ok && f.Meaning().Code == "" {
		return err
	}
	c.session.End(ctx, as, err)
	return &session.EndedError{Err: err}
}

// refusedBearer reports whether the server refused the bearer.
func refusedBearer(err error) bool {
	f, ok := errors.AsType[*wire.Failure](err)
	return ok && f.RefusesBearer()
}

// sent makes one of the requests by which a captcha is earned. If the server wants a captcha for it too, it fails.
func sent[T any](ctx context.Context, c *Client, req *wire.Request) (*T, error) {
	c.sign(ctx, req)
	out, _, err := send[T](ctx, c, req, nil)
	return out, err
}
