package session_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/session"
)

// stored is what the js-sdk keeps in the browser's localStorage.
const stored = `{"token_type":"Bearer","access_token":"a","refresh_token":"m.r","expires_in":7200,"scope":"user sso",` +
	`"sub":"1849755119840497664","groups":["g1","g2"],"version":"v2","expires_at":"2000-01-01T01:59:30.000Z"}`

func decode(t *testing.T, text string) session.Credentials {
	t.Helper()
	var c session.Credentials
	require.NoError(t, c.UnmarshalJSON([]byte(text)), text)
	return c
}

func encode(t *testing.T, c session.Credentials) string {
	t.Helper()
	data, err := c.MarshalJSON()
	require.NoError(t, err)
	return string(data)
}

func TestCredentialsAreTheJSSDKs(t *testing.T) {
	t.Parallel()
	c := decode(t, stored)
	assert.Equal(t, session.Credentials{
		TokenType: "Bearer", AccessToken: "a", RefreshToken: "m.r", ExpiresIn: 7200,
		ExpiresAt: time.Date(2000, 1, 1, 1, 59, 30, 0, time.UTC), Scope: "user sso", Sub: "1849755119840497664",
		Groups: []string{"g1", "g2"}, Version: "v2",
	}, c)
	assert.Equal(t, stored, encode(t, c))
	assert.Equal(t, `{}`, encode(t, session.Credentials{}))
}

// A session that never expires, as a caller may set it, has not expired when it is read again.
func TestSessionThatNeverExpires(t *testing.T) {
	t.Parallel()
	last := time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC)
	for _, at := range []time.Time{last, last.Add(time.Hour), last.In(time.FixedZone("west", -36000)), time.Unix(1<<60, 0), time.Date(200000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		assert.Equal(t, last, decode(t, encode(t, session.Credentials{AccessToken: "a", ExpiresAt: at})).ExpiresAt, at)
	}
}

func TestCredentialsKeepWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	c := decode(t, `{"z": {"access_token": "inner"}, "Sub":"other","expires_in":60,"a":null,"quo\"te":"<&>","":1,"sub":"s"}`)
	assert.Equal(t, "s", c.Sub)
	assert.Empty(t, c.AccessToken)
	assert.Equal(t, `{"expires_in":60,"sub":"s","":1,"Sub":"other","a":null,"quo\"te":"<&>","z":{"access_token": "inner"}}`, encode(t, c))

	data, err := json.Marshal(c)
	require.NoError(t, err)
	assert.JSONEq(t, encode(t, c), string(data))
}

// Extra is the caller's to change, and must not break what is stored.
func TestExtraOfCallers(t *testing.T) {
	t.Parallel()
	c := session.Credentials{AccessToken: "a", Extra: map[string]json.RawMessage{
		"access_token": json.RawMessage(`"b"`), "expires_at": json.RawMessage(`5`), "nothing": nil,
	}}
	assert.Equal(t, `{"access_token":"a","nothing":null}`, encode(t, c))
	for _, raw := range []string{``, `{`, `hunter2`, `1,"access_token":"hunter2"`, `1}`} {
		c.Extra = map[string]json.RawMessage{"hunter2": json.RawMessage(raw)}
		_, err := c.MarshalJSON()
		require.Error(t, err, raw)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

func TestUnmarshalReplacesAllOrNothing(t *testing.T) {
	t.Parallel()
	c := decode(t, stored)
	for _, text := range []string{``, `{`, `[]`, `5`, `"x"`, `true`, `{"access_token":"b"}x`, `{"access_token":"b","x":}`, "\x00"} {
		require.Error(t, c.UnmarshalJSON([]byte(text)), text)
		require.Equal(t, decode(t, stored), c, text)
	}
	require.NoError(t, c.UnmarshalJSON([]byte(`{"sub":"s"}`)))
	assert.Equal(t, session.Credentials{Sub: "s"}, c)
	require.NoError(t, c.UnmarshalJSON([]byte(`null`)))
	assert.Equal(t, session.Credentials{}, c)
}

func TestClone(t *testing.T) {
	t.Parallel()
	c := decode(t, strings.Replace(stored, "{", `{"x":[1],`, 1))
	d := c.Clone()
	require.Equal(t, &c, d)
	d.Groups[0], d.Extra["x"][1], d.Extra["y"] = "other", '2', json.RawMessage("3")
	assert.Equal(t, decode(t, strings.Replace(stored, "{", `{"x":[1],`, 1)), c)
	assert.Equal(t, &session.Credentials{}, new(session.Credentials).Clone())
}

func TestWhoAndWhat(t *testing.T) {
	t.Parallel()
	withSub := token(`{"sub":"token's"}`)
	tests := map[string]struct {
		c         session.Credentials
		subject   string
		renewable bool
		anonymous bool
		missing   string
	}{
		"nothing":    {missing: "access_token"},
		"sub":        {c: session.Credentials{AccessToken: withSub, Sub: "own"}, subject: "own"},
		"token":      {c: session.Credentials{AccessToken: withSub}, subject: "token's"},
		"opaque":     {c: session.Credentials{AccessToken: "a", RefreshToken: "r"}, renewable: true},
		"anonymous":  {c: session.Credentials{AccessToken: "a", Scope: "anonymous"}, anonymous: true, renewable: true},
		"more words": {c: session.Credentials{AccessToken: "a", Scope: "user anonymous"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.subject, tt.c.Subject())
			assert.Equal(t, tt.renewable, tt.c.Renewable())
			assert.Equal(t, tt.anonymous, tt.c.Anonymous())
			assert.Equal(t, tt.missing, tt.c.Missing())
		})
	}
}

func TestSamePair(t *testing.T) {
	t.Parallel()
	c := &session.Credentials{AccessToken: "a", RefreshToken: "r"}
	assert.True(t, c.SamePair(&session.Credentials{AccessToken: "a", RefreshToken: "r", Sub: "s"}))
	assert.False(t, c.SamePair(&session.Credentials{AccessToken: "a"}))
	assert.False(t, c.SamePair(&session.Credentials{AccessToken: "b", RefreshToken: "r"}))
	assert.False(t, c.SamePair(nil))
}
