package tcbauth_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// thirdParty is the URL of a third party. Decoding it, as the js-sdk does, would end redirect_uri at its second parameter.
const thirdParty = "https://third.example/connect?appid=a&redirect_uri=https%3A%2F%2Fapp.example.com%2Fback%3Fx%3D1%26y%3D2&state=s#anchor"

// oauthPeer answers as a third party's sign-in needs it.
func oauthPeer() *testbed.Peer {
	return &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
		if strings.HasSuffix(r.URL.Path, "/provider/uri") {
			return testbed.Reply(http.StatusOK, `{"uri":`+testbed.AsJSON(thirdParty)+`}`)
		}
		return testbed.Reply(http.StatusOK, testbed.GoodAnswer)
	}}
}

func TestOAuthChallenge(t *testing.T) {
	t.Parallel()
	p := oauthPeer()
	auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
	req := tcbauth.SignInWithOAuthRequest{Provider: "wx_open", Options: tcbauth.SignInWithOAuthOptions{
		RedirectTo: "https://app.example.com/back?next=%2Fhome#top",
	}}
	first, err := auth.SignInWithOAuth(t.Context(), req)
	require.NoError(t, err)
	second, err := auth.SignInWithOAuth(t.Context(), req)
	require.NoError(t, err)
	assert.NotEqual(t, first.State, second.State, "whoever can guess a state can sign somebody else in")
	assert.GreaterOrEqual(t, len(first.State), 26, "128 bits")
	assert.Equal(t, thirdParty, first.URL, "as the server gave it")
	assert.Equal(t, "wx_open", first.Provider)
	assert.Equal(t, tcbauth.OAuthSignIn, first.Kind)
	assert.Equal(t, "https://app.example.com/back", first.RedirectURI)
	for i, c := range []*tcbauth.OAuthChallenge{first, second} {
		r := p.Requests()[i]
		assert.Equal(t, http.MethodGet, r.Method)
		assert.Equal(t, "/auth/v1/provider/uri", r.URL.Path)
		assert.Equal(t, url.Values{
			"provider_id": {"wx_open"}, "redirect_uri": {"https://app.example.com/back"}, "state": {c.State}, "client_id": {testbed.MethodEnv},
		}, r.URL.Query())
		assert.Empty(t, r.Header.Get("Authorization"))
	}

	linked, err := auth.LinkIdentity(t.Context(), tcbauth.LinkIdentityRequest{Provider: "wx_open", RedirectTo: "https://app.example.com/back"})
	require.NoError(t, err)
	assert.Equal(t, tcbauth.OAuthBindIdentity, linked.Kind)
	assert.NotEqual(t, first.State, linked.State)

	for _, c := range []*tcbauth.OAuthChallenge{first, linked} {
		data, err := json.Marshal(c)
		require.NoError(t, err)
		kept := new(tcbauth.OAuthChallenge)
		require.NoError(t, json.Unmarshal(data, kept))
		assert.Equal(t, c, kept)
	}
}

func TestOAuthOptions(t *testing.T) {
	t.Parallel()
	back := func(to string) tcbauth.SignInWithOAuthOptions { return tcbauth.SignInWithOAuthOptions{RedirectTo: to} }
	for name, tt := range map[string]struct {
		options tcbauth.SignInWithOAuthOptions
		sent    string // redirect_uri
	}{
		"no path":       {back("https://app.example.com"), "https://app.example.com/"},
		"query alone":   {back("https://app.example.com?a=b"), "https://app.example.com/"},
		"empty query":   {back("https://app.example.com/?"), "https://app.example.com/"},
		"empty anchor":  {back("https://app.example.com/x#"), "https://app.example.com/x"},
		"port":          {back("http://127.0.0.1:8080/cb?x#y"), "http://127.0.0.1:8080/cb"},
		"escaped":       {back("https://app.example.com/a%2Fb/%E4%BD%A0?x"), "https://app.example.com/a%2Fb/%E4%BD%A0"},
		"not in ASCII":  {back("https://app.example.com/你"), "https://app.example.com/%E4%BD%A0"},
		"app's scheme":  {back("myapp://callback/done?x=y"), "myapp://callback/done"},
		"own state":     {tcbauth.SignInWithOAuthOptions{RedirectTo: "https://app.example.com/", State: "own state&1"}, "https://app.example.com/"},
		"bind by type":  {tcbauth.SignInWithOAuthOptions{RedirectTo: "https://app.example.com/", Type: tcbauth.OAuthBindIdentity}, "https://app.example.com/"},
		"params":        {tcbauth.SignInWithOAuthOptions{RedirectTo: "https://app.example.com/", QueryParams: map[string]string{"lang": "zh CN&", "state": "other"}}, "https://app.example.com/"},
		"skip redirect": {tcbauth.SignInWithOAuthOptions{RedirectTo: "https://app.example.com/", SkipBrowserRedirect: true}, "https://app.example.com/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := oauthPeer()
			auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
			c, err := auth.SignInWithOAuth(t.Context(), tcbauth.SignInWithOAuthRequest{Provider: "p", Options: tt.options})
			require.NoError(t, err)
			assert.Equal(t, tt.sent, c.RedirectURI)
			sent := p.Requests()[0].URL.Query()
			assert.Equal(t, tt.sent, sent.Get("redirect_uri"))
			assert.Equal(t, c.State, sent.Get("state"))
			if tt.options.State != "" {
				assert.Equal(t, tt.options.State, c.State)
			}
			if tt.options.Type != "" {
				assert.Equal(t, tt.options.Type, c.Kind)
			}
			want, err := url.Parse(thirdParty)
			require.NoError(t, err)
			got, err := url.Parse(c.URL)
			require.NoError(t, err)
			query := want.Query()
			for name, value := range tt.options.QueryParams {
				query.Set(name, value)
			}
			assert.Equal(t, query, got.Query())
			assert.Equal(t, "https://third.example/connect", got.Scheme+"://"+got.Host+got.Path)
			assert.Equal(t, "anchor", got.Fragment)
		})
	}
}

func TestOAuthURLThatIsNone(t *testing.T) {
	t.Parallel()
	p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer {
		return testbed.Reply(http.StatusOK, `{"uri":"https://[::1/planted"}`)
	}}
	auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
	_, err := auth.SignInWithOAuth(t.Context(), tcbauth.SignInWithOAuthRequest{Provider: "p", Options: tcbauth.SignInWithOAuthOptions{
		RedirectTo: "https://app.example.com/", QueryParams: map[string]string{"a": "b"},
	}})
	require.ErrorIs(t, err, tcbauth.ErrInvalidResponse)
	testbed.RequireError(t, err)
}

// A state that is not the challenge's means that somebody else's browser may be there, so that nothing may be sent.
func TestVerifyOAuthRefuses(t *testing.T) {
	t.Parallel()
	challenge := tcbauth.OAuthChallenge{State: "planted-state", Provider: "p", RedirectURI: "https://app.example.com/", Kind: tcbauth.OAuthSignIn}
	good := url.Values{"state": {"planted-state"}, "code": {"planted-code"}}
	with := func(change func(c *tcbauth.OAuthChallenge)) *tcbauth.OAuthChallenge {
		c := challenge
		change(&c)
		return &c
	}
	for name, tt := range map[string]struct {
		challenge *tcbauth.OAuthChallenge
		query     url.Values
		field     string
	}{
		"no challenge":          {nil, good, "challenge"},
		"challenge of nothing":  {&tcbauth.OAuthChallenge{}, url.Values{"state": {""}, "code": {"planted"}}, "challenge.state"},
		"no query":              {&challenge, nil, "query.state"},
		"no state":              {&challenge, url.Values{"code": {"planted"}}, "query.state"},
		"empty state":           {&challenge, url.Values{"state": {""}, "code": {"planted"}}, "query.state"},
		"another state":         {&challenge, url.Values{"state": {"planted-other"}, "code": {"planted"}}, "query.state"},
		"beginning of state":    {&challenge, url.Values{"state": {"planted"}, "code": {"planted"}}, "query.state"},
		"state in another case": {&challenge, url.Values{"state": {"Planted-State"}, "code": {"planted"}}, "query.state"},
		"second state":          {&challenge, url.Values{"state": {"planted-other", "planted-state"}, "code": {"planted"}}, "query.state"},
		"error, another state":  {&challenge, url.Values{"state": {"planted-other"}, "error": {"access_denied"}}, "query.state"},
		"no code":               {&challenge, url.Values{"state": {"planted-state"}}, "query.code"},
		"empty code":            {&challenge, url.Values{"state": {"planted-state"}, "code": {""}, "error": {""}}, "query.code"},
		"no provider":           {with(func(c *tcbauth.OAuthChallenge) { c.Provider = "" }), good, "challenge.provider"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := oauthPeer()
			auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t)).Auth()
			_, err := auth.VerifyOAuth(t.Context(), tcbauth.VerifyOAuthRequest{Challenge: tt.challenge, Query: tt.query})
			requireField(t, err, tt.field)
			assert.Equal(t, "VerifyOAuth", testbed.ErrorOf(t, err).Op)
			assert.Empty(t, p.Requests())
		})
	}
}

// requireField requires err to refuse a field of the request.
func requireField(t *testing.T, err error, field string) {
	t.Helper()
	require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
	var invalid *tcbauth.ValidationError
	require.ErrorAs(t, err, &invalid)
	assert.Equal(t, field, invalid.Field)
	assert.Contains(t, err.Error(), field)
	assert.Equal(t, tcbauth.CategoryInvalidParams, testbed.ErrorOf(t, err).Category)
}

func TestVerifyOAuthDenied(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]tcbauth.Code{
		"access_denied": tcbauth.CodeAccessDenied, "ACCESS_DENIED": tcbauth.CodeAccessDenied, "server_error": tcbauth.CodeServerError,
	} {
		p := oauthPeer()
		auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t)).Auth()
		req := testbed.VerifyOAuth(tcbauth.OAuthSignIn)
		req.Query.Set("error", name)
		req.Query.Set("error_description", "the person said no")
		_, err := auth.VerifyOAuth(t.Context(), req)
		require.ErrorIs(t, err, code)
		e := testbed.ErrorOf(t, err)
		assert.Equal(t, "the person said no", e.Description)
		assert.NotEmpty(t, e.Help)
		assert.Zero(t, e.StatusCode)
		assert.Empty(t, p.Requests(), "not even the code that may be there too")
	}
}

// What stands in a URL can be anything. It must become neither a second line of a log nor a long one.
func TestVerifyOAuthDeniedIsCleaned(t *testing.T) {
	t.Parallel()
	p := oauthPeer()
	auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t)).Auth()
	for _, bad := range []string{"two\nlines", "colour\x1b[31m", strings.Repeat("long ", 10000)} {
		for _, name := range []string{"error", "error_description"} {
			req := testbed.VerifyOAuth(tcbauth.OAuthSignIn)
			req.Query.Set("error", "access_denied")
			req.Query.Set(name, bad)
			_, err := auth.VerifyOAuth(t.Context(), req)
			e := testbed.ErrorOf(t, err)
			assert.NotContains(t, e.Error(), "\n", name)
			assert.NotContains(t, e.Error(), "\x1b", name)
			assert.Less(t, len(e.Error()), 2000, name)
		}
	}
	assert.Empty(t, p.Requests())
}

func TestVerifyOAuthSignsIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := oauthPeer()
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewPeerApp(t, p, store).Auth()
		events := testbed.EventsOf(auth)
		c, err := auth.SignInWithOAuth(t.Context(), tcbauth.SignInWithOAuthRequest{
			Provider: "wx_open", Options: tcbauth.SignInWithOAuthOptions{RedirectTo: "https://app.example.com/back?x=1"},
		})
		require.NoError(t, err)
		state, err := auth.VerifyOAuth(t.Context(), tcbauth.VerifyOAuthRequest{
			Challenge: c, Query: url.Values{"state": {c.State}, "code": {"code-1"}},
		})
		require.NoError(t, err)
		require.NoError(t, state.UserErr)
		assert.Equal(t, testbed.PlantedSub, state.User.Sub)
		assert.NotNil(t, testbed.Stored(t, store, testbed.PeerKey))
		assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedIn}, events())
		got := p.Requests()
		require.Len(t, got, 4)
		assert.Equal(t, "/auth/v1/provider/token", got[1].URL.Path)
		assert.JSONEq(t, `{"provider_id":"wx_open","provider_redirect_uri":"https://app.example.com/back","provider_code":"code-1"}`, got[1].Text)
		assert.Equal(t, "/auth/v1/signin/with/provider", got[2].URL.Path)
		assert.JSONEq(t, `{"provider_token":"planted-new-provider-token"}`, got[2].Text)
		assert.Equal(t, "/auth/v1/user/me", got[3].URL.Path)
	})
}

func TestVerifyOAuthBinds(t *testing.T) {
	t.Parallel()
	for name, refused := range map[string]bool{"good": false, "bad": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
					if refused && strings.HasSuffix(r.URL.Path, "/provider/bind") {
						return testbed.Reply(http.StatusBadRequest, `{"error":"failed_precondition","error_code":9,"error_description":"bound to another user"}`)
					}
					return testbed.Reply(http.StatusOK, testbed.GoodAnswer)
				}}
				auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t)).Auth()
				before, err := auth.GetCredentials(t.Context())
				require.NoError(t, err)
				var events []tcbauth.AuthEvent
				auth.OnAuthStateChange(func(e tcbauth.AuthEvent) { events = append(events, e) })
				req := testbed.VerifyOAuth(tcbauth.OAuthBindIdentity)
				state, err := auth.VerifyOAuth(t.Context(), req)
				synctest.Wait()
				require.Len(t, events, 1)
				assert.Equal(t, tcbauth.EventBindIdentity, events[0].Event)
				assert.Equal(t, req.Challenge.Provider, events[0].Provider)
				require.NotNil(t, events[0].Session)
				assert.Equal(t, before.AccessToken, events[0].Session.AccessToken)
				if refused {
					require.ErrorIs(t, err, tcbauth.CodeFailedPrecondition)
					require.ErrorIs(t, events[0].Err, tcbauth.CodeFailedPrecondition)
					assert.Nil(t, state)
				} else {
					require.NoError(t, err)
					require.NoError(t, events[0].Err)
					assert.Equal(t, before.AccessToken, state.Credentials.AccessToken, "the session stays")
				}
				got := p.Requests()
				require.Len(t, got, 2)
				assert.Equal(t, "/auth/v1/user/provider/bind", got[1].URL.Path)
				assert.Equal(t, "Bearer "+testbed.PlantedAccess, got[1].Header.Get("Authorization"))
				assert.JSONEq(t, `{"provider_token":"planted-new-provider-token"}`, got[1].Text)
			})
		})
	}
}

// Ids from outside must not reach another endpoint: UnbindProvider of "../me" would delete the account.
func TestPathParts(t *testing.T) {
	t.Parallel()
	calls := map[string]struct {
		request       func(id string) any
		field         string
		before, after string // the path around the id
	}{
		"UnbindProvider": {func(id string) any { return tcbauth.UnbindProviderRequest{ProviderID: id} }, "provider_id", "user/provider/", ""},
		"UnlinkIdentity": {func(id string) any { return tcbauth.UnlinkIdentityRequest{Provider: id} }, "provider", "user/provider/", ""},
		"ChangeBoundProvider": {func(id string) any {
			return tcbauth.ChangeBoundProviderRequest{ProviderID: id, TransToken: testbed.PlantedProvider}
		}, "provider_id", "user/provider/", "/trans"},
		"RevokeDevice": {func(id string) any { return tcbauth.RevokeDeviceRequest{DeviceID: id} }, "device_id", "user/authorized/devices/", ""},
	}
	for method, tt := range calls {
		for _, id := range []string{
			"wx_open", "../", "../me", "../../user/me", "..", ".", "...", "?", "id?x=1", "id#x", "%2f", "%2e%2e", "..%2fme", "a/b", "/", "//evil.example",
			`..\me`, "a\nb", "a\r\nX-Evil: y", "\x00", "身份", "é", "a b", "+", ";x=1", ":80", "{id}", "\xff", "",
		} {
			p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(http.StatusOK, testbed.GoodAnswer) }}
			_, err := testbed.CallMethod(t.Context(), testbed.NewPeerApp(t, p, testbed.SessionStore(t)).Auth(), method, testbed.MethodRow{Req: tt.request(id)})
			if id == "" || id == "." || id == ".." { // which no escape keeps in its place
				requireField(t, err, tt.field)
				assert.Empty(t, p.Requests(), "%s of %q", method, id)
				continue
			}
			require.NoError(t, err, "%s of %q", method, id)
			require.Len(t, p.Requests(), 1)
			sent := p.Requests()[0].URL
			part, ok := strings.CutPrefix(sent.EscapedPath(), "/auth/v1/"+tt.before)
			require.True(t, ok, sent)
			part, ok = strings.CutSuffix(part, tt.after)
			require.True(t, ok, sent)
			assert.NotContains(t, part, "/", "%s of %q", method, id)
			unescaped, err := url.PathUnescape(part)
			require.NoError(t, err)
			assert.Equal(t, id, unescaped)
			assert.Equal(t, sent.EscapedPath(), sent.RequestURI(), "no query")
			assert.Empty(t, sent.Fragment)
			assert.Equal(t, testbed.MethodHost, sent.Host)
		}
	}
}
