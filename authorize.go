package tcbauth

import (
	"context"
	"net/http"
	"net/url"

	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// AuthorizeRequest names the OAuth client that the signed-in user gives permission to (RFC 6749, 4.1.1; RFC 7636).
type AuthorizeRequest struct {
	ClientID            string `json:"client_id,omitempty"`
	ResponseType        string `json:"response_type,omitempty"`
	RedirectURI         string `json:"redirect_uri,omitempty"`
	State               string `json:"state,omitempty"`
	Scope               string `json:"scope,omitempty"`
	CodeChallenge       string `json:"code_challenge,omitempty"`
	CodeChallengeMethod string `json:"code_challenge_method,omitempty"`
	SignOutURI          string `json:"sign_out_uri,omitempty"`
}

// AuthorizeResponse is for the OAuth client.
type AuthorizeResponse struct {
	Code        string `json:"code,omitempty"`
	AccessToken string `json:"access_token,omitempty"`
	IDToken     string `json:"id_token,omitempty"`
	TokenType   string `json:"token_type,omitempty"`
	Scope       string `json:"scope,omitempty"`
	State       string `json:"state,omitempty"`
	ExpiresIn   int    `json:"expires_in,omitempty"` // seconds
}

// Authorize allows an OAuth client to act for the signed-in user: CloudBase is the identity provider here.
//
// js-sdk: authApi.authorize, which mistakes the authorization code for an error.
func (a *Auth) Authorize(ctx context.Context, req AuthorizeRequest) (*AuthorizeResponse, error) {
	// WIRE.md 5.5.
	return call[AuthorizeResponse](ctx, a, wire.Request{
		Op: "Authorize", Method: http.MethodPost, Path: "v1/user/authorize", Body: req, Auth: wire.Bearer, CodeIsResult: true,
	})
}

// AuthorizeInfoRequest names the OAuth client to describe to the user.
type AuthorizeInfoRequest struct {
	ClientID     string `json:"client_id,omitempty"`
	ResponseType string `json:"response_type,omitempty"`
	RedirectURI  string `json:"redirect_uri,omitempty"`
	State        string `json:"state,omitempty"`
	Scope        string `json:"scope,omitempty"`
	SignOutURI   string `json:"sign_out_uri,omitempty"`
	Locale       string `json:"locale,omitempty"`
}

// AuthorizeInfoResponse describes an OAuth client and what it asks for.
type AuthorizeInfoResponse struct {
	Client OAuthClient  `json:"client"`
	Scopes []OAuthScope `json:"scopes,omitempty"`
}

// OAuthClient describes an OAuth client to the user.
type OAuthClient struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Picture     string `json:"picture,omitempty"`
	URL         string `json:"url,omitempty"`
}

// OAuthScope describes a scope to the user.
type OAuthScope struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Description string       `json:"description,omitempty"`
	Picture     string       `json:"picture,omitempty"`
	URL         string       `json:"url,omitempty"`
	Children    []OAuthScope `json:"children,omitempty"`
}

// AuthorizeInfo describes an OAuth client. It needs no session.
//
// js-sdk: authApi.authorizeInfo.
func (a *Auth) AuthorizeInfo(ctx context.Context, req AuthorizeInfoRequest) (*AuthorizeInfoResponse, error) {
	// WIRE.md 5.5.
	query := url.Values{}
	setQuery(query, "client_id", req.ClientID)
	setQuery(query, "response_type", req.ResponseType)
	setQuery(query, "redirect_uri", req.RedirectURI)
	setQuery(query, "state", req.State)
	setQuery(query, "scope", req.Scope)
	setQuery(query, "sign_out_uri", req.SignOutURI)
	setQuery(query, "locale", req.Locale)
	r := wire.Request{
		Op: "AuthorizeInfo", Method: http.MethodGet, Path: "v1/user/authorize/info", Query: query, Auth: wire.Basic, Repeatable: true,
	}
	carries, err := a.carriesBearer(ctx)
	if err != nil {
		return nil, a.fail(ctx, r.Op, err)
	}
	if carries {
		r.Auth = wire.Bearer
	}
	return call[AuthorizeInfoResponse](ctx, a, r)
}

// GrantTokenRequest is a token request of RFC 6749. Version is "v1", the default, or "v2".
type GrantTokenRequest struct {
	GrantType    string `json:"grant_type,omitempty"`
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
	Username     string `json:"username,omitempty"`
	Password     string `json:"password,omitempty"`
	Code         string `json:"code,omitempty"`
	CodeVerifier string `json:"code_verifier,omitempty"`
	RedirectURI  string `json:"redirect_uri,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
	DeviceCode   string `json:"device_code,omitempty"`
	Nonce        string `json:"nonce,omitempty"`
	Scope        string `json:"scope,omitempty"`
	Version      string `json:"version,omitempty"`
}

// GrantToken asks the token endpoint for a session and returns it without storing it. [Auth.SetCredentials] stores it.
//
// js-sdk: grantToken.
func (a *Auth) GrantToken(ctx context.Context, req GrantTokenRequest) (*Credentials, error) {
	// WIRE.md 6.1.
	version := req.Version
	req.Version = ""
	return a.lend(call[sessionAnswer](ctx, a, wire.Request{
		Op: "GrantToken", Method: http.MethodPost, Path: client.Version(version) + "/token", Body: req,
	}, required("grant_type", req.GrantType), checkVersion(version)))
}

// RevokeAllDevices ends the sessions of all devices of the signed-in user. The session here is kept until the server
// refuses it.
//
// js-sdk: authApi.revokeAllDevices.
func (a *Auth) RevokeAllDevices(ctx context.Context) error {
	// WIRE.md 6.8.
	return exec(ctx, a, wire.Request{
		Op: "RevokeAllDevices", Method: http.MethodDelete, Path: "v1/user/revoke/all", Auth: wire.Bearer, Repeatable: true,
	})
}

// RevokeDeviceRequest names a device.
type RevokeDeviceRequest struct {
	DeviceID string `json:"device_id"`
}

// RevokeDevice ends the session of one device of the signed-in user.
//
// js-sdk: authApi.revokeDevice.
func (a *Auth) RevokeDevice(ctx context.Context, req RevokeDeviceRequest) error {
	// WIRE.md 6.8.
	path, invalid := pathWith("device_id", req.DeviceID, "v1", "user", "authorized", "devices", req.DeviceID)
	return exec(ctx, a, wire.Request{
		Op: "RevokeDevice", Method: http.MethodDelete, Path: path, Auth: wire.Bearer, Repeatable: true,
	}, invalid)
}
