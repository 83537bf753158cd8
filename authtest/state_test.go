package authtest_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// Who loads a state goes on where somebody saved it: the same people, passwords, sessions, keys and clock.
func TestState(t *testing.T) {
	t.Parallel()
	first := authtest.NewServer(t, authtest.WithRefreshPolicy(authtest.RotatingWithGrace(time.Minute)))
	first.Seed(authtest.User{
		Sub: "1", Username: "user_01", Password: password, Phone: phone, Email: email, Groups: []string{"g"},
		Identities: map[string]string{"wx_open": "w"},
	}, authtest.User{Sub: "2", Username: "user_02", Blocked: true})
	first.FixCode(phone, "654321")
	first.Advance(90 * time.Minute)
	session := signIn(t, first, "user_01")
	spent := session.text("refresh_token")
	session = ok(t, first, "token", "", refresh(spent))
	ok(t, first, "PATCH user/profile", session.text("access_token"), object{"gender": "FEMALE", "address": object{"country": "CN"}})
	anonymous := ok(t, first, "signin/anonymously", "", object{})
	first.RotateKey()
	state, err := first.SaveState()
	require.NoError(t, err)
	assert.NotContains(t, string(state), password)
	assert.NotContains(t, string(state), session.text("access_token"))

	second := authtest.NewServer(t, authtest.Relaxed(), authtest.WithRefreshPolicy(authtest.RotatingWithGrace(time.Minute)))
	second.Seed(authtest.User{Sub: "9", Username: "user_09"})
	require.NoError(t, second.LoadState(state))
	assert.WithinDuration(t, first.Now(), second.Now(), time.Minute)
	_, before, err := send(t.Context(), first, "GET", "/auth/v1/certs", "", nil)
	require.NoError(t, err)
	_, after, err := send(t.Context(), second, "GET", "/auth/v1/certs", "", nil)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))
	bearer := session.text("access_token")
	for _, path := range []string{"user/me", "user/security/history", "user/provider"} {
		assert.Equal(t, ok(t, first, path, bearer, nil), ok(t, second, path, bearer, nil), path)
	}
	assert.Equal(t, anonymous["sub"], ok(t, second, "user/me", anonymous.text("access_token"), nil)["sub"])
	assert.Equal(t, anonymous["sub"], ok(t, second, "signin/anonymously", "", object{})["sub"])
	signIn(t, second, "user_01")
	refused(t, second, "signin", "", object{"username": "user_01", "password": "wr0ng-one"}, 400, "invalid_username_or_password", 4043)
	refused(t, second, "signin", "", object{"username": "user_09", "password": password}, 400, "invalid_username_or_password", 4043)
	ok(t, second, "token", "", refresh(spent))
	fresh := ok(t, second, "token", "", refresh(session.text("refresh_token")))
	assert.NotEqual(t, session["refresh_token"], fresh["refresh_token"])
	again, err := second.SaveState()
	require.NoError(t, err)
	require.NoError(t, second.LoadState(again), "its own")
	ok(t, second, "user/me", fresh.text("access_token"), nil)
	ok(t, second, "verification", "", object{"phone_number": phone})
	code, err := second.WaitCode(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, "654321", code)

	for name, bad := range map[string]string{
		"nothing":     ``,
		"no JSON":     `x`,
		"not a state": `{}`,
		"a name":      strings.Replace(string(state), `"sub"`, `"subb"`, 1),
		"version":     strings.Replace(string(state), `"version": 1`, `"version": 2`, 1),
		"environment": strings.Replace(string(state), `"env": "authtest"`, `"env": "another"`, 1),
		"a key":       strings.Replace(string(state), "BEGIN PRIVATE", "BEGIN ", 1),
		"a stranger":  strings.Replace(string(state), `"sub": "1",`+"\n\t\t\t\"client_id\"", `"sub": "3",`+"\n\t\t\t\"client_id\"", 1),
		"no sessions": regexp.MustCompile(`(?s)"sessions": \[.*?\n\t\],`).ReplaceAllString(string(state), ""),
		"a code":      strings.Replace(string(state), `"654321"`, `"<script>"`, 1),
		"two of one":  strings.Replace(string(state), `"sub": "2"`, `"sub": "1"`, 1),
	} {
		require.ErrorContains(t, second.LoadState([]byte(bad)), "authtest: LoadState: ", name)
	}
	ok(t, second, "user/me", fresh.text("access_token"), nil)
}

// A key of a state signs on until the next rotation, and not after it, also in the process that saved the state.
func TestRotateKeyAfterLoadState(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	kids := func() (all []string) {
		for _, key := range ok(t, srv, "certs", "", nil)["keys"].([]any) {
			all = append(all, object(key.(map[string]any)).text("kid"))
		}
		return all
	}
	first := kids()
	state, err := srv.SaveState()
	require.NoError(t, err)
	require.NoError(t, srv.LoadState(state))
	assert.Equal(t, first, kids())
	srv.RotateKey()
	second := kids()
	require.Len(t, second, 2)
	assert.Equal(t, first[0], second[1])
	assert.NotEqual(t, first[0], second[0])
	state, err = srv.SaveState()
	require.NoError(t, err)
	srv.Reset()
	require.NoError(t, srv.LoadState(state))
	srv.RotateKey()
	third := kids()
	assert.Equal(t, second, third[1:])
	assert.NotContains(t, second, third[0])
}

// The newest access token of a session is known after a load too, which user/signout takes when it has expired.
func TestStateKnowsTheNewestToken(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	srv.Seed(authtest.User{Username: "user_01", Password: password})
	session := signIn(t, srv, "user_01")
	status, _ := control(t, srv, "PATCH", "rules", `{"access_token_lifetime": "1m"}`) // so that the older one expires later
	require.Equal(t, 200, status)
	session = ok(t, srv, "token", "", refresh(session.text("refresh_token")))
	state, err := srv.SaveState()
	require.NoError(t, err)
	require.NoError(t, srv.LoadState(state))
	srv.Advance(3 * time.Hour)
	ok(t, srv, "certs", "", nil)
	ok(t, srv, "user/signout", session.text("access_token"), object{})
	refused(t, srv, "token", "", refresh(session.text("refresh_token")), 400, "invalid_grant", 4026)
}

// A fixed code of a state is found by its address, however the state writes it.
func TestStateWithWrittenCode(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	state, err := srv.SaveState()
	require.NoError(t, err)
	written := strings.Replace(string(state), `"codes": {}`, `"codes": {"`+phone+`": "654321"}`, 1)
	require.NotEqual(t, string(state), written)
	require.NoError(t, srv.LoadState([]byte(written)))
	ok(t, srv, "verification", "", object{"phone_number": phone})
	code, err := srv.WaitCode(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, "654321", code)
}

// A state has no rules, so that all of them stay as they are.
func TestStateKeepsRules(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	state, err := srv.SaveState()
	require.NoError(t, err)
	status, changed := control(t, srv, "PATCH", "rules", `{"captcha": ["signin"], "sms_daily_limit": 7, "max_sessions": 3}`)
	require.Equal(t, 200, status)
	require.NoError(t, srv.LoadState(state))
	_, rules := control(t, srv, "GET", "rules", "")
	assert.Equal(t, changed, rules)
}

// A seed that was changed is loaded again, and what it says of rules waits for the next start.
func TestLoadSeed(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithSeed([]byte(`{"users": [{"username": "user_01", "password": "`+password+`"}]}`)))
	bearer := signIn(t, srv, "user_01").text("access_token")
	require.NoError(t, srv.LoadSeed([]byte(`{"users": [{"username": "user_01", "password": "`+password+`", "name": "n"},
		{"username": "user_02", "password": "`+password+`"}], "codes": {"13800000000": "654321"}, "rules": {"sms_daily_limit": 1}}`)))
	assert.Equal(t, "n", ok(t, srv, "user/me", bearer, nil)["name"])
	signIn(t, srv, "user_02")
	var wrong *authtest.SeedError
	require.ErrorAs(t, srv.LoadSeed([]byte(`{"user": []}`)), &wrong)
	srv.Reset()
	signIn(t, srv, "user_02")
}

// A person who has lost every login name, as by unbinding, is saved and loaded like others.
func TestStateOfNobody(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(authtest.User{Sub: "1", Password: password, Identities: map[string]string{"wx_open": "w"}})
	granted := ok(t, srv, "provider/token", "", object{
		"provider_id": "wx_open", "provider_code": srv.ProviderCode("wx_open", authtest.ProviderUser{Sub: "w"}),
	})
	bearer := ok(t, srv, "signin/with/provider", "", object{"provider_token": granted["provider_token"]}).text("access_token")
	ok(t, srv, "DELETE user/provider/wx_open", bearer, nil)
	state, err := srv.SaveState()
	require.NoError(t, err)
	require.NoError(t, srv.LoadState(state))
}

// Whoever has the same first login name is the same person, whatever else a new seed says. A seed that is refused changes nothing.
func TestLoadSeedKeepsPeople(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithSeed([]byte(`{"users": [{"username": "user_01", "password": "`+password+`", "email": "a@b.cn"}]}`)))
	bearer := signIn(t, srv, "user_01").text("access_token")
	require.NoError(t, srv.LoadSeed([]byte(`{"users": [{"username": "user_01", "password": "`+password+`", "email": "c@b.cn"}]}`)))
	assert.Equal(t, "c@b.cn", ok(t, srv, "user/me", bearer, nil)["email"])
	srv.Seed(authtest.User{Username: "user_02", Email: "d@b.cn"})
	require.Error(t, srv.LoadSeed([]byte(`{"users": [{"username": "user_01", "password": "`+password+`", "email": "e@b.cn"},
		{"username": "user_03", "email": "d@b.cn"}]}`)))
	assert.Equal(t, "c@b.cn", ok(t, srv, "user/me", bearer, nil)["email"])
}

// A name that has gone from one user of a seed to another is no conflict, whichever of them comes first.
func TestLoadSeedMovesNames(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithSeed([]byte(`{"users": [{"sub": "1", "phone_number": "`+phone+`"}, {"sub": "2", "email": "`+email+`"}]}`)))
	bothExist := func() {
		t.Helper()
		for _, name := range []string{phone, email} {
			assert.Equal(t, true, ok(t, srv, "checkIfUserExist?username="+url.QueryEscape(name), "", nil)["exist"], name)
		}
	}
	require.NoError(t, srv.LoadSeed([]byte(`{"users": [{"sub": "1", "email": "`+email+`"}, {"sub": "2", "phone_number": "`+phone+`"}]}`)))
	bothExist()
	require.Error(t, srv.LoadSeed([]byte(`{"users": [{"sub": "1", "email": "x@b.cn"}, {"sub": "3", "phone_number": "`+phone+`"}]}`)), "it is that of 2")
	bothExist()
}

// A seed for several servers is taken by all of them, or by none.
func TestLoadSeeds(t *testing.T) {
	t.Parallel()
	first, second := authtest.NewServer(t, authtest.WithEnv("env-1")), authtest.NewServer(t, authtest.WithEnv("env-2"))
	second.Seed(authtest.User{Sub: "2", Username: "user_02"})
	err := authtest.LoadSeeds([]byte(`{"users": [{"username": "user_01", "password": "`+password+`"}, {"sub": "3", "username": "user_02"}]}`), first, second)
	require.ErrorContains(t, err, "environment env-2: ")
	for _, srv := range []*authtest.Server{first, second} {
		refused(t, srv, "signin", "", object{"username": "user_01", "password": password}, 400, "invalid_username_or_password", 4043)
	}
	require.NoError(t, authtest.LoadSeeds([]byte(`{"users": [{"username": "user_01", "password": "`+password+`"}]}`), first, second, first))
	for _, srv := range []*authtest.Server{first, second} {
		signIn(t, srv, "user_01")
	}
	wrong := new(authtest.SeedError)
	require.ErrorAs(t, authtest.LoadSeeds([]byte(`{"user": []}`), first, second), &wrong)
	require.NoError(t, authtest.LoadSeeds([]byte(`{}`)))
}
