package authtest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth/authtest"
)

func TestAnonymous(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	first := ok(t, srv, "signin/anonymously", "", object{})
	assert.Equal(t, "anonymous", first["scope"])
	assert.Regexp(t, `^[A-Za-z0-9_-]{22}$`, first["sub"])
	assert.NotContains(t, first, "refresh_token")
	assertIs(t, 7200, first["expires_in"])
	me := ok(t, srv, "user/me", first.text("access_token"), nil)
	assert.Equal(t, first["sub"], me["sub"])
	assert.Equal(t, "anonymous", me["name"], "the js-sdk's is_anonymous looks for it")
	assert.Equal(t, "anonymous", ok(t, srv, "token/introspect", first.text("access_token"), nil)["scope"])

	again := ok(t, srv, "signin/anonymously", "", object{}, "Authorization", "Basic YXV0aHRlc3Q6")
	assert.Equal(t, first["sub"], again["sub"])
	other := ok(t, srv, "signin/anonymously", "", object{}, "X-Device-Id", "another-device-00")
	assert.NotEqual(t, first["sub"], other["sub"])

	refused(t, srv, "signin/anonymously", "", object{}, 400, "invalid_argument", 3, "X-Device-Id", "")
	refused(t, srv, "signin/anonymously", "", object{}, 400, "unauthorized_client", 4022, "Authorization", "Basic b3RoZXI6")
	refused(t, srv, "signin/anonymously", "", object{"provider_token": "x"}, 501, "unimplemented", 12)
	refused(t, srv, "user/query?username=user_01", first.text("access_token"), nil, 403, "permission_denied", 7)
	refused(t, srv, "PATCH user/password", first.text("access_token"), object{"new_password": password, "sudo_token": ""},
		403, "permission_denied", 7)
}

func TestAnonymousBecomesPerson(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithAnonymousRefreshToken())
	anonymous := ok(t, srv, "signin/anonymously", "", object{})
	anonymous = ok(t, srv, "token", "", refresh(anonymous.text("refresh_token")))
	assert.Equal(t, "anonymous", anonymous["scope"])
	in := object{"phone_number": phone, "verification_token": prove(t, srv, phone), "name": "n", "anonymous_token": "garbage"}
	refused(t, srv, "signup", "", in, 400, "invalid_argument", 3)
	in["anonymous_token"] = anonymous["access_token"]
	person := ok(t, srv, "signup", "", in)
	assert.Equal(t, anonymous["sub"], person["sub"])
	assert.Equal(t, "user sso", person["scope"])
	me := ok(t, srv, "user/me", person.text("access_token"), nil)
	assert.Equal(t, "n", me["name"])
	assert.Equal(t, phone, me["phone_number"])

	refused(t, srv, "user/me", anonymous.text("access_token"), nil, 401, "unauthenticated", 16)
	refused(t, srv, "token", "", refresh(anonymous.text("refresh_token")), 400, "invalid_grant", 4026)
	assert.NotEqual(t, anonymous["sub"], ok(t, srv, "signin/anonymously", "", object{})["sub"])
	srv.Advance(time.Minute)
	in = object{"email": email, "verification_token": prove(t, srv, email), "anonymous_token": person["access_token"]}
	refused(t, srv, "signup", "", in, 400, "invalid_argument", 3)
}

// An anonymous user who gets a name is none any more, whatever gives the name.
func TestAnonymousGetsName(t *testing.T) {
	t.Parallel()
	for name, give := range map[string]func(t *testing.T, srv *authtest.Server, sub, bearer string){
		"basic/edit": func(t *testing.T, srv *authtest.Server, _, bearer string) {
			ok(t, srv, "user/basic/edit", bearer, object{"phone": phone})
		},
		"user/profile": func(t *testing.T, srv *authtest.Server, _, bearer string) {
			ok(t, srv, "PATCH user/profile", bearer, object{"username": "user_01"})
		},
		"provider/bind": func(t *testing.T, srv *authtest.Server, _, bearer string) {
			ok(t, srv, "user/provider/bind", bearer, object{"provider_token": vouch(t, srv, "wx_open", ann)})
		},
		"provider/trans": func(t *testing.T, srv *authtest.Server, _, bearer string) {
			ok(t, srv, "user/provider/wx_open/trans", bearer, object{"provider_trans_token": vouch(t, srv, "wx_open", ann)})
		},
		"QR code": func(t *testing.T, srv *authtest.Server, sub, _ string) {
			code := ok(t, srv, "qrcode/generate", "", object{"envId": srv.Env, "wxAppId": "wx"}).text("qr_code_id")
			done(t, srv, "POST", "qrcodes", `{"qr_code_id":"`+code+`","user":"`+sub+`"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := listen(t, authtest.WithAnonymousRefreshToken())
			anonymous := ok(t, srv, "signin/anonymously", "", object{})
			bearer := anonymous.text("access_token")
			ok(t, srv, "PATCH user/profile", bearer, object{"picture": "https://p/1.png"})
			assert.Equal(t, anonymous["sub"], ok(t, srv, "signin/anonymously", "", object{})["sub"], "a picture is no name")

			give(t, srv, anonymous.text("sub"), bearer)
			assert.NotEqual(t, anonymous["sub"], ok(t, srv, "signin/anonymously", "", object{})["sub"])
			ok(t, srv, "user/query?username=user_02", bearer, nil)
			assert.NotEqual(t, "anonymous", ok(t, srv, "user/me", bearer, nil)["name"], "the js-sdk's is_anonymous looks for it")
			refused(t, srv, "signup", "", object{
				"email": email, "verification_token": prove(t, srv, email), "anonymous_token": bearer,
			}, 400, "invalid_argument", 3)
		})
	}
}

func TestLoginMethodsOff(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithLoginOff(
		authtest.LoginAnonymous, authtest.LoginPhone, authtest.LoginPassword, authtest.LoginCustom),
		authtest.WithSignUpOff(authtest.LoginEmail), authtest.WithProviders())
	assert.Equal(t, "anonymous login is not enabled",
		refused(t, srv, "signin/anonymously", "", object{}, 403, "permission_denied", 7))
	refused(t, srv, "verification", "", object{"phone_number": phone}, 400, "login_type_disabled", 4045)
	refused(t, srv, "signin", "", object{"username": "user_01", "password": password}, 400, "login_type_disabled", 4045)
	assert.Equal(t, "provider not found", refused(t, srv, "signin/custom", "",
		object{"provider_id": "custom", "ticket": "x"}, 404, "not_found", 5))
	refused(t, srv, "provider/uri?provider_id=wx_open", "", nil, 400, "provider_not_enabled", 0)
	token := prove(t, srv, email)
	refused(t, srv, "signup", "", object{"email": email, "verification_token": token}, 400, "login_type_disabled", 4045)
	srv.Seed(authtest.User{Sub: "1", Email: email})
	assert.Equal(t, "1", ok(t, srv, "signin", "", object{"verification_token": token})["sub"])
}
