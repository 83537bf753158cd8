package authtest_test

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

func TestControlEditsUsers(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	srv.Seed(authtest.User{Sub: "a/b", Username: "user_01", Password: password, Phone: phone, Groups: []string{"g"}}, authtest.User{Sub: "2", Username: "user_02"})
	const path = "users/a%2Fb"
	session := signIn(t, srv, "user_01")
	signIn(t, srv, "user_01")

	done(t, srv, "PATCH", path, `{"blocked":true,"name":"Ann"}`)
	refused(t, srv, "signin", "", object{"username": "user_01", "password": password}, 400, "user_blocked", 0)
	user := list(t, done(t, srv, "GET", "users", ""), "users")[0]
	assert.Equal(t, object{"sub": "a/b", "username": "user_01", "phone_number": phone, "name": "Ann", "groups": []any{"g"}, "blocked": true}, user)
	done(t, srv, "PATCH", path, `{"blocked":false,"password":"other-pass1"}`)
	refused(t, srv, "signin", "", object{"username": "user_01", "password": password}, 400, "invalid_username_or_password", 4043)
	ok(t, srv, "signin", "", object{"username": "user_01", "password": "other-pass1"})
	done(t, srv, "PATCH", path, `{"password":""}`)
	refused(t, srv, "signin", "", object{"username": "user_01", "password": "other-pass1"}, 400, "password_not_set", 4029)

	for body, want := range map[string]string{
		`{"username":"user_02"}`: "username is that of authtest.User(2) too", `{"phone_number":"1"}`: "phone_number is not in the form",
		`{"username":"","phone_number":""}`: "a user needs", `{"nickname":"x"}`: "unknown field", `{"sub":"3"}`: "does not change", `x`: "JSON",
	} {
		status, out := control(t, srv, "PATCH", path, body)
		assert.Equal(t, 400, status, body)
		assert.Contains(t, out.text("error_description"), want)
	}

	sessions := list(t, done(t, srv, "GET", "sessions", ""), "sessions")
	require.Len(t, sessions, 3)
	done(t, srv, "DELETE", "sessions/"+sessions[0].text("id"), "")
	assert.Len(t, list(t, done(t, srv, "GET", "sessions", ""), "sessions"), 2)
	done(t, srv, "DELETE", "sessions?sub="+url.QueryEscape("a/b"), "")
	assert.Empty(t, list(t, done(t, srv, "GET", "sessions", ""), "sessions"))
	refused(t, srv, "user/me", session.text("access_token"), nil, 401, "unauthenticated", 16)

	done(t, srv, "DELETE", path, "")
	assert.Len(t, list(t, done(t, srv, "GET", "users", ""), "users"), 1)
	for _, call := range [][2]string{
		{"DELETE", path}, {"PATCH", path}, {"DELETE", "sessions?sub=a/b"}, {"DELETE", "sessions/" + sessions[0].text("id")},
		{"DELETE", "sessions/x"}, {"DELETE", "faults/1"}, {"DELETE", "faults/x"},
	} {
		status, _ := control(t, srv, call[0], call[1], "{}")
		assert.Equal(t, 404, status, call)
	}
	status, _ := control(t, srv, "DELETE", "sessions", "")
	assert.Equal(t, 400, status)
}

// An anonymous user has no name to be found by, and can be blocked all the same. Signing up is no way out.
func TestControlBlocksAnonymousUsers(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	anonymous := ok(t, srv, "signin/anonymously", "", object{})
	sub := anonymous.text("sub")
	done(t, srv, "PATCH", "users/"+sub, `{"blocked":true}`)
	refused(t, srv, "signin/anonymously", "", object{}, 400, "user_blocked", 0)

	in := object{"phone_number": phone, "verification_token": prove(t, srv, phone), "anonymous_token": anonymous["access_token"]}
	refused(t, srv, "signup", "", in, 400, "user_blocked", 0)
	done(t, srv, "PATCH", "users/"+sub, `{"blocked":false,"pending":true}`)
	refused(t, srv, "signup", "", in, 400, "user_pending", 0)
	done(t, srv, "PATCH", "users/"+sub, `{"pending":false}`)
	assert.Equal(t, sub, ok(t, srv, "signup", "", in).text("sub"))
}

// Users may take names that no seed may give them, or lose every name. Whoever edits them then changes what was given, and nothing else.
func TestControlEditsUsersOfOddNames(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: password}, authtest.User{Sub: "2", Identities: map[string]string{"wx_open": "x"}})
	session := signIn(t, srv, "user_01")
	ok(t, srv, "user/basic/edit", session.text("access_token"), object{"username": "ann@home"})
	done(t, srv, "PATCH", "users/1", `{"blocked":true,"name":"Ann"}`)
	refused(t, srv, "signin", "", object{"username": "ann@home", "password": password}, 400, "user_blocked", 0)
	done(t, srv, "PATCH", "users/1", `{"blocked":false,"username":"ann@home"}`)
	ok(t, srv, "signin", "", object{"username": "ann@home", "password": password})
	for body, want := range map[string]string{`{"username":"bob@home"}`: "username", `{"email":"x"}`: "email", `{"username":""}`: "a user needs"} {
		status, out := control(t, srv, "PATCH", "users/1", body)
		assert.Equal(t, 400, status, body)
		assert.Contains(t, out.text("error_description"), want, body)
	}
	assert.Equal(t, 200, visit(t, srv, "", url.Values{"do": {"block"}, "id": {"1"}}).status)
	refused(t, srv, "signin", "", object{"username": "ann@home", "password": password}, 400, "user_blocked", 0)

	token := vouch(t, srv, "wx_open", authtest.ProviderUser{Sub: "x"})
	session = ok(t, srv, "signin/with/provider", "", object{"provider_token": token})
	ok(t, srv, "DELETE user/provider/wx_open", session.text("access_token"), nil)
	done(t, srv, "PATCH", "users/2", `{"blocked":true}`)
}

// Identities that are given replace those that there are, as groups do. The name at a third party goes with the identity.
func TestControlEditsIdentities(t *testing.T) {
	t.Parallel()
	srv := listen(t, authtest.WithProviders("a", "b"))
	srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: password, Groups: []string{"g"}})
	bearer := signIn(t, srv, "user_01").text("access_token")
	for _, provider := range []string{"a", "b"} {
		token := vouch(t, srv, provider, authtest.ProviderUser{Sub: provider + "-1", Name: "Ann at " + provider})
		ok(t, srv, "user/provider/bind", bearer, object{"provider_token": token})
	}
	providers := func() (all []string) {
		for _, p := range list(t, ok(t, srv, "user/me", bearer, nil), "providers") {
			all = append(all, p.text("id")+" "+p.text("provider_user_id")+" "+p.text("name"))
		}
		return all
	}
	both := []string{"a a-1 Ann at a", "b b-1 Ann at b"}
	require.Equal(t, both, providers())
	for _, step := range []struct {
		patch string
		want  []string
	}{
		{`{"name":"Ann"}`, both},
		{`{"identities":{"b":"b-1","a":"a-1"}}`, both},
		{`{"identities":{"a":"a-2","b":"b-1"}}`, []string{"a a-2 ", "b b-1 Ann at b"}},
		{`{"identities":{"b":"b-1"}}`, []string{"b b-1 Ann at b"}},
		{`{"identities":{}}`, nil},
		{`{"identities":{"a":"a-1"}}`, []string{"a a-1 "}},
		{`{"identities":null}`, nil},
	} {
		done(t, srv, "PATCH", "users/1", step.patch)
		assert.Equal(t, step.want, providers(), step.patch)
	}
	assert.Equal(t, []any{"g"}, list(t, done(t, srv, "GET", "users", ""), "users")[0]["groups"])

	token := vouch(t, srv, "a", authtest.ProviderUser{Sub: "a-1", Name: "Ann at a"})
	ok(t, srv, "user/provider/bind", bearer, object{"provider_token": token})
	srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: password, Identities: map[string]string{"a": "a-3"}})
	assert.Equal(t, []string{"a a-3 "}, providers(), "a seed is no exception")
}

func TestControlRules(t *testing.T) {
	t.Parallel()
	srv := listen(t, authtest.WithoutLimits(), authtest.WithLoginOff(authtest.LoginCustom))
	first := done(t, srv, "GET", "rules", "")
	assert.Equal(t, []any{"custom"}, first["login_off"])

	changed := done(t, srv, "PATCH", "rules", `{"sms_interval":"1m","login_off":["email"],"captcha":["signin"],"refresh":{"policy":"static"},
		"password_lock":{"after":2,"for":"1h"}}`)
	assert.Equal(t, "1m0s", changed["sms_interval"])
	assert.Equal(t, first["email_interval"], changed["email_interval"], "the others stay")
	ok(t, srv, "verification", "", object{"phone_number": phone})
	refused(t, srv, "verification", "", object{"phone_number": phone}, 429, "resource_exhausted", 8)
	refused(t, srv, "verification", "", object{"email": email}, 400, "login_type_disabled", 4045)
	refused(t, srv, "signin", "", object{}, 400, "captcha_required", 4001)

	text, err := json.Marshal(object{"rules": changed})
	require.NoError(t, err)
	again := done(t, listen(t, authtest.WithSeed(text)), "GET", "rules", "")
	assert.Equal(t, changed, again, "they are what a seed takes")

	assert.Equal(t, first, done(t, srv, "DELETE", "rules", ""))
	done(t, srv, "PATCH", "rules", `{"code_attempts":1}`)
	srv.Reset()
	assert.Equal(t, first, done(t, srv, "GET", "rules", ""), "a reset brings them back")

	for body, want := range map[string]string{
		`{"sms_interval":"-1s"}`: "sms_interval is negative", `{"sms_code_lifetime":"1ms"}`: "whole seconds", `{"sms_daily_limit":-1}`: "negative",
		`{"login_off":["x"]}`: "login_off", `{"captcha":["x"]}`: "captcha", `{"refresh":{"policy":"x"}}`: "refresh.policy",
		`{"refresh":{"policy":"static","grace":"1s"}}`: "static", `{"password_lock":{"after":1,"for":"0s"}}`: "no time",
		`{"env":"x"}`: "unknown field", `x`: "JSON",
	} {
		status, out := control(t, srv, "PATCH", "rules", body)
		assert.Equal(t, 400, status, body)
		assert.Contains(t, out.text("error_description"), want, body)
	}
	assert.Equal(t, first, done(t, srv, "GET", "rules", ""), "after a mistake nothing has changed")
}

func TestControlWhatWaits(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	srv.Seed(authtest.User{Sub: "1", Username: "user_01"})
	first := ok(t, srv, "device/code", "", object{})
	devices := list(t, done(t, srv, "GET", "devices", ""), "devices")
	require.Len(t, devices, 1)
	assert.Equal(t, first["user_code"], devices[0]["user_code"])
	srv.ApproveDevice(first.text("user_code"), "1")
	assert.Empty(t, list(t, done(t, srv, "GET", "devices", ""), "devices"))

	poll := func(id string) object {
		return ok(t, srv, "qrcode/get/status", "", object{"qrCodeId": id, "envId": srv.Env, "wxAppId": "wx1"})
	}
	for _, body := range []string{`"user":"1"`, `"deny":true`} {
		ok(t, srv, "qrcode/generate", "", object{"envId": srv.Env, "wxAppId": "wx1"})
		codes := list(t, done(t, srv, "GET", "qrcodes", ""), "qrcodes")
		require.Len(t, codes, 1)
		id := codes[0].text("qr_code_id")
		done(t, srv, "POST", "qrcodes", `{"qr_code_id":"`+id+`",`+body+`}`)
		assert.Empty(t, list(t, done(t, srv, "GET", "qrcodes", ""), "qrcodes"))
		if body == `"deny":true` {
			assert.Equal(t, "EXPIRED", poll(id)["status"])
			continue
		}
		out := ok(t, srv, "signin/with/provider", "", object{"provider_token": poll(id)["provider_token"]})
		assert.Equal(t, "1", out["sub"], "the user who has scanned it")
	}
	for body, want := range map[string]int{`"user":"2"`: 404, `"user":"1","sub":"3"`: 400, `"deny":true,"user":"1"`: 400, `"user":"1"`: 404} {
		status, _ := control(t, srv, "POST", "qrcodes", `{"qr_code_id":"x",`+body+`}`)
		assert.Equal(t, want, status, body)
	}
}

// The log says why a call was refused, and what a fault has done.
func TestRequestsSayWhy(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	ok(t, srv, "verification", "", object{"phone_number": phone})
	refused(t, srv, "verification", "", object{"phone_number": phone}, 429, "resource_exhausted", 8)
	id := done(t, srv, "POST", "faults", `{"operation":"certs","delay":"1ms","error":"unavailable","error_code":14,"error_description":"x"}`)["id"]
	assertIs(t, 1, id)
	refused(t, srv, "certs", "", nil, 503, "unavailable", 14)
	done(t, srv, "DELETE", "faults/1", "")
	ok(t, srv, "certs", "", nil)
	srv.Fault(authtest.Fault{Operation: "certs", Close: authtest.BeforeCommit})
	_, _, err := try(t, srv, "certs", "", nil)
	require.Error(t, err)

	all := srv.Requests()
	assert.Empty(t, all[0].Error)
	assert.Positive(t, all[0].Duration)
	assert.Equal(t, "resource_exhausted", all[1].Error)
	assert.Contains(t, all[1].Description, "per minute")
	assert.Equal(t, "sms_interval", all[1].Rule)
	assert.Equal(t, "delay=1ms error=unavailable status=503", all[2].Fault)
	assert.Equal(t, "unavailable", all[2].Error)
	assert.Empty(t, all[3].Fault)
	last := all[len(all)-1]
	assert.Equal(t, "close=before_commit", last.Fault)
	assert.Zero(t, last.Status)
	assert.Equal(t, "sms_interval", list(t, done(t, srv, "GET", "requests", ""), "requests")[1]["rule"])
}
