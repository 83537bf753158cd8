package accesstoken_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

// with is a request with these headers, each "Name: value".
func with(t *testing.T, headers ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	return r
}

func TestRequest(t *testing.T) {
	t.Parallel()
	good, expired := goodToken(t, nil), goodToken(t, map[string]any{"exp": 1})
	const socket = "Sec-WebSocket-Protocol: "
	bearer, cookie := "Authorization: Bearer "+good, "Cookie: token="+good
	header := []accesstoken.Extractor{accesstoken.HeaderToken}
	cookies := []accesstoken.Extractor{accesstoken.CookieToken("token")}
	sockets := []accesstoken.Extractor{accesstoken.WebSocketToken("bearer")}
	all := []accesstoken.Extractor{accesstoken.HeaderToken, cookies[0], sockets[0]}
	own := errors.New("own")
	for name, test := range map[string]struct {
		extractors []accesstoken.Extractor
		headers    []string
		want       error
	}{
		"header":                        {header, []string{bearer}, nil},
		"header, nothing":               {header, nil, accesstoken.ErrNoToken},
		"header, but a cookie":          {header, []string{cookie}, accesstoken.ErrNoToken},
		"header, expired":               {header, []string{"Authorization: Bearer " + expired}, accesstoken.ErrExpired},
		"header, each character":        {header, []string{"Authorization: Bearer ABCXYZabcxyz019-._~+/="}, accesstoken.ErrMalformed},
		"cookie":                        {cookies, []string{cookie}, nil},
		"cookie among others":           {cookies, []string{"Cookie: a=b; token=" + good + "; c=d"}, nil},
		"cookie in quotes":              {cookies, []string{`Cookie: token="` + good + `"`}, nil},
		"cookie, nothing":               {cookies, nil, accesstoken.ErrNoToken},
		"cookie, but a header":          {cookies, []string{bearer}, accesstoken.ErrNoToken},
		"cookie, empty":                 {cookies, []string{"Cookie: token="}, accesstoken.ErrNoToken},
		"cookie, another":               {cookies, []string{"Cookie: Token=" + good}, accesstoken.ErrNoToken},
		"cookie twice":                  {cookies, []string{cookie + "; token=" + good}, accesstoken.ErrInvalidRequest},
		"cookie twice, once empty":      {cookies, []string{"Cookie: token=; token=" + good}, accesstoken.ErrInvalidRequest},
		"cookie in two headers":         {cookies, []string{cookie, cookie}, accesstoken.ErrInvalidRequest},
		"cookie, malformed":             {cookies, []string{"Cookie: token=a:b"}, accesstoken.ErrInvalidRequest},
		"cookie, expired":               {cookies, []string{"Cookie: token=" + expired}, accesstoken.ErrExpired},
		"socket":                        {sockets, []string{socket + "bearer, " + good}, nil},
		"socket without space":          {sockets, []string{socket + "bearer," + good}, nil},
		"socket in two headers":         {sockets, []string{socket + "chat, bearer", socket + good}, nil},
		"socket among others":           {sockets, []string{socket + "chat, bearer, " + good + ", more"}, nil},
		"socket, nothing":               {sockets, nil, accesstoken.ErrNoToken},
		"socket, others only":           {sockets, []string{socket + "chat, more"}, accesstoken.ErrNoToken},
		"socket, other case":            {sockets, []string{socket + "Bearer, " + good}, accesstoken.ErrNoToken},
		"socket, no token":              {sockets, []string{socket + "bearer"}, accesstoken.ErrInvalidRequest},
		"socket, empty token":           {sockets, []string{socket + "bearer, "}, accesstoken.ErrInvalidRequest},
		"socket twice":                  {sockets, []string{socket + "bearer, " + good + ", bearer, " + good}, accesstoken.ErrInvalidRequest},
		"socket, malformed":             {sockets, []string{socket + "bearer, a b"}, accesstoken.ErrInvalidRequest},
		"all, header first":             {all, []string{bearer, "Cookie: token=" + expired}, nil},
		"all, then the cookie":          {all, []string{cookie, socket + "bearer, " + expired}, nil},
		"all, then the socket":          {all, []string{"Authorization: Basic eDp5", socket + "bearer, " + good}, nil},
		"all, malformed header first":   {all, []string{"Authorization: Bearer", cookie}, accesstoken.ErrInvalidRequest},
		"all, bad header before cookie": {all, []string{"Authorization: Bearer " + expired, cookie}, accesstoken.ErrExpired},
		"all, nothing":                  {all, nil, accesstoken.ErrNoToken},
		"own, nothing": {
			[]accesstoken.Extractor{func(*http.Request) (string, error) { return "", nil }}, []string{bearer}, accesstoken.ErrNoToken,
		},
		"own, error": {
			[]accesstoken.Extractor{func(*http.Request) (string, error) { return "", own }, accesstoken.HeaderToken}, []string{bearer}, own,
		},
		"own, error and token": {
			[]accesstoken.Extractor{func(*http.Request) (string, error) { return good, own }}, nil, own,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := verifierAt(t, certs(t), accesstoken.WithExtractor(test.extractors...))
			claims, err := v.Request(with(t, test.headers...))
			require.ErrorIs(t, err, test.want)
			require.Equal(t, test.want != nil, claims == nil)
			if err == nil {
				assert.Equal(t, sub, claims.Subject)
				return
			}
			w := httptest.NewRecorder()
			v.Middleware(hello(t)).ServeHTTP(w, with(t, test.headers...))
			assert.Equal(t, accesstoken.StatusCode(err), w.Code)
			assert.Equal(t, v.Challenge(err), w.Header().Get("WWW-Authenticate"))
		})
	}
}

// Guests go on without claims, and bad tokens do not.
func TestOptional(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, ok := accesstoken.FromContext(r.Context())
		if !ok {
			claims = &accesstoken.Claims{Subject: "a guest"}
		}
		_, _ = io.WriteString(w, claims.Subject)
	})
	for name, test := range map[string]struct {
		headers []string
		status  int
		body    string
	}{
		"guest":        {nil, 200, "a guest"},
		"person":       {[]string{"Authorization: Bearer " + goodToken(t, nil)}, 200, sub},
		"other scheme": {[]string{"Authorization: Basic eDp5"}, 200, "a guest"},
		"expired":      {[]string{"Authorization: Bearer " + goodToken(t, map[string]any{"exp": 1})}, 401, "Unauthorized\n"},
		"malformed":    {[]string{"Authorization: Bearer"}, 400, "Bad Request\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			verifierAt(t, certs(t)).Optional(handler).ServeHTTP(w, with(t, test.headers...))
			assert.Equal(t, test.status, w.Code)
			assert.Equal(t, test.body, w.Body.String())
			assert.Equal(t, test.status != 200, w.Header().Get("WWW-Authenticate") != "")
		})
	}
	// Nor do they have the claims of a token that another verifier has found elsewhere.
	w := httptest.NewRecorder()
	outer := verifierAt(t, certs(t), accesstoken.WithExtractor(accesstoken.CookieToken("token")), accesstoken.WithAnonymous())
	outer.Middleware(verifierAt(t, certs(t)).Optional(handler)).
		ServeHTTP(w, with(t, "Cookie: token="+goodToken(t, map[string]any{"scope": "anonymous"})))
	assert.Equal(t, "a guest", w.Body.String())

	w = httptest.NewRecorder()
	verifierAt(t, says(500, "")).Optional(handler).ServeHTTP(w, with(t, "Authorization: Bearer "+goodToken(t, nil)))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
}

// A preflight reaches the handler that answers preflights, and never the one behind the Middleware.
func TestPreflight(t *testing.T) {
	t.Parallel()
	never := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached without a token") })
	answers := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "https://example.com")
		w.WriteHeader(http.StatusNoContent)
	})
	origin, method := "Origin: https://example.com", "Access-Control-Request-Method: POST"
	for name, test := range map[string]struct {
		method  string
		headers []string
		opts    []accesstoken.Option
		status  int
	}{
		"preflight":          {http.MethodOptions, []string{origin, method}, []accesstoken.Option{accesstoken.WithPreflight(answers)}, 204},
		"without the option": {http.MethodOptions, []string{origin, method}, nil, 401},
		"no origin":          {http.MethodOptions, []string{method}, []accesstoken.Option{accesstoken.WithPreflight(answers)}, 401},
		"plain OPTIONS":      {http.MethodOptions, []string{origin}, []accesstoken.Option{accesstoken.WithPreflight(answers)}, 401},
		"POST":               {http.MethodPost, []string{origin, method}, []accesstoken.Option{accesstoken.WithPreflight(answers)}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := verifierAt(t, certs(t), test.opts...)
			for _, guarded := range []http.Handler{v.Middleware(never), v.Requiring(accesstoken.Requirements{Groups: []string{"a"}}).Middleware(never)} {
				r := with(t, test.headers...)
				r.Method = test.method
				w := httptest.NewRecorder()
				guarded.ServeHTTP(w, r)
				assert.Equal(t, test.status, w.Code)
			}
		})
	}
	// The usual way needs no option, and the answers of refused requests have the headers too.
	cors := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "https://example.com")
			if r.Method != http.MethodOptions {
				next.ServeHTTP(w, r)
			}
		})
	}
	for method, status := range map[string]int{http.MethodOptions: 200, http.MethodGet: 401} {
		r := with(t, origin)
		r.Method = method
		w := httptest.NewRecorder()
		cors(verifierAt(t, certs(t)).Middleware(never)).ServeHTTP(w, r)
		assert.Equal(t, status, w.Code)
		assert.Equal(t, "https://example.com", w.Header().Get("Access-Control-Allow-Origin"))
	}
}

func TestRequiring(t *testing.T) {
	t.Parallel()
	const realm = `Bearer realm="` + env + `", error="insufficient_scope"`
	token := map[string]any{"scope": "user sso", "groups": []string{"editors", "staff"}}
	type list = []accesstoken.Requirements
	for name, test := range map[string]struct {
		required  list
		over      map[string]any
		challenge string // "" for a token that will do
	}{
		"nothing":                  {list{{}}, token, ""},
		"a scope":                  {list{{Scopes: []string{"sso"}}}, token, ""},
		"all scopes":               {list{{Scopes: []string{"sso", "user"}}}, token, ""},
		"not all scopes":           {list{{Scopes: []string{"sso", "admin"}}}, token, realm + `, scope="sso admin"`},
		"a part of a scope":        {list{{Scopes: []string{"use"}}}, token, realm + `, scope="use"`},
		"scopes in one":            {list{{Scopes: []string{"user sso"}}}, token, realm},
		"the empty scope":          {list{{Scopes: []string{""}}}, map[string]any{"scope": "user  sso"}, realm + `, scope=""`},
		"a quoted scope":           {list{{Scopes: []string{`a"b`, "c"}}}, token, realm + `, scope="c"`},
		"scopes of no header":      {list{{Scopes: []string{`a\b`, "é", "\x7f", "c~"}}}, token, realm + `, scope="c~"`},
		"a group":                  {list{{Groups: []string{"staff"}}}, token, ""},
		"one of the groups":        {list{{Groups: []string{"admins", "editors"}}}, token, ""},
		"none of the groups":       {list{{Groups: []string{"admins", "edit"}}}, token, realm},
		"a token without groups":   {list{{Groups: []string{"admins"}}}, nil, realm},
		"groups and scopes":        {list{{Groups: []string{"staff"}, Scopes: []string{"user"}}}, token, ""},
		"groups, but not scopes":   {list{{Groups: []string{"staff"}, Scopes: []string{"admin"}}}, token, realm + `, scope="admin"`},
		"twice":                    {list{{Groups: []string{"staff"}}, {Groups: []string{"editors"}}}, token, ""},
		"twice, the first fails":   {list{{Groups: []string{"admins"}}, {Groups: []string{"staff"}}}, token, realm},
		"twice, the second fails":  {list{{Scopes: []string{"sso"}}, {Scopes: []string{"sso", "x"}}}, token, realm + `, scope="sso x"`},
		"expired comes before all": {list{{Groups: []string{"admins"}}}, map[string]any{"exp": 1}, `Bearer realm="` + env + `", error="invalid_token", error_description="expired"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint := certs(t)
			all := verifierAt(t, endpoint)
			v := all
			for _, r := range test.required {
				v = v.Requiring(r)
			}
			signed := goodToken(t, test.over)
			for range 2 { // verified, and remembered
				_, err := v.Verify(t.Context(), signed)
				w := httptest.NewRecorder()
				v.Middleware(hello(t)).ServeHTTP(w, with(t, "Authorization: Bearer "+signed))
				if test.challenge == "" {
					require.NoError(t, err)
					assert.Equal(t, "hello "+sub, w.Body.String())
					continue
				}
				assert.Equal(t, strings.TrimSuffix(test.challenge, `, scope=""`), w.Header().Get("WWW-Authenticate"))
				if errors.Is(err, accesstoken.ErrExpired) {
					continue
				}
				require.ErrorIs(t, err, accesstoken.ErrInsufficientScope)
				require.NotErrorIs(t, err, accesstoken.ErrInvalidToken)
				assert.Equal(t, http.StatusForbidden, w.Code)
				require.NoError(t, verify(t, all, signed), "the one that it was made of requires no more than before")
			}
			assert.Equal(t, 1, endpoint.count(), "requests")
		})
	}
}

// What is required cannot be changed afterwards.
func TestRequiringCopies(t *testing.T) {
	t.Parallel()
	groups, scopes := []string{"a"}, []string{"sso"}
	v := verifierAt(t, certs(t)).Requiring(accesstoken.Requirements{Groups: groups, Scopes: scopes})
	one, two := v.Requiring(accesstoken.Requirements{Groups: []string{"b"}}), v.Requiring(accesstoken.Requirements{Groups: []string{"c"}})
	groups[0], scopes[0] = "x", "x"
	token := goodToken(t, map[string]any{"groups": []string{"a", "b"}})
	require.NoError(t, verify(t, v, token))
	require.NoError(t, verify(t, one, token))
	require.ErrorIs(t, verify(t, two, token), accesstoken.ErrInsufficientScope)
}

func TestClaimsHave(t *testing.T) {
	t.Parallel()
	c := accesstoken.Claims{Scope: "user  sso", Groups: []string{"a", "b"}}
	assert.True(t, c.HasScope("user"))
	assert.True(t, c.HasScope("sso"))
	assert.False(t, c.HasScope(""))
	assert.False(t, c.HasScope("us"))
	assert.True(t, c.InGroup("b"))
	assert.False(t, c.InGroup("A"))
	assert.False(t, new(accesstoken.Claims).InGroup(""))
	assert.False(t, new(accesstoken.Claims).HasScope(""))
}

func TestPrefetch(t *testing.T) {
	t.Parallel()
	bubbled(t, func(t *testing.T) {
		body := jwks(t, jwk(keyID, signingKey()))
		endpoint := serve("")
		v := verifierAt(t, endpoint)
		err := v.Prefetch(t.Context())
		require.ErrorIs(t, err, accesstoken.ErrUnavailable)
		for range 5 {
			require.ErrorIs(t, v.Prefetch(t.Context()), accesstoken.ErrUnavailable)
		}
		assert.Equal(t, 1, endpoint.count(), "a check of readiness asks no more often than tokens do")

		endpoint.set(http.StatusOK, body)
		pass(time.Second)
		for range 5 {
			require.NoError(t, v.Prefetch(t.Context()))
		}
		require.NoError(t, verify(t, v, goodToken(t, nil)))
		assert.Equal(t, 2, endpoint.count(), "requests")

		endpoint.set(http.StatusBadGateway, "")
		pass(time.Hour)
		require.NoError(t, v.Prefetch(t.Context()), "old keys serve")
		pass(24 * time.Hour)
		require.ErrorIs(t, v.Prefetch(t.Context()), accesstoken.ErrUnavailable)
	})
}
