package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/accesstoken"
	"github.com/cloudbase-community/tcbauth/authtest"
)

const (
	phone      = "13800000000"
	phoneAs    = "+86 13800000000"
	code       = "314159"
	wrong      = "271828"
	otherPhone = "13900000000"
)

// site is the service on a port of this machine, with an emulator behind it.
type site struct {
	srv    *authtest.Server
	server *httptest.Server
	store  tcbauth.TokenStore
	limits *limits
	log    *diary
}

// openSite starts the service, over TLS if secure.
func openSite(t *testing.T, secure bool, opts ...authtest.Option) *site {
	t.Helper()
	s := &site{srv: authtest.NewServer(t, opts...), store: tcbauth.NewMemoryStore(), limits: newLimits(false), log: new(diary)}
	s.limits.now = s.srv.Now
	s.srv.FixCode(phone, code)
	s.server = s.replica(t, secure)
	return s
}

// service makes the service on the site's store, with the site's limits.
func (s *site) service(t *testing.T) *service {
	t.Helper()
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	service, err := newService(config{env: s.srv.Env, baseURL: s.srv.URL}, s.store, log,
		tcbauth.WithHTTPClient(s.srv.Client()), tcbauth.WithClock(s.srv.Now))
	require.NoError(t, err)
	service.limits = s.limits
	service.verifier, err = accesstoken.NewVerifier(s.srv.Env, accesstoken.WithBaseURL(s.srv.URL), accesstoken.WithIssuer(s.srv.URL),
		accesstoken.WithHTTPClient(s.srv.Client()), accesstoken.WithClock(s.srv.Now))
	require.NoError(t, err)
	return service
}

// replica starts the service once more, on the same store.
func (s *site) replica(t *testing.T, secure bool) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	t.Cleanup(server.Close)
	scheme := "http://"
	if secure {
		scheme = "https://"
	}
	public, err := url.Parse(scheme + server.Listener.Addr().String())
	require.NoError(t, err)
	server.Config.Handler, err = s.service(t).handler(public)
	require.NoError(t, err)
	if secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	return server
}

// diary keeps what is logged.
type diary struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

// browser is one visitor's.
type browser struct {
	base   string
	client *http.Client
	header http.Header // what the browser says of where a form comes from
	host   string      // that it believes to be at; "" is that of base
}

func (s *site) newBrowser(t *testing.T) *browser {
	t.Helper()
	return newBrowser(t, s.server.URL, s.server.Client().Transport)
}

func newBrowser(t *testing.T, base string, transport http.RoundTripper) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	b := &browser{client: &http.Client{Transport: transport, Jar: jar}}
	b.moveTo(base)
	return b
}

// moveTo goes on at another port. Cookies do not know ports.
func (b *browser) moveTo(base string) {
	b.base, b.header = base, http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {base}}
}

// shown is what the browser shows in the end.
type shown struct {
	status int
	header http.Header
	text   string
}

func (b *browser) get(t *testing.T, path string) shown { return b.do(t, http.MethodGet, path, nil) }

// post sends a form: names and values in turn.
func (b *browser) post(t *testing.T, path string, fields ...string) shown {
	t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.do(t, http.MethodPost, path, form)
}

func (b *browser) do(t *testing.T, method, path string, form url.Values) shown {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.base+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Host = b.host
	if method == http.MethodPost {
		r.Header = b.header.Clone()
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.client.Do(r)
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return shown{resp.StatusCode, resp.Header, string(text)}
}

// cookies are those that the browser would send.
func (b *browser) cookies(t *testing.T) map[string]string {
	t.Helper()
	u, err := url.Parse(b.base)
	require.NoError(t, err)
	all := map[string]string{}
	for _, c := range b.client.Jar.Cookies(u) {
		all[c.Name] = c.Value
	}
	return all
}

// plant puts a cookie into the browser.
func (b *browser) plant(t *testing.T, name, value string) {
	t.Helper()
	u, err := url.Parse(b.base)
	require.NoError(t, err)
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/"}}) //nolint:gosec // what an attacker plants
}

// signIn goes all the way, as the owner of phone.
func (b *browser) signIn(t *testing.T, srv *authtest.Server, phone string) {
	t.Helper()
	require.Contains(t, b.post(t, "/login/code", "phone", phone).text, `name="code"`)
	code, err := srv.WaitCode(t.Context(), phone)
	require.NoError(t, err)
	require.Contains(t, b.post(t, "/login", "code", code).text, "Signed in")
}

// me returns who is signed in, nil for nobody.
func (b *browser) me(t *testing.T) *me {
	t.Helper()
	got := b.get(t, "/me")
	assert.Equal(t, "application/json", got.header.Get("Content-Type"))
	if got.status == http.StatusUnauthorized {
		assert.JSONEq(t, `{"error":"nobody is signed in"}`, got.text)
		return nil
	}
	require.Equal(t, http.StatusOK, got.status, got.text)
	who := new(me)
	require.NoError(t, json.Unmarshal([]byte(got.text), who))
	return who
}
