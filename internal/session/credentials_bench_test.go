package session_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/session"
)

// typical is a stored session as large as the server's are.
func typical(tb testing.TB) []byte {
	tb.Helper()
	access, refresh := strings.Repeat("aZ0_-.", 150), strings.Repeat("bY9-_.", 150)
	text := strings.NewReplacer(`"a"`, `"`+access+`"`, `"m.r"`, `"`+refresh+`"`, `{`, `{"id_token":"i",`).Replace(stored)
	require.True(tb, json.Valid([]byte(text)))
	return []byte(text)
}

// plain is what somebody by hand would decode a session into.
type plain struct {
	TokenType    string   `json:"token_type"`
	AccessToken  string   `json:"access_token"`
	RefreshToken string   `json:"refresh_token"`
	ExpiresIn    int      `json:"expires_in"`
	Scope        string   `json:"scope"`
	Sub          string   `json:"sub"`
	Groups       []string `json:"groups"`
	Version      string   `json:"version"`
	ExpiresAt    string   `json:"expires_at"`
	IDToken      string   `json:"id_token"`
}

func BenchmarkDecode(b *testing.B) {
	data := typical(b)
	b.Run("Credentials", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := new(session.Credentials).UnmarshalJSON(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := json.Unmarshal(data, new(plain)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	data := typical(b)
	var c session.Credentials
	var p plain
	require.NoError(b, c.UnmarshalJSON(data))
	require.NoError(b, json.Unmarshal(data, &p))
	b.Run("Credentials", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.MarshalJSON(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(p); err != nil { //nolint:gosec // G117: made-up tokens
				b.Fatal(err)
			}
		}
	})
}

// The texts, the groups and what is not known: nothing else is allocated.
func TestDecodeAllocations(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts what other tests allocate too
	data := typical(t)
	var c session.Credentials
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _ = c.UnmarshalJSON(data) }), 12.0)
}
