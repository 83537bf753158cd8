package accesstoken_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

// ignoredKeys are keys that no token is verified with, as JSON.
func ignoredKeys(t *testing.T) map[string]string {
	t.Helper()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	change := func(f func(key *jose.JSONWebKey)) string {
		key := jwk(keyID, otherKey())
		f(&key)
		data, err := key.MarshalJSON()
		require.NoError(t, err)
		return string(data)
	}
	with := func(members string) string {
		return strings.Replace(change(func(*jose.JSONWebKey) {}), "{", "{"+members+",", 1)
	}
	return map[string]string{
		"to encrypt":       with(`"key_ops":["encrypt"]`),
		"to sign":          with(`"key_ops":["sign"]`),
		"to wrap":          with(`"key_ops":["wrapKey","unwrapKey"]`),
		"for nothing":      with(`"key_ops":[]`),
		"other case":       with(`"key_ops":["Verify"]`),
		"no list":          with(`"key_ops":"verify"`),
		"mixed list":       with(`"key_ops":["verify",1]`),
		"number of ops":    with(`"key_ops":1`),
		"ops twice":        with(`"key_ops":["encrypt"],"key_ops":["verify"]`),
		"ops, then others": with(`"key_ops":["verify"],"key_ops":["encrypt"]`),
		"use and ops":      with(`"key_ops":["encrypt"],"use":"sig"`),
		"ops and use":      with(`"key_ops":["verify"],"use":"enc"`),
		"use in capitals":  with(`"use":"SIG"`),
		"use a list":       with(`"use":["sig"]`),
		"EC":               change(func(key *jose.JSONWebKey) { key.Key, key.Algorithm = curve.Public(), "ES256" }),
		"secret":           change(func(key *jose.JSONWebKey) { key.Key, key.Algorithm = []byte(strings.Repeat("x", 32)), "HS256" }),
		"private":          change(func(key *jose.JSONWebKey) { key.Key = otherKey() }),
		"without kid":      change(func(key *jose.JSONWebKey) { key.KeyID = "" }),
		"other alg":        change(func(key *jose.JSONWebKey) { key.Algorithm = "RS512" }),
		"other use":        change(func(key *jose.JSONWebKey) { key.Use = "enc" }),
		"small":            change(func(key *jose.JSONWebKey) { key.Key = newKey(1024).Public() }),
		"huge":             `{"kty":"RSA","kid":"` + keyID + `","n":"` + strings.Repeat("_", 100_000) + `","e":"AQAB"}`,
		"unknown kty":      `{"kty":"XYZ","kid":"` + keyID + `"}`,
		"no kty":           `{"kid":"` + keyID + `"}`,
		"bad n":            `{"kty":"RSA","kid":"` + keyID + `","n":"*","e":"AQAB"}`,
		"null":             `null`,
		"number":           `5`,
	}
}

func TestKeySetIgnores(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(jwk(keyID, signingKey()))
	require.NoError(t, err)
	for name, key := range ignoredKeys(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alone := says(http.StatusOK, `{"keys":[`+key+`]}`)
			require.ErrorIs(t, verify(t, verifierAt(t, alone), goodToken(t, nil)), accesstoken.ErrUnavailable)
			// Before and after a good one, under the same kid, it does no harm.
			both := says(http.StatusOK, `{"keys":[`+key+`,`+string(good)+`,`+key+`]}`)
			v := verifierAt(t, both)
			require.NoError(t, verify(t, v, goodToken(t, nil)))
			require.ErrorIs(t, verify(t, v, sign(t, otherKey(), header(), claims(nil))), accesstoken.ErrSignature)
		})
	}
}

func TestKeySetTakes(t *testing.T) {
	t.Parallel()
	for name, members := range map[string]string{
		"to verify": `"key_ops":["verify"]`, "to verify and more": `"key_ops":["sign","verify"],"use":"sig"`,
		"ops are null": `"key_ops":null`, "use is null": `"use":null`, "members that it does not know": `"Key_Ops":["encrypt"],"ext":true`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := strings.Replace(jwks(t, jwk(keyID, signingKey())), `[{`, `[{`+members+",", 1)
			require.NoError(t, verify(t, verifierAt(t, says(http.StatusOK, body)), goodToken(t, nil)))
		})
	}
	for name, change := range map[string]func(key *jose.JSONWebKey){
		"as the server writes it": func(*jose.JSONWebKey) {},
		"with use":                func(key *jose.JSONWebKey) { key.Use = "sig" },
		"without alg":             func(key *jose.JSONWebKey) { key.Algorithm = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := jwk(keyID, signingKey())
			change(&key)
			require.NoError(t, verify(t, verifierAt(t, says(http.StatusOK, jwks(t, key))), goodToken(t, nil)))
		})
	}
}

func TestKeySetAnswers(t *testing.T) {
	t.Parallel()
	good := jwks(t, jwk(keyID, signingKey()))
	for name, test := range map[string]struct {
		status int
		body   string
		ok     bool
	}{
		"good":          {200, good, true},
		"large":         {200, strings.Repeat(" ", 1<<20-len(good)) + good, true},
		"too large":     {200, strings.Repeat(" ", 1<<20-len(good)+1) + good, false},
		"error":         {500, good, false},
		"created":       {201, good, false},
		"unauthorized":  {401, `{"error":"unauthenticated"}`, false},
		"empty":         {200, "", false},
		"HTML":          {200, "<html>", false},
		"null":          {200, "null", false},
		"no keys":       {200, "{}", false},
		"empty keys":    {200, `{"keys":[]}`, false},
		"keys a string": {200, `{"keys":"x"}`, false},
		"list":          {200, "[" + good + "]", false},
		"cut":           {200, good[:len(good)-3], false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := verify(t, verifierAt(t, says(test.status, test.body)), goodToken(t, nil))
			if test.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, accesstoken.ErrUnavailable)
			require.NotErrorIs(t, err, accesstoken.ErrInvalidToken)
		})
	}
}
