package tcbauth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// Kinds of [OAuthChallenge]: what VerifyOAuth does when the browser returns from the third party.
const (
	OAuthSignIn       = "sign_in"
	OAuthBindIdentity = "bind_identity"
)

// OAuthChallenge describes an OAuth sign-in that has started. It is plain data: keep it in the browser's server-side
// session and pass it to [Auth.VerifyOAuth] when the browser returns. Never take it from the request that returns: State
// ties that request to the browser that left.
type OAuthChallenge struct {
	URL         string `json:"url"` // where to send the browser
	State       string `json:"state"`
	Provider    string `json:"provider"`
	RedirectURI string `json:"redirect_uri"` // where the browser returns to, without query and fragment
	Kind        string `json:"kind"`
	// Sub is the id of the user to whom the account is linked, if Kind is OAuthBindIdentity. No other user can finish it.
	Sub string `json:"sub,omitempty"`
}

// SignInWithOAuthRequest names a third party.
type SignInWithOAuthRequest struct {
	Provider string                 `json:"provider"`
	Options  SignInWithOAuthOptions `json:"options,omitzero"`
}

// SignInWithOAuthOptions are the options of [SignInWithOAuthRequest]. RedirectTo is required.
type SignInWithOAuthOptions struct {
	RedirectTo  string            `json:"redirectTo,omitempty"`  // URL where the browser returns to
	State       string            `json:"state,omitempty"`       // "": random, which is best
	QueryParams map[string]string `json:"queryParams,omitempty"` // added to the URL of the third party
	Type        string            `json:"type,omitempty"`        // OAuthSignIn, the default, or OAuthBindIdentity
	// SkipBrowserRedirect has no effect: the caller redirects.
	SkipBrowserRedirect bool `json:"skipBrowserRedirect,omitempty"`
}

// SignInWithOAuth starts a sign-in at a third party: the result has the URL to send the browser to.
//
// js-sdk: signInWithOAuth, which percent-decodes the URL.
func (a *Auth) SignInWithOAuth(ctx context.Context, req SignInWithOAuthRequest) (*OAuthChallenge, error) {
	// WIRE.md 5.3.
	return a.oauthChallenge(ctx, "SignInWithOAuth", "options.redirectTo", req)
}

// LinkIdentityRequest names a third party, and where the browser returns to.
type LinkIdentityRequest struct {
	Provider   string `json:"provider"`
	RedirectTo string `json:"redirectTo,omitempty"`
}

// LinkIdentity starts to link a third-party account to the signed-in user. [Auth.VerifyOAuth] then links the account to
// this user only, and fires [EventBindIdentity]. If nobody is signed in, the challenge is made but cannot be finished.
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
	checks := []error{required("provider", req.Provider), invalid}
	if c.Kind == OAuthBindIdentity {
		begun, err := a.begin(ctx, op, checks...)
		switch {
		case err == nil:
			c.Sub = begun.sub
		case !unauthenticated(err): // as in the js-sdk nobody need be signed in yet, but nobody can finish it then
			return nil, err
		}
	}
	out, err := a.genProviderRedirectURI(ctx, op, GenProviderRedirectUriRequest{
		ProviderID: req.Provider, RedirectURI: back, State: c.State,
	}, checks...)
	if err != nil {
		return nil, err
	}
	if c.URL, err = withQuery(out.URI, req.Options.QueryParams); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	return c, nil
}

// redirectURI is the return address as it is sent to the server: without query and fragment.
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

// withQuery sets params in the query of uri and does not touch the rest: some third parties depend on the order.
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
		name, err := url.QueryUnescape(name)
		if _, replaced := params[name]; pair != "" && (err != nil || !replaced) {
			pairs = append(pairs, pair)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(params[name]))
	}
	u.RawQuery = strings.Join(pairs, "&")
	return u.String(), nil
}

// VerifyOAuthRequest has the challenge that was kept, and the query of the URL with which the browser returned.
type VerifyOAuthRequest struct {
	Challenge *OAuthChallenge `json:"challenge"`
	Query     url.Values      `json:"query"`
}

// VerifyOAuth completes SignInWithOAuth or LinkIdentity: it exchanges the code in the callback URL and signs the user in,
// or links the account. If the state parameter does not match the challenge, nothing is sent. If the third party reports
// an error, it is the error's Code, for example [CodeAccessDenied].
//
// js-sdk: verifyOAuth.
func (a *Auth) VerifyOAuth(ctx context.Context, req VerifyOAuthRequest) (*LoginState, error) {
	const op = "VerifyOAuth"
	if err := a.ready(ctx, a.storing(), checkOAuth(req)); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	c := req.Challenge
	if code := req.Query.Get("error"); code != "" {
		return nil, a.fail(ctx, op, wire.NewFailure(code, req.Query.Get("error_description")))
	}
	if c.Kind == OAuthBindIdentity {
		as, err := a.linkIdentity(ctx, op, req)
		a.fire(AuthEvent{Event: EventBindIdentity, Session: (*Credentials)(a.known()), Provider: c.Provider, Err: err})
		if err != nil {
			return nil, err
		}
		return a.still(ctx, op, as)
	}
	if _, err := a.prepare(ctx, op, ""); err != nil { // the third party's code would be spent for nothing
		return nil, err
	}
	granted, err := a.grantByOAuth(ctx, op, req)
	if err != nil {
		return nil, err
	}
	return a.signInWithProvider(ctx, op, SignInWithProviderRequest{ProviderToken: granted.ProviderToken})
}

// linkIdentity links the third-party account to the user who started the challenge, and returns that user's session.
func (a *Auth) linkIdentity(ctx context.Context, op string, req VerifyOAuthRequest) (*session.Credentials, error) {
	as, err := a.finishFor(ctx, op, req.Challenge.Sub)
	if err != nil { // the third party's code would be spent for nothing
		return nil, err
	}
	granted, err := a.grantByOAuth(ctx, op, req)
	if err != nil {
		return nil, err
	}
	return as, a.bindProvider(ctx, as, BindWithProviderRequest{ProviderToken: granted.ProviderToken})
}

func (a *Auth) grantByOAuth(ctx context.Context, op string, req VerifyOAuthRequest) (*ProviderToken, error) {
	return a.grantProviderToken(ctx, op, GrantProviderTokenRequest{
		ProviderID: req.Challenge.Provider, ProviderRedirectURI: req.Challenge.RedirectURI, ProviderCode: req.Query.Get("code"),
	})
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

// UnlinkIdentity is the name that other SDKs have for [Auth.UnbindProvider].
//
// js-sdk: unlinkIdentity.
func (a *Auth) UnlinkIdentity(ctx context.Context, req UnlinkIdentityRequest) error {
	return a.unbindProvider(ctx, "UnlinkIdentity", "provider", req.Provider)
}
