package tcbauth

import (
	"context"

	"github.com/cloudbase-community/tcbauth/internal/client"
)

// SignInAnonymouslyRequest may have a third party's token.
type SignInAnonymouslyRequest struct {
	ProviderToken string `json:"provider_token,omitempty"`
}

// SignInAnonymously signs in without saying who: the server knows anonymous users by their device id. It stores the
// session in place of an earlier one, fetches the user and fires [EventSignedIn]. A session without a refresh token signs in
// anew by itself when it expires. An environment that allows no anonymous users answers [CodePermissionDenied].
//
// js-sdk: signInAnonymously. WIRE.md 5.1.
func (a *Auth) SignInAnonymously(ctx context.Context, req SignInAnonymouslyRequest) (*LoginState, error) {
	r := client.AnonymousRequest(req)
	if err := a.ready(ctx, a.storing()); err != nil {
		return nil, a.fail(ctx, r.Op, err)
	}
	var err error
	if r.DeviceID, err = a.prepare(ctx, r.Op, ""); err != nil { // with another device id it would be another person
		return nil, err
	}
	l, err := a.obtain(ctx, *r, "")
	return a.signedIn(ctx, l, err, GetUserInfoRequest{}, "")
}

// keepAnonymousUser completes a sign-up: its AnonymousToken, if KeepAnonymousUser is set and there is none, is that of the
// anonymous session that is here.
func (a *Auth) keepAnonymousUser(ctx context.Context, op string, req SignUpRequest) (SignUpRequest, error) {
	keep := req.KeepAnonymousUser && req.AnonymousToken == ""
	req.KeepAnonymousUser = false // it is asked once, before the first step
	if !keep {
		return req, nil
	}
	if err := a.ready(ctx, a.storing()); err != nil {
		return req, a.fail(ctx, op, err)
	}
	c, err := a.session.Stored(ctx)
	if err == nil && c.Anonymous() {
		c, err = a.session.Fresh(ctx)
	}
	if err != nil {
		err = a.fail(ctx, op, err)
		switch codeOf(err) {
		case CodeUnauthenticated, CodeInvalidGrant, CodePermissionDenied: // there is no such session, or it has ended
			return req, nil
		}
		return req, err // nothing is spent yet, and the person would get another id
	}
	if c.Anonymous() {
		req.AnonymousToken = c.AccessToken
	}
	return req, nil
}
