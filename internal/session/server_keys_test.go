package session_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// keyStore keeps which keys it was asked for.
type keyStore struct {
	tcbauth.TokenStore

	mu  sync.Mutex
	all map[string]bool
}

func newKeyStore() *keyStore {
	return &keyStore{TokenStore: tcbauth.NewMemoryStore(), all: make(map[string]bool)}
}

func (s *keyStore) note(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[key] = true
}

func (s *keyStore) keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.all))
}

func (s *keyStore) Get(ctx context.Context, key string) ([]byte, error) {
	s.note(key)
	return s.TokenStore.Get(ctx, key)
}

func (s *keyStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	s.note(key)
	return s.TokenStore.Set(ctx, key, value, ttl)
}

func (s *keyStore) Delete(ctx context.Context, key string) error {
	s.note(key)
	return s.TokenStore.Delete(ctx, key)
}

func (s *keyStore) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	s.note(key)
	return s.TokenStore.(tcbauth.Locker).Lock(ctx, key)
}

// servers are where an environment may be reached, and whether the server is its own.
var servers = map[string]struct {
	opts   []tcbauth.Option
	own    bool
	client string // "": the environment's id
}{
	"the default":                       {nil, true, ""},
	"another region":                    {[]tcbauth.Option{tcbauth.WithRegion("ap-guangzhou")}, true, ""},
	"the gateway":                       {[]tcbauth.Option{tcbauth.WithGateway()}, true, ""},
	"the host of js-sdk 3":              {[]tcbauth.Option{tcbauth.WithJSSDK3()}, true, ""},
	"the international gateway":         {[]tcbauth.Option{tcbauth.WithIntlGateway()}, true, ""},
	"the default, by its URL":           {[]tcbauth.Option{tcbauth.WithBaseURL("https://" + testbed.MethodHost)}, true, ""},
	"the gateway, by its URL":           {[]tcbauth.Option{tcbauth.WithBaseURL("https://" + testbed.MethodEnv + ".api.tcloudbasegateway.com")}, true, ""},
	"the default, with a client id":     {[]tcbauth.Option{tcbauth.WithClientID("client-2")}, true, "client-2"},
	"another server":                    {[]tcbauth.Option{tcbauth.WithBaseURL("https://auth.example.com")}, false, ""},
	"another server, with a slash":      {[]tcbauth.Option{tcbauth.WithBaseURL("https://auth.example.com/")}, false, ""},
	"another server, with a port":       {[]tcbauth.Option{tcbauth.WithBaseURL("https://auth.example.com:8443")}, false, ""},
	"another server, with a path":       {[]tcbauth.Option{tcbauth.WithBaseURL("https://example.com/cloud/base")}, false, ""},
	"an emulator":                       {[]tcbauth.Option{tcbauth.WithBaseURL("http://127.0.0.1:9099")}, false, ""},
	"an emulator by IPv6":               {[]tcbauth.Option{tcbauth.WithBaseURL("http://[::1]:9099")}, false, ""},
	"another environment's host":        {[]tcbauth.Option{tcbauth.WithBaseURL("https://other-env.ap-shanghai.tcb-api.tencentcloudapi.com")}, false, ""},
	"the own host without TLS's port":   {[]tcbauth.Option{tcbauth.WithBaseURL("https://" + testbed.MethodHost + ":8443")}, false, ""},
	"another server, with a client id":  {[]tcbauth.Option{tcbauth.WithBaseURL("https://auth.example.com"), tcbauth.WithClientID("client-2")}, false, "client-2"},
	"a server that continues its name":  {[]tcbauth.Option{tcbauth.WithBaseURL("https://" + testbed.MethodHost + ".example.com")}, false, ""},
	"a server named like the own, once": {[]tcbauth.Option{tcbauth.WithBaseURL("https://x" + testbed.MethodHost)}, false, ""},
}

// sessionAnswers answers everything that signing in, out and a captcha ask for.
func sessionAnswers() *testbed.Peer {
	return &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
		if strings.HasSuffix(r.URL.Path, "/captcha/data/verify") {
			return testbed.Reply(http.StatusOK, `{"captcha_token":"ct","expires_in":600}`)
		}
		return testbed.Reply(http.StatusOK, testbed.GoodAnswer)
	}}
}

// TestKeysOfAServer: what the environment's own hosts have given lies where the js-sdk keeps it, and what another server
// has given lies under that server's name.
func TestKeysOfAServer(t *testing.T) {
	t.Parallel()
	for name, server := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := newKeyStore()
			app := testbed.NewPeerApp(t, sessionAnswers(), store, server.opts...)
			prefix, client := "", server.client
			if !server.own {
				prefix = "servers/" + url.PathEscape(app.BaseURL()) + "/"
			}
			if client == "" {
				client = testbed.MethodEnv
			}
			for dir, auth := range map[string]*tcbauth.Auth{"": app.Auth(), "users/v%2F1/": app.ForUser("v/1")} {
				testbed.SignInAs(t, auth, testbed.Gopher)
				_, err := auth.VerifyCaptchaData(t.Context(), tcbauth.VerifyCaptchaDataRequest{Token: "t", Key: "k"})
				require.NoError(t, err)
				_, err = auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
				require.NoError(t, err)
				for _, key := range []string{"credentials_" + client, "captcha_" + client} {
					_, err := store.TokenStore.Get(t.Context(), prefix+dir+key)
					assert.NoError(t, err, prefix+dir+key)
				}
			}
			_, err := store.TokenStore.Get(t.Context(), prefix+"device_id")
			require.NoError(t, err, "the js-sdk's key of the device id")
			has, err := testbed.NewPeerApp(t, sessionAnswers(), store, server.opts...).Auth().HasLoginState(t.Context())
			require.NoError(t, err)
			assert.True(t, has)
			for _, auth := range []*tcbauth.Auth{app.Auth(), app.ForUser("v/1")} {
				require.NoError(t, auth.SignOut(t.Context()))
			}
			for _, key := range store.keys() {
				if server.own {
					assert.False(t, strings.HasPrefix(key, "servers/"), key)
				} else {
					assert.True(t, strings.HasPrefix(key, prefix), key)
				}
			}
		})
	}
}

// TestSessionsOfTwoServers on one store are two. Neither server sees the other's tokens, and neither ends the other's
// session.
func TestSessionsOfTwoServers(t *testing.T) {
	t.Parallel()
	emulated, elsewhere := tcbauth.WithBaseURL("http://127.0.0.1:9099"), tcbauth.WithBaseURL("https://auth.example.com")
	for name, pair := range map[string][2][]tcbauth.Option{
		"production and an emulator": {nil, {emulated}},
		"an emulator and production": {{emulated}, nil},
		"two other servers":          {{emulated}, {elsewhere}},
		"two ports":                  {{emulated}, {tcbauth.WithBaseURL("http://127.0.0.1:9100")}},
		"two environments of a server": {
			{tcbauth.WithBaseURL("https://auth.example.com/env-1"), tcbauth.WithClientID("one")},
			{tcbauth.WithBaseURL("https://auth.example.com/env-2"), tcbauth.WithClientID("one")},
		},
		"a gateway and an emulator": {{tcbauth.WithGateway()}, {emulated}},
	} {
		for kind, open := range map[string]func(*tcbauth.App) *tcbauth.Auth{
			"default": (*tcbauth.App).Auth, "visitor": func(app *tcbauth.App) *tcbauth.Auth { return app.ForUser("visitor") },
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				now := time.Now()
				clock := tcbauth.WithClock(func() time.Time { return now })
				store := tcbauth.NewMemoryStore()
				a, b := sessionAnswers(), &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
					if strings.HasSuffix(r.URL.Path, "/token") || r.Header.Get("Authorization") != "" {
						return testbed.Reply(http.StatusBadRequest, `{"error":"invalid_grant","error_code":4026}`)
					}
					return testbed.Reply(http.StatusOK, `{"access_token":"b1","refresh_token":"rb1","expires_in":7200,"sub":"`+testbed.BadgerSub+`"}`)
				}}
				atA := func() *tcbauth.Auth { return open(testbed.NewPeerApp(t, a, store, append(pair[0], clock)...)) }
				atB := func() *tcbauth.Auth { return open(testbed.NewPeerApp(t, b, store, append(pair[1], clock)...)) }
				first := testbed.SignInAs(t, atA(), testbed.Gopher)
				has, err := atB().HasLoginState(t.Context())
				require.NoError(t, err)
				assert.False(t, has, "nobody is signed in at B")
				_, err = atB().GetAccessToken(t.Context())
				require.ErrorIs(t, err, tcbauth.ErrNoSession)
				now = now.Add(testbed.TokenLifetime)
				_, err = atB().GetAccessToken(t.Context())
				require.ErrorIs(t, err, tcbauth.ErrNoSession)
				assert.Empty(t, b.Requests(), "B was sent something")

				_, err = atB().SignInCustom(t.Context(), tcbauth.SignInCustomRequest{Ticket: "t"})
				require.NoError(t, err)
				testbed.RequireToken(t, atB(), "b1")
				state, err := atA().GetSession(t.Context())
				require.NoError(t, err)
				require.True(t, state.Credentials.AccessToken == first.AccessToken, "A's session is gone")
				require.NoError(t, atB().SignOut(t.Context()))
				fresh, err := atA().GetCredentials(t.Context())
				require.NoError(t, err)
				assert.NotEmpty(t, fresh.AccessToken)
				for _, r := range b.Requests() {
					assert.NotContains(t, r.Text+r.Header.Get("Authorization"), first.RefreshToken)
					assert.NotContains(t, r.Text+r.Header.Get("Authorization"), first.AccessToken)
				}
				assert.NotEqual(t, a.Requests()[0].Header.Get("X-Device-Id"), b.Requests()[0].Header.Get("X-Device-Id"), "one device id for two servers")
			})
		}
	}
}

// TestSessionUnderTheOldKey: which server gave a session that lies under the js-sdk's key is not known to another
// server's client. It is neither used nor removed.
func TestSessionUnderTheOldKey(t *testing.T) {
	t.Parallel()
	for dir, open := range map[string]func(*tcbauth.App) *tcbauth.Auth{
		"": (*tcbauth.App).Auth, "users/visitor/": func(app *tcbauth.App) *tcbauth.Auth { return app.ForUser("visitor") },
	} {
		t.Run("under "+strings.ReplaceAll(dir, "/", " "), func(t *testing.T) {
			t.Parallel()
			p, store := sessionAnswers(), tcbauth.NewMemoryStore()
			key := dir + testbed.PeerKey
			old := &tcbauth.Credentials{AccessToken: "old", RefreshToken: "old-refresh", ExpiresIn: 7200, ExpiresAt: time.Now().Add(-time.Hour), Sub: testbed.GopherSub}
			testbed.Put(t, store, key, old)
			auth := open(testbed.NewPeerApp(t, p, store, tcbauth.WithBaseURL("https://auth.example.com")))
			testbed.RequireNobody(t, auth)
			_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
			require.ErrorIs(t, err, tcbauth.ErrNoSession)
			require.ErrorIs(t, auth.SignOut(t.Context()), tcbauth.ErrNoSession)
			assert.Empty(t, p.Requests())
			testbed.SignInAs(t, auth, testbed.Gopher)
			require.NoError(t, auth.SignOut(t.Context()))
			testbed.RequireSession(t, store, key, old)
		})
	}
}
