package tcbauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// call is the path of every method with a request: what is wrong with the arguments is said before anything is sent,
// the answer must have what it is for, and every error is an *Error.
func call[T any](ctx context.Context, a *Auth, req wire.Request, checks ...error) (*T, error) {
	if err := a.ready(ctx, checks...); err != nil {
		return nil, a.fail(ctx, req.Op, err)
	}
	a.sign(ctx, &req)
	out, err := do[T](ctx, a, req)
	if err != nil {
		return nil, a.fail(ctx, req.Op, err)
	}
	if needs, ok := any(out).(interface{ missing() string }); ok {
		if field := needs.missing(); field != "" {
			return nil, a.fail(ctx, req.Op, &wire.Failure{
				Method: req.Method, Path: "/auth/" + req.Path, StatusCode: http.StatusOK, RequestID: req.RequestID,
				Err: fmt.Errorf("%w: no %s", ErrInvalidResponse, field),
			})
		}
	}
	return out, nil
}

// exec is call for an answer without fields.
func exec(ctx context.Context, a *Auth, req wire.Request, checks ...error) error {
	_, err := call[wire.Empty](ctx, a, req, checks...)
	return err
}

// ready fails if the call cannot be made at all. checks are what is wrong with its arguments, nil where nothing is.
func (a *Auth) ready(ctx context.Context, checks ...error) error {
	if err := ctx.Err(); err != nil {
		return &Error{Code: CodeUnreachable, Category: CategoryServiceError, Err: err}
	}
	if a.unusable != nil {
		return a.unusable
	}
	for _, err := range checks {
		if err != nil {
			return err
		}
	}
	return nil
}

// do sends req for the session. If the server wants a captcha, req is sent once more with one, as far as one is to be had;
// and once again if that was the stored one and the server has forgotten it.
func do[T any](ctx context.Context, a *Auth, req wire.Request) (*T, error) {
	out, err := send[T](ctx, a, req)
	for fresh, repeats := false, 0; err != nil && !fresh && repeats < 2; repeats++ {
		var token string
		var failed error
		token, fresh, failed = a.captchaAfter(ctx, &req, err)
		if failed != nil {
			return nil, failed
		}
		if token == "" {
			break
		}
		setCaptcha(&req, token)
		out, err = send[T](ctx, a, req)
	}
	return out, err
}

// send sends req with the bearer that it needs. One that the server does not know any more is replaced once.
func send[T any](ctx context.Context, a *Auth, req wire.Request) (*T, error) {
	if req.Auth != wire.Bearer || req.Token != "" { // a caller who set a token wants that or none
		return wire.Do[T](ctx, a.app.wire, &req)
	}
	token, session, err := a.bearerOf(ctx)
	if err != nil {
		return nil, err
	}
	req.Token = token
	out, err := wire.Do[T](ctx, a.app.wire, &req)
	if session == nil {
		return out, err
	}
	// The server refused before it acted, so the call may be sent again with a token that it knows. A token that was only
	// found in the store has one more chance: to be refreshed.
	for fresh, repeats := false, 0; unauthenticated(err) && !fresh && repeats < 2; repeats++ {
		got, failed := a.renewed(ctx, renewal{replace: req.Token})
		switch {
		case errors.Is(failed, errNotRenewable) && !fromCallback(failed):
			return nil, a.over(ctx, req.Token, err)
		case failed != nil:
			return nil, failed
		case subOf(session) != got.sub:
			return nil, expired(err) // somebody else signed in, in whose name this call was not made
		}
		fresh, session, req.Token = got.fresh, got.session, got.session.AccessToken
		out, err = wire.Do[T](ctx, a.app.wire, &req)
	}
	if unauthenticated(err) {
		return nil, a.over(ctx, req.Token, err)
	}
	return out, err
}

// unauthenticated reports whether the server refused the bearer.
func unauthenticated(err error) bool {
	f, ok := errors.AsType[*wire.Failure](err)
	return ok && f.Code == wire.Unauthenticated
}

// sign puts on req what every request carries.
func (a *Auth) sign(ctx context.Context, req *wire.Request) {
	if req.Language = contextText(ctx, languageKey); req.Language == "" {
		req.Language = a.app.cfg.language
	}
	if req.RequestID = contextText(ctx, requestIDKey); req.RequestID == "" {
		req.RequestID = newUUID()
	}
	req.DeviceID = a.deviceID(ctx)
}

// over ends the session whose token the server refused for good. err is the refusal.
func (a *Auth) over(ctx context.Context, token string, err error) error {
	a.end(ctx, token)
	return expired(err)
}

// expired says of a refusal that it ends the session.
func expired(err error) error {
	if f, ok := errors.AsType[*wire.Failure](err); ok {
		f.Err = ErrSessionExpired
	}
	return err
}
