package tcbauth

import (
	"context"
	"net/http"

	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// BindWithProviderRequest has a token of [Auth.GrantProviderToken].
type BindWithProviderRequest struct {
	ProviderToken string `json:"provider_token"`
	ClientID      string `json:"client_id,omitempty"`
}

// BindWithProvider links a third-party account to the signed-in user.
//
// js-sdk: bindWithProvider.
func (a *Auth) BindWithProvider(ctx context.Context, req BindWithProviderRequest) error {
	// WIRE.md 7.8.
	return a.bindProvider(ctx, nil, req)
}

// bindProvider is BindWithProvider for the user of the session as; nil stands for the signed-in user.
func (a *Auth) bindProvider(ctx context.Context, as *session.Credentials, req BindWithProviderRequest) error {
	return execAs(ctx, a, as, wire.Request{
		Op: "BindWithProvider", Method: http.MethodPost, Path: "v1/user/provider/bind", Body: req, Auth: wire.Bearer,
	}, required("provider_token", req.ProviderToken))
}

// UnbindProviderRequest names a third party.
type UnbindProviderRequest struct {
	ProviderID string `json:"provider_id"`
}

// UnbindProvider unlinks a third-party account from the signed-in user.
//
// js-sdk: unbindProvider.
func (a *Auth) UnbindProvider(ctx context.Context, req UnbindProviderRequest) error {
	// WIRE.md 7.8.
	return a.unbindProvider(ctx, "UnbindProvider", "provider_id", req.ProviderID)
}

func (a *Auth) unbindProvider(ctx context.Context, op, field, id string) error {
	path, invalid := pathWith(field, id, "v1", "user", "provider", id)
	return exec(ctx, a, wire.Request{
		Op: op, Method: http.MethodDelete, Path: path, Auth: wire.Bearer, Repeatable: true,
	}, invalid)
}

// UserIdentity is a third party with which users can sign in.
type UserIdentity struct {
	ID               string `json:"id"`
	Name             string `json:"name,omitempty"`
	ProviderUserName string `json:"provider_user_name,omitempty"`
	Picture          string `json:"picture,omitempty"`
	Bind             bool   `json:"bind"` // linked to the signed-in user
}

// ProvidersResponse has all third parties, linked or not.
type ProvidersResponse struct {
	Total int            `json:"total"`
	Data  []UserIdentity `json:"data"`
}

// GetProviders lists the third parties with which users can sign in, and says which are linked to the signed-in user.
//
// js-sdk: getProviders.
func (a *Auth) GetProviders(ctx context.Context) (*ProvidersResponse, error) {
	// WIRE.md 7.8.
	return a.getProviders(ctx, "GetProviders")
}

func (a *Auth) getProviders(ctx context.Context, op string) (*ProvidersResponse, error) {
	return call[ProvidersResponse](ctx, a, wire.Request{
		Op: op, Method: http.MethodGet, Path: "v1/user/provider", Auth: wire.Bearer, Repeatable: true,
	})
}

// UserIdentities are the third-party accounts that are linked to a user.
type UserIdentities struct {
	Identities []UserIdentity `json:"identities"`
}

// GetUserIdentities lists the third-party accounts that are linked to the signed-in user.
//
// js-sdk: getUserIdentities.
func (a *Auth) GetUserIdentities(ctx context.Context) (*UserIdentities, error) {
	all, err := a.getProviders(ctx, "GetUserIdentities")
	if err != nil {
		return nil, err
	}
	bound := &UserIdentities{Identities: []UserIdentity{}}
	for _, identity := range all.Data {
		if identity.Bind {
			bound.Identities = append(bound.Identities, identity)
		}
	}
	return bound, nil
}

// ChangeBoundProviderRequest has a token of the third party, for an account that was moved.
type ChangeBoundProviderRequest struct {
	ProviderID string `json:"provider_id"`
	TransToken string `json:"trans_token"`
}

type providerTransBody struct {
	ProviderTransToken string `json:"provider_trans_token"`
}

// ChangeBoundProviderResponse has the client id to which the account was moved.
type ChangeBoundProviderResponse struct {
	ClientID string `json:"client_id"`
}

// ChangeBoundProvider moves a third-party account that is linked to the signed-in user.
//
// js-sdk: authApi.changeBoundProvider.
func (a *Auth) ChangeBoundProvider(ctx context.Context, req ChangeBoundProviderRequest) (*ChangeBoundProviderResponse, error) {
	// WIRE.md 7.8.
	path, invalid := pathWith("provider_id", req.ProviderID, "v1", "user", "provider", req.ProviderID, "trans")
	return call[ChangeBoundProviderResponse](ctx, a, wire.Request{
		Op: "ChangeBoundProvider", Method: http.MethodPost, Path: path, Auth: wire.Bearer,
		Body: providerTransBody{ProviderTransToken: req.TransToken},
	}, invalid, required("trans_token", req.TransToken))
}
