package authtest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth/authtest"
)

func TestSudo(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithPasswordLock(3, time.Minute), authtest.WithSMSInterval(0))
	srv.Seed(
		authtest.User{Sub: "1", Username: "user_01", Password: password, Phone: phone},
		authtest.User{Sub: "2", Username: "user_02", Password: password},
	)
	bearer := signIn(t, srv, "user_01").text("access_token")
	granted := ok(t, srv, "user/sudo", bearer, object{"password": password})
	assertIs(t, 900, granted["expires_in"])
	ok(t, srv, "user/sudo", bearer, object{"verification_token": prove(t, srv, phone)})
	refused(t, srv, "user/sudo", bearer, object{"verification_token": prove(t, srv, email)}, 403, "permission_denied", 7)
	refused(t, srv, "user/sudo", bearer, object{"verification_token": "x"}, 400, "invalid_argument", 3)
	refused(t, srv, "user/sudo", bearer, object{}, 400, "invalid_argument", 3)
	refused(t, srv, "user/sudo", "", object{"password": password}, 401, "unauthenticated", 16)

	change := object{"new_password": "passw0rd2", "sudo_token": granted["sudo_token"]}
	stranger := signIn(t, srv, "user_02").text("access_token")
	refused(t, srv, "PATCH user/password", stranger, change, 403, "permission_denied", 7)
	srv.Advance(900 * time.Second)
	refused(t, srv, "PATCH user/password", bearer, change, 403, "permission_denied", 7)

	for range 3 {
		refused(t, srv, "user/sudo", bearer, object{"password": "x"}, 400, "invalid_password", 0)
	}
	refused(t, srv, "user/sudo", bearer, object{"password": password}, 400, "invalid_status", 0)

	strict := authtest.NewServer(t, authtest.WithSudoByCode())
	strict.Seed(
		authtest.User{Sub: "1", Username: "user_01", Password: password, Phone: phone},
		authtest.User{Sub: "2", Username: "user_02", Password: password},
	)
	bearer = signIn(t, strict, "user_01").text("access_token")
	refused(t, strict, "user/sudo", bearer, object{"password": password}, 400, "failed_precondition", 9)
	ok(t, strict, "user/sudo", bearer, object{"verification_token": prove(t, strict, phone)})
	ok(t, strict, "user/sudo", signIn(t, strict, "user_02").text("access_token"), object{"password": password})
}

func TestSetPassword(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	session := signUp(t, srv, phone)
	bearer := session.text("access_token")
	const path = "PATCH user/password"
	refused(t, srv, path, bearer, object{"new_password": "short", "sudo_token": ""}, 400, "invalid_argument", 3)
	assert.Empty(t, ok(t, srv, path, bearer, object{"new_password": password, "sudo_token": ""}), "there was none")
	refused(t, srv, path, bearer, object{"new_password": "passw0rd2", "sudo_token": ""}, 403, "permission_denied", 7)
	refused(t, srv, path, bearer, object{"new_password": "passw0rd2", "old_password": "x"}, 400, "invalid_username_or_password", 4043)
	refused(t, srv, path, bearer, object{"new_password": "passw0rd2", "old_password": password, "confirm_password": "x"},
		400, "invalid_argument", 3)

	other := ok(t, srv, "signin", "", object{"username": phone, "password": password})
	ok(t, srv, path, bearer, object{"new_password": "passw0rd2", "old_password": password, "confirm_password": "passw0rd2"})
	refused(t, srv, "user/me", other.text("access_token"), nil, 401, "unauthenticated", 16)
	refused(t, srv, "token", "", refresh(other.text("refresh_token")), 400, "invalid_grant", 4026)

	sudo := ok(t, srv, "user/sudo", bearer, object{"password": "passw0rd2"}).text("sudo_token")
	ok(t, srv, path, bearer, object{"new_password": "passw0rd3", "sudo_token": sudo})
	ok(t, srv, path+"?sudo_token="+sudo, bearer, object{"new_password": "passw0rd4"})
	ok(t, srv, "signin", "", object{"username": phone, "password": "passw0rd4"})
}

func TestResetPassword(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithPasswordLock(1, time.Hour), authtest.WithSMSInterval(0))
	srv.Seed(authtest.User{Sub: "1", Phone: phone, Password: password})
	in := object{"phone_number": phone, "new_password": "passw0rd2", "verification_token": prove(t, srv, phone)}
	refused(t, srv, "signin", "", object{"username": phone, "password": "x"}, 400, "invalid_username_or_password", 4043)
	assert.Empty(t, ok(t, srv, "reset", "", in))
	ok(t, srv, "signin", "", object{"username": phone, "password": "passw0rd2"})

	in["email"], in["phone_number"] = email, ""
	refused(t, srv, "reset", "", in, 400, "invalid_argument", 3)
	in["verification_token"] = prove(t, srv, email)
	refused(t, srv, "reset", "", in, 404, "not_found", 5)
	in["new_password"] = "short"
	refused(t, srv, "reset", "", in, 400, "invalid_argument", 3)
}

// Whoever sets a password from outside, by a seed or the control API, ends a lock as a reset does. Another change does not.
func TestNewPasswordEndsLock(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(t *testing.T, srv *authtest.Server)
		locked bool
	}{
		"seed with a new password": {func(_ *testing.T, srv *authtest.Server) {
			srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: "passw0rd2"})
		}, false},
		"edit with a new password": {func(t *testing.T, srv *authtest.Server) {
			t.Helper()
			done(t, srv, "PATCH", "users/1", `{"password":"passw0rd2"}`)
		}, false},
		"seed with the same password": {func(_ *testing.T, srv *authtest.Server) {
			srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: password, Name: "Ann"})
		}, true},
		"edit that keeps the password": {func(t *testing.T, srv *authtest.Server) {
			t.Helper()
			done(t, srv, "PATCH", "users/1", `{"name":"Ann"}`)
		}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := listen(t, authtest.WithPasswordLock(1, time.Hour))
			srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: password})
			refused(t, srv, "signin", "", object{"username": "user_01", "password": "x"}, 400, "invalid_username_or_password", 4043)
			tt.change(t, srv)
			if tt.locked {
				refused(t, srv, "signin", "", object{"username": "user_01", "password": password}, 400, "invalid_status", 0)
				return
			}
			ok(t, srv, "signin", "", object{"username": "user_01", "password": "passw0rd2"})
		})
	}
}

func TestContact(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithSMSInterval(0), authtest.WithEmailInterval(0), authtest.WithSMSDailyLimit(0))
	const free, byPhone, byName = "+86 13700000000", "+86 13900000000", "+86 13600000000"
	srv.Seed(
		authtest.User{Sub: "1", Username: "user_01", Password: password, Phone: phone},
		authtest.User{Sub: "2", Phone: byPhone, Password: password},
		authtest.User{Sub: "3", Phone: byName, Username: "user_03", Password: password},
	)
	bearer := signIn(t, srv, "user_01").text("access_token")
	sudo := ok(t, srv, "user/sudo", bearer, object{"password": password})["sudo_token"]
	const path = "PATCH user/contact"
	change := func(to, resolution string) object {
		return object{
			field(to): to, "sudo_token": sudo, "verification_token": prove(t, srv, to), "conflict_resolution": resolution,
		}
	}
	refused(t, srv, path, bearer, object{"phone_number": free, "verification_token": prove(t, srv, free)}, 403, "permission_denied", 7)
	assert.Empty(t, ok(t, srv, path, bearer, change(free, "")))
	assert.Empty(t, ok(t, srv, path, bearer, change(email, "DEFAULT")))
	me := ok(t, srv, "user/me", bearer, nil)
	assert.Equal(t, free, me["phone_number"])
	assert.Equal(t, email, me["email"])
	refused(t, srv, path, bearer, change(free, "OTHER"), 400, "invalid_argument", 3)
	in := change(free, "")
	in["verification_token"] = "x"
	refused(t, srv, path, bearer, in, 400, "invalid_argument", 3)

	refused(t, srv, path, bearer, change(byPhone, "DEFAULT"), 400, "failed_precondition", 9)
	closed := ok(t, srv, "signin", "", object{"username": byPhone, "password": password}).text("access_token")
	ok(t, srv, path, bearer, change(byPhone, "TRANSFER"))
	refused(t, srv, "user/me", closed, nil, 401, "unauthenticated", 16)
	kept := signIn(t, srv, "user_03").text("access_token")
	ok(t, srv, path, bearer, change(byName, "TRANSFER"))
	assert.NotContains(t, ok(t, srv, "user/me", kept, nil), "phone_number")
	srv.Seed(authtest.User{Sub: "3", Phone: phone, Username: "user_03", Password: password})
	ok(t, srv, path, bearer, change(phone, "DELETE_ACCOUNT_TRANSFER"))
	refused(t, srv, "user/me", kept, nil, 401, "unauthenticated", 16)

	anonymous := ok(t, srv, "signin/anonymously", "", object{}).text("access_token")
	refused(t, srv, path, anonymous, change(free, ""), 403, "permission_denied", 7)
	custom := ok(t, srv, "signin/custom", "", object{"ticket": ticket(t, srv, nil)}).text("access_token")
	ok(t, srv, path, custom, object{"phone_number": free, "sudo_token": "", "verification_token": prove(t, srv, free)})
}
