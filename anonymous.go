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
