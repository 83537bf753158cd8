package tcbauth_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// claimsOf takes token apart without any store or server.
func claimsOf(t *testing.T, token string) (*tcbauth.ClaimsResponse, error) {
	t.Helper()
	p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(http.StatusOK, testbed.GoodAnswer) }}
	out, err := testbed.NewPeerApp(t, p, testbed.Untouchable{TB: t}).ForToken(token).GetClaims(t.Context())
	require.Empty(t, p.Requests())
	return out, err
}

func TestGetClaims(t *testing.T) {
	t.Parallel()
	out, err := claimsOf(t, testbed.MadeUpToken(testbed.UserHeader, testbed.UserClaims))
	require.NoError(t, err)
	assert.Equal(t, tcbauth.ClaimsHeader{Alg: "RS256", Kid: "9d1dc31e-b4d0-448b-a76f-b0cc63d81498"}, out.Header)
	assert.Equal(t, "c2ln", out.Signature)
	all := out.Claims.All
	assert.JSONEq(t, testbed.UserClaims, testbed.AsJSON(all))
	out.Claims.All = nil
	assert.Equal(t, &tcbauth.Claims{
		Issuer: "https://env-1a2b3c.ap-shanghai.tcb-api.tencentcloudapi.com", Subject: testbed.PlantedSub, Audience: []string{"env-1a2b3c"},
		ExpiresAt: 1764000000, IssuedAt: 1763992800, Scope: "user sso", ProjectID: "env-1a2b3c", ProviderType: "username",
		UserID: testbed.PlantedSub, UserType: "external", Groups: []string{"staff"},
	}, out.Claims)

	out.Claims.All = all
	data, err := json.Marshal(out)
	require.NoError(t, err)
	var js struct { // what the js-sdk returns
		Claims    json.RawMessage `json:"claims"`
		Header    json.RawMessage `json:"header"`
		Signature string          `json:"signature"`
	}
	require.NoError(t, json.Unmarshal(data, &js))
	assert.JSONEq(t, testbed.UserClaims, string(js.Claims))
	assert.JSONEq(t, testbed.UserHeader, string(js.Header))
	assert.Equal(t, "c2ln", js.Signature)
}

// A claim of an unexpected type counts as absent. It is still in All.
func TestGetClaimsIsLenient(t *testing.T) {
	t.Parallel()
	for claims, want := range map[string]tcbauth.Claims{
		`{}`:                                     {},
		`{"aud":["a","b"]}`:                      {Audience: []string{"a", "b"}},
		`{"aud":"a"}`:                            {Audience: []string{"a"}},
		`{"aud":[]}`:                             {Audience: []string{}},
		`{"aud":5,"sub":"s"}`:                    {Subject: "s"},
		`{"exp":1764000000.9,"iat":1.5e3}`:       {ExpiresAt: 1764000000, IssuedAt: 1500},
		`{"exp":"soon","iat":1e300,"sub":"s"}`:   {Subject: "s"},
		`{"exp":253402300799}`:                   {ExpiresAt: 253402300799}, // an API key's: the end of the year 9999
		`{"sub":5,"scope":["user"],"iss":"i"}`:   {Issuer: "i"},
		`{"groups":[{"id":"a"},"b"]}`:            {Groups: []string{"a", "b"}},
		`{"groups":"a","project_id":"p"}`:        {ProjectID: "p"},
		`{"sub":"anon","user_type":null,"x":{}}`: {Subject: "anon"},
	} {
		out, err := claimsOf(t, testbed.MadeUpToken(testbed.UserHeader, claims))
		if !assert.NoError(t, err, claims) {
			continue
		}
		assert.JSONEq(t, claims, testbed.AsJSON(out.Claims))
		out.Claims.All = nil
		assert.Equal(t, want, *out.Claims, claims)
	}
}

// An id of 19 digits is more than a float64 can hold.
func TestNumbersAreExact(t *testing.T) {
	t.Parallel()
	const claims = `{"sub":"s","uin":2006612345678901249,"exp":1764000000.5}`
	out, err := claimsOf(t, testbed.MadeUpToken(testbed.UserHeader, claims))
	require.NoError(t, err)
	assert.Equal(t, json.Number("2006612345678901249"), out.Claims.All["uin"])
	assert.Equal(t, claims, sorted(t, out.Claims, "sub", "uin", "exp"))

	p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer {
		return testbed.Reply(http.StatusOK, `{"id":2006612345678901249,"of":[{"id":2006612345678901251}]}`)
	}}
	info, err := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).ForToken("t").GetWedaUserInfo(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[string]any{
		"id": json.Number("2006612345678901249"), "of": []any{map[string]any{"id": json.Number("2006612345678901251")}},
	}, info)
}

// sorted encodes claims with its members in this order.
func sorted(t *testing.T, claims *tcbauth.Claims, names ...string) string {
	t.Helper()
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(testbed.AsJSON(claims)), &members))
	var parts []string
	for _, name := range names {
		parts = append(parts, `"`+name+`":`+string(members[name]))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// Claims made by hand, as for a mock, are not lost in JSON.
func TestClaimsMadeByHand(t *testing.T) {
	t.Parallel()
	made := tcbauth.Claims{
		Issuer: "i", Subject: "s", Audience: []string{"a", "b"}, ExpiresAt: 2, IssuedAt: 1, Scope: "user", ProjectID: "p",
		ProviderType: "username", UserID: "u", UserType: "external", Groups: []string{"g"},
	}
	data, err := json.Marshal(made)
	require.NoError(t, err)
	var read tcbauth.Claims
	require.NoError(t, json.Unmarshal(data, &read))
	read.All = nil
	assert.Equal(t, made, read)
	assert.JSONEq(t, `{}`, testbed.AsJSON(tcbauth.Claims{}))
}

// The names of claims are exact ones (RFC 7519, 4): one of another case is somebody else's.
func TestGetClaimsNamesAreExact(t *testing.T) {
	t.Parallel()
	out, err := claimsOf(t, testbed.MadeUpToken(testbed.UserHeader, `{"sub":"a","SUB":"other","Scope":"admin"}`))
	require.NoError(t, err)
	assert.Equal(t, "a", out.Claims.Subject)
	assert.Empty(t, out.Claims.Scope)
}

func TestGetClaimsOfNoJWT(t *testing.T) {
	t.Parallel()
	good := testbed.MadeUpToken(testbed.UserHeader, testbed.UserClaims)
	for name, token := range map[string]string{
		"opaque":               "planted-opaque-token",
		"two parts":            good[:strings.LastIndex(good, ".")],
		"four parts":           good + ".planted",
		"dots":                 "..",
		"header is no base64":  "!." + strings.SplitN(good, ".", 2)[1],
		"claims are no base64": strings.SplitN(good, ".", 2)[0] + ".!.c2ln",
		"header is no JSON":    testbed.MadeUpToken("planted", testbed.UserClaims),
		"claims are no JSON":   testbed.MadeUpToken(testbed.UserHeader, "planted"),
		"claims are cut":       testbed.MadeUpToken(testbed.UserHeader, testbed.UserClaims[:40]),
		"claims are a list":    testbed.MadeUpToken(testbed.UserHeader, `["planted"]`),
		"claims are a text":    testbed.MadeUpToken(testbed.UserHeader, `"planted"`),
		"claims are null":      testbed.MadeUpToken(testbed.UserHeader, `null`),
		"header is a list":     testbed.MadeUpToken(`[]`, testbed.UserClaims),
		"header is null":       testbed.MadeUpToken(`null`, testbed.UserClaims),
	} {
		out, err := claimsOf(t, token)
		if !assert.ErrorIs(t, err, tcbauth.ErrInvalidResponse, name) {
			continue
		}
		assert.Nil(t, out, name)
		assert.Equal(t, "GetClaims", testbed.ErrorOf(t, err).Op)
		assert.NotContains(t, err.Error(), token, name)
	}
	out, err := claimsOf(t, good+"==") // padding is not for JWTs, and does no harm
	require.NoError(t, err)
	assert.Equal(t, testbed.PlantedSub, out.Claims.Subject)
}

func TestGetClaimsOfNobody(t *testing.T) {
	t.Parallel()
	p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(http.StatusOK, testbed.GoodAnswer) }}
	_, err := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth().GetClaims(t.Context())
	require.ErrorIs(t, err, tcbauth.ErrNoSession)
	assert.Empty(t, p.Requests())

	key := testbed.MadeUpToken(testbed.UserHeader, `{"sub":"anon","scope":"anonymous"}`)
	out, err := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore(), tcbauth.WithAccessKey(key)).Auth().GetClaims(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "anonymous", out.Claims.Scope, "an access key stands in for a session's token, as in the js-sdk")
}

func TestLoginScopeAndGroups(t *testing.T) {
	t.Parallel()
	p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(http.StatusOK, testbed.GoodAnswer) }}
	for session, want := range map[string]struct {
		scope  string
		groups []string
	}{
		`{"access_token":"a","expires_in":60,"scope":"user","groups":["a","b"]}`:      {"user", []string{"a", "b"}},
		`{"access_token":"a","expires_in":60,"scope":"anonymous"}`:                    {"anonymous", nil},
		`{"access_token":"a","expires_in":60,"groups":[{"id":"a"}]}`:                  {"", []string{"a"}},
		`{"access_token":"a","expires_at":"2000-01-01T00:00:00.000Z","scope":"user"}`: {"user", nil}, // expired
	} {
		store := tcbauth.NewMemoryStore()
		require.NoError(t, store.Set(t.Context(), testbed.PeerKey, []byte(session), 0))
		auth := testbed.NewPeerApp(t, p, store).Auth()
		scope, err := auth.LoginScope(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want.scope, scope, session)
		groups, err := auth.LoginGroups(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want.groups, groups, session)
	}
	nobody := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore(), tcbauth.WithAccessKey(testbed.PlantedKey)).Auth()
	_, err := nobody.LoginScope(t.Context())
	require.ErrorIs(t, err, tcbauth.ErrNoSession, "a key is no session")
	_, err = nobody.LoginGroups(t.Context())
	require.ErrorIs(t, err, tcbauth.ErrNoSession)
	assert.Empty(t, p.Requests())
}

// What a caller does with the groups must not reach the session.
func TestLoginGroupsAreACopy(t *testing.T) {
	t.Parallel()
	p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(http.StatusOK, testbed.GoodAnswer) }}
	auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
	require.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: "a", ExpiresIn: 60, Groups: []string{"staff"}}))
	for range 2 {
		groups, err := auth.LoginGroups(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"staff"}, groups)
		groups[0] = "admin"
	}
}

func FuzzClaims(f *testing.F) {
	f.Add(testbed.MadeUpToken(testbed.UserHeader, testbed.UserClaims))
	f.Add(testbed.MadeUpToken(`{}`, `{"aud":[1,"a"],"exp":"1","groups":[null,{"id":5}],"sub":null}`))
	f.Add(testbed.MadeUpToken(`{"alg":5}`, `{"exp":-1e400}`))
	f.Add("..")
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		out, err := claimsOf(t, token)
		if err != nil {
			if !errors.Is(err, tcbauth.ErrInvalidParams) { // no header carries such a token
				require.ErrorIs(t, err, tcbauth.ErrInvalidResponse)
			}
			return
		}
		require.NotNil(t, out.Claims)
		require.NotNil(t, out.Claims.All, "claims are an object")
		data, err := json.Marshal(out.Claims)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(data, new(tcbauth.Claims)))
		if sub, ok := out.Claims.All["sub"].(string); ok {
			assert.Equal(t, sub, out.Claims.Subject)
		}
		if aud, ok := out.Claims.All["aud"].(string); ok {
			assert.Equal(t, []string{aud}, out.Claims.Audience)
		}
	})
}
