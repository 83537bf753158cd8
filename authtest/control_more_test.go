package authtest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// done makes a control call that must be accepted.
func done(t *testing.T, srv *authtest.Server, method, path, body string) object {
	t.Helper()
	status, out := control(t, srv, method, path, body)
	require.Equal(t, 200, status, "%s %s: %v", method, path, out)
	return out
}

// list returns the objects in a field of an answer.
func list(t *testing.T, out object, name string) []object {
	t.Helper()
	var all []object
	raw, err := json.Marshal(out[name])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &all))
	return all
}

func TestControlChanges(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	added := list(t, done(t, srv, "POST", "users", `{"users":[{"sub":"1","username":"user_01","password":"passw0rd"},{"email":"b@b.cn"}]}`), "users")
	require.Len(t, added, 2)
	assert.Equal(t, object{"sub": "1"}, added[0])
	assert.Regexp(t, `^[0-9]{19}$`, added[1]["sub"])
	assert.Len(t, list(t, done(t, srv, "GET", "users", ""), "users"), 2)

	done(t, srv, "POST", "codes", `{"to":"13800000000","code":"123456"}`)
	ok(t, srv, "verification", "", object{"phone_number": phone})
	assert.Equal(t, "123456", list(t, done(t, srv, "GET", "inbox?to=13800000000", ""), "messages")[0]["code"])

	done(t, srv, "POST", "captchas", `{"operations":["signin"]}`)
	login := object{"username": "user_01", "password": password}
	refused(t, srv, "signin", "", login, 400, "captcha_required", 4001)
	done(t, srv, "POST", "captchas", `{"operations":[]}`)
	session := ok(t, srv, "signin", "", login)

	code := done(t, srv, "POST", "provider-codes", `{"provider_id":"wx_open","sub":"o-1","name":"Ann"}`).text("code")
	out := ok(t, srv, "provider/token", "", object{"provider_id": "wx_open", "provider_code": code})
	assert.NotEmpty(t, out["provider_token"])

	issued := ok(t, srv, "device/code", "", object{})
	done(t, srv, "POST", "devices", `{"user_code":"`+issued.text("user_code")+`","sub":"1"}`)
	ok(t, srv, "token", "", poll(issued["device_code"]))
	issued = ok(t, srv, "device/code", "", object{})
	done(t, srv, "POST", "devices", `{"user_code":"`+issued.text("user_code")+`","deny":true}`)
	refused(t, srv, "token", "", poll(issued["device_code"]), 400, "access_denied", 0)

	shown := ok(t, srv, "qrcode/generate", "", object{"envId": srv.Env, "wxAppId": "wx1"})
	done(t, srv, "POST", "qrcodes", `{"qr_code_id":"`+shown.text("qr_code_id")+`","sub":"o-2"}`)

	done(t, srv, "POST", "keys", "")
	assert.Len(t, ok(t, srv, "certs", "", nil)["keys"], 2)
	token := done(t, srv, "POST", "tokens", `{"kind":"publishable_key","key":"forged","env":"other","age":"1h","claims":{"nonce":null}}`)
	assert.Equal(t, 2, strings.Count(token.text("token"), "."))
	assert.Equal(t, 2, strings.Count(done(t, srv, "POST", "tokens", `{}`).text("token"), "."))

	var key object
	require.NoError(t, json.Unmarshal(srv.TicketKey(), &key))
	assert.Equal(t, key, done(t, srv, "GET", "ticket-key", ""))
	assert.Contains(t, done(t, srv, "GET", "clock", ""), "now")
	assert.NotEmpty(t, session["access_token"])
}

func TestControlObserves(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: password})
	session := signIn(t, srv, "user_01")
	ok(t, srv, "token", "", refresh(session.text("refresh_token")))
	ok(t, srv, "signin/anonymously", "", object{})
	refused(t, srv, "user/me", "nonsense", nil, 401, "unauthenticated", 16)

	sessions := list(t, done(t, srv, "GET", "sessions", ""), "sessions")
	require.Len(t, sessions, 2)
	assert.Equal(t, "1", sessions[0]["sub"])
	assertIs(t, 1, sessions[0]["refreshes"])
	assert.Contains(t, sessions[0], "refresh_token_expires_at")
	assert.Equal(t, "anonymous", sessions[1]["scope"])
	assert.NotContains(t, sessions[1], "refresh_token_expires_at")

	requests := list(t, done(t, srv, "GET", "requests", ""), "requests")
	require.Len(t, requests, 4)
	assert.Equal(t, "/auth/v1/signin", requests[0]["path"])
	assert.Equal(t, map[string]any{"username": "***", "password": "***"}, requests[0]["body"])
	requests = list(t, done(t, srv, "GET", "requests?operation=user/me", ""), "requests")
	require.Len(t, requests, 1)
	assertIs(t, 401, requests[0]["status"])

	calls := make(map[string]any)
	for _, op := range list(t, done(t, srv, "GET", "operations", ""), "operations") {
		calls[op.text("method")+" "+op.text("name")] = op["calls"]
	}
	assert.Len(t, calls, len(authtest.Operations()))
	assertIs(t, 1, calls["GET user/me"])
	assertIs(t, 0, calls["DELETE user/me"])

	done(t, srv, "POST", "faults", `{"operation":"certs","every":2,"to":"13800000000","body":"html","status":504}`)
	assert.Equal(t, []object{{"operation": "certs", "every": 2., "to": "13800000000", "body": "html", "status": 504., "fired": 0., "id": 1.}},
		list(t, done(t, srv, "GET", "faults", ""), "faults"))
	done(t, srv, "DELETE", "faults", "")
	assert.Empty(t, list(t, done(t, srv, "GET", "faults", ""), "faults"))

	session = ok(t, srv, "token", "", object{"grant_type": "password", "username": "user_01", "password": password})
	ok(t, srv, "revoke", "", object{"token": session["access_token"]})
	assert.Len(t, list(t, done(t, srv, "GET", "sessions", ""), "sessions"), 2, "one that has ended is gone")
}

// Every parameter of the control API is checked.
func TestControlMistakes(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: password})
	large := `{"to":"` + strings.Repeat("x", 1<<20) + `"}`
	for _, test := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "inbox?from=x", "", 400},
		{"GET", "inbox?to=a@b.cn&to=b@b.cn", "", 400},
		{"GET", "inbox?%zz", "", 400},
		{"GET", "clock?x=1", "", 400},
		{"GET", "users?x=1", "", 400},
		{"GET", "sessions?x=1", "", 400},
		{"GET", "operations?x=1", "", 400},
		{"GET", "captchas?x=1", "", 400},
		{"GET", "faults?x=1", "", 400},
		{"GET", "ticket-key?x=1", "", 400},
		{"GET", "requests?operation=nothing", "", 400},
		{"GET", "rules?x=1", "", 400},
		{"GET", "devices?x=1", "", 400},
		{"GET", "qrcodes?x=1", "", 400},
		{"POST", "clock", `{}`, 400},
		{"POST", "clock", `{"advance":"999999h"}`, 400},
		{"POST", "clock", `{"advance":3600}`, 400},
		{"POST", "clock", `{"advance":"1h"}{}`, 400},
		{"POST", "reset?all=1", "", 400},
		{"POST", "users", `{"username":"user_02","users":[{"username":"user_03"}]}`, 400},
		{"POST", "users", `{"users":[{"username":"user_02"},{"username":"user_01"}]}`, 400},
		{"POST", "codes", `{"to":"13800000000","code":"1"}`, 400},
		{"POST", "codes", large, 413},
		{"POST", "captchas", `{}`, 400},
		{"POST", "captchas", `{"operations":["captcha/data"]}`, 400},
		{"POST", "provider-codes", `{"provider_id":"nobody","sub":"1"}`, 400},
		{"POST", "devices", `{"user_code":"x","sub":"1"}`, 404},
		{"POST", "devices", `{"user_code":"x","sub":"1","deny":true}`, 400},
		{"POST", "devices", `{"user_code":"x","deny":true}`, 404},
		{"POST", "qrcodes", `{"qr_code_id":"x","sub":"1"}`, 404},
		{"POST", "qrcodes", `{"qr_code_id":"x","user":"1"}`, 404},
		{"POST", "qrcodes", `{"qr_code_id":"x","deny":true}`, 404},
		{"POST", "keys?x=1", "", 400},
		{"POST", "tokens", `{"kind":"x"}`, 400},
		{"POST", "tokens", `{"key":"x"}`, 400},
		{"POST", "faults", `{"operation":"token","body":"html","error":"x"}`, 400},
		{"POST", "faults", `{"operation":"token","close":"after"}`, 400},
		{"POST", "faults", `{"operation":"certs","every":-1,"body":"html"}`, 400},
		{"DELETE", "faults?x=1", "", 400},
		{"PUT", "faults", "", 405},
		{"DELETE", "users", "", 405},
		{"GET", "../authtest/page.html", "", 404},
		{"GET", "%2e%2e/%2e%2e/etc/passwd", "", 404},
		{"GET", "page.html", "", 404},
	} {
		status, _ := control(t, srv, test.method, test.path, test.body)
		assert.Equal(t, test.status, status, "%s %s %.60s", test.method, test.path, test.body)
	}
	assert.Empty(t, srv.Messages(""))
	signIn(t, srv, "user_01")
	assert.Empty(t, list(t, done(t, srv, "GET", "faults", ""), "faults"))
}

// JSON is taken under any content type, since the js-sdk sends text/plain.
func TestControlContentType(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	for _, contentType := range []string{"text/plain;charset=UTF-8", "application/x-www-form-urlencoded", ""} {
		status, _ := control(t, srv, http.MethodPost, "codes", `{"to":"13800000000","code":"123456"}`, "Content-Type", contentType)
		assert.Equal(t, 200, status, contentType)
		_, _, err := try(t, srv, "verification", "", object{"email": email}, "Content-Type", contentType)
		require.NoError(t, err)
	}
	assert.Len(t, srv.Messages(email), 1)
}
