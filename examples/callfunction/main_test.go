package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

var greeting = event{function: "hello", data: `{"name":"gopher"}`}

func TestDemo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, demo(t.Context(), &out, greeting))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	assert.Equal(t, "ok", lines[len(lines)-1])
	assert.Contains(t, out.String(), `"event":{"name":"gopher"}`)
	assert.Contains(t, out.String(), "requests for a new token: 1")
	for _, secret := range []string{"13800000000", "eyJ"} {
		assert.NotContains(t, out.String(), secret)
	}
	require.Error(t, demo(t.Context(), &out, event{function: "unknown", data: "{}"}))
}

// TestLive signs in by password, then goes on with the session of the file.
func TestLive(t *testing.T) {
	t.Parallel()
	srv, err := authtest.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	srv.Seed(authtest.User{Sub: "1789012345678901234", Username: "gopher_01", Password: "correct-horse-1"})
	gateway, err := openGateway(srv)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, gateway.close()) })
	cfg := liveConfig{env: srv.Env, baseURL: gateway.url, dir: t.TempDir()}
	run := func(what event) (string, error) {
		var out bytes.Buffer
		err := live(t.Context(), &out, cfg, what)
		return out.String(), err
	}

	_, err = run(greeting)
	require.ErrorIs(t, err, tcbauth.ErrNoSession)
	require.ErrorContains(t, err, "smslogin")

	cfg.username, cfg.password = "gopher_01", "correct-horse-1"
	said, err := run(greeting)
	require.NoError(t, err)
	assert.Equal(t, `{"caller":"1789012345678901234","event":{"name":"gopher"},"message":"hello"}`+"\nok\n", said)

	cfg.password = ""
	_, err = run(greeting)
	require.NoError(t, err, "the session was kept")
	assert.Equal(t, 1, srv.Count("signin"))

	_, err = run(event{function: "unknown", data: "{}"})
	require.ErrorContains(t, err, "404")
	_, err = run(event{function: "hello", data: "no JSON"})
	require.ErrorContains(t, err, "not JSON")
	_, err = run(event{function: "hello", data: "[]"})
	require.ErrorContains(t, err, "FUNCTION_PARAM_INVALID")
}

// TestGatewayRefuses: the stand-in lets nobody in whom the emulator does not know.
func TestGatewayRefuses(t *testing.T) {
	t.Parallel()
	srv, err := authtest.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	app, err := tcbauth.NewApp(srv.Env, tcbauth.WithBaseURL(srv.URL))
	require.NoError(t, err)
	for _, test := range []struct{ header, want string }{
		{"", "MISSING"}, {"Basic x", "MISSING"}, {"Bearer unknown", "INVALID"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/functions/hello", strings.NewReader("{}"))
		r.Header.Set("Authorization", test.header)
		w := httptest.NewRecorder()
		asUser(app, hello).ServeHTTP(w, r)
		assert.Equal(t, http.StatusUnauthorized, w.Code)
		assert.Contains(t, w.Body.String(), test.want+"_CREDENTIALS")
	}
}
