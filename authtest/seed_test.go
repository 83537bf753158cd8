package authtest_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

func TestWithSeed(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithSeed([]byte(`{
		"users": [
			{"sub": "1", "username": "user_01", "password": "passw0rd", "phone_number": "+86 13800000000", "groups": ["g1"]},
			{"username": "blocked", "password": "passw0rd", "blocked": true}
		],
		"codes": {"138 0000 0000": "123456"},
		"rules": {"sms_interval": "0s", "code_lifetime": "1m", "captcha": ["reset"], "login_off": ["anonymous"],
			"refresh": {"policy": "rotate", "grace": "1m", "reuse": "revoke"}, "clients": {"app": "s3cret"}, "code": false}
	}`)))
	check := func() {
		t.Helper()
		session := signIn(t, srv, "user_01")
		assert.Equal(t, []any{"g1"}, session["groups"])
		refused(t, srv, "signin", "", object{"username": "blocked", "password": password}, 400, "user_blocked", 0)
		for range 2 {
			sent := ok(t, srv, "verification", "", object{"phone_number": phone})
			assertIs(t, 60, sent["expires_in"])
		}
		code, err := srv.WaitCode(t.Context(), phone)
		require.NoError(t, err)
		assert.Equal(t, "123456", code)
		refused(t, srv, "signin/anonymously", "", object{}, 403, "permission_denied", 7)
		_, out, err := try(t, srv, "reset", "", object{})
		require.NoError(t, err)
		assert.Equal(t, object{"error": "captcha_required", "error_code": 4001., "error_description": "captcha_token required"}, out)
	}
	check()
	srv.Seed(authtest.User{Username: "later", Password: password})
	srv.Reset()
	check()
	refused(t, srv, "signin", "", object{"username": "later", "password": password}, 400, "invalid_username_or_password", 4043)
}

// Every rule of the file does what its option does: it is accepted, and a bad value is refused by that option.
func TestSeedRules(t *testing.T) {
	t.Parallel()
	for name, values := range map[string]struct{ good, bad string }{
		"sms_interval":                  {`"1m"`, `"-1m"`},
		"sms_daily_limit":               {`30`, `-1`},
		"email_interval":                {`"1m"`, `60`},
		"email_daily_limit":             {`50`, `-1`},
		"code_lifetime":                 {`"5m"`, `"1ms"`},
		"code_attempts":                 {`3`, `-1`},
		"password_lock":                 {`{"after":3}`, `{"after":-1}`},
		"captcha":                       {`["signin"]`, `["nothing"]`},
		"captcha_after_sends":           {`3`, `-1`},
		"captcha_after_wrong_passwords": {`5`, `-1`},
		"login_off":                     {`["email"]`, `["fax"]`},
		"sign_up_off":                   {`["phone"]`, `["password"]`},
		"providers":                     {`["github"]`, `["a/b"]`},
		"clients":                       {`{"app":""}`, `{"":""}`},
		"access_token_lifetime":         {`"1h"`, `"0s"`},
		"refresh_token_lifetime":        {`"1h"`, `"x"`},
		"refresh":                       {`{"policy":"static"}`, `{"policy":"static","grace":"1s"}`},
		"single_session":                {`true`, `1`},
		"anonymous_refresh_token":       {`true`, `"x"`},
		"custom_refresh_token":          {`false`, `{}`},
		"sudo_by_code":                  {`true`, `[]`},
		"is_user":                       {`false`, `0`},
		"code":                          {`false`, `0`},
		"ticket_key":                    {`null`, `{}`},
		"unknown":                       {`null`, `null`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := func(value string) error {
				srv, err := authtest.Listen("127.0.0.1:0", authtest.WithSeed([]byte(`{"rules":{"`+name+`":`+value+`}}`)))
				if err == nil {
					require.NoError(t, srv.Close())
				}
				return err
			}
			if name == "unknown" {
				require.ErrorContains(t, seed(values.good), "unknown")
				return
			}
			require.NoError(t, seed(values.good))
			require.Error(t, seed(values.bad))
		})
	}
}

func TestSeedMistakes(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"no JSON":         `users`,
		"empty":           ``,
		"two values":      `{}{}`,
		"unknown name":    `{"user":[]}`,
		"unknown field":   `{"users":[{"name":"n","phone":"1"}]}`,
		"no login":        `{"users":[{"sub":"1"}]}`,
		"twice":           `{"users":[{"username":"a"},{"username":"a"}]}`,
		"phone":           `{"users":[{"phone_number":"13900000000"}]}`,
		"email":           `{"users":[{"email":"nonsense"}]}`,
		"phone as name":   `{"users":[{"username":"+86 13900000000"}]}`,
		"identity":        `{"users":[{"identities":{"wx_open":""}}]}`,
		"lock of no time": `{"rules":{"password_lock":{"for":"0s"}}}`,
		"code":            `{"codes":{"13900000000":"12345"}}`,
		"code's address":  `{"codes":{"nobody":"123456"}}`,
		"refresh":         `{"rules":{"refresh":{"policy":"never"}}}`,
		"reuse":           `{"rules":{"refresh":{"reuse":"x"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := authtest.Listen("127.0.0.1:0", authtest.WithSeed([]byte(file)))
			require.ErrorContains(t, err, "authtest: With")
			assert.NotContains(t, err.Error(), "1390000")
			fake := &fakeT{}
			assert.Nil(t, authtest.NewServer(fake, authtest.WithSeed([]byte(file))))
			assert.Len(t, fake.finish(), 1)
		})
	}
}

// Ten times as many users take about ten times as long: each is looked up, not searched for.
func TestSeedManyUsers(t *testing.T) {
	t.Parallel()
	seed := func(many int) (*authtest.Server, time.Duration) {
		users := make([]authtest.User, many)
		for i := range users {
			n := strconv.Itoa(i)
			users[i] = authtest.User{
				Username: "user_" + n, Password: password, Email: n + "@b.cn", Phone: "+86 139" + strings.Repeat("0", 8-len(n)) + n,
				Identities: map[string]string{"wx_open": n},
			}
		}
		srv := authtest.NewServer(t)
		begin := time.Now()
		srv.Seed(users...)
		return srv, time.Since(begin)
	}
	var srv *authtest.Server
	tries := 0
	for linear := false; !linear; tries++ { // a machine that is busy with something else may be late for one
		require.Less(t, tries, 5, "it is never about ten times")
		var few, many time.Duration
		_, few = seed(1000)
		srv, many = seed(10_000)
		t.Logf("1,000 users in %v, 10,000 in %v", few, many)
		linear = many < 60*max(few, time.Millisecond)
	}
	for _, name := range []string{"user_0", "9999@b.cn", "+86 13900005000"} {
		signIn(t, srv, name)
	}
}
