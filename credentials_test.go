package tcbauth_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// jsSession is what the js-sdk keeps in the browser's localStorage.
const jsSession = `{"token_type":"Bearer","access_token":"a","refresh_token":"m.r","expires_in":7200,"scope":"user sso",` +
	`"sub":"1849755119840497664","groups":["g1","g2"],"version":"v2","expires_at":"2000-01-01T01:59:30.000Z"}`

func decodeCredentials(t *testing.T, text string) tcbauth.Credentials {
	t.Helper()
	var c tcbauth.Credentials
	require.NoError(t, json.Unmarshal([]byte(text), &c), text)
	return c
}

func encodeCredentials(t *testing.T, c tcbauth.Credentials) string {
	t.Helper()
	data, err := json.Marshal(c)
	require.NoError(t, err)
	return string(data)
}

func TestCredentialsAreTheJSSDKs(t *testing.T) {
	t.Parallel()
	c := decodeCredentials(t, jsSession)
	assert.Equal(t, tcbauth.Credentials{
		TokenType: "Bearer", AccessToken: "a", RefreshToken: "m.r", ExpiresIn: 7200,
		ExpiresAt: time.Date(2000, 1, 1, 1, 59, 30, 0, time.UTC), Scope: "user sso", Sub: testbed.PlantedSub,
		Groups: []string{"g1", "g2"}, Version: "v2",
	}, c)
	assert.Equal(t, jsSession, encodeCredentials(t, c))

	c.ExpiresAt = time.Date(2000, 1, 1, 9, 59, 30, 123456789, time.FixedZone("CST", 8*3600))
	assert.Contains(t, encodeCredentials(t, c), `"expires_at":"2000-01-01T01:59:30.123Z"`)
	assert.Equal(t, `{}`, encodeCredentials(t, tcbauth.Credentials{}))
}

// TestIDToken can be read, is stored as the server sends it, and is shown to nobody who prints the session.
func TestIDToken(t *testing.T) {
	t.Parallel()
	const text = `{"access_token":"a","refresh_token":"r","expires_in":60,"id_token":"header.secret.signature","version":"v1"}`
	c := decodeCredentials(t, text)
	assert.Equal(t, "header.secret.signature", c.IDToken)
	assert.Empty(t, c.Extra)
	assert.Equal(t, text, encodeCredentials(t, c))
	assert.NotContains(t, fmt.Sprintf("%+v", c), "secret")
	assert.Empty(t, decodeCredentials(t, `{"access_token":"a","id_token":7}`).IDToken)
}

// What a newer js-sdk or server adds is not lost when a Go program writes the session back.
func TestCredentialsKeepUnknownFields(t *testing.T) {
	t.Parallel()
	const unknown = `{"access_token":"a","refresh_token":"r","expires_in":60,"id_token":"i","need_weda_resource":true,` +
		`"nested":{"access_token":"inner","list":[1,2,{"x":null}]},"nothing":null,"quo\"te":"<&>"}`
	c := decodeCredentials(t, unknown)
	assert.JSONEq(t, unknown, encodeCredentials(t, c))

	store := tcbauth.NewMemoryStore()
	p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(200, testbed.GoodAnswer) }}
	auth := testbed.NewPeerApp(t, p, store).Auth()
	require.NoError(t, auth.SetCredentials(t.Context(), &c))
	kept, err := auth.GetCredentials(t.Context())
	require.NoError(t, err)
	assert.Contains(t, encodeCredentials(t, *kept), `"id_token":"i"`)

	// A refresh makes a new session: what the server says of it is all that is known.
	fresh, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
	require.NoError(t, err)
	assert.NotContains(t, encodeCredentials(t, *fresh), "id_token")
}

func TestCredentialsAreLenient(t *testing.T) {
	t.Parallel()
	at := time.Date(2000, 1, 1, 1, 59, 30, 0, time.UTC)
	tests := map[string]tcbauth.Credentials{
		`{"expires_in":"7200"}`:                             {ExpiresIn: 7200},
		`{"expires_in":7200.0}`:                             {ExpiresIn: 7200},
		`{"expires_in":7.2e3}`:                              {ExpiresIn: 7200},
		`{"expires_in":"soon"}`:                             {},
		`{"expires_in":{}}`:                                 {},
		`{"expires_in":1e300}`:                              {},
		`{"expires_in":"NaN"}`:                              {},
		`{"groups":[{"id":"g"}]}`:                           {Groups: []string{"g"}},
		`{"groups":["a",{"id":"g","expires_at":"x"},{},5]}`: {Groups: []string{"a", "g"}},
		`{"groups":[null,"a"]}`:                             {Groups: []string{"a"}},
		`{"groups":"g"}`:                                    {},
		`{"groups":{"id":"g"}}`:                             {},
		`{"groups":null}`:                                   {},
		`{"access_token":5,"sub":"s"}`:                      {Sub: "s"},
		`{"sub":5,"access_token":{"x":[1]},"scope":"user"}`: {Scope: "user"},
		`{"version":2,"token_type":null,"sub":"s"}`:         {Sub: "s"},
		`{"expires_at":"2000-01-01T01:59:30.000Z"}`:         {ExpiresAt: at},
		`{"expires_at":"2000-01-01T01:59:30Z"}`:             {ExpiresAt: at},
		`{"expires_at":946691970000}`:                       {ExpiresAt: at},
		`{"expires_at":"tomorrow"}`:                         {},
		`{"expires_at":null}`:                               {},
		`{"expires_at":{}}`:                                 {},
		`{"expires_at":true}`:                               {},
		` { "access_token" : "a" } `:                        {AccessToken: "a"},
		`{"access_token":null,"refresh_token":"r"}`:         {RefreshToken: "r"},
		`{}`:   {},
		`null`: {},
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got := decodeCredentials(t, text)
			assert.True(t, want.ExpiresAt.Equal(got.ExpiresAt), "%v", got.ExpiresAt)
			want.ExpiresAt, got.ExpiresAt = time.Time{}, time.Time{}
			assert.Equal(t, want, got)
		})
	}
	for _, text := range []string{``, `{`, `[]`, `5`, `"x"`, `true`, `{"a":1}x`, "\x00"} {
		assert.Error(t, new(tcbauth.Credentials).UnmarshalJSON([]byte(text)), "%q", text)
	}
}

// JSON's names are the exact ones, as in JavaScript: a field of another case is one of somebody else's.
func TestCredentialsNamesAreExact(t *testing.T) {
	t.Parallel()
	c := decodeCredentials(t, `{"access_token":"a","Access_Token":"other","expires_in":60}`)
	assert.Equal(t, "a", c.AccessToken)
	c.AccessToken = "new"
	c = decodeCredentials(t, encodeCredentials(t, c))
	assert.Equal(t, "new", c.AccessToken)
}

func FuzzCredentials(f *testing.F) {
	for _, seed := range []string{
		jsSession, `{}`, `null`, `[]`, `5`, `{"a":1}`, `{"access_token":"a","x":{"y":[1,"]",{"z":"}"}]}}`, `{"expires_at":946691970000}`,
		`{"a\"b":1,"\u0061ccess_token":"x"}`, `{"x":"\\"}`, `{"x":"\\\""}`, "{\"\xff\":1,\"\xfe\":2}", `{"groups":[null,{"id":"g"}]}`,
		`{"expires_at":"2000-01-01T00:00:00.123456789+14:00"}`, `{"expires_at":"0000-01-01T00:00:00+23:59"}`,
		`{"expires_at":9223372036854775807}`, `{"expires_at":-9223372036854775808}`, `{"expires_in":-1}`, `{"expires_in":"0x1p4"}`,
		`{"Access_Token":"b","access_token":"a"}`, `{"":1}`, `{"a":1,"a":2}`, `{"<":"&"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var c tcbauth.Credentials
		if json.Unmarshal(data, &c) != nil {
			return
		}
		first := encodeCredentials(t, c)
		again := decodeCredentials(t, first)
		require.Equal(t, first, encodeCredentials(t, again))
		require.Equal(t, c.AccessToken, again.AccessToken)
		require.Equal(t, c.RefreshToken, again.RefreshToken)
		require.Equal(t, c.ExpiresAt.UnixMilli(), again.ExpiresAt.UnixMilli())
		require.Equal(t, c.ExpiresIn, again.ExpiresIn)
	})
}

// A damaged session is not taken for none: that would sign a person out over a full disk. It is kept for whoever wants
// to know, and signing in is the way out.
func TestDamagedSession(t *testing.T) {
	t.Parallel()
	key := testbed.PeerKey
	for name, garbage := range map[string]string{ //nolint:gosec // G101: made up
		"cut": jsSession[:len(jsSession)/2], "empty": "", "zeros": "\x00\x00\x00", "other JSON": `[1,2]`, "no token": `{"sub":"1"}`,
		"null": "null", "page": testbed.Page,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			store := tcbauth.NewMemoryStore()
			require.NoError(t, store.Set(ctx, key, []byte(garbage), 0))
			p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(200, testbed.GoodAnswer) }}
			auth := testbed.NewPeerApp(t, p, store).Auth()

			for range 2 {
				_, err := auth.GetAccessToken(ctx)
				testbed.RequireError(t, err)
				require.ErrorIs(t, err, tcbauth.ErrStore)
				require.NotErrorIs(t, err, tcbauth.ErrNoSession)
				require.NotErrorIs(t, err, tcbauth.CodeUnauthenticated)
				_, err = auth.HasLoginState(ctx)
				require.ErrorIs(t, err, tcbauth.ErrStore)
			}
			assert.Empty(t, p.Requests())
			kept, err := store.Get(ctx, testbed.DamagedKey(key))
			require.NoError(t, err)
			assert.Equal(t, garbage, string(kept))
			stored, err := store.Get(ctx, key)
			require.NoError(t, err)
			assert.Equal(t, garbage, string(stored))

			_, err = auth.SignIn(ctx, tcbauth.SignInRequest{Username: testbed.PlantedUser, Password: testbed.PlantedPassword})
			require.NoError(t, err)
			token, err := auth.GetAccessToken(ctx)
			require.NoError(t, err)
			stored, err = store.Get(ctx, key)
			require.NoError(t, err)
			assert.Equal(t, token, decodeCredentials(t, string(stored)).AccessToken)

			require.NoError(t, auth.SignOut(ctx))
			_, err = store.Get(ctx, testbed.DamagedKey(key))
			assert.ErrorIs(t, err, tcbauth.ErrNotFound, "signing out leaves no token behind")
		})
	}
}

// An answer that is no session leaves the stored one as it is (js-sdk: overwritten).
func TestIncompleteSessionIsNotStored(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{}`, `{"expires_in":7200}`, `{"access_token":"","expires_in":7200}`, `{"access_token":5,"expires_in":7200}`, `{"data":{"access_token":"a","expires_in":7200}}`,
	} {
		store := testbed.SessionStore(t)
		before, err := store.Get(t.Context(), testbed.PeerKey)
		require.NoError(t, err)
		p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(200, body) }}
		auth := testbed.NewPeerApp(t, p, store).Auth()
		for _, name := range []string{"SignIn", "SignUp", "RefreshSession", "RefreshSession/another", "Verify/v2"} {
			_, err = testbed.CallMethod(t.Context(), auth, name, testbed.MethodRows[name])
			require.ErrorIs(t, err, tcbauth.ErrInvalidResponse, "%s: %s", name, body)
			after, err := store.Get(t.Context(), testbed.PeerKey)
			require.NoError(t, err)
			assert.Equal(t, before, after, "%s: %s", name, body)
		}
	}
}
