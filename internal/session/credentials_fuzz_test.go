package session_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/lenient"
	"github.com/cloudbase-community/tcbauth/internal/session"
)

// reference is the stored form as encoding/json would have it.
type reference struct {
	TokenType    string       `json:"token_type,omitempty"`
	AccessToken  string       `json:"access_token,omitempty"`
	RefreshToken string       `json:"refresh_token,omitempty"`
	ExpiresIn    lenient.Int  `json:"expires_in,omitempty"`
	Scope        string       `json:"scope,omitempty"`
	Sub          string       `json:"sub,omitempty"`
	Groups       lenient.IDs  `json:"groups,omitempty"`
	Version      string       `json:"version,omitempty"`
	ExpiresAt    lenient.Time `json:"expires_at,omitzero"`
}

// take moves a field out of fields. One of another type is the zero value.
func take[T any](fields map[string]json.RawMessage, name string) T {
	var value, none T
	raw, ok := fields[name]
	delete(fields, name)
	if !ok || json.Unmarshal(raw, &value) != nil {
		return none
	}
	return value
}

func referenceDecode(data []byte) (session.Credentials, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return session.Credentials{}, err
	}
	c := session.Credentials{
		TokenType: take[string](fields, "token_type"), AccessToken: take[string](fields, "access_token"),
		RefreshToken: take[string](fields, "refresh_token"), ExpiresIn: int(take[lenient.Int](fields, "expires_in")),
		Scope: take[string](fields, "scope"), Sub: take[string](fields, "sub"), Groups: take[lenient.IDs](fields, "groups"),
		Version: take[string](fields, "version"), ExpiresAt: time.Time(take[lenient.Time](fields, "expires_at")),
	}
	if len(fields) > 0 {
		c.Extra = fields
	}
	return c, nil
}

func referenceEncode(t *testing.T, c session.Credentials) string {
	t.Helper()
	data, err := json.Marshal(reference{ //nolint:gosec // G117: made-up tokens
		TokenType: c.TokenType, AccessToken: c.AccessToken, RefreshToken: c.RefreshToken, ExpiresIn: lenient.Int(c.ExpiresIn),
		Scope: c.Scope, Sub: c.Sub, Groups: c.Groups, Version: c.Version, ExpiresAt: lenient.Time(c.ExpiresAt),
	})
	require.NoError(t, err)
	members := []string{}
	if fields := strings.Trim(string(data), "{}"); len(data) > 2 {
		members = append(members, fields)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Extra)) {
		key, err := json.Marshal(name)
		require.NoError(t, err)
		members = append(members, string(key)+":"+string(c.Extra[name]))
	}
	return "{" + strings.Join(members, ",") + "}"
}

// FuzzCredentials compares decoding and encoding with encoding/json, and holds that nothing is lost on the way.
func FuzzCredentials(f *testing.F) {
	for _, seed := range []string{
		stored, `{}`, `null`, `[]`, `5`, `{"a":1}`, `{"access_token":"a","x":{"y":[1,"]",{"z":"}"}]}}`, `{"expires_at":946691970000}`,
		`{"a\"b":1,"\u0061ccess_token":"x"}`, `{"x":"\\"}`, `{"x":"\\\""}`, "{\"\xff\":1,\"\xfe\":2}", `{"groups":[null,{"id":"g"}]}`,
		`{"expires_at":"2000-01-01T00:00:00.123456789+14:00"}`, `{"expires_at":"0000-01-01T00:00:00+23:59"}`,
		`{"expires_at":9223372036854775807}`, `{"expires_at":-9223372036854775808}`, `{"expires_in":-1}`, `{"expires_in":"0x1p4"}`,
		`{"Access_Token":"b","access_token":"a"}`, `{"":1}`, `{"a":1,"a":2}`, `{"<":"&"}`, `{"sub":"a","sub":null}`, `{"groups":[]}`,
		`{"expires_in":"7200","groups":["a",{"id":"g"},{},5],"token_type":5,"scope":"<\u2028>","version":"\ud83d"}`, `{ "access_token" : "a" } `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		want, wantErr := referenceDecode(data)
		var c session.Credentials
		err := c.UnmarshalJSON(bytes.Clone(data))
		require.Equal(t, wantErr == nil, err == nil, "%v, %v", wantErr, err)
		if err != nil {
			return
		}
		require.True(t, want.ExpiresAt.Equal(c.ExpiresAt))
		want.ExpiresAt = c.ExpiresAt // the same, but for the pointer to its zone
		require.Equal(t, want, c)

		text := encode(t, c)
		require.Equal(t, referenceEncode(t, c), text)
		again := decode(t, text)
		require.Equal(t, text, encode(t, again))
		require.Equal(t, c.Extra, again.Extra)
		require.Equal(t, c.ExpiresAt.UnixMilli(), again.ExpiresAt.UnixMilli())

		for _, at := range []time.Time{now, c.ExpiresAt} {
			c.ValidAt(at)
			granted := c.Clone()
			granted.Grant(at, time.Hour)
			require.GreaterOrEqual(t, granted.ExpiresIn, 0)
		}
	})
}
