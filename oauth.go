package tcbauth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// Kinds of [OAuthChallenge]: what coming back from the third party does.
const (
	OAuthSignIn       = "sign_in"
	OAuthBindIdentity = "bind_identity"
)

// OAuthChallenge is a person on their way to a third party. It is plain data: keep it with the browser's session until the
// browser comes back, and give it to [Auth.VerifyOAuth] then. It must not be taken from the request that comes back: State
// ties that to the browser which left.
type OAuthChallenge struct {
	URL         string `json:"url"` // where to send the browser
	State       string `json:"state"`
	Provider    string `json:"provider"`
	RedirectURI string `json:"redirect_uri"` // where the browser comes back, without query and fragment
	Kind        string `json:"kind"`
}

// SignInWithOAuthRequest names a third party.
type SignInWithOAuthRequest struct {
	Provider string                 `json:"provider"`
	Options  SignInWithOAuthOptions `json:"options,omitzero"`
}

// SignInWithOAuthOptions are the options of [SignInWithOAuthRequest]. RedirectTo is required.
type SignInWithOAuthOptions struct {
	RedirectTo  string            `json:"redirectTo,omitempty"`  // URL where the browser comes back
	State       string            `json:"state,omitempty"`       // "": random, which is best
	QueryParams map[string]string `json:"queryParams,omitempty"` // added to the URL of the third party
	Type        string            `json:"type,omitempty"`        // OAuthSignIn, the default, or OAuthBindIdentity
	// SkipBrowserRedirect has no effect: the caller redirects.
	SkipBrowserRedirect bool `json:"skipBrowserRedirect,omitempty"`
}

// SignInWithOAuth returns where to send a browser, so that a third party says who its person is.
//
// js-sdk: signInWithOAuth, which percent-decodes the URL. WIRE.md 5.3.
func (a *Auth) SignInWithOAuth(ctx context.Context, req SignInWithOAuthRequest) (*OAuthChallenge, error) {
	return a.oauthChallenge(ctx, "SignInWithOAuth", "options.redirectTo", req)
}

// LinkIdentityRequest names a third party, and where the browser comes back.
type LinkIdentityRequest struct {
	Provider   string `json:"provider"`
	RedirectTo string `json:"redirectTo,omitempty"`
}

// LinkIdentity is [Auth.SignInWithOAuth] for somebody who is signed in already: [Auth.VerifyOAuth] then binds the third
// party's account to them and fires [EventBindIdentity].
//
// js-sdk: linkIdentity.
func (a *Auth) LinkIdentity(ctx context.Context, req LinkIdentityRequest) (*OAuthChallenge, error) {
	return a.oauthChallenge(ctx, "LinkIdentity", "redirectTo", SignInWithOAuthRequest{
		Provider: req.Provider, Options: SignInWithOAuthOptions{RedirectTo: req.RedirectTo, Type: OAuthBindIdentity},
	})
}

func (a *Auth) oauthChallenge(ctx context.Context, op, field string, req SignInWithOAuthRequest) (*OAuthChallenge, error) {
	back, invalid := redirectURI(field, req.Options.RedirectTo)
	c := &OAuthChallenge{Provider: req.Provider, RedirectURI: back, State: req.Options.State, Kind: req.Options.Type}
	if c.State == "" {
		c.State = "prd-" + req.Provider + "-" + rand.Text()
	}
	switch c.Kind {
	case "":
		c.Kind = OAuthSignIn
	case OAuthSignIn, OAuthBindIdentity:
	default:
		invalid = &ValidationError{Field: "options.type", Rule: "must be sign_in or bind_identity"}
	}
	out, err := a.genProviderRedirectURI(ctx, op, GenProviderRedirectUriRequest{
		ProviderID: req.Provider, RedirectURI: back, State: c.State,
	}, required("provider", req.Provider), invalid)
	if err != nil {
		return nil, err
	}
	if c.URL, err = withQuery(out.URI, req.Options.QueryParams); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	return c, nil
}

// redirectURI is where the browser comes back as the server is told it: without query and fragment.
func redirectURI(field, to string) (string, error) {
	if to == "" {
		return "", required(field, to)
	}
	u, err := url.Parse(to)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil {
		return "", &ValidationError{Field: field, Rule: "must be an absolute URL"}
	}
	u.RawQuery, u.Fragment, u.ForceQuery = "", "", false
	if u.Path == "" {
		u.Path = "/" // as a browser's location has it
	}
	return u.String(), nil
}

// withQuery sets params in the query of uri and leaves the rest of it as it is, since some third parties mind the order.
func withQuery(uri string, params map[string]string) (string, error) {
	if len(params) == 0 {
		return uri, nil
	}
	u, err := url.Parse(uri)
	if err != nil {
		return "", fmt.Errorf("%w: the third party's URL", ErrInvalidResponse)
	}
	var pairs []string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); pair != "" && (err != nil || !hasKey(params, name)) {
			pairs = append(pairs, pair)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(params[name]))
	}
	u.RawQuery = strings.Join(pairs, "&")
	return u.String(), nil
}

func hasKey(params map[string]string, name string) bool {
	_, ok := params[name]
	return ok
}

// VerifyOAuthRequest has the challenge that was kept, and the query of the URL by which the browser came back.
type VerifyOAuthRequest struct {
	Challenge *OAuthChallenge `json:"challenge"`
	Query     url.Values      `json:"query"`
}

// VerifyOAuth takes the word of a third party: it signs in by it, or binds the account. A state that is not the challenge's
// is refused before anything is sent. What the third party says went wrong is the error's Code, [CodeAccessDenied] say.
//
// js-sdk: verifyOAuth.
func (a *Auth) VerifyOAuth(ctx context.Context, req VerifyOAuthRequest) (*LoginState, error) {
	const op = "VerifyOAuth"
	if err := a.ready(ctx, a.storing(), checkOAuth(req)); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	c := req.Challenge
	if word := req.Query.Get("error"); word != "" {
		return nil, a.fail(ctx, op, wire.NewFailure(word, req.Query.Get("error_description")))
	}
	granted, err := a.grantProviderToken(ctx, op, GrantProviderTokenRequest{
		ProviderID: c.Provider, ProviderRedirectURI: c.RedirectURI, ProviderCode: req.Query.Get("code"),
	})
	if err != nil {
		return nil, err
	}
	if c.Kind != OAuthBindIdentity {
		return a.signInWithProvider(ctx, op, SignInWithProviderRequest{ProviderToken: granted.ProviderToken})
	}
	err = a.BindWithProvider(ctx, BindWithProviderRequest{ProviderToken: granted.ProviderToken})
	a.events.fire(AuthEvent{Event: EventBindIdentity, Session: a.cur.Load().credentials, Provider: c.Provider, Err: err})
	if err != nil {
		return nil, err
	}
	return a.loginState(ctx, op)
}

func checkOAuth(req VerifyOAuthRequest) error {
	c := req.Challenge
	if c == nil {
		return required("challenge", "")
	}
	state := req.Query.Get("state")
	switch {
	case c.State == "":
		return required("challenge.state", "")
	case subtle.ConstantTimeCompare([]byte(state), []byte(c.State)) != 1:
		return &ValidationError{Field: "query.state", Rule: "is not the one that the browser left with"}
	case req.Query.Get("code") == "" && req.Query.Get("error") == "":
		return required("query.code", "")
	}
	return required("challenge.provider", c.Provider)
}

// UnlinkIdentityRequest names a third party.
type UnlinkIdentityRequest struct {
	Provider string `json:"provider"`
}

// UnlinkIdentity is [Auth.UnbindProvider] under the name that other SDKs have.
//
// js-sdk: unlinkIdentity.
func (a *Auth) UnlinkIdentity(ctx context.Context, req UnlinkIdentityRequest) error {
	return a.unbindProvider(ctx, "UnlinkIdentity", "provider", req.Provider)
}

// AuthorizeRequest is an OAuth client's, for which the person who is signed in gives leave (RFC 6749, 4.1.1; RFC 7636).
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

// Authorize lets an OAuth client act for the person who is signed in: CloudBase is the identity provider here.
//
// js-sdk: authorize of the lower layer, which takes the code for an error. WIRE.md 5.5.
func (a *Auth) Authorize(ctx context.Context, req AuthorizeRequest) (*AuthorizeResponse, error) {
	return call[AuthorizeResponse](ctx, a, wire.Request{
		Op: "Authorize", Method: http.MethodPost, Path: "v1/user/authorize", Body: req, Auth: wire.Bearer, CodeIsResult: true,
	})
}

// AuthorizeInfoRequest is an OAuth client's, of which a person wants to know more.
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

// OAuthClient describes an OAuth client to people.
type OAuthClient struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Picture     string `json:"picture,omitempty"`
	URL         string `json:"url,omitempty"`
}

// OAuthScope describes a scope to people.
type OAuthScope struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Description string       `json:"description,omitempty"`
	Picture     string       `json:"picture,omitempty"`
	URL         string       `json:"url,omitempty"`
	Children    []OAuthScope `json:"children,omitempty"`
}

// AuthorizeInfo describes an OAuth client, to the person who is signed in or to nobody in particular.
//
// js-sdk: authorizeInfo of the lower layer. WIRE.md 5.5.
func (a *Auth) AuthorizeInfo(ctx context.Context, req AuthorizeInfoRequest) (*AuthorizeInfoResponse, error) {
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
	if a.ready(ctx) == nil && a.hasBearer(ctx) {
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

// GrantToken asks the token endpoint and returns the session that it gives, without storing it. [Auth.SetCredentials] stores
// it.
//
// js-sdk: grantToken. WIRE.md 6.1.
func (a *Auth) GrantToken(ctx context.Context, req GrantTokenRequest) (*Credentials, error) {
	version := req.Version
	req.Version = ""
	return a.lend(call[Credentials](ctx, a, wire.Request{
		Op: "GrantToken", Method: http.MethodPost, Path: orV1(version) + "/token", Body: req,
	}, required("grant_type", req.GrantType), checkVersion(version)))
}

// RevokeAllDevices ends the sessions of all devices of the person who is signed in. The session here stays as it is until
// the server refuses it.
//
// js-sdk: revokeAllDevices of the lower layer. WIRE.md 6.8.
func (a *Auth) RevokeAllDevices(ctx context.Context) error {
	return exec(ctx, a, wire.Request{
		Op: "RevokeAllDevices", Method: http.MethodDelete, Path: "v1/user/revoke/all", Auth: wire.Bearer, Repeatable: true,
	})
}

// RevokeDeviceRequest names a device.
type RevokeDeviceRequest struct {
	DeviceID string `json:"device_id"`
}

// RevokeDevice ends the session of one device of the person who is signed in.
//
// js-sdk: revokeDevice of the lower layer. WIRE.md 6.8.
func (a *Auth) RevokeDevice(ctx context.Context, req RevokeDeviceRequest) error {
	path, invalid := pathWith("device_id", req.DeviceID, "v1", "user", "authorized", "devices", req.DeviceID)
	return exec(ctx, a, wire.Request{
		Op: "RevokeDevice", Method: http.MethodDelete, Path: path, Auth: wire.Bearer, Repeatable: true,
	}, invalid)
}
