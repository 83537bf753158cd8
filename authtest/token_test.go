package authtest_test

import (
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

const reused = "invalid refresh token.  for it may be has been refreshed by other process"

func TestRefreshRotates(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	first := signUp(t, srv, phone)
	second := ok(t, srv, "token?client_id=authtest", "", object{
		"client_id": "authtest", "client_secret": "", "grant_type": "refresh_token", "refresh_token": first["refresh_token"],
	})
	assert.Equal(t, first["sub"], second["sub"])
	assert.NotEqual(t, first["access_token"], second["access_token"])
	assert.NotEqual(t, first["refresh_token"], second["refresh_token"])
	assert.Equal(t, reused, refused(t, srv, "token", "", refresh(first.text("refresh_token")), 400, "invalid_grant", 4026))
	third := ok(t, srv, "token", "", refresh(second.text("refresh_token")))

	srv.Advance(7100 * time.Second)
	ok(t, srv, "user/me", third.text("access_token"), nil)
	srv.Advance(100 * time.Second)
	for _, session := range []object{first, second, third} {
		refused(t, srv, "user/me", session.text("access_token"), nil, 401, "unauthenticated", 16)
	}
	srv.Advance(30*24*time.Hour - 2*time.Hour)
	refused(t, srv, "token", "", refresh(third.text("refresh_token")), 400, "invalid_grant", 4026)
}

func TestRefreshPolicies(t *testing.T) {
	t.Parallel()
	t.Run("static", func(t *testing.T) {
		t.Parallel()
		srv := authtest.NewServer(t, authtest.WithRefreshPolicy(authtest.Static()), authtest.WithRefreshTokenLifetime(time.Hour))
		session := signUp(t, srv, phone)
		token := session.text("refresh_token")
		for range 3 {
			assert.Equal(t, token, ok(t, srv, "token", "", refresh(token))["refresh_token"])
		}
		srv.Advance(time.Hour)
		refused(t, srv, "token", "", refresh(token), 400, "invalid_grant", 4026)
	})
	t.Run("grace", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv := authtest.NewServer(t, authtest.WithRefreshPolicy(authtest.RotatingWithGrace(time.Minute)))
			first := signUp(t, srv, phone).text("refresh_token")
			second := ok(t, srv, "token", "", refresh(first)).text("refresh_token")
			assert.NotEqual(t, first, second)
			srv.Advance(59 * time.Second)
			assert.Equal(t, second, ok(t, srv, "token", "", refresh(first))["refresh_token"])
			srv.Advance(time.Second)
			refused(t, srv, "token", "", refresh(first), 400, "invalid_grant", 4026)
			third := ok(t, srv, "token", "", refresh(second)).text("refresh_token")
			ok(t, srv, "token", "", refresh(third))
			refused(t, srv, "token", "", refresh(second), 400, "invalid_grant", 4026)
		})
	})
	t.Run("one session of a user", func(t *testing.T) {
		t.Parallel()
		srv := authtest.NewServer(t)
		srv.Seed(authtest.User{Username: "other_01", Password: "passw0rd"})
		other := ok(t, srv, "signin", "", object{"username": "other_01", "password": "passw0rd"})
		first := signUp(t, srv, phone)
		srv.Advance(time.Minute)
		second := ok(t, srv, "signin", "", object{"verification_token": prove(t, srv, phone)})
		refused(t, srv, "token", "", refresh(first.text("refresh_token")), 400, "invalid_grant", 4026)
		ok(t, srv, "user/me", first.text("access_token"), nil)
		ok(t, srv, "token", "", refresh(second.text("refresh_token")))
		ok(t, srv, "token", "", refresh(other.text("refresh_token")))
	})
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	refused(t, srv, "token", "", object{}, 400, "invalid_argument", 3)
	refused(t, srv, "token", "", object{"grant_type": "refresh_token"}, 400, "invalid_argument", 3)
	refused(t, srv, "token", "", object{"grant_type": "password", "username": "u", "password": "p"}, 400, "invalid_username_or_password", 4043)
	refused(t, srv, "token", "", object{"grant_type": "authorization_code", "code": "c"}, 400, "invalid_grant", 0)
	refused(t, srv, "token", "", object{"grant_type": "client_credentials"}, 501, "unimplemented", 12)
	refused(t, srv, "token", "", refresh("m.garbage"), 400, "invalid_grant", 4026)
	for _, bearer := range []string{"", "garbage", "a.b.c"} {
		refused(t, srv, "user/me", bearer, nil, 401, "unauthenticated", 16)
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.Relaxed())
	srv.Seed(authtest.User{Username: "user_01", Password: "passw0rd"})
	signIn := func() object { return ok(t, srv, "signin", "", object{"username": "user_01", "password": "passw0rd"}) }
	dead := func(session object) {
		t.Helper()
		refused(t, srv, "user/me", session.text("access_token"), nil, 401, "unauthenticated", 16)
		refused(t, srv, "token", "", refresh(session.text("refresh_token")), 400, "invalid_grant", 4026)
	}
	untouched := signIn()
	for _, name := range []string{"access_token", "refresh_token"} {
		session := signIn()
		newer := ok(t, srv, "token", "", refresh(session.text("refresh_token")))
		assert.Empty(t, ok(t, srv, "revoke?client_id=authtest", "", object{"token": newer[name]}))
		dead(session)
		dead(newer)
		assert.Empty(t, ok(t, srv, "revoke", "", object{"token": newer[name]}))
	}
	session := signIn()
	ok(t, srv, "revoke", session.text("access_token"), object{})
	dead(session)
	session = signIn()
	ok(t, srv, "revoke", session.text("access_token"), object{"refresh_token": session["refresh_token"]})
	dead(session)
	ok(t, srv, "revoke", "", object{"token": "garbage"})
	refused(t, srv, "revoke", "", object{}, 400, "invalid_argument", 3)

	session = signIn()
	assert.Equal(t, object{"redirect_uri": "https://x/"},
		ok(t, srv, "user/signout", session.text("access_token"), object{"redirect_uri": "https://x/", "state": "s"}))
	dead(session)
	refused(t, srv, "user/signout", session.text("access_token"), object{}, 401, "unauthenticated", 16)
	refused(t, srv, "user/signout", "", object{}, 401, "unauthenticated", 16)

	ok(t, srv, "user/me", untouched.text("access_token"), nil)
	srv.Advance(3 * time.Hour)
	assert.Empty(t, ok(t, srv, "user/signout", untouched.text("access_token"), object{}))
	dead(untouched)
}

// The refresh token of a session that a later sign-in outnumbers refreshes no more, and still names the session.
func TestOutnumberedRefreshToken(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithRefreshPolicy(authtest.Rotating().RevokingReuse()))
	srv.Seed(authtest.User{Username: "user_01", Password: password, Email: email})
	first := signIn(t, srv, "user_01")
	spent := first.text("refresh_token")
	first = ok(t, srv, "token", "", refresh(spent))
	second := signIn(t, srv, "user_01")

	refused(t, srv, "token", "", refresh(spent), 400, "invalid_grant", 4026)
	refused(t, srv, "token", "", refresh(first.text("refresh_token")), 400, "invalid_grant", 4026)
	ok(t, srv, "user/me", first.text("access_token"), nil)
	srv.Fault(authtest.Fault{Operation: "token", Times: 1, To: email, Error: &authtest.Error{Code: "unavailable", Description: "x"}})
	refused(t, srv, "token", "", refresh(first.text("refresh_token")), 503, "unavailable", 0)

	ok(t, srv, "revoke", "", object{"refresh_token": first["refresh_token"]})
	refused(t, srv, "user/me", first.text("access_token"), nil, 401, "unauthenticated", 16)
	ok(t, srv, "token", "", refresh(second.text("refresh_token")))
}

func TestTokensVerify(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithEnv("env-1"), authtest.WithClientID("app-1"), authtest.WithAccessTokenLifetime(time.Minute))
	status, raw, err := send(t.Context(), srv, "GET", "/auth/v1/certs", "", nil)
	require.NoError(t, err)
	require.Equal(t, 200, status)
	var loose struct{ Keys []map[string]string }
	require.NoError(t, json.Unmarshal(raw, &loose))
	require.Len(t, loose.Keys, 1)
	assert.Len(t, loose.Keys[0], 5)
	assert.Equal(t, "RSA", loose.Keys[0]["kty"])
	assert.Equal(t, "RS256", loose.Keys[0]["alg"])
	assert.Equal(t, "AQAB", loose.Keys[0]["e"])
	var set jose.JSONWebKeySet
	require.NoError(t, json.Unmarshal(raw, &set))

	verify := func(token string) object {
		t.Helper()
		jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
		require.NoError(t, err)
		require.Equal(t, loose.Keys[0]["kid"], jws.Signatures[0].Header.KeyID)
		payload, err := jws.Verify(set.Key(jws.Signatures[0].Header.KeyID)[0])
		require.NoError(t, err)
		var claims object
		require.NoError(t, json.Unmarshal(payload, &claims))
		return claims
	}
	now := srv.Now().Unix()
	sent := ok(t, srv, "verification", "", object{"phone_number": phone})
	claims := verify(sent.text("verification_id"))
	assert.Equal(t, phone, claims["e"])
	assert.Equal(t, "env-1", claims["pj"])
	assert.InDelta(t, now+300, claims["exp"], 60)
	assert.NotContains(t, claims, "aud")

	srv.Advance(time.Minute)
	token := prove(t, srv, phone)
	assert.Equal(t, phone, verify(token)["e"])
	session := ok(t, srv, "signup?client_id=app-1", "", object{"phone_number": phone, "verification_token": token})
	claims = verify(session.text("access_token"))
	assertIs(t, 60, session["expires_in"])
	assert.Equal(t, claims["iat"].(float64)+60, claims["exp"])
	assert.Regexp(t, `^r\.`, claims["at_hash"])
	delete(claims, "iat")
	delete(claims, "exp")
	delete(claims, "at_hash")
	sub := session["sub"]
	assert.Equal(t, object{
		"iss": "https://env-1.authtest.invalid", "sub": sub, "aud": "app-1", "scope": "user sso", "project_id": "env-1",
		"provider_type": "phone", "meta": map[string]any{"wxOpenId": "", "wxUnionId": ""}, "user_id": sub, "user_type": "external",
	}, claims)
	refreshed := ok(t, srv, "token", "", refresh(session.text("refresh_token")))
	assert.Equal(t, "app-1", verify(refreshed.text("access_token"))["aud"])
}

// Two rotations at once are two.
func TestRotateKeyAtOnce(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	var both sync.WaitGroup
	for range 2 {
		both.Go(srv.RotateKey)
	}
	both.Wait()
	assert.Len(t, ok(t, srv, "certs", "", nil)["keys"], 3)
}
