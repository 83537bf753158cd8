package tcbauth

import (
	"context"

	"github.com/cloudbase-community/tcbauth/internal/advice"
	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// call is the way of every method with a request. It reports wrong arguments before it sends anything, checks that the
// answer has the fields that the method needs, and makes every error an *Error.
func call[T any](ctx context.Context, a *Auth, req wire.Request, checks ...error) (*T, error) {
	out, _, err := callAs[T](ctx, a, nil, req, checks...)
	return out, err
}

// callAs makes a call on behalf of the user of the session as. If another user has signed in since, it fails. nil stands
// for the signed-in user. acted is the session whose token was sent, or nil.
func callAs[T any](ctx context.Context, a *Auth, as *session.Credentials, req wire.Request, checks ...error) (out *T, acted *session.Credentials, err error) {
	if err := a.ready(ctx, checks...); err != nil {
		return nil, nil, a.fail(ctx, req.Op, err)
	}
	var by session.Renewal
	ctx, watch := a.client.Begin(ctx, &req)
	err = client.ErrCut
	defer func() { a.client.End(ctx, &req, watch, by.Fresh, err) }()
	out, by, err = client.CallAs[T](ctx, &a.client, &req, as)
	if err != nil {
		return nil, nil, a.fail(ctx, req.Op, err)
	}
	if needs, ok := any(out).(interface{ missing() string }); ok {
		if field := needs.missing(); field != "" {
			return nil, nil, a.fail(ctx, req.Op, req.Incomplete(field))
		}
	}
	return out, by.Session, nil
}

// exec makes a call whose answer has no fields.
func exec(ctx context.Context, a *Auth, req wire.Request, checks ...error) error {
	return execAs(ctx, a, nil, req, checks...)
}

// execAs is callAs for an answer without fields.
func execAs(ctx context.Context, a *Auth, as *session.Credentials, req wire.Request, checks ...error) error {
	_, _, err := callAs[wire.Empty](ctx, a, as, req, checks...)
	return err
}

// ready fails if the call cannot be made. checks are the errors of its arguments, nil for a valid one.
func (a *Auth) ready(ctx context.Context, checks ...error) error {
	if err := ctx.Err(); err != nil {
		return &session.InterruptedError{Err: err}
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

// storing fails for an Auth of a bare token, which cannot store a session.
func (a *Auth) storing() error {
	if a.bare != nil {
		return &ValidationError{Field: "accessToken", Rule: "is all that an Auth of ForToken has: it keeps no session"}
	}
	return nil
}

// fail turns err, the failure of the call op, into an *Error with its help.
func (a *Auth) fail(ctx context.Context, op string, err error) error {
	helped := *newError(op, err) // which may be other callers' too, whose language is another
	helped.Help = help(&helped, a.client.Language(ctx))
	return &helped
}

// ContextWithRequestID sends id as x-request-id with the calls under ctx. It has at most 128 printable characters; any
// other id is ignored. Without it every request has a random id.
func ContextWithRequestID(ctx context.Context, id string) context.Context {
	return client.ContextWithRequestID(ctx, id)
}

// ContextWithLanguage sets the language for the calls under ctx, for a server whose users speak several: pass the header
// Accept-Language of the user's request. It takes what [WithLanguage] takes and ignores any other value; the calls then
// have the language of ctx.
func ContextWithLanguage(ctx context.Context, language string) context.Context {
	if header, ok := advice.AcceptLanguage(language); ok {
		return client.ContextWithLanguage(ctx, header)
	}
	return ctx
}
