package tcbauth

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// GenProviderRedirectUriRequest names a third party, and where the browser returns to.
type GenProviderRedirectUriRequest struct {
	ProviderID          string            `json:"provider_id"`
	RedirectURI         string            `json:"redirect_uri,omitempty"`
	ProviderRedirectURI string            `json:"provider_redirect_uri,omitempty"` // older name of RedirectURI
	State               string            `json:"state"`
	Scope               string            `json:"scope,omitempty"`
	ResponseType        string            `json:"response_type,omitempty"`
	OtherParams         map[string]string `json:"other_params,omitempty"` // an empty sign_out_uri is left out
}

// GenProviderRedirectUriResponse has the URLs of the third party.
type GenProviderRedirectUriResponse struct {
	URI        string `json:"uri"`
	SignoutURI string `json:"signout_uri,omitempty"`
}

func (r *GenProviderRedirectUriResponse) missing() string { return missingField("uri", r.URI) }

// GenProviderRedirectUri returns the URL at which a third party signs users in.
//
// js-sdk: genProviderRedirectUri.
func (a *Auth) GenProviderRedirectUri(ctx context.Context, req GenProviderRedirectUriRequest) (*GenProviderRedirectUriResponse, error) {
	// WIRE.md 5.3.
	return a.genProviderRedirectURI(ctx, "GenProviderRedirectUri", req)
}

func (a *Auth) genProviderRedirectURI(ctx context.Context, op string, req GenProviderRedirectUriRequest, checks ...error) (*GenProviderRedirectUriResponse, error) {
	query := url.Values{}
	setQuery(query, "provider_id", req.ProviderID)
	setQuery(query, "redirect_uri", req.ProviderRedirectURI)
	setQuery(query, "redirect_uri", req.RedirectURI)
	setQuery(query, "state", req.State)
	setQuery(query, "scope", req.Scope)
	setQuery(query, "response_type", req.ResponseType)
	for name, value := range req.OtherParams {
		if name != "sign_out_uri" || value != "" {
			query.Set("other_params["+name+"]", value)
		}
	}
	return call[GenProviderRedirectUriResponse](ctx, a, wire.Request{
		Op: op, Method: http.MethodGet, Path: "v1/provider/uri", Query: query, Repeatable: true,
	}, append(checks, required("provider_id", req.ProviderID))...)
}

// GrantProviderTokenRequest has what a third party issued for a user, in one of its forms.
type GrantProviderTokenRequest struct {
	ProviderID          string          `json:"provider_id"`
	ProviderRedirectURI string          `json:"provider_redirect_uri,omitempty"`
	ProviderCode        string          `json:"provider_code,omitempty"`
	ProviderAccessToken string          `json:"provider_access_token,omitempty"`
	ProviderIDToken     string          `json:"provider_id_token,omitempty"`
	ProviderParams      *ProviderParams `json:"provider_params,omitempty"`
	ClientID            string          `json:"client_id,omitempty"`
}

// ProviderParams are the parameters of WeChat.
type ProviderParams struct {
	ProviderCodeType string `json:"provider_code_type,omitempty"`
	AppID            string `json:"appid,omitempty"`
	Code             string `json:"code,omitempty"`
	EncryptedData    string `json:"encryptedData,omitempty"`
	IV               string `json:"iv,omitempty"`
}

// ProviderToken has the provider token, which stands for a user of a third party for ExpiresIn seconds, usually 3600.
type ProviderToken struct {
	ProviderToken   string           `json:"provider_token"`
	ExpiresIn       int              `json:"expires_in,omitempty"`
	ProviderProfile *ProviderProfile `json:"provider_profile,omitempty"`
}

func (p *ProviderToken) missing() string { return missingField("provider_token", p.ProviderToken) }

// ProviderProfile is what a third party says about a user.
type ProviderProfile struct {
	ProviderID  string `json:"provider_id,omitempty"`
	Sub         string `json:"sub,omitempty"`
	Name        string `json:"name,omitempty"`
	Picture     string `json:"picture,omitempty"`
	Email       string `json:"email,omitempty"`
	PhoneNumber string `json:"phone_number,omitempty"`

	Meta map[string]json.RawMessage `json:"meta,omitempty"`
}

// GrantProviderToken exchanges a third party's code or token for a provider token, which [Auth.SignInWithProvider],
// [Auth.SignUp] and [Auth.BindWithProvider] accept.
//
// js-sdk: grantProviderToken.
func (a *Auth) GrantProviderToken(ctx context.Context, req GrantProviderTokenRequest) (*ProviderToken, error) {
	// WIRE.md 5.3.
	return a.grantProviderToken(ctx, "GrantProviderToken", req)
}

func (a *Auth) grantProviderToken(ctx context.Context, op string, req GrantProviderTokenRequest) (*ProviderToken, error) {
	return call[ProviderToken](ctx, a, wire.Request{
		Op: op, Method: http.MethodPost, Path: "v1/provider/token", Body: req,
	}, required("provider_id", req.ProviderID))
}

// PatchProviderTokenRequest adds what a third party says later, such as a phone number from WeChat.
type PatchProviderTokenRequest struct {
	ProviderToken  string          `json:"provider_token"`
	ProviderID     string          `json:"provider_id,omitempty"`
	ProviderParams *ProviderParams `json:"provider_params,omitempty"`
	ClientID       string          `json:"client_id,omitempty"`
}

// PatchProviderToken adds data to a token of [Auth.GrantProviderToken].
//
// js-sdk: patchProviderToken.
func (a *Auth) PatchProviderToken(ctx context.Context, req PatchProviderTokenRequest) (*ProviderToken, error) {
	// WIRE.md 5.3.
	return call[ProviderToken](ctx, a, wire.Request{
		Op: "PatchProviderToken", Method: http.MethodPatch, Path: "v1/provider/token", Body: req,
	}, required("provider_token", req.ProviderToken))
}

// SignInWithProviderRequest has a token of [Auth.GrantProviderToken]. Version is "v1", the default, or "v2".
type SignInWithProviderRequest struct {
	ProviderToken      string `json:"provider_token"`
	ProviderID         string `json:"provider_id,omitempty"`
	ForceDisableSignUp bool   `json:"force_disable_sign_up,omitempty"` // refuse users who are not registered
	SyncProfile        bool   `json:"sync_profile,omitempty"`
	ClientID           string `json:"client_id,omitempty"`
	Version            string `json:"version,omitempty"`
}

// SignInWithProvider signs in with a provider token, and registers a new user unless ForceDisableSignUp is set. It stores
// the session, replacing an existing one, fetches the user and fires [EventSignedIn].
//
// js-sdk: signInWithProvider.
func (a *Auth) SignInWithProvider(ctx context.Context, req SignInWithProviderRequest) (*LoginState, error) {
	// WIRE.md 5.3.
	return a.signInWithProvider(ctx, "SignInWithProvider", req, required("provider_token", req.ProviderToken))
}

func (a *Auth) signInWithProvider(ctx context.Context, op string, req SignInWithProviderRequest, checks ...error) (*LoginState, error) {
	version := req.Version
	req.Version = ""
	l, err := a.obtain(ctx, wire.Request{
		Op: op, Method: http.MethodPost, Path: client.Version(version) + "/signin/with/provider", Body: req,
	}, client.Version(version), append(checks, checkVersion(version))...)
	return a.signedIn(ctx, l, err, GetUserInfoRequest{Version: version}, "")
}

// SignInWithIdTokenRequest has a token of [Auth.GrantProviderToken]. Provider is not sent, as in the js-sdk.
type SignInWithIdTokenRequest struct {
	Token    string `json:"token"`
	Provider string `json:"provider,omitempty"`
}

// SignInWithIdToken is the name that other SDKs have for [Auth.SignInWithProvider].
//
// js-sdk: signInWithIdToken.
func (a *Auth) SignInWithIdToken(ctx context.Context, req SignInWithIdTokenRequest) (*LoginState, error) {
	return a.signInWithProvider(ctx, "SignInWithIdToken", SignInWithProviderRequest{ProviderToken: req.Token},
		required("token", req.Token))
}

// TransByProviderRequest has a token of [Auth.GrantProviderToken].
type TransByProviderRequest struct {
	ProviderToken string `json:"provider_token"`
}

// TransByProvider returns the session of the account that a third party names, without storing it.
//
// js-sdk: authApi.transByProvider.
func (a *Auth) TransByProvider(ctx context.Context, req TransByProviderRequest) (*Credentials, error) {
	// WIRE.md 7.8.
	return a.lend(call[sessionAnswer](ctx, a, wire.Request{
		Op: "TransByProvider", Method: http.MethodPatch, Path: "v1/user/trans/by/provider", Body: req, Auth: wire.Bearer,
	}, required("provider_token", req.ProviderToken)))
}

// ProviderSubType says how the low-code provider signs users in.
type ProviderSubType struct {
	ID              string `json:"id"`
	ProviderSubType string `json:"provider_sub_type"` // NO_AUTH_LOGIN: without a password
}

type providerIDBody struct {
	ProviderID string `json:"provider_id"`
}

// GetProviderSubType asks how the low-code provider "weda" signs users in.
//
// js-sdk: getProviderSubType.
func (a *Auth) GetProviderSubType(ctx context.Context) (*ProviderSubType, error) {
	// WIRE.md 5.3.
	return call[ProviderSubType](ctx, a, wire.Request{
		Op: "GetProviderSubType", Method: http.MethodPost, Path: "v1/mgr/provider/providerSubType",
		Body: providerIDBody{ProviderID: "weda"},
	})
}

// GetMiniProgramQrCodeRequest names a WeChat mini program.
type GetMiniProgramQrCodeRequest struct {
	EnvID   string `json:"envId"`
	WxAppID string `json:"wxAppId"`
}

// MiniProgramQrCode is a QR code that a user scans with a mini program to sign in elsewhere.
type MiniProgramQrCode struct {
	QrCode    string `json:"qr_code"` // the picture
	QrCodeID  string `json:"qr_code_id"`
	ExpiresIn int    `json:"expires_in,omitempty"` // seconds
}

// GetMiniProgramQrCode makes a QR code for a mini program to scan. [Auth.GetMiniProgramQrCodeStatus] says when it was
// scanned.
//
// js-sdk: getMiniProgramQrCode.
func (a *Auth) GetMiniProgramQrCode(ctx context.Context, req GetMiniProgramQrCodeRequest) (*MiniProgramQrCode, error) {
	// WIRE.md 5.3.
	return call[MiniProgramQrCode](ctx, a, wire.Request{
		Op: "GetMiniProgramQrCode", Method: http.MethodPost, Path: "v1/qrcode/generate", Body: req,
	}, required("envId", req.EnvID), required("wxAppId", req.WxAppID))
}

// GetMiniProgramQrCodeStatusRequest names a code of [Auth.GetMiniProgramQrCode].
type GetMiniProgramQrCodeStatusRequest struct {
	QrCodeID string `json:"qrCodeId"`
	EnvID    string `json:"envId"`
	WxAppID  string `json:"wxAppId"`
}

// MiniProgramQrCodeStatus says whether a code was scanned. ProviderToken then signs in with [Auth.SignInWithProvider].
type MiniProgramQrCodeStatus struct {
	Status        string `json:"status"`
	ProviderToken string `json:"provider_token,omitempty"`
	ExpiresIn     int    `json:"expires_in,omitempty"` // seconds
}

// GetMiniProgramQrCodeStatus asks whether a QR code was scanned.
//
// js-sdk: getMiniProgramQrCodeStatus.
func (a *Auth) GetMiniProgramQrCodeStatus(ctx context.Context, req GetMiniProgramQrCodeStatusRequest) (*MiniProgramQrCodeStatus, error) {
	// WIRE.md 5.3.
	return call[MiniProgramQrCodeStatus](ctx, a, wire.Request{
		Op: "GetMiniProgramQrCodeStatus", Method: http.MethodPost, Path: "v1/qrcode/get/status", Body: req,
	}, required("qrCodeId", req.QrCodeID))
}
