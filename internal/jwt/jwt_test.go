package jwt_test

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/jwt"
)

const header = `{"alg":"RS256","kid":"k"}`

func token(header, payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode([]byte(payload)) + ".c2lnbmF0dXJl"
}

func TestParse(t *testing.T) {
	t.Parallel()
	const payload = ` {"iss":"i","sub":"1849755119840497664","aud":["env"],"exp":946691970,"iat":946684770.5,"scope":"user sso",` +
		`"project_id":"env-1","provider_type":"phone","meta":{"sub":"inner","x":[{"exp":1},"}"]},"name":"a\"b"} `
	text := token(header, payload)
	parsed, err := jwt.Parse(text)
	require.NoError(t, err)
	assert.Equal(t, header, string(parsed.Header))
	assert.Equal(t, payload, string(parsed.Payload))
	assert.Equal(t, "c2lnbmF0dXJl", parsed.Signature)
	want := jwt.Claims{
		Subject: "1849755119840497664", ProjectID: "env-1", ProviderType: "phone", Scope: "user sso", ExpiresAt: 946691970, IssuedAt: 946684770,
	}
	assert.Equal(t, want, jwt.Read(text))
	assert.Equal(t, want.Subject, jwt.Subject(text))
}

func TestClaims(t *testing.T) {
	t.Parallel()
	tests := map[string]jwt.Claims{
		`{}`:                                {},
		`{"sub":"a","Sub":"b","SUB":"c"}`:   {Subject: "a"},
		`{"sub":"a","sub":"b"}`:             {Subject: "b"},
		`{"sub":"a","sub":5}`:               {},
		`{"\u0073ub":"\u0061\ud83d\ude00"}`: {Subject: "a😀"},
		"{\"sub\":\"\xff\"}":                {Subject: "\ufffd"},
		`{"sub":5,"exp":"946691970","iat":true,"project_id":[],"provider_type":{},"scope":null}`: {},
		`{"exp":1.8e9,"iat":-1}`:                 {ExpiresAt: 1800000000, IssuedAt: -1},
		`{"exp":1e300,"iat":1e999}`:              {},
		`{"exp":-1e300,"iat":-1e999}`:            {},
		`{"exp":9007199254740994}`:               {},
		`{"a":{"sub":"x"},"b":["sub","x"]}`:      {},
		`{"sub":{"a":"x"},"scope":{"b":"y"}}`:    {},
		`{ "sub" : "a" , "exp" : 7 }`:            {Subject: "a", ExpiresAt: 7},
		`{"x":"\\","y":"\\\"","sub":"a"}`:        {Subject: "a"},
		`{"x":":","sub":"a,b:c}","y":[":",","]}`: {Subject: "a,b:c}"},
	}
	for payload, want := range tests {
		t.Run(payload, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, want, jwt.Read(token(header, payload)))
		})
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	encode := base64.RawURLEncoding.EncodeToString
	good := encode([]byte(`{"sub":"hunter2"}`))
	require.NotEmpty(t, jwt.Subject(good+"."+good+".s"))
	for name, text := range map[string]string{
		"empty": "", "opaque": "hunter2", "two parts": good + "." + good, "four parts": good + "." + good + ".s.s", "dots": "..",
		"no base64": good + "." + good + "*.s", "an object, then no base64": good + "." + encode([]byte(`{"sub":"ab"}`)) + "*.s", "standard base64": good + ".+" + good + ".s", "null": token(header, "null"),
		"text": token(header, `"hunter2"`), "list": token(header, `[{"sub":"hunter2"}]`), "cut": token(header, `{"sub":"hunter2"`),
		"more": token(header, `{"sub":"hunter2"}{}`), "empty payload": token(header, ``), "space": token(header, ` `),
		"long": token(header, `{"sub":"hunter2","x":"`+strings.Repeat("x", 48<<10)+`"}`),
		"deep": token(header, `{"sub":"hunter2","x":`+strings.Repeat("[", 20000)+strings.Repeat("]", 20000)+`}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := jwt.Parse(text)
			require.ErrorIs(t, err, jwt.ErrMalformed)
			assert.NotContains(t, err.Error(), "hunter2")
			assert.Empty(t, jwt.Subject(text))
			assert.Zero(t, jwt.Read(text))
		})
	}
	for name, text := range map[string]string{"null": token("null", `{}`), "no base64": "*." + good + ".s", "empty": "." + good + ".s"} {
		_, err := jwt.Parse(text)
		require.ErrorIs(t, err, jwt.ErrMalformed, "header: %s", name)
	}
	padded := strings.Replace(token(header, `{"sub":"ab"}`), ".c2ln", "==.c2ln", 1)
	assert.Equal(t, "ab", jwt.Subject(padded), "padding is cut off")
}

// FuzzClaims compares the claims of a payload with what encoding/json makes of them.
func FuzzClaims(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"sub":"a","exp":1,"iat":2}`, `{"sub":"a","sub":null}`, `{"\u0073ub":"x"}`, `{"x":{"sub":"y"},"sub":"z"}`, `{"":"","sub":"\""}`,
		"{\"sub\":\"\xff\"}", `{"sub":"\ud83d"}`, `{"exp":1e3,"iat":-0}`, ` { "sub" : "a" } `, `null`, `[]`, `{"a":[{"b":"]"}],"sub":"c"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		text := token(header, string(payload))
		_, err := jwt.Parse(text)
		var all map[string]json.RawMessage
		isObject := json.Unmarshal(payload, &all) == nil && all != nil
		if len(payload) > 40<<10 {
			return // may be too long
		}
		require.Equal(t, isObject, err == nil)
		if !isObject {
			return
		}
		require.Equal(t, jwt.Claims{
			Subject: textOf(all["sub"]), ProjectID: textOf(all["project_id"]), ProviderType: textOf(all["provider_type"]),
			Scope: textOf(all["scope"]), ExpiresAt: secondsOf(all["exp"]), IssuedAt: secondsOf(all["iat"]),
		}, jwt.Read(text))
	})
}

func FuzzParse(f *testing.F) {
	f.Add(token(header, `{"sub":"a"}`))
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := jwt.Parse(text)
		if err != nil {
			require.Equal(t, jwt.ErrMalformed, err)
			return
		}
		require.True(t, json.Valid(parsed.Header))
		require.True(t, json.Valid(parsed.Payload))
	})
}

func textOf(raw json.RawMessage) (s string) {
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

func secondsOf(raw json.RawMessage) int64 {
	if f, err := strconv.ParseFloat(string(raw), 64); err == nil && f >= -1<<53 && f <= 1<<53 {
		return int64(f)
	}
	return 0
}
