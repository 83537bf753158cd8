package authtest

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// providerTokenLife is the life of a provider_token (WIRE.md section 4.6).
const providerTokenLife = 3600 * time.Second

// thirdPartyPath is where the pages of the fake third parties are, outside the auth API.
const thirdPartyPath = "/_thirdparty/"

// ProviderUser is a person as a third party knows them.
type ProviderUser struct {
	Sub     string // the third party's id of the person; required
	Name    string
	Picture string
	Email   string
	Phone   string // "+86 13800000000"; WeChat tells it only to PATCH provider/token
}

// String returns the person's id at the third party without anything personal.
func (p ProviderUser) String() string { return "authtest.ProviderUser(" + p.Sub + ")" }

// GoString is String, for %#v.
func (p ProviderUser) GoString() string { return p.String() }

// providerPerson is a person at one third party.
type providerPerson struct {
	ProviderUser
	provider string
}

// providerToken is what a third party's word is worth here.
type providerToken struct {
	person  providerPerson
	phone   bool // the phone number was told
	expires time.Time
}

var providerPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// WithProviders sets the third parties that the environment has switched on, by id; others are provider_not_enabled.
// The default is wx_open and wx_mp, the built-in ones (WIRE.md section 5.3).
func WithProviders(ids ...string) Option {
	return func(c *config) error {
		for _, id := range ids {
			if !providerPattern.MatchString(id) || id == customProvider {
				return fmt.Errorf("authtest: WithProviders: %q cannot be the id of a third party", id)
			}
		}
		c.providers = slices.Clone(ids)
		return nil
	}
}

// ProviderCode makes a third party give a code for a person, as it does when the person has agreed there: POST
// provider/token takes it once, as provider_code, or where other third parties have their proof. The person is known to
// the third party from then on. A provider that is not switched on and a person without a Sub fail the test, or panic if
// the server was made by Listen.
func (s *Server) ProviderCode(providerID string, person ProviderUser) string {
	s.helper()
	code, err := s.providerCode(providerID, person)
	if err != nil {
		s.fatalf("ProviderCode: %v", err)
	}
	return code
}

func (s *Server) providerCode(providerID string, person ProviderUser) (string, error) {
	if s.needProvider(providerID) != nil || person.Sub == "" {
		return "", fmt.Errorf("provider %q is not switched on, or the person has no Sub", providerID)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := providerPerson{person, providerID}
	s.state.people = slices.DeleteFunc(s.state.people, func(old providerPerson) bool {
		return old.provider == p.provider && old.Sub == p.Sub
	})
	s.state.people = append(s.state.people, p)
	return s.newProviderCode(p), nil
}

func (s *Server) newProviderCode(p providerPerson) string {
	code := randomText(24)
	s.state.providerCodes[code] = p
	return code
}

func (s *Server) needProvider(id string) *Error {
	if !slices.Contains(s.cfg.providers, id) {
		return &Error{Word: "provider_not_enabled", Description: "identity provider is not enabled"}
	}
	return nil
}

// providerURI is GET provider/uri (WIRE.md section 5.3). The third party is a fake one below the server's URL.
func providerURI(s *Server, c *call) (any, *Error) {
	in := c.request.URL.Query()
	id, redirect := in.Get("provider_id"), in.Get("redirect_uri")
	if id == "" {
		return nil, invalidArgument("provider_id is required")
	}
	if refused := s.needProvider(id); refused != nil {
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
func (s *Server) withThirdParties(auth http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, thirdPartyPath) {
			s.thirdParty(w, r)
			return
		}
		auth.ServeHTTP(w, r)
	})
}

// thirdParty is the page of a fake third party: it sends the browser back to redirect_uri with state and with a code for
// the person named by login_hint, or for the one whom ProviderCode was last given; with error=access_denied if there is
// none.
func (s *Server) thirdParty(w http.ResponseWriter, r *http.Request) {
	id, in := strings.TrimPrefix(r.URL.Path, thirdPartyPath), r.URL.Query()
	back, err := url.Parse(in.Get("redirect_uri"))
	if err != nil || back.Scheme != "http" && back.Scheme != "https" || back.Host == "" || s.needProvider(id) != nil {
		http.Error(w, "redirect_uri is not a web address, or nobody has this third party", http.StatusBadRequest)
		return
	}
	query := back.Query()
	if state := in.Get("state"); state != "" {
		query.Set("state", state)
	}
	s.mu.Lock()
	query.Set("error", "access_denied")
	for _, p := range slices.Backward(s.state.people) {
		if hint := in.Get("login_hint"); p.provider == id && (hint == "" || hint == p.Sub) {
			query.Del("error")
			query.Set("code", s.newProviderCode(p))
			break
		}
	}
	s.mu.Unlock()
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
func grantProviderToken(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("provider_id", "provider_redirect_uri", "provider_code", "provider_access_token", "provider_id_token")
	if refused != nil {
		return nil, refused
	}
	params, refused := field[providerParams](c, "provider_params")
	if refused == nil {
		refused = c.needDevice()
	}
	if refused == nil {
		refused = s.needProvider(in["provider_id"])
	}
	if refused != nil {
		return nil, refused
	}
	for _, code := range []string{in["provider_code"], in["provider_access_token"], in["provider_id_token"], params.Code} {
		if p, ok := s.state.providerCodes[code]; ok && p.provider == in["provider_id"] {
			delete(s.state.providerCodes, code)
			token := s.newProviderToken(p)
			return s.state.providerTokens[token].answer(s, token), nil
		}
	}
	return nil, &Error{Word: "provider_error", Number: 4019, Description: "the provider refused the code"}
}

// newProviderToken returns a token for a person. WeChat keeps the phone number to itself. s.mu is held.
func (s *Server) newProviderToken(p providerPerson) string {
	token := randomText(48)
	s.state.providerTokens[token] = &providerToken{
		person: p, phone: !strings.HasPrefix(p.provider, "wx_"), expires: s.Now().Add(providerTokenLife),
	}
	return token
}

// addToProviderToken is PATCH provider/token: WeChat tells the phone number. What its parameters hold is not looked at.
func addToProviderToken(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("provider_token", "provider_id")
	if refused != nil {
		return nil, refused
	}
	params, refused := field[providerParams](c, "provider_params")
	if refused != nil {
		return nil, refused
	}
	p, refused := s.providerPerson(in["provider_token"])
	if refused != nil {
		return nil, refused
	}
	if id := in["provider_id"]; id != "" && id != p.provider {
		return nil, invalidArgument("provider_id does not match the provider_token")
	}
	if params.Code == "" && (params.EncryptedData == "" || params.IV == "") {
		return nil, invalidArgument("provider_params needs code, or encryptedData and iv")
	}
	held := s.state.providerTokens[in["provider_token"]]
	held.phone = true
	return held.answer(s, in["provider_token"]), nil
}

func (t *providerToken) answer(s *Server, token string) any {
	profile := map[string]any{"provider_id": t.person.provider, "sub": t.person.Sub}
	fields := map[string]string{"name": t.person.Name, "picture": t.person.Picture, "email": t.person.Email}
	if t.phone {
		fields["phone_number"] = t.person.Phone
	}
	maps.DeleteFunc(fields, func(_, value string) bool { return value == "" })
	for name, value := range fields {
		profile[name] = value
	}
	return map[string]any{
		"provider_token": token, "expires_in": int((t.expires.Sub(s.Now()) + time.Second - 1) / time.Second), "provider_profile": profile,
	}
}

// providerPerson returns whom a provider_token stands for. It stays good until it expires, however often it is used,
// which is a guess.
func (s *Server) providerPerson(token string) (providerPerson, *Error) {
	held := s.state.providerTokens[token]
	if held == nil || !s.Now().Before(held.expires) {
		return providerPerson{}, invalidArgument("provider_token is invalid or expired")
	}
	return held.person, nil
}

// signInWithProvider is POST signin/with/provider and POST v2/signin/with/provider (WIRE.md section 5.3).
func signInWithProvider(s *Server, c *call) (any, *Error) {
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
	p, refused := s.providerPerson(in["provider_token"])
	if refused == nil {
		refused = s.needProvider(p.provider)
	}
	if refused != nil {
		return nil, refused
	}
	if id := in["provider_id"]; id != "" && id != p.provider {
		return nil, invalidArgument("provider_id does not match the provider_token")
	}
	u := s.userBound(p.provider, p.Sub)
	switch {
	case u == nil && registered:
		return nil, notFound("User not exist")
	case u == nil:
		u = s.addUser(User{Sub: randomSub(), Name: p.Name, Picture: p.Picture, Identities: map[string]string{p.provider: p.Sub}})
	case sync:
		u.Name, u.Picture, u.updated = p.Name, p.Picture, s.Now()
	}
	u.nameIdentity(p)
	return s.openSession(c, u, p.provider)
}
