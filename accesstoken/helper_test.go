package accesstoken_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/accesstoken"
	"github.com/cloudbase-community/tcbauth/authtest"
)

const (
	env    = "env-1a2b3c4d5e"
	issuer = "https://env-1a2b3c4d5e.ap-shanghai.tcb-api.tencentcloudapi.com"
	keyID  = "0f1e2d3c-0000-4000-8000-00112233aabb"
	sub    = "1849755119840497664"
)

// now is the time of tests without a server.
var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// signingKey and otherKey are made once: that takes a good part of a second.
var (
	signingKey = sync.OnceValue(func() *rsa.PrivateKey { return newKey(2048) })
	otherKey   = sync.OnceValue(func() *rsa.PrivateKey { return newKey(2048) })
)

func newKey(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

// claims are those of a good token, changed by over; nil leaves one out.
func claims(over map[string]any) map[string]any {
	all := map[string]any{
		"iss": issuer, "sub": sub, "aud": env, "exp": now.Add(2 * time.Hour).Unix(), "iat": now.Unix(),
		"at_hash": "r.q1w2e3r4t5y6u7i8o9p0aa", "scope": "user sso", "project_id": env, "provider_type": "email",
		"meta": map[string]any{"wxOpenId": "", "wxUnionId": ""}, "user_id": sub, "user_type": "external",
	}
	maps.Copy(all, over)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return all
}

func header() map[string]any { return map[string]any{"alg": "RS256", "kid": keyID} }

// sign returns a token that is signed with key.
func sign(tb testing.TB, key *rsa.PrivateKey, header, payload any) string {
	tb.Helper()
	return signRaw(tb, key, encode(tb, header), encode(tb, payload))
}

// signRaw signs parts that are encoded already.
func signRaw(tb testing.TB, key *rsa.PrivateKey, header, payload string) string {
	tb.Helper()
	digest := sha256.Sum256([]byte(header + "." + payload))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	require.NoError(tb, err)
	return header + "." + payload + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// encode encodes v, or the text that it is, as a part of a token.
func encode(tb testing.TB, v any) string {
	tb.Helper()
	text, ok := v.(string)
	if !ok {
		data, err := json.Marshal(v)
		require.NoError(tb, err)
		text = string(data)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

// goodToken is signed with signingKey.
func goodToken(tb testing.TB, over map[string]any) string {
	tb.Helper()
	return sign(tb, signingKey(), header(), claims(over))
}

// jwk is a public key as certs has it.
func jwk(id string, key *rsa.PrivateKey) jose.JSONWebKey {
	return jose.JSONWebKey{Key: key.Public(), KeyID: id, Algorithm: "RS256"}
}

func jwks(tb testing.TB, keys ...jose.JSONWebKey) string {
	tb.Helper()
	data, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	require.NoError(tb, err)
	return string(data)
}

// endpoint is an auth server that answers as its function says and counts.
type endpoint struct {
	calls  atomic.Int64
	answer func(r *http.Request) (*http.Response, error)
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	e.calls.Add(1)
	return e.answer(r)
}

func (e *endpoint) count() int { return int(e.calls.Load()) }

// says is an endpoint that gives the same answer each time.
func says(status int, body string) *endpoint {
	return &endpoint{answer: func(*http.Request) (*http.Response, error) { return response(status, body), nil }}
}

// certs is an endpoint with signingKey.
func certs(tb testing.TB) *endpoint {
	tb.Helper()
	return says(http.StatusOK, jwks(tb, jwk(keyID, signingKey())))
}

func response(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(body))), ContentLength: -1,
	}
}

// verifierAt returns a verifier of env that asks e and whose clock stands still.
func verifierAt(tb testing.TB, e http.RoundTripper, opts ...accesstoken.Option) *accesstoken.Verifier {
	tb.Helper()
	opts = append([]accesstoken.Option{
		accesstoken.WithHTTPClient(&http.Client{Transport: e}),
		accesstoken.WithClock(func() time.Time { return now }),
	}, opts...)
	v, err := accesstoken.NewVerifier(env, opts...)
	require.NoError(tb, err)
	return v
}

// verifierOf returns a verifier for an emulator.
func verifierOf(tb testing.TB, srv *authtest.Server, opts ...accesstoken.Option) *accesstoken.Verifier {
	tb.Helper()
	opts = append([]accesstoken.Option{
		accesstoken.WithBaseURL(srv.URL), accesstoken.WithIssuer(srv.URL), accesstoken.WithHTTPClient(srv.Client()),
		accesstoken.WithClock(srv.Now),
	}, opts...)
	v, err := accesstoken.NewVerifier(srv.Env, opts...)
	require.NoError(tb, err)
	return v
}

func verify(tb testing.TB, v *accesstoken.Verifier, token string) error {
	tb.Helper()
	claims, err := v.Verify(context.Background(), token)
	require.Equal(tb, err != nil, claims == nil, "claims or an error")
	return err
}
