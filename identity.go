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

// BindWithProvider binds a third-party account to the person who is signed in.
//
// js-sdk: bindWithProvider. WIRE.md 7.8.
func (a *Auth) BindWithProvider(ctx context.Context, req BindWithProviderRequest) error {
	return a.bindProvider(ctx, nil, req)
}

// bindProvider is BindWithProvider for the person of as, nil for whoever is signed in.
func (a *Auth) bindProvider(ctx context.Context, as *session.Credentials, req BindWithProviderRequest) error {
	return execAs(ctx, a, as, wire.Request{
		Op: "BindWithProvider", Method: http.MethodPost, Path: "v1/user/provider/bind", Body: req, Auth: wire.Bearer,
	}, required("provider_token", req.ProviderToken))
}

// UnbindProviderRequest names a third party.
type UnbindProviderRequest struct {
	ProviderID string `json:"provider_id"`
}

// UnbindProvider takes a third-party account away from the person who is signed in.
//
// js-sdk: unbindProvider. WIRE.md 7.8.
func (a *Auth) UnbindProvider(ctx context.Context, req UnbindProviderRequest) error {
	return a.unbindProvider(ctx, "UnbindProvider", "provider_id", req.ProviderID)
}

func (a *Auth) unbindProvider(ctx context.Context, op, field, id string) error {
	path, invalid := pathWith(field, id, "v1", "user", "provider", id)
	return exec(ctx, a, wire.Request{
		Op: op, Method: http.MethodDelete, Path: path, Auth: wire.Bearer, Repeatable: true,
	}, invalid)
}

// UserIdentity is a third party that people can sign in with.
type UserIdentity struct {
	ID               string `json:"id"`
	Name             string `json:"name,omitempty"`
	ProviderUserName string `json:"provider_user_name,omitempty"`
	Picture          string `json:"picture,omitempty"`
	Bind             bool   `json:"bind"` // bound to the person who is signed in
}

// ProvidersResponse has all third parties, bound or not.
type ProvidersResponse struct {
	Total int            `json:"total"`
	Data  []UserIdentity `json:"data"`
}

// GetProviders lists the third parties that people can sign in with, and which are bound to the one who is signed in.
//
// js-sdk: getProviders. WIRE.md 7.8.
func (a *Auth) GetProviders(ctx context.Context) (*ProvidersResponse, error) {
	return a.getProviders(ctx, "GetProviders")
}

func (a *Auth) getProviders(ctx context.Context, op string) (*ProvidersResponse, error) {
	return call[ProvidersResponse](ctx, a, wire.Request{
		Op: op, Method: http.MethodGet, Path: "v1/user/provider", Auth: wire.Bearer, Repeatable: true,
	})
}

// UserIdentities has the third parties that are bound to a person.
type UserIdentities struct {
	Identities []UserIdentity `json:"identities"`
}

// GetUserIdentities is [Auth.GetProviders] without those that are not bound.
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

// ChangeBoundProviderRequest has the token of a third party that says that its account moved.
type ChangeBoundProviderRequest struct {
	ProviderID string `json:"provider_id"`
	TransToken string `json:"trans_token"`
}

type providerTransBody struct {
	ProviderTransToken string `json:"provider_trans_token"`
}

// ChangeBoundProviderResponse has the client id of the account's new place.
type ChangeBoundProviderResponse struct {
	ClientID string `json:"client_id"`
}

// ChangeBoundProvider moves a third-party account that is bound to the person who is signed in.
//
// js-sdk: changeBoundProvider of the lower layer. WIRE.md 7.8.
func (a *Auth) ChangeBoundProvider(ctx context.Context, req ChangeBoundProviderRequest) (*ChangeBoundProviderResponse, error) {
	path, invalid := pathWith("provider_id", req.ProviderID, "v1", "user", "provider", req.ProviderID, "trans")
	return call[ChangeBoundProviderResponse](ctx, a, wire.Request{
		Op: "ChangeBoundProvider", Method: http.MethodPost, Path: path, Auth: wire.Bearer,
		Body: providerTransBody{ProviderTransToken: req.TransToken},
	}, invalid, required("trans_token", req.TransToken))
}
