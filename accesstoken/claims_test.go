package accesstoken_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

func TestClaimsDecode(t *testing.T) {
	t.Parallel()
	got, err := verifierAt(t, certs(t)).Verify(t.Context(), goodToken(t, nil))
	require.NoError(t, err)
	var all map[string]any
	require.NoError(t, got.Decode(&all))
	want, err := json.Marshal(claims(nil))
	require.NoError(t, err)
	have, err := json.Marshal(all)
	require.NoError(t, err)
	assert.JSONEq(t, string(want), string(have))
	assert.ErrorContains(t, got.Decode(new(int)), "accesstoken: ")
}

// Claims keep their JSON, of which the token's is the measure.
func TestClaimsJSON(t *testing.T) {
	t.Parallel()
	text := `{"sub":"1","scope":"user","aud":["a","b"],"exp":1767323045.5,"own":{"a":[1]},"project_id":"e"}`
	var c accesstoken.Claims
	require.NoError(t, json.Unmarshal([]byte(text), &c))
	assert.Equal(t, []string{"a", "b"}, c.Audience)
	assert.Equal(t, "e", c.ProjectID)
	assert.WithinDuration(t, time.Unix(1767323045, 0), c.ExpiresAt, 0)
	again, err := json.Marshal(c)
	require.NoError(t, err)
	assert.Equal(t, text, string(again))
	again, err = json.Marshal(map[string]any{"claims": &c})
	require.NoError(t, err)
	assert.JSONEq(t, `{"claims":`+text+`}`, string(again))

	err = json.Unmarshal([]byte(`{"sub":"1"}`), &c)
	require.ErrorIs(t, err, accesstoken.ErrNotAccessToken)
	err = json.Unmarshal([]byte(`{"sub":"1","sub":"1","scope":"user"}`), &c)
	require.ErrorIs(t, err, accesstoken.ErrMalformed)
	assert.Equal(t, "1", c.Subject, "a failure changes nothing")
}

// A claim of another type than expected is as good as none, and Decode has it all the same.
func TestClaimsOfOtherTypes(t *testing.T) {
	t.Parallel()
	other := map[string]any{"provider_type": 1, "user_id": []int{1}, "user_type": true, "groups": "admins", "at_hash": nil, "iat": nil}
	got, err := verifierAt(t, certs(t)).Verify(t.Context(), goodToken(t, other))
	require.NoError(t, err)
	assert.Empty(t, got.ProviderType)
	assert.Empty(t, got.UserID)
	assert.Empty(t, got.UserType)
	assert.Empty(t, got.Groups)
	assert.True(t, got.IssuedAt.IsZero())
	assert.True(t, got.NotBefore.IsZero())
	var all map[string]any
	require.NoError(t, got.Decode(&all))
	assert.Equal(t, "admins", all["groups"])
}

func TestClaimsUnescapes(t *testing.T) {
	t.Parallel()
	text := `{"sub" : "\u0031\"}{][", "\u0073cope":"user" , "provider_type":"微信 \ud83d\ude00" ,"user_type":"é"}`
	var c accesstoken.Claims
	require.NoError(t, json.Unmarshal([]byte(text), &c))
	assert.Equal(t, `1"}{][`, c.Subject)
	assert.Equal(t, "user", c.Scope)
	assert.Equal(t, "微信 😀", c.ProviderType)
	assert.Equal(t, "é", c.UserType)
}

// JSON is what encoding/json takes for it, down to the last character.
func TestClaimsAreJSON(t *testing.T) {
	t.Parallel()
	values := []string{
		"0", "-0", "-", "01", "-01", "1.", ".5", "1.5", "1e", "1e+", "1e+5", "1E-5", "1e5.5", "+1", "0x1", "1_0", "--1", "0.0e0",
		"true", "tru", "truee", "True", "false", "fals", "null", "nul", "NaN", "undefined", "Infinity", "", " ", "a",
		`""`, `"`, `"a`, `'a'`, `"\"`, `"\\"`, `"\""`, `"\/\b\f\n\r\t"`, `"\a"`, `"\u"`, `"\u123"`, `"\u12G4"`, `"\u123G"`, `"\u12aF"`, `"\uD800"`,
		"\"\t\"", "\"\n\"", "\"\x00\"", "\"\x7f\"",
		"[]", "[ ]", "[", "]", "[,]", "[1,]", "[,1]", "[1 2]", "[1,2]", "[ 1 , [ ] , { } ]", "[1}", "[[[]]", "[[[]]]", "[\f]",
		"{}", "{ }", "{", "}", "{,}", `{"a"}`, `{"a":}`, `{"a":1,}`, `{,"a":1}`, `{"a":1 "b":2}`, `{a:1}`, `{1:1}`, `{"a":1]`,
		`{"a" : {"b" : [{}] } }`, `{"a"::1}`,
		"trux", "nulx", "falsx", "1.a5", "\t1", "[\r1,\n2]\r\n", "[1;2]", `{"a"=1}`, `{"a":1;"b":2}`, `{'a":1}`,
		"1,", "1:", "1}", "1]", "1//", "/**/1", "1 1", "\uFEFF1",
	}
	for depth := 9_998; depth <= 10_000; depth++ {
		values = append(values, strings.Repeat("[", depth)+strings.Repeat("]", depth))
		values = append(values, strings.Repeat(`{"":`, depth)+"0"+strings.Repeat("}", depth))
	}
	for _, value := range values {
		for _, form := range []string{
			`{"sub":"1","scope":"user","x":%s}`, `{"x":%s,"sub":"1","scope":"user"}`, `{"sub":"1","scope":"user"}%s`, `%s{"sub":"1","scope":"user"}`,
		} {
			text := fmt.Sprintf(form, value)
			var c accesstoken.Claims
			err := c.UnmarshalJSON([]byte(text))
			if json.Valid([]byte(text)) {
				assert.NoError(t, err, text[:min(len(text), 100)])
			} else {
				assert.ErrorIs(t, err, accesstoken.ErrMalformed, text[:min(len(text), 100)])
			}
		}
	}
}

// Wherever a text is cut, it is no JSON.
func TestClaimsAreWhole(t *testing.T) {
	t.Parallel()
	const text = `{"sub":"1","scope":"user","x":[-10.5e+30,true,false,null,{"y":"\u12aF\n"},[]],"z":{}}`
	require.NoError(t, new(accesstoken.Claims).UnmarshalJSON([]byte(text)))
	for end := range text {
		require.ErrorIs(t, new(accesstoken.Claims).UnmarshalJSON([]byte(text[:end])), accesstoken.ErrMalformed, text[:end])
	}
}

// Every byte is taken, or refused, in a string wherever it stands in it, and next to whatever.
func TestClaimsStrings(t *testing.T) {
	t.Parallel()
	for before := range 17 {
		for c := range 256 {
			for _, after := range []string{"", "\"", "\\n", "\x01", "\x20\x21\x23", "\x7f\x80"} {
				text := `{"sub":"1","scope":"user","x":"` + strings.Repeat("!", before) + string([]byte{byte(c)}) + after + `"}`
				var claims accesstoken.Claims
				want := utf8.ValidString(text) && json.Valid([]byte(text))
				require.Equal(t, want, claims.UnmarshalJSON([]byte(text)) == nil, "%q", text)
			}
		}
	}
}

// Claims that a test of a handler makes by hand have JSON too.
func TestClaimsMadeByHand(t *testing.T) {
	t.Parallel()
	c := accesstoken.Claims{
		Issuer: "i", Subject: "1", Audience: []string{"a"}, ExpiresAt: time.Unix(3, 0), NotBefore: time.Unix(2, 0),
		IssuedAt: time.Unix(1, 0), Scope: "user", ProjectID: "p", ProviderType: "email", UserID: "1", UserType: "external", Groups: []string{"g"},
	}
	var own struct {
		Subject string   `json:"sub"`
		Groups  []string `json:"groups"`
	}
	require.NoError(t, c.Decode(&own))
	assert.Equal(t, "1", own.Subject)
	assert.Equal(t, []string{"g"}, own.Groups)
	text, err := json.Marshal(c)
	require.NoError(t, err)
	var again accesstoken.Claims
	require.NoError(t, json.Unmarshal(text, &again))
	assert.Equal(t, fmt.Sprint(c), fmt.Sprint(again))
	var all map[string]any
	require.NoError(t, (&accesstoken.Claims{}).Decode(&all))
	assert.Empty(t, all)
}

// Printing claims shows neither the token nor claims that could be personal.
func TestClaimsPrint(t *testing.T) {
	t.Parallel()
	token := goodToken(t, map[string]any{"email": "somebody@example.com", "groups": []string{"secret-group"}})
	c, err := verifierAt(t, certs(t)).Verify(t.Context(), token)
	require.NoError(t, err)
	var log bytes.Buffer
	for _, logger := range []*slog.Logger{slog.New(slog.NewTextHandler(&log, nil)), slog.New(slog.NewJSONHandler(&log, nil))} {
		logger.Info("claims", "pointer", c, "value", *c)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{c, *c, []any{c}, struct{ C *accesstoken.Claims }{c}, struct{ C accesstoken.Claims }{*c}} {
			fmt.Fprintf(&log, format+"\n", v)
		}
	}
	text := log.String()
	assert.Contains(t, text, "accesstoken.Claims{Kind:user Subject:"+sub+" Scope:user sso ProviderType:email ExpiresAt:2026-01-02T05:04:05Z}")
	for _, secret := range []string{"secret-group", "somebody@example.com", "q1w2e3r4", "at_hash"} {
		assert.NotContains(t, text, secret)
	}
	for part := range strings.SplitSeq(token, ".") {
		assert.NotContains(t, text, part[:16])
	}
	assert.NotEmpty(t, fmt.Sprint((*accesstoken.Claims)(nil)))
}

func TestKindString(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "user", accesstoken.User.String())
	assert.Equal(t, "Kind(7)", accesstoken.Kind(7).String())
}
