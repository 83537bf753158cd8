package tcbauth

import (
	"context"
	"errors"
	"net/http"

	"github.com/cloudbase-community/tcbauth/internal/wire"
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
	c, err := a.obtain(ctx, anonymousRequest(req), "")
	return a.signedIn(ctx, c, err, GetUserInfoRequest{}, "")
}

func anonymousRequest(req SignInAnonymouslyRequest) wire.Request {
	return wire.Request{Op: "SignInAnonymously", Method: http.MethodPost, Path: "v1/signin/anonymously", Body: req}
}

// anonymousAnew signs in anew with the same device id. Unlike the first time the js-sdk sends Basic then.
func (a *Auth) anonymousAnew(ctx context.Context) (*Credentials, error) {
	r := anonymousRequest(SignInAnonymouslyRequest{})
	r.Auth = wire.Basic
	if a.deviceID(ctx); a.device.id.Load() == nil { // with another device id it would be another person
		return nil, storeError("reading the device id", errors.New("it is not known"))
	}
	fresh, err := call[Credentials](ctx, a, r)
	if err != nil {
		return nil, err
	}
	fresh.granted(a.now())
	return fresh, nil
}
