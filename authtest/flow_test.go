package authtest_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

func TestSMSFlow(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	assert.Equal(t, "authtest", srv.Env)
	assert.Equal(t, "https://authtest.authtest.invalid", srv.URL)

	sent := ok(t, srv, "verification?client_id=authtest", "", object{"phone_number": phone, "target": "ANY"})
	assertIs(t, 300, sent["expires_in"])
	assert.Equal(t, false, sent["is_user"])
	assert.Equal(t, 2, strings.Count(sent.text("verification_id"), "."))
	code, err := srv.WaitCode(t.Context(), "13800000000")
	require.NoError(t, err)
	assert.Regexp(t, `^[0-9]{6}$`, code)
	verified := ok(t, srv, "verification/verify", "", object{"verification_id": sent["verification_id"], "verification_code": code})
	assertIs(t, 600, verified["expires_in"])
	token := verified.text("verification_token")

	assert.Equal(t, "User not exist", refused(t, srv, "signin", "",
		object{"username": phone, "verification_token": token}, http.StatusNotFound, "not_found", 5))
	session := ok(t, srv, "signup", "", object{
		"phone_number": phone, "verification_token": token, "verification_code": code,
		"username": "user_01", "password": "passw0rd", "name": "n",
	})
	assert.Equal(t, "Bearer", session["token_type"])
	assertIs(t, 7200, session["expires_in"])
	assert.Equal(t, "user sso", session["scope"])
	assert.Regexp(t, `^[1-9][0-9]{18}$`, session.text("sub"))
	assert.Regexp(t, `^m\..{20,126}$`, session.text("refresh_token"))

	me := ok(t, srv, "user/me", session.text("access_token"), nil)
	wants := object{
		"sub": session["sub"], "phone_number": phone, "username": "user_01", "name": "n", "status": "ACTIVE", "has_password": true,
	}
	for name, want := range wants {
		assert.Equal(t, want, me[name], name)
	}

	again := ok(t, srv, "signin", "", object{"verification_token": token})
	assert.Equal(t, session["sub"], again["sub"])
	assert.NotEqual(t, session["access_token"], again["access_token"])
	ok(t, srv, "signin", "", object{"username": "user_01", "password": "passw0rd"})
	ok(t, srv, "signin", "", object{"username": phone, "password": "passw0rd"})
	ok(t, srv, "token", "", object{"grant_type": "password", "username": "user_01", "password": "passw0rd"})

	srv.Advance(time.Minute)
	assert.Equal(t, true, ok(t, srv, "verification", "", object{"phone_number": phone})["is_user"])
	assert.Equal(t, 2, srv.Count("verification"))
	assert.Equal(t, 4, srv.Count("signin"))
	assert.Equal(t, 0, srv.Count("revoke"))
}

func TestEmailFlow(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithEnv("env-1"), authtest.WithoutIsUser(), authtest.WithClientID("app-1"))
	assert.Equal(t, "https://env-1.authtest.invalid", srv.URL)
	sent := ok(t, srv, "verification?client_id=app-1", "", object{"email": "A@b.cn", "phone_number": nil})
	assert.NotContains(t, sent, "is_user")
	code, err := srv.WaitCode(t.Context(), email)
	require.NoError(t, err)
	token := ok(t, srv, "verification/verify", "", object{"verification_id": sent["verification_id"], "verification_code": code})["verification_token"]
	session := ok(t, srv, "signup", "", object{"email": email, "verification_token": token})
	assert.Equal(t, email, ok(t, srv, "user/me", session.text("access_token"), nil)["email"])
	ok(t, srv, "signin", "", object{"username": email, "verification_token": token})
	assert.Contains(t, refused(t, srv, "signin", "", object{"username": email, "password": "x"},
		http.StatusBadRequest, "password_not_set", 4029), "password not set")
}

func TestVerificationRefusals(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(authtest.User{Sub: "1", Phone: "+86 13900000000"}, authtest.User{Sub: "2", Email: email})
	session := signUp(t, srv, phone)
	srv.Advance(time.Minute)

	for _, test := range []struct {
		name   string
		bearer string
		in     object
		status int
		word   string
		number int
		text   string
	}{
		{"neither", "", object{}, 400, "invalid_argument", 3, "请输入手机号或邮箱"},
		{"both", "", object{"phone_number": phone, "email": email}, 400, "invalid_argument", 3, "together"},
		{"no space", "", object{"phone_number": "+8613800000000"}, 400, "invalid_argument", 3,
			`value does not match regex pattern "^$|^\+[1-9][0-9]{0,3}\s[0-9]{4,20}$"`},
		{"two spaces", "", object{"phone_number": "+86 138 00000000"}, 400, "invalid_argument", 3, "regex"},
		{"email", "", object{"email": "A <a@b.cn>"}, 400, "invalid_argument", 3, "valid email"},
		{"not a string", "", object{"phone_number": 1}, 400, "invalid_argument", 3, "not a string"},
		{"target", "", object{"phone_number": phone, "target": "NOBODY"}, 400, "invalid_argument", 3, "Target"},
		{"unknown user", "", object{"phone_number": "+86 13700000000", "target": "USER"}, 404, "not_found", 5, "not exist"},
		{"known user", "", object{"phone_number": phone, "target": "NOT_USER"}, 400, "failed_precondition", 9, ""},
		{"known user, by the other word", "", object{"phone_number": phone, "target": "NON_USER"}, 400, "failed_precondition", 9, ""},
		{"nobody signed in", "", object{"phone_number": phone, "target": "CUR_USER"}, 401, "unauthenticated", 16, ""},
		{"somebody else", session.text("access_token"), object{"email": email, "target": "CUR_USER"}, 400, "failed_precondition", 9, ""},
		{"magic link", "", object{"email": email, "email_redirect_to": "https://x/"}, 501, "unimplemented", 12, ""},
		{"client id", "", object{"email": email, "client_id": "other"}, 400, "unauthorized_client", 4022, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := refused(t, srv, "verification", test.bearer, test.in, test.status, test.word, test.number)
			assert.Contains(t, text, test.text)
		})
	}
	ok(t, srv, "verification", "garbage", object{"phone_number": "+86 13900000000", "target": "USER", "captcha": object{}})
	ok(t, srv, "verification", "", object{"phone_number": "+86 13600000000", "target": "NON_USER", "email_redirect_to": "https://x/"})
	ok(t, srv, "verification", session.text("access_token"), object{"phone_number": phone, "target": "CUR_USER"})
}

func TestCodes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := authtest.NewServer(t, authtest.WithCodeAttempts(2))
		srv.FixCode(" 138 0000 0000", "123456")
		check := func(id any, code string) object { return object{"verification_id": id, "verification_code": code} }
		next := func() any {
			srv.Advance(time.Minute)
			return ok(t, srv, "verification", "", object{"phone_number": phone})["verification_id"]
		}

		first := next()
		second := next()
		assert.Contains(t, refused(t, srv, "verification/verify", "", check(first, "123456"), 400, "invalid_argument", 3), "verification")
		ok(t, srv, "verification/verify", "", check(second, "123456"))
		refused(t, srv, "verification/verify", "", check(second, "123456"), 400, "invalid_argument", 3)
		refused(t, srv, "verification/verify", "", check("garbage", "123456"), 400, "invalid_argument", 3)
		refused(t, srv, "verification/verify", "", check(second, ""), 400, "invalid_argument", 3)

		third := next()
		for range 2 {
			assert.Contains(t, refused(t, srv, "verification/verify", "", check(third, "000000"), 400, "invalid_argument", 3), "verification code")
		}
		refused(t, srv, "verification/verify", "", check(third, "123456"), 409, "aborted", 10)

		fourth := next()
		srv.Advance(299 * time.Second)
		token := ok(t, srv, "verification/verify", "", check(fourth, "123456"))["verification_token"]
		srv.Advance(600 * time.Second)
		refused(t, srv, "signup", "", object{"phone_number": phone, "verification_token": token}, 400, "invalid_argument", 3)
		fifth := next()
		srv.Advance(300 * time.Second)
		assert.Contains(t, refused(t, srv, "verification/verify", "", check(fifth, "123456"), 400, "invalid_argument", 3), "expired")

		srv.FixCode(phone, "")
		sixth := next()
		code, err := srv.WaitCode(t.Context(), phone)
		require.NoError(t, err)
		ok(t, srv, "verification/verify", "", check(sixth, code))
	})
}

func TestSendLimits(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithSMSDailyLimit(3), authtest.WithEmailInterval(2*time.Minute), authtest.WithEmailDailyLimit(1))
	in := object{"phone_number": phone}
	// The start of a day in China, so that the test does not cross midnight.
	now := srv.Now().UTC().Add(8 * time.Hour)
	srv.Advance(now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now))

	ok(t, srv, "verification", "", in)
	assert.Equal(t, "Your phone can receive up to 1 text message per minute.",
		refused(t, srv, "verification", "", in, http.StatusTooManyRequests, "resource_exhausted", 8))
	ok(t, srv, "verification", "", object{"phone_number": "+86 13900000000"})
	srv.Advance(time.Minute)
	ok(t, srv, "verification", "", in)
	srv.Advance(time.Minute)
	ok(t, srv, "verification", "", in)
	srv.Advance(time.Hour)
	assert.Contains(t, refused(t, srv, "verification", "", in, 429, "resource_exhausted", 8), "per day")
	srv.Advance(23 * time.Hour)
	ok(t, srv, "verification", "", in)

	in = object{"email": email}
	ok(t, srv, "verification", "", in)
	srv.Advance(time.Minute)
	assert.Contains(t, refused(t, srv, "verification", "", in, 429, "resource_exhausted", 8), "per minute")
	srv.Advance(time.Minute)
	assert.Contains(t, refused(t, srv, "verification", "", in, 429, "resource_exhausted", 8), "per day")
}

func TestWithoutLimits(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithoutLimits())
	srv.Seed(authtest.User{Phone: phone, Password: "passw0rd"})
	var id any
	for range 20 {
		id = ok(t, srv, "verification", "", object{"phone_number": phone})["verification_id"]
		refused(t, srv, "signin", "", object{"username": phone, "password": "x"}, 400, "invalid_username_or_password", 4043)
	}
	code, err := srv.WaitCode(t.Context(), phone)
	require.NoError(t, err)
	for range 20 {
		refused(t, srv, "verification/verify", "", object{"verification_id": id, "verification_code": "x"}, 400, "invalid_argument", 3)
	}
	ok(t, srv, "verification/verify", "", object{"verification_id": id, "verification_code": code})
	ok(t, srv, "signin", "", object{"username": phone, "password": "passw0rd"})
}

func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	for _, test := range []struct {
		method, path string
		status       int
		word         string
	}{
		{http.MethodPost, "/auth/v1/nothing", 404, "not_found"},
		{http.MethodPost, "/auth/v1/signin/", 404, "not_found"},
		{http.MethodPost, "/auth/v2/signin", 404, "not_found"},
		{http.MethodPost, "/signin", 404, "not_found"},
		{http.MethodGet, "/_emulator/inbox", 404, "not_found"},
		{http.MethodGet, "/auth/v1/signin", 405, "unimplemented"},
		{http.MethodDelete, "/auth/v1/user/signout", 405, "unimplemented"},
		{http.MethodPost, "/auth/v1/v2/token", 404, "not_found"},
		{http.MethodPost, "/auth/v1/user/provider/a/b", 404, "not_found"},
	} {
		status, raw, err := send(t.Context(), srv, test.method, test.path, "", nil)
		require.NoError(t, err)
		assert.Equal(t, test.status, status, test.path)
		assert.Regexp(t, regexp.MustCompile(`^\{"error":"`+test.word+`","error_code":\d+,"error_description":`), string(raw))
	}
	for _, body := range []string{"{", "[]", "null", "{} x", `"` + strings.Repeat("x", 1<<20) + `"`} {
		status, raw, err := send(t.Context(), srv, http.MethodPost, "/auth/v1/signin", "", []byte(body))
		require.NoError(t, err)
		assert.Equal(t, 400, status)
		assert.Contains(t, string(raw), `"error":"invalid_argument","error_code":3`)
	}
	assert.Equal(t, 5, srv.Count("signin"))
	assert.Len(t, srv.Requests(), 14)
}
