package authtest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// certified is the option of a certificate for example.com and 127.0.0.1.
func certified(t *testing.T) authtest.Option {
	t.Helper()
	other := httptest.NewTLSServer(nil)
	t.Cleanup(other.Close)
	return authtest.WithTLS(other.TLS.Certificates[0])
}

// Over TLS the server is reached by its own client; connections that a fault closes are closed there too.
func TestTLS(t *testing.T) {
	t.Parallel()
	srv := listen(t, certified(t))
	assert.Regexp(t, `^https://127\.0\.0\.1:[0-9]+$`, srv.URL)
	session := signUp(t, srv, phone)
	assert.Equal(t, phone, ok(t, srv, "user/me", session.text("access_token"), nil)["phone_number"])
	srv.Fault(authtest.Fault{Operation: "token", Times: 1, Close: authtest.AfterCommit})
	_, _, err := try(t, srv, "token", "", refresh(session.text("refresh_token")))
	require.Error(t, err)
	assert.Contains(t, srv.Snippets()[0].Text, "', 'https:')")
	plain, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
	require.NoError(t, err)
	_, err = http.DefaultClient.Do(plain) //nolint:bodyclose // there is no answer
	require.Error(t, err, "nobody else trusts the certificate")
}

// What tokens and pages name is the public URL, by which the server's own client reaches it.
func TestPublicURL(t *testing.T) {
	t.Parallel()
	for public, opt := range map[string]authtest.Option{
		"http://emulator:9190":            authtest.WithControlToken("0123456789abcdef"),
		"https://example.com/below":       certified(t),
		"https://example.com:8443":        certified(t),
		"http://emulator.example/a/deep/": authtest.WithSingleSession(),
	} {
		srv := listen(t, opt, authtest.WithPublicURL(public))
		want := public
		if public == "http://emulator.example/a/deep/" {
			want = "http://emulator.example/a/deep"
		}
		assert.Equal(t, want, srv.URL)
		for _, snippet := range srv.Snippets() {
			if snippet.Name == "Go" {
				assert.Equal(t, strings.HasPrefix(want, "http:"), strings.Contains(snippet.Text, "WithInsecureEmulator()"), snippet.Text)
			}
		}
		token := srv.IssueToken(authtest.TokenSpec{})
		assert.Equal(t, want, claimsOf(t, token)["iss"])
		if u, err := url.Parse(public); err == nil && u.Path == "" {
			signUp(t, srv, phone)
		}
	}
	for _, bad := range []string{"", "emulator:9190", "ftp://x", "http://", "http://a@b", "http://a?b", "http://a?", "http://a#b"} {
		_, err := authtest.Listen("127.0.0.1:0", authtest.WithPublicURL(bad))
		require.ErrorContains(t, err, "authtest: WithPublicURL: ", bad)
	}
}

// A client reaches its server at the one address where that listens, also by a public URL.
func TestClientOfOneAddress(t *testing.T) {
	t.Parallel()
	srv, err := authtest.Listen("127.0.0.2:0", authtest.WithPublicURL("http://emulator"))
	if err != nil {
		t.Skip("SKIPPED: a server that listens at one address only is not tried. This machine has no 127.0.0.2: ", err)
	}
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	ok(t, srv, "certs", "", nil)
}

// The control interface is for this machine, or with a token for who knows it, by whatever name and from wherever.
func TestControlToken(t *testing.T) {
	t.Parallel()
	const token = "0123456789abcdef"
	open, guarded := listen(t), listen(t, authtest.WithControlToken(token))
	get := func(srv *authtest.Server, host, user, password, bearer string) (int, http.Header) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/_emulator/users", nil)
		require.NoError(t, err)
		r.Host = host
		if bearer != "" {
			r.Header.Set("Authorization", "Bearer "+bearer)
		}
		if user != "" {
			r.SetBasicAuth(user, password)
		}
		resp, err := srv.Client().Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode, resp.Header
	}
	for name, tt := range map[string]struct {
		srv                          *authtest.Server
		host, user, password, bearer string
		want                         int
	}{
		"this machine":           {open, "127.0.0.1", "", "", "", 200},
		"this machine, token":    {guarded, "localhost:1", "", "", token, 200},
		"this machine, nothing":  {guarded, "localhost:1", "", "", "", 401}, // as through a proxy
		"another name":           {open, "emulator", "", "", "", 403},
		"another name, nothing":  {guarded, "emulator", "", "", "", 401},
		"bearer":                 {guarded, "emulator", "", "", token, 200},
		"password":               {guarded, "emulator", "anybody", token, "", 200},
		"guessed":                {guarded, "emulator", "", "", token[:15] + "0", 401},
		"a part":                 {guarded, "emulator", "", "", token[:15], 401},
		"guessed password":       {guarded, "emulator", "anybody", "x", "", 401},
		"no token is no token":   {open, "emulator", "anybody", "", "", 403},
		"token of another":       {open, "emulator", "", "", token, 403},
		"rebound name, no token": {guarded, "evil.example", "", "", "", 401},
	} {
		status, header := get(tt.srv, tt.host, tt.user, tt.password, tt.bearer)
		assert.Equal(t, tt.want, status, name)
		assert.Equal(t, status == 401, header.Get("WWW-Authenticate") != "", name)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, guarded.URL+"/_emulator/reset", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Origin", "https://evil.example")
	resp, err := guarded.Client().Do(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusForbidden, resp.StatusCode, "from another site, even with the token")
	for _, bad := range []string{"", "short", "0123456789 abcdef", "0123456789abcdé"} {
		_, err := authtest.Listen("127.0.0.1:0", authtest.WithControlToken(bad))
		require.ErrorContains(t, err, "authtest: WithControlToken: ")
	}
}

// A proxy may give the server its own name for it. A form of the public URL's page is good all the same, and of no other's.
func TestFormsOfThePublicOrigin(t *testing.T) {
	t.Parallel()
	const token = "Bearer 0123456789abcdef"
	for public, tests := range map[string]map[string]int{
		"http://test.example": {
			"http://test.example": 200, "http://test.example:8080": 403, "https://test.example": 403, "http://evil.example": 403, "null": 403,
		},
		"https://Test.Example:443": {"https://test.example": 200, "http://test.example": 403},
		"http://test.example:8080": {"http://test.example:8080": 200, "http://test.example": 403},
		"http://[2001:db8::1]:80":  {"http://[2001:db8::1]": 200, "http://[2001:db8::2]": 403},
	} {
		srv := listen(t, authtest.WithPublicURL(public), authtest.WithControlToken("0123456789abcdef"))
		for origin, want := range tests {
			got := visit(t, srv, "", url.Values{"do": {"clear-faults"}}, "Authorization", token, "Host", "127.0.0.1:9190", "Origin", origin)
			assert.Equal(t, want, got.status, "%s %s", public, origin)
		}
		got := visit(t, srv, "", url.Values{"do": {"clear-faults"}}, "Host", "127.0.0.1:9190", "Origin", "http://test.example")
		assert.Equal(t, 401, got.status, "the origin does not stand in for the token")
	}
}

// Whoever may not have the page gets a page that says why, and a program gets JSON.
func TestRefusalsOfThePage(t *testing.T) {
	t.Parallel()
	elsewhere := listen(t, authtest.WithPublicURL("http://test.example"))
	for name, tt := range map[string]struct {
		srv     *authtest.Server
		headers []string
		status  int
		text    string
		json    string
	}{
		"another name": {listen(t), []string{"Host", "emulator"}, 403, "for the machine that the emulator runs on", "is for this machine only"},
		"elsewhere":    {elsewhere, []string{"Host", "127.0.0.1"}, 403, "Start the emulator with a control token", "needs a control token"},
		"no token":     {listen(t, authtest.WithControlToken("0123456789abcdef")), nil, 401, "the control token of the emulator", "needs the control token"},
		"in a frame":   {listen(t), []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe"}, 403, "tab of its own", "another origin"},
		"in Chinese":   {elsewhere, []string{"Accept-Language", "zh"}, 403, "请为模拟器设置控制令牌", "needs a control token"},
		"by a proxy":   {listen(t), []string{"X-Forwarded-For", "192.0.2.1"}, 403, "for the machine that the emulator runs on", "is for this machine only"},
	} {
		got := visit(t, tt.srv, "", nil, tt.headers...)
		assert.Equal(t, tt.status, got.status, name)
		assert.Equal(t, "text/html; charset=utf-8", got.header.Get("Content-Type"), name)
		assert.Contains(t, got.text, tt.text, name)
		assert.NotContains(t, got.text, "user_01")
		status, out := control(t, tt.srv, "GET", "users", "", tt.headers...)
		assert.Equal(t, tt.status, status, name)
		assert.Contains(t, out.text("error_description"), tt.json, name)
	}
	got := openDevice(t, elsewhere, elsewhere.URL+"/device", nil)
	got.says(t, 403, "Start the emulator with a control token")
}

// claimsOf are the claims of a token, whoever has signed it.
func claimsOf(t *testing.T, token string) object {
	t.Helper()
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	require.NoError(t, err)
	var claims object
	require.NoError(t, json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &claims))
	return claims
}
