package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// ask makes a request to a handler, under the name of a machine and not of the site.
func ask(t *testing.T, h http.Handler, path, bearer string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer.Result()
}

// brokenStore does not answer.
type brokenStore struct{ tcbauth.TokenStore }

func (brokenStore) Get(context.Context, string) ([]byte, error) { return nil, errors.New("no answer") }

// TestHealth: alive is not ready. Ready is who has a store and the keys, which are fetched once.
func TestHealth(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before func(s *site)
		ready  int
	}{
		"well":        {func(*site) {}, http.StatusNoContent},
		"store away":  {func(s *site) { s.store = brokenStore{s.store} }, http.StatusServiceUnavailable},
		"server away": {func(s *site) { s.srv.Fault(authtest.Fault{Operation: "certs", Close: authtest.BeforeCommit}) }, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openSite(t, false)
			test.before(s)
			handler, err := s.service(t).handler(&url.URL{Scheme: "https", Host: "login.example.com"})
			require.NoError(t, err)
			for range 3 {
				got := ask(t, handler, "http://10.0.0.7:8080/healthz", "")
				require.NoError(t, got.Body.Close())
				assert.Equal(t, http.StatusNoContent, got.StatusCode)
				got = ask(t, handler, "http://10.0.0.7:8080/readyz", "")
				text, err := io.ReadAll(got.Body)
				require.NoError(t, errors.Join(err, got.Body.Close()))
				assert.Equal(t, test.ready, got.StatusCode)
				assert.NotContains(t, string(text), "answer", "what is wrong is for the log")
			}
			assert.LessOrEqual(t, s.srv.Count("certs"), 1)
		})
	}
}

// TestAPI: an app's own access token is verified here, and nobody else's is taken.
func TestAPI(t *testing.T) {
	t.Parallel()
	s := openSite(t, false)
	s.srv.Seed(authtest.User{Sub: "1000000000000000001", Username: "gopher_01", Password: "correct-horse-1"})
	handler, err := s.service(t).handler(&url.URL{Scheme: "http", Host: "127.0.0.1:8080"})
	require.NoError(t, err)
	app, err := tcbauth.New(s.srv.Env, tcbauth.WithBaseURL(s.srv.URL), tcbauth.WithHTTPClient(s.srv.Client()), tcbauth.WithClock(s.srv.Now))
	require.NoError(t, err)
	state, err := app.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: "gopher_01", Password: "correct-horse-1"})
	require.NoError(t, err)
	calls := len(s.srv.Requests())
	for name, test := range map[string]struct {
		token  string
		status int
		says   string
	}{
		"good":   {state.Credentials.AccessToken, http.StatusOK, `{"sub":"1000000000000000001"}`},
		"none":   {"", http.StatusUnauthorized, "Unauthorized"},
		"forged": {state.Credentials.AccessToken[:len(state.Credentials.AccessToken)-4] + "AAAA", http.StatusUnauthorized, "Unauthorized"},
	} {
		got := ask(t, handler, "http://127.0.0.1:8080/api/me", test.token)
		text, err := io.ReadAll(got.Body)
		require.NoError(t, errors.Join(err, got.Body.Close()))
		assert.Equal(t, test.status, got.StatusCode, name)
		assert.Contains(t, string(text), test.says, name)
	}
	assert.LessOrEqual(t, len(s.srv.Requests())-calls, 1, "the keys, once")
}
