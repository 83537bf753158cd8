package accesstoken_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

// What is no token of the service is refused without asking for keys.
func TestVerifyMalformed(t *testing.T) {
	t.Parallel()
	good := goodToken(t, nil)
	head, rest, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	with := func(header any) string { return encode(t, header) + "." + payload + "." + signature }
	for name, token := range map[string]string{
		"empty":               "",
		"word":                "token",
		"opaque":              "m.0123456789",
		"two parts":           head + "." + payload,
		"four parts":          good + "." + signature,
		"dots":                strings.Repeat(".", 1000),
		"space before":        " " + good,
		"line end after":      good + "\n",
		"line end inside":     head + "\n." + payload + "." + signature,
		"line end in payload": head + "." + payload[:40] + "\r\n" + payload[40:] + "." + signature,
		"CR in payload":       head + "." + payload[:40] + "\r" + payload[40:] + "." + signature,
		"LF in signature":     head + "." + payload + "." + signature[:40] + "\n" + signature[40:],
		"padded":              head + "." + payload + "." + signature + "==",
		"standard base64":     head + "." + payload + "." + strings.Repeat("+", 342),
		"second spelling":     head + "." + payload + "." + nextLetter(signature),
		"bearer":              "Bearer " + good,
		"header no JSON":      with("{"),
		"header no object":    with("[]"),
		"header null":         with("null"),
		"no alg":              with(map[string]any{"kid": keyID}),
		"no kid":              with(map[string]any{"alg": "RS256"}),
		"empty kid":           with(map[string]any{"alg": "RS256", "kid": ""}),
		"kid a number":        with(map[string]any{"alg": "RS256", "kid": 5}),
		"kid in another case": with(map[string]any{"alg": "RS256", "KID": keyID}),
		"two kids":            with(`{"alg":"RS256","kid":"x","kid":"` + keyID + `"}`),
		"escaped kid":         with(`{"alg":"RS256","\u006bid":"x","kid":"` + keyID + `"}`),
		"critical":            with(map[string]any{"alg": "RS256", "kid": keyID, "crit": []string{"exp"}, "exp": 1}),
		"not in base64":       with(map[string]any{"alg": "RS256", "kid": keyID, "b64": false}),
		"two algs":            with(`{"alg":"none","alg":"RS256","kid":"` + keyID + `"}`),
		"JSON serialization":  `{"payload":"` + payload + `","protected":"` + head + `","signature":"` + signature + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint := certs(t)
			v := verifierAt(t, endpoint)
			err := verify(t, v, token)
			require.ErrorIs(t, err, accesstoken.ErrInvalidToken)
			if name != "no alg" {
				require.ErrorIs(t, err, accesstoken.ErrMalformed)
			}
			assertHoldsNothingOf(t, err.Error(), token)
			assert.Zero(t, endpoint.count(), "requests")
			// It is no better once the keys, and the header of good tokens, are known.
			require.NoError(t, verify(t, v, good))
			require.ErrorIs(t, verify(t, v, token), accesstoken.ErrInvalidToken)
		})
	}
}

// nextLetter gives the last two bits of a part, which say nothing, another value.
func nextLetter(part string) string { return part[:len(part)-1] + string(part[len(part)-1]+1) }

// A payload that is signed and no claims is refused as well.
func TestVerifyMalformedPayload(t *testing.T) {
	t.Parallel()
	for name, payload := range map[string]string{
		"empty": "", "text": "x", "null": "null", "list": "[]", "string": `"x"`, "cut": `{"iss":"x"`, "more": `{} {}`,
		"not UTF-8":          "{\"sub\":\"\xff\"}",
		"sub twice":          `{"sub":"1","sub":"2"}`,
		"scope twice":        `{"scope":"user","scope":"user"}`,
		"escaped name twice": `{"aud":"` + env + `","\u0061ud":"x"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := verify(t, verifierAt(t, certs(t)), sign(t, signingKey(), header(), payload))
			if name == "null" || name == "list" || name == "string" {
				require.ErrorIs(t, err, accesstoken.ErrNotAccessToken)
			} else {
				require.ErrorIs(t, err, accesstoken.ErrMalformed)
			}
		})
	}
}

func TestVerifyAlgorithms(t *testing.T) {
	t.Parallel()
	public := signingKey().Public()
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	secrets := map[string][]byte{
		"DER": der,
		"PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		"JWK": []byte(jwks(t, jwk(keyID, signingKey()))),
	}
	tokens := make(map[string]string)
	for name, secret := range secrets {
		text := encode(t, map[string]any{"alg": "HS256", "kid": keyID}) + "." + encode(t, claims(nil))
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(text))
		tokens["HS256 with the public key as "+name] = text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	for _, alg := range []string{"none", "None", "NONE", "", "HS256", "RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256"} {
		head := map[string]any{"alg": alg, "kid": keyID}
		tokens[alg+", signed"] = sign(t, signingKey(), head, claims(nil))
		tokens[alg+", unsigned"] = encode(t, head) + "." + encode(t, claims(nil)) + "."
	}
	for name, token := range tokens {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint := certs(t)
			err := verify(t, verifierAt(t, endpoint), token)
			require.ErrorIs(t, err, accesstoken.ErrAlgorithm)
			assert.Zero(t, endpoint.count(), "requests")
		})
	}
}

// A token cannot bring its own key.
func TestVerifyEmbeddedKeys(t *testing.T) {
	t.Parallel()
	own := jwk(keyID, otherKey())
	for name, member := range map[string]any{
		"jwk": own, "jku": "https://example.com/certs", "x5u": "https://example.com/cert.pem", "x5c": []string{"AAAA"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			head := header()
			head[name] = member
			err := verify(t, verifierAt(t, certs(t)), sign(t, otherKey(), head, claims(nil)))
			require.ErrorIs(t, err, accesstoken.ErrSignature)
		})
	}
}

// Headers that change what a signature means are refused, with the right signature too.
func TestVerifyCriticalHeader(t *testing.T) {
	t.Parallel()
	head := header()
	head["crit"], head["exp"] = []string{"exp"}, 1
	require.ErrorIs(t, verify(t, verifierAt(t, certs(t)), sign(t, signingKey(), head, claims(nil))), accesstoken.ErrInvalidToken)
	head = header()
	head["crit"], head["b64"] = []string{"b64"}, false
	require.ErrorIs(t, verify(t, verifierAt(t, certs(t)), sign(t, signingKey(), head, claims(nil))), accesstoken.ErrInvalidToken)
}

// A header that is known from a good token says nothing of the next one's signature and claims.
func TestVerifyKnownHeader(t *testing.T) {
	t.Parallel()
	v := verifierAt(t, certs(t))
	good := goodToken(t, nil)
	require.NoError(t, verify(t, v, good))
	parts := strings.Split(good, ".")
	other := strings.Split(goodToken(t, map[string]any{"sub": "1"}), ".")
	for name, token := range map[string]string{
		"other payload":   strings.Join([]string{parts[0], other[1], parts[2]}, "."),
		"other signature": strings.Join([]string{parts[0], parts[1], other[2]}, "."),
		"no signature":    parts[0] + "." + parts[1] + ".",
		"other key":       sign(t, otherKey(), header(), claims(nil)),
		"short signature": parts[0] + "." + parts[1] + "." + parts[2][:340],
	} {
		require.ErrorIs(t, verify(t, v, token), accesstoken.ErrSignature, name)
	}
	require.ErrorIs(t, verify(t, v, goodToken(t, map[string]any{"exp": 1})), accesstoken.ErrExpired)
	require.NoError(t, verify(t, v, good))
}

//nolint:paralleltest // AllocsPerRun counts what every goroutine allocates
func TestVerifyLargeTokenIsCheap(t *testing.T) {
	endpoint := certs(t)
	v := verifierAt(t, endpoint)
	huge := goodToken(t, map[string]any{"padding": strings.Repeat("x", 1<<20)})
	require.Greater(t, len(huge), 1<<20)
	dots := strings.Repeat(".", 1<<20)
	var err error
	for _, token := range []string{huge, dots} {
		allocs := testing.AllocsPerRun(100, func() { _, err = v.Verify(t.Context(), token) })
		assert.Zero(t, allocs)
		require.ErrorIs(t, err, accesstoken.ErrTooLarge)
		require.ErrorIs(t, err, accesstoken.ErrInvalidToken)
	}
	assert.Zero(t, endpoint.count(), "requests")
}

func TestVerifySizeLimit(t *testing.T) {
	t.Parallel()
	v := verifierAt(t, certs(t))
	length := len(goodToken(t, map[string]any{"padding": ""}))
	fits := goodToken(t, map[string]any{"padding": strings.Repeat("x", (16<<10-length)*3/4)})
	require.Greater(t, len(fits), 16<<10-8)
	require.LessOrEqual(t, len(fits), 16<<10)
	require.NoError(t, verify(t, v, fits))
	long := goodToken(t, map[string]any{"padding": strings.Repeat("x", (16<<10-length)*3/4+8)})
	require.ErrorIs(t, verify(t, v, long), accesstoken.ErrTooLarge)
}
