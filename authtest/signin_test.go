package authtest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

func TestSignUpRefusals(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(authtest.User{Username: "taken_01"})
	token := prove(t, srv, phone)
	other := prove(t, srv, email)
	with := func(name string, value any) object {
		in := object{"phone_number": phone, "verification_token": token}
		in[name] = value
		return in
	}
	text := refused(t, srv, "signup", "", with("username", "User"), 400, "invalid_argument", 3)
	assert.Equal(t, `invalid SignUpRequest.Username: value does not match regex pattern "^$|^[a-z][0-9a-z_-]{5,24}$"`, text)
	for _, number := range []string{"+86 ", "+86 undefined"} {
		text = refused(t, srv, "signup", "", with("phone_number", number), 400, "invalid_argument", 3)
		assert.True(t, strings.HasPrefix(text, "invalid SignUpRequest.PhoneNumber: value does not match regex pattern"), text)
	}
	for _, password := range []string{"passw0r", "password", "12345678", "passw0rd密", strings.Repeat("a1", 17)} {
		text = refused(t, srv, "signup", "", with("password", password), 400, "invalid_argument", 3)
		assert.Contains(t, text, "SignUpRequest.Password")
		assert.NotContains(t, text, password)
	}
	refused(t, srv, "signup", "", with("verification_token", ""), 400, "invalid_argument", 3)
	refused(t, srv, "signup", "", with("verification_token", "garbage"), 400, "invalid_argument", 3)
	refused(t, srv, "signup", "", with("verification_token", other), 400, "invalid_argument", 3)
	refused(t, srv, "signup", "", with("provider_token", "x"), 400, "invalid_argument", 3)
	refused(t, srv, "signup", "", with("username", "taken_01"), 409, "already_exists", 6)
	refused(t, srv, "signup", "", object{"username": "user_01", "password": "passw0rd"}, 400, "invalid_argument", 3)
	refused(t, srv, "signin", "", object{"username": email, "verification_token": token}, 400, "invalid_argument", 3)
	refused(t, srv, "signin", "", object{}, 400, "invalid_argument", 3)
	refused(t, srv, "signin", "", object{"params": "x", "public_key_thumbprint": "y"}, 400, "invalid_argument", 3)
	ok(t, srv, "signup", "", with("username", "user_01"))
	refused(t, srv, "signup", "", with("username", "user_02"), 400, "failed_precondition", 9)
}

func TestPasswordLogin(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithPasswordLock(3, time.Hour))
	srv.Seed(
		authtest.User{Sub: "1", Username: "user_01", Phone: phone, Email: "A@b.cn", Password: "passw0rd", Groups: []string{"g1"}},
		authtest.User{Sub: "2", Username: "blocked", Password: "passw0rd", Blocked: true},
		authtest.User{Sub: "3", Username: "pending", Password: "passw0rd", Pending: true},
	)
	in := func(username, password string) object { return object{"username": username, "password": password} }
	for _, name := range []string{"user_01", phone, email} {
		session := ok(t, srv, "signin", "", in(name, "passw0rd"))
		assert.Equal(t, "1", session["sub"])
		assert.Equal(t, []any{"g1"}, session["groups"])
	}
	_, wrong, err := try(t, srv, "signin", "", in("user_01", "wrong"))
	require.NoError(t, err)
	assert.Equal(t, object{
		"error": "invalid_username_or_password", "error_code": float64(4043),
		"error_description": "Username or password incorrect.", "code": "INVALID_USERNAME_OR_PASSWORD",
	}, wrong)
	refused(t, srv, "signin", "", in("nobody", "passw0rd"), 400, "invalid_username_or_password", 4043)
	refused(t, srv, "signin", "", in("+8613800000000", "passw0rd"), 400, "invalid_username_or_password", 4043)
	refused(t, srv, "signin", "", in("blocked", "wrong"), 400, "invalid_username_or_password", 4043)
	refused(t, srv, "signin", "", in("blocked", "passw0rd"), 400, "user_blocked", 0)
	refused(t, srv, "signin", "", in("pending", "passw0rd"), 400, "user_pending", 0)

	ok(t, srv, "signin", "", in("user_01", "passw0rd"))
	for range 3 {
		refused(t, srv, "signin", "", in("user_01", "wrong"), 400, "invalid_username_or_password", 4043)
	}
	refused(t, srv, "signin", "", in("user_01", "passw0rd"), 400, "invalid_status", 0)
	srv.Advance(time.Hour)
	session := ok(t, srv, "signin", "", in("user_01", "passw0rd"))

	srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: "passw0rd", Blocked: true})
	refused(t, srv, "signin", "", in("user_01", "passw0rd"), 400, "user_blocked", 0)
	assert.Equal(t, "BLOCKED", ok(t, srv, "user/me", session.text("access_token"), nil)["status"])
}
