package accesstoken_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

// Whatever token comes, it is refused by an error of this package, or another implementation finds its signature right and
// its claims what they must be. A token that is signed is made from its parts, as the keys differ from process to process.
func FuzzVerify(f *testing.F) {
	good := strings.Split(goodToken(f, nil), ".")
	payload, err := json.Marshal(claims(nil))
	require.NoError(f, err)
	const head = `{"alg":"RS256","kid":"` + keyID + `"}`
	for _, header := range []string{
		head, "", "{}", "[", `{"alg":"none","kid":"` + keyID + `"}`, `{"alg":"HS256","kid":"` + keyID + `"}`, `{"alg":"RS256"}`,
		`{"alg":"RS256","kid":"x"}`, `{"alg":"RS256","kid":"` + keyID + `","crit":["exp"],"exp":1}`, `{"alg":"RS256","kid":"` + keyID + `","b64":false}`,
	} {
		f.Add(header, string(payload), "", true)
	}
	for _, payload := range []string{
		"", "{}", "null", `{"exp":1e400}`, strings.Replace(string(payload), sub, "anon", 1), strings.Replace(string(payload), "user sso", "anonymous", 1),
		strings.Replace(string(payload), env, "x", 1), strings.Replace(string(payload), `"sub"`, `"Sub"`, 1), strings.Replace(string(payload), `"scope"`, `"sub":"1","scope"`, 1),
	} {
		f.Add(head, payload, "", true)
		f.Add(head, payload, "=", true)
	}
	f.Add(good[0], good[1], good[2], false)
	f.Add(good[0], good[1], "", false)
	f.Add(good[0], good[1], good[2]+".", false)
	f.Add("", "", strings.Repeat(".", 20_000), false)
	v := verifierAt(f, certs(f))
	require.NoError(f, verify(f, v, goodToken(f, nil)))
	f.Fuzz(func(t *testing.T, header, payload, rest string, signed bool) {
		token := header + "." + payload + "." + rest
		if signed {
			token = signRaw(t, signingKey(), encode(t, header), encode(t, payload)) + rest
		}
		claims, err := v.Verify(t.Context(), token)
		if err != nil {
			require.ErrorIs(t, err, accesstoken.ErrInvalidToken)
			require.Nil(t, claims)
			return
		}
		jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
		require.NoError(t, err)
		verified, err := jws.Verify(signingKey().Public())
		require.NoError(t, err)
		var all map[string]any
		require.NoError(t, json.Unmarshal(verified, &all))
		require.Equal(t, env, all["project_id"])
		require.Contains(t, []any{issuer, "http" + strings.TrimPrefix(issuer, "https")}, all["iss"])
		require.Contains(t, all["aud"], env)
		require.Contains(t, all["scope"], "user")
		require.NotContains(t, all["scope"], "anonymous")
		require.NotContains(t, []any{nil, "", "anon"}, all["sub"])
		require.Greater(t, all["exp"], float64(now.Unix()-60))
		var again map[string]any
		require.NoError(t, claims.Decode(&again))
		require.Equal(t, all, again)
	})
}

// Claims are what encoding/json makes of a payload.
func FuzzClaims(f *testing.F) {
	for _, payload := range []string{
		"", "null", "[]", "{}", `""`, " { } ", `{"sub":"1","scope":"user"}`, `{"sub":"\u0031","\u0073cope":"user \" "}`,
		`{"sub" : "1" , "scope" : "user" , "aud" : [ "a" , "b" ] , "x" : { "y" : [ "}" , "]\"" , { } ] } , "z" : -1.5e+3 }`,
		`{"sub":"1","scope":"user","meta":{"platform":"x"}}`, `{"sub":"1","sub":"2","scope":"user"}`, `{"":"","sub":"1","scope":"user"}`,
		`{"sub":"\ud800","scope":"user"}`, "{\"sub\":\"\xff\",\"scope\":\"user\"}", `{"sub":"1","scope":"user","exp":1e3,"iat":true}`,
		`{"sub":"1","scope":"user","a":true,"b":false,"c":null,"d":0}`, `{"sub":"1","scope":"user"`, `{"a\\":"\\","sub":"1","scope":"user"}`,
	} {
		f.Add([]byte(payload))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var c accesstoken.Claims
		err := c.UnmarshalJSON(payload)
		if !json.Valid(payload) || !utf8.Valid(payload) {
			require.ErrorIs(t, err, accesstoken.ErrMalformed)
			return
		}
		if err != nil {
			require.ErrorIs(t, err, accesstoken.ErrInvalidToken)
			require.NotContains(t, err.Error(), "not JSON")
			return
		}
		var want map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(payload, &want))
		for name, got := range map[string]string{
			"iss": c.Issuer, "sub": c.Subject, "scope": c.Scope, "project_id": c.ProjectID, "provider_type": c.ProviderType,
			"user_id": c.UserID, "user_type": c.UserType,
		} {
			var text string
			if json.Unmarshal(want[name], &text) != nil {
				text = ""
			}
			require.Equal(t, text, got, name)
		}
		var audience []string
		if json.Unmarshal(want["aud"], &audience) != nil {
			audience = nil
			var one *string
			if json.Unmarshal(want["aud"], &one) == nil && one != nil {
				audience = []string{*one}
			}
		}
		require.Equal(t, audience, c.Audience)
		for name, at := range map[string]bool{"exp": c.ExpiresAt.IsZero(), "nbf": c.NotBefore.IsZero(), "iat": c.IssuedAt.IsZero()} {
			raw := bytes.TrimSpace(want[name])
			require.Equal(t, len(raw) == 0 || string(raw) == "null", at, name)
		}
	})
}

// Whatever the server answers, there is an error of this package, or the token was signed with a key of the answer.
func FuzzKeys(f *testing.F) {
	token := goodToken(f, nil)
	good := jwks(f, jwk(keyID, signingKey()))
	for _, answer := range []string{
		"", "null", "{}", `{"keys":null}`, `{"keys":[null,1,{}]}`, good, good + good, strings.Replace(good, "AQAB", "AQ", 1),
		strings.Replace(good, "RSA", "EC", 1), strings.Replace(good, `"n":"`, `"n":"AAAA`, 1), strings.Replace(good, keyID, "", 1),
	} {
		f.Add(http.StatusOK, answer)
		f.Add(http.StatusBadGateway, answer)
	}
	f.Fuzz(func(t *testing.T, status int, answer string) {
		_, err := verifierAt(t, says(status, answer)).Verify(t.Context(), token)
		if err == nil {
			require.Equal(t, http.StatusOK, status)
			require.Contains(t, answer, "keys")
			return
		}
		require.True(t, errors.Is(err, accesstoken.ErrUnavailable) || errors.Is(err, accesstoken.ErrInvalidToken), "%v", err)
	})
}

// Whatever the server answers of a token, its session goes on only if the answer names its person.
func FuzzIntrospect(f *testing.F) {
	token := goodToken(f, nil)
	keys := jwks(f, jwk(keyID, signingKey()))
	for _, answer := range []string{
		"", "null", "{}", "[]", `{"sub":"` + sub + `"}`, `{"sub":"1"}`, `{"error":"internal"}`, `{"sub":"` + sub + `","code":1}`, `{"active":false}`,
		`{"\u0073ub":"` + sub + `"}`, `{"sub":"1","sub":"` + sub + `"}`, "\xff",
	} {
		f.Add(http.StatusOK, answer)
		f.Add(http.StatusUnauthorized, answer)
	}
	f.Fuzz(func(t *testing.T, status int, answer string) {
		v := verifierAt(t, &endpoint{answer: func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/auth/v1/certs" {
				return response(http.StatusOK, keys), nil
			}
			return response(status, answer), nil
		}})
		claims, err := v.Introspect(t.Context(), token)
		if err != nil {
			require.True(t, errors.Is(err, accesstoken.ErrUnavailable) || errors.Is(err, accesstoken.ErrInactive), "%v", err)
			return
		}
		require.Equal(t, sub, claims.Subject)
		require.Equal(t, http.StatusOK, status)
		var got map[string]any
		require.NoError(t, json.Unmarshal([]byte(answer), &got))
		require.Equal(t, sub, got["sub"])
	})
}
