package authtest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth/authtest"
)

func poll(code any) object {
	return object{"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": code}
}

func TestDeviceCode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := authtest.NewServer(t)
		srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: password})
		issued := ok(t, srv, "device/code", "", object{"scope": "user"})
		assertIs(t, 600, issued["expires_in"])
		assertIs(t, 5, issued["interval"])
		assert.Regexp(t, `^[A-Z]{4}-[A-Z]{4}$`, issued["user_code"])
		assert.Equal(t, issued.text("verification_uri")+"?user_code="+issued.text("user_code"), issued["verification_uri_complete"])

		code := poll(issued["device_code"])
		refused(t, srv, "token", "", code, 400, "authorization_pending", 0)
		srv.Advance(5 * time.Second)
		refused(t, srv, "token", "", code, 400, "authorization_pending", 0)
		srv.Advance(4 * time.Second)
		refused(t, srv, "token", "", code, 400, "slow_down", 0)
		srv.Advance(9 * time.Second)
		refused(t, srv, "token", "", code, 400, "slow_down", 0)
		srv.Advance(15 * time.Second)
		refused(t, srv, "token", "", code, 400, "authorization_pending", 0)

		bearer := signIn(t, srv, "user_01").text("access_token")
		refused(t, srv, "user/device/authorize", bearer, object{"user_code": "nothing"}, 404, "not_found", 5)
		refused(t, srv, "user/device/authorize", bearer, object{}, 400, "invalid_argument", 3)
		refused(t, srv, "user/device/authorize", "", object{"user_code": issued["user_code"]}, 401, "unauthenticated", 16)
		lower := strings.ToLower(strings.ReplaceAll(issued.text("user_code"), "-", ""))
		ok(t, srv, "user/device/authorize", bearer, object{"user_code": lower})
		session := ok(t, srv, "token", "", code)
		assert.Equal(t, "1", session["sub"])
		assert.NotEmpty(t, session["refresh_token"])
		refused(t, srv, "token", "", code, 400, "invalid_grant", 0)
		refused(t, srv, "token", "", poll("garbage"), 400, "invalid_grant", 0)
		refused(t, srv, "token", "", poll(""), 400, "invalid_argument", 3)
	})
}

func TestDeviceCodeEnds(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithClientID("app-1"))
	srv.Seed(authtest.User{Sub: "1", Username: "user_01"})
	issued := ok(t, srv, "device/code?client_id=app-1", "", object{})
	srv.ApproveDevice(issued.text("user_code"), "1")
	refused(t, srv, "token", "", poll(issued["device_code"]), 400, "invalid_grant", 0)
	assert.Equal(t, "1", ok(t, srv, "v2/token?client_id=app-1", "", poll(issued["device_code"]))["sub"])

	issued = ok(t, srv, "device/code", "", object{})
	srv.DenyDevice(issued.text("user_code"))
	refused(t, srv, "token", "", poll(issued["device_code"]), 400, "access_denied", 0)
	issued = ok(t, srv, "device/code", "", object{})
	srv.Advance(600 * time.Second)
	refused(t, srv, "token", "", poll(issued["device_code"]), 400, "expired_token", 0)

	for name, use := range map[string]func(srv *authtest.Server){
		"approve": func(srv *authtest.Server) { srv.ApproveDevice("nothing", "1") },
		"deny":    func(srv *authtest.Server) { srv.DenyDevice("nothing") },
		"who": func(srv *authtest.Server) {
			srv.ApproveDevice(ok(t, srv, "device/code", "", object{}).text("user_code"), "nobody")
		},
		"captcha": func(srv *authtest.Server) { srv.RequireCaptcha("captcha/data") },
	} {
		fake := &fakeT{}
		use(authtest.NewServer(fake))
		assert.Len(t, fake.finish(), 1, name)
	}
}
