package ops

import (
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// thirdPartyPath is where the pages of the fake third parties are, outside the auth API.
const thirdPartyPath = "/_thirdparty/"

func needProvider(s *service.Service, id string) *refusal.Error {
	if !s.HasProvider(id) {
		return &refusal.Error{Code: "provider_not_enabled", Description: "identity provider is not enabled", Rule: "providers"}
	}
	return nil
}

// providerURI is GET provider/uri (WIRE.md section 5.3). The third party is a fake one below the server's URL.
func providerURI(s *service.Service, c *call) (any, *refusal.Error) {
	in := c.request.URL.Query()
	id, redirect := in.Get("provider_id"), in.Get("redirect_uri")
	if id == "" {
		return nil, refusal.InvalidArgument("provider_id is required")
	}
	if refused := needProvider(s, id); refused != nil {
		return nil, refused
	}
	query := url.Values{"client_id": {c.clientID}, "response_type": {"code"}}
	for name, value := range map[string]string{
		"redirect_uri": redirect, "state": in.Get("state"), "scope": in.Get("scope"), "response_type": in.Get("response_type"),
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for name, values := range in {
		if inner, ok := strings.CutPrefix(name, "other_params["); ok && strings.HasSuffix(inner, "]") {
			query[strings.TrimSuffix(inner, "]")] = values
		}
	}
	return map[string]string{"uri": s.URL + thirdPartyPath + url.PathEscape(id) + "?" + query.Encode()}, nil
}

// withThirdParties puts the pages of the fake third parties before the auth API.
func withThirdParties(s *service.Service, auth http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, thirdPartyPath) {
			thirdParty(s, w, r)
			return
		}
		auth.ServeHTTP(w, r)
	})
}

// thirdParty is the page of a fake third party: it sends the browser back to redirect_uri with state and with a code for
// the user named by login_hint, or for the one whom ProviderCode was last given; with error=access_denied if there is
// none.
func thirdParty(s *service.Service, w http.ResponseWriter, r *http.Request) {
	id, in := strings.TrimPrefix(r.URL.Path, thirdPartyPath), r.URL.Query()
	back, err := url.Parse(in.Get("redirect_uri"))
	if err != nil || back.Scheme != "http" && back.Scheme != "https" || back.Host == "" || needProvider(s, id) != nil {
		http.Error(w, "redirect_uri is not a web address, or nobody has this third party", http.StatusBadRequest)
		return
	}
	query := back.Query()
	if state := in.Get("state"); state != "" {
		query.Set("state", state)
	}
	s.Lock()
	s.Arrive()
	if p, ok := s.Parties.Latest(id, in.Get("login_hint")); ok {
		query.Set("code", s.Parties.NewCode(p))
	} else {
		query.Set("error", "access_denied")
	}
	s.Unlock()
	back.RawQuery = query.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound) //nolint:gosec // G710: a third party redirects to its client
}

// providerParams are WeChat's.
type providerParams struct {
	EncryptedData string `json:"encryptedData"`
	IV            string `json:"iv"`
	Code          string `json:"code"`
}

// grantProviderToken is POST provider/token (WIRE.md section 5.3).
func grantProviderToken(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("provider_id", "provider_redirect_uri", "provider_code", "provider_access_token", "provider_id_token")
	if refused != nil {
		return nil, refused
	}
	params, refused := field[providerParams](c, "provider_params")
	if refused == nil {
		refused = c.needDevice()
	}
	if refused == nil {
		refused = needProvider(s, in["provider_id"])
	}
	if refused != nil {
		return nil, refused
	}
	for _, code := range []string{in["provider_code"], in["provider_access_token"], in["provider_id_token"], params.Code} {
		if p, ok := s.Parties.TakeCode(in["provider_id"], code); ok {
			return providerAnswer(s.Parties.NewToken(p)), nil
		}
	}
	return nil, &refusal.Error{Code: "provider_error", Number: 4019, Description: "the provider refused the code"}
}

// addToProviderToken is PATCH provider/token: WeChat tells the phone number. What its parameters hold is not looked at.
func addToProviderToken(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("provider_token", "provider_id")
	if refused != nil {
		return nil, refused
	}
	params, refused := field[providerParams](c, "provider_params")
	if refused != nil {
		return nil, refused
	}
	held, refused := providerToken(s, in["provider_token"])
	if refused != nil {
		return nil, refused
	}
	if id := in["provider_id"]; id != "" && id != held.Person.Provider {
		return nil, refusal.InvalidArgument("provider_id does not match the provider_token")
	}
	if params.Code == "" && (params.EncryptedData == "" || params.IV == "") {
		return nil, refusal.InvalidArgument("provider_params needs code, or encryptedData and iv")
	}
	held.TellPhone = true
	return providerAnswer(in["provider_token"], held), nil
}

func providerAnswer(token string, t *service.ProviderToken) any {
	profile := map[string]any{"provider_id": t.Person.Provider, "sub": t.Person.Sub}
	fields := map[string]string{"name": t.Person.Name, "picture": t.Person.Picture, "email": t.Person.Email}
	if t.TellPhone {
		fields["phone_number"] = t.Person.Phone
	}
	maps.DeleteFunc(fields, func(_, value string) bool { return value == "" })
	for name, value := range fields {
		profile[name] = value
	}
	return map[string]any{
		"provider_token": token, "expires_in": t.Lasts(), "provider_profile": profile,
	}
}

func providerToken(s *service.Service, token string) (*service.ProviderToken, *refusal.Error) {
	held := s.Parties.Token(token)
	if held == nil {
		return nil, refusal.InvalidArgument("provider_token is invalid or expired")
	}
	return held, nil
}

// providerPerson returns whom a provider_token stands for.
func providerPerson(s *service.Service, token string) (service.Identity, *refusal.Error) {
	held, refused := providerToken(s, token)
	if refused != nil {
		return service.Identity{}, refused
	}
	return held.Person, nil
}

// signInWithProvider is POST signin/with/provider and POST v2/signin/with/provider (WIRE.md section 5.3).
func signInWithProvider(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("provider_token", "provider_id")
	if refused == nil {
		refused = c.needDevice()
	}
	if refused != nil {
		return nil, refused
	}
	registered, refused := field[bool](c, "force_disable_sign_up")
	if refused != nil {
		return nil, refused
	}
	sync, refused := field[bool](c, "sync_profile")
	if refused != nil {
		return nil, refused
	}
	p, refused := providerPerson(s, in["provider_token"])
	if refused == nil {
		refused = needProvider(s, p.Provider)
	}
	if refused != nil {
		return nil, refused
	}
	if id := in["provider_id"]; id != "" && id != p.Provider {
		return nil, refusal.InvalidArgument("provider_id does not match the provider_token")
	}
	u := s.People.Bound(p.Provider, p.Sub)
	switch {
	case u == nil && registered:
		return nil, refusal.NotFound("User not exist")
	case u == nil:
		u = s.People.Add(service.Person{Sub: random.Sub(), Name: p.Name, Picture: p.Picture, Identities: map[string]string{p.Provider: p.Sub}})
	case sync:
		u.Name, u.Picture, u.Updated = p.Name, p.Picture, s.Now()
	}
	u.NameIdentity(p)
	return openSession(s, c, u, p.Provider)
}
