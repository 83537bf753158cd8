package accesstoken_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

// hello greets the user, and fails the test when there is none.
func hello(t *testing.T) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, ok := accesstoken.FromContext(r.Context())
		if assert.True(t, ok) {
			_, _ = io.WriteString(w, "hello "+claims.Subject)
		}
	})
}

func request(t *testing.T, authorization ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.Header["Authorization"] = authorization
	return r
}

// RFC 6750 section 3.
func TestMiddleware(t *testing.T) {
	t.Parallel()
	good := goodToken(t, nil)
	const realm = `Bearer realm="` + env + `"`
	invalid := func(description string) string {
		return realm + `, error="invalid_token", error_description="` + description + `"`
	}
	const badRequest = realm + `, error="invalid_request", error_description="the Authorization header is malformed or repeated"`
	for name, test := range map[string]struct {
		authorization []string
		status        int
		challenge     string
	}{
		"good":             {[]string{"Bearer " + good}, 200, ""},
		"lower case":       {[]string{"bearer " + good}, 200, ""},
		"two spaces":       {[]string{"Bearer  " + good}, 200, ""},
		"none":             {nil, 401, realm},
		"empty":            {[]string{""}, 401, realm},
		"other scheme":     {[]string{"Basic dXNlcjpwYXNz"}, 401, realm},
		"no scheme":        {[]string{good}, 401, realm},
		"no token":         {[]string{"Bearer"}, 400, badRequest},
		"empty token":      {[]string{"Bearer "}, 400, badRequest},
		"two tokens":       {[]string{"Bearer " + good + " " + good}, 400, badRequest},
		"list":             {[]string{"Bearer " + good + ", Bearer " + good}, 400, badRequest},
		"quoted":           {[]string{`Bearer "` + good + `"`}, 400, badRequest},
		"not ASCII":        {[]string{"Bearer é"}, 400, badRequest},
		"twice":            {[]string{"Bearer " + good, "Bearer " + good}, 400, badRequest},
		"beside another":   {[]string{"Basic dXNlcjpwYXNz", "Bearer " + good}, 400, badRequest},
		"opaque":           {[]string{"Bearer 0123456789"}, 401, invalid("not a CloudBase access token")},
		"expired":          {[]string{"Bearer " + goodToken(t, map[string]any{"exp": 1})}, 401, invalid("expired")},
		"anonymous":        {[]string{"Bearer " + goodToken(t, map[string]any{"scope": "anonymous"})}, 401, invalid("anonymous users are not accepted")},
		"other env":        {[]string{"Bearer " + goodToken(t, map[string]any{"project_id": "x"})}, 401, invalid("issued for another environment or client")},
		"other issuer":     {[]string{"Bearer " + goodToken(t, map[string]any{"iss": "x"})}, 401, invalid("the issuer is not the environment's auth server")},
		"a MiB":            {[]string{"Bearer " + strings.Repeat("x", 1<<20)}, 401, invalid("longer than 16 KiB")},
		"forged signature": {[]string{"Bearer " + sign(t, otherKey(), header(), claims(nil))}, 401, invalid("the signature is wrong")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			verifierAt(t, certs(t)).Middleware(hello(t)).ServeHTTP(w, request(t, test.authorization...))
			assert.Equal(t, test.status, w.Code)
			assert.Equal(t, test.challenge, w.Header().Get("WWW-Authenticate"))
			if test.status == 200 {
				assert.Equal(t, "hello "+sub, w.Body.String())
				return
			}
			assert.Equal(t, http.StatusText(test.status)+"\n", w.Body.String())
			for _, authorization := range test.authorization {
				for part := range strings.SplitSeq(authorization, ".") {
					if len(part) > 16 {
						assert.NotContains(t, w.Header().Get("WWW-Authenticate"), part[:16])
					}
				}
			}
		})
	}
}

// A token elsewhere than in the header, where it would end up in logs, is none.
func TestMiddlewareReadsTheHeaderOnly(t *testing.T) {
	t.Parallel()
	good := goodToken(t, nil)
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/?access_token="+good, strings.NewReader("access_token="+good))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	verifierAt(t, certs(t)).Middleware(hello(t)).ServeHTTP(w, r)
	assert.Equal(t, http.StatusUnauthorized, w.Code)
}

func TestMiddlewareWithoutKeys(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	verifierAt(t, says(500, "")).Middleware(hello(t)).ServeHTTP(w, request(t, "Bearer "+goodToken(t, nil)))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Empty(t, w.Header().Values("WWW-Authenticate"))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w = httptest.NewRecorder()
	r := request(t, "Bearer "+goodToken(t, nil)).WithContext(ctx)
	verifierAt(t, certs(t)).Middleware(hello(t)).ServeHTTP(w, r)
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
}

// An Extractor may refuse a token with any error of this package. An answer with 401 has a challenge (RFC 9110 section 15.5.2).
func TestMiddlewareExtractorRefuses(t *testing.T) {
	t.Parallel()
	const challenge = `Bearer realm="` + env + `"`
	for _, test := range []struct {
		err    error
		status int
		want   string
	}{
		{accesstoken.ErrInvalidToken, 401, challenge + `, error="invalid_token"`},
		{fmt.Errorf("cookie: %w", accesstoken.ErrInvalidToken), 401, challenge + `, error="invalid_token"`},
		{fmt.Errorf("cookie: %w", accesstoken.ErrExpired), 401, challenge + `, error="invalid_token", error_description="expired"`},
		{accesstoken.ErrInsufficientScope, 403, challenge + `, error="insufficient_scope"`},
		{accesstoken.ErrUnavailable, 503, ""},
		{http.ErrNoCookie, 503, ""},
	} {
		v := verifierAt(t, certs(t), accesstoken.WithExtractor(func(*http.Request) (string, error) { return "", test.err }))
		w := httptest.NewRecorder()
		v.Middleware(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		assert.Equal(t, test.status, w.Code, "%v", test.err)
		assert.Equal(t, test.want, w.Header().Get("WWW-Authenticate"), "%v", test.err)
	}
}

func TestMiddlewareErrorHandler(t *testing.T) {
	t.Parallel()
	var got error
	handler := func(w http.ResponseWriter, _ *http.Request, err error) {
		got = err
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(accesstoken.StatusCode(err))
		_, _ = io.WriteString(w, `{}`)
	}
	v := verifierAt(t, certs(t), accesstoken.WithErrorHandler(handler)).Middleware(hello(t))
	for _, test := range []struct {
		authorization string
		want          error
		status        int
	}{
		{"Bearer " + goodToken(t, map[string]any{"iss": "https://example.com"}), accesstoken.ErrWrongIssuer, 401},
		{"Basic eDp5", accesstoken.ErrNoToken, 401},
		{"Bearer", accesstoken.ErrInvalidRequest, 400},
	} {
		w := httptest.NewRecorder()
		v.ServeHTTP(w, request(t, test.authorization))
		require.ErrorIs(t, got, test.want)
		assert.Equal(t, test.status, w.Code)
		assert.Equal(t, "{}", w.Body.String())
		assert.Contains(t, w.Header().Get("WWW-Authenticate"), "Bearer realm=")
	}
	assert.NotContains(t, accesstoken.ErrWrongIssuer.Error(), issuer)
}

func TestContext(t *testing.T) {
	t.Parallel()
	claims := &accesstoken.Claims{Subject: "1"}
	got, ok := accesstoken.FromContext(accesstoken.NewContext(t.Context(), claims))
	assert.True(t, ok)
	assert.Same(t, claims, got)
	for _, ctx := range []context.Context{t.Context(), accesstoken.NewContext(t.Context(), nil)} {
		got, ok = accesstoken.FromContext(ctx)
		assert.False(t, ok)
		assert.Nil(t, got)
	}
}
