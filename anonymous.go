package tcbauth

import (
	"context"

	"github.com/cloudbase-community/tcbauth/internal/client"
)

// SignInAnonymouslyRequest may carry a third party's token.
type SignInAnonymouslyRequest struct {
	ProviderToken string `json:"provider_token,omitempty"`
}

// SignInAnonymously signs in an anonymous user; the server recognizes anonymous users by their device id. It stores the
// session, replacing an existing one, fetches the user and fires [EventSignedIn]. A session without a refresh token signs
// in again by itself when it expires. An environment that allows no anonymous users answers [CodePermissionDenied].
//
// js-sdk: signInAnonymously.
func (a *Auth) SignInAnonymously(ctx context.Context, req SignInAnonymouslyRequest) (*LoginState, error) {
	// WIRE.md 5.1.
	r := client.AnonymousRequest(req)
	if err := a.ready(ctx, a.storing()); err != nil {
		return nil, a.fail(ctx, r.Op, err)
	}
	var err error
	if r.DeviceID, err = a.prepare(ctx, r.Op, ""); err != nil { // with another device id it would be another user
		return nil, err
	}
	l, err := a.obtain(ctx, *r, "")
	return a.signedIn(ctx, l, err, GetUserInfoRequest{}, "")
}
