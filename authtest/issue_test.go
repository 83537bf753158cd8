package authtest_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

func TestIssueToken(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithEnv("env-1"))
	_, raw, err := send(t.Context(), srv, "GET", "/auth/v1/certs", "", nil)
	require.NoError(t, err)
	var set jose.JSONWebKeySet
	require.NoError(t, json.Unmarshal(raw, &set))
	read := func(spec authtest.TokenSpec) (kid string, verified bool, claims object) {
		t.Helper()
		jws, err := jose.ParseSignedCompact(srv.IssueToken(spec), []jose.SignatureAlgorithm{jose.RS256})
		require.NoError(t, err)
		_, err = jws.Verify(set.Keys[0].Key)
		require.NoError(t, json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &claims))
		return jws.Signatures[0].Header.KeyID, err == nil, claims
	}
	now := float64(srv.Now().Unix())
	kid, verified, claims := read(authtest.TokenSpec{Sub: "1"})
	assert.True(t, verified)
	assert.Equal(t, set.Keys[0].KeyID, kid)
	assert.Equal(t, "1", claims["sub"])
	assert.Equal(t, "user sso", claims["scope"])
	assert.InDelta(t, now+7200, claims["exp"], 60)
	assert.Equal(t, srv.URL, claims["iss"])
	session := signUp(t, srv, phone)
	jws, err := jose.ParseSignedCompact(session.text("access_token"), []jose.SignatureAlgorithm{jose.RS256})
	require.NoError(t, err)
	var genuine object
	require.NoError(t, json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &genuine))
	for name := range genuine {
		assert.Contains(t, claims, name)
	}
	assert.Len(t, claims, len(genuine))

	_, _, claims = read(authtest.TokenSpec{Age: 2 * time.Hour})
	assert.LessOrEqual(t, claims["exp"], now+60)
	assert.Regexp(t, `^[0-9]{19}$`, claims["sub"])
	_, _, claims = read(authtest.TokenSpec{Kind: authtest.AnonymousToken})
	assert.Equal(t, "anonymous", claims["scope"])
	_, _, claims = read(authtest.TokenSpec{Env: "env-2"})
	assert.Equal(t, "https://env-2.authtest.invalid env-2 env-2",
		strings.Join([]string{claims.text("iss"), claims.text("aud"), claims.text("project_id")}, " "))
	_, verified, claims = read(authtest.TokenSpec{Kind: authtest.PublishableKey})
	assert.True(t, verified)
	assert.Equal(t, "anon", claims["sub"])
	assert.Equal(t, map[string]any{"platform": "PublishableKey"}, claims["meta"])
	assert.Greater(t, claims["exp"], now+70*365*24*3600)
	_, _, claims = read(authtest.TokenSpec{Kind: authtest.APIKey})
	for _, name := range []string{"iss", "sub", "scope"} {
		assert.NotContains(t, claims, name)
	}
	assert.EqualValues(t, int64(253402300799), claims["exp"])
	assert.Equal(t, true, claims["is_system_admin"])
	_, _, claims = read(authtest.TokenSpec{Claims: map[string]any{"aud": []string{"a"}, "scope": nil}})
	assert.Equal(t, []any{"a"}, claims["aud"])
	assert.NotContains(t, claims, "scope")

	kid, verified, _ = read(authtest.TokenSpec{Key: authtest.UnknownKey})
	assert.False(t, verified)
	assert.NotEqual(t, set.Keys[0].KeyID, kid)
	kid, verified, _ = read(authtest.TokenSpec{Key: authtest.ForgedKey})
	assert.False(t, verified)
	assert.Equal(t, set.Keys[0].KeyID, kid)

	refused(t, srv, "user/me", srv.IssueToken(authtest.TokenSpec{Sub: session.text("sub")}), nil, 401, "unauthenticated", 16)
	for _, bad := range []authtest.TokenSpec{{Kind: 9}, {Key: 9}, {Claims: map[string]any{"x": make(chan int)}}} {
		fake := &fakeT{}
		assert.Empty(t, authtest.NewServer(fake).IssueToken(bad))
		assert.Len(t, fake.finish(), 1)
	}
}
