package authtest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// What is wrong with a seed is said in its own names, with its place, and without its values.
func TestSeedMistakesHaveAPlace(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		file         string
		line, column int
		text         string
	}{
		"typo in JSON":    {"{\n  \"users\": [}\n}", 2, 13, "invalid character '}' looking for beginning of value"},
		"cut off":         {"{\"users\": [", 1, 12, "unexpected end of JSON input"},
		"nothing":         {"", 1, 1, "unexpected end of JSON input"},
		"more behind":     {"{}\n{}", 2, 1, "invalid character '{' after top-level value"},
		"wrong name":      {"{\n  \"usres\": []\n}", 2, 3, `unknown name "usres": did you mean "users"?`},
		"another case":    {`{"Users": []}`, 1, 2, `unknown name "Users": did you mean "users"?`},
		"part of a name":  {"{\"users\": [\n  {\"username\": \"a\", \"phone\": \"1\"}]}", 2, 21, `unknown name "phone": did you mean "phone_number"?`},
		"a rule":          {"{\"rules\": {\n\t\"sms_intervall\": \"1m\"}}", 2, 2, `unknown name "sms_intervall": did you mean "sms_interval"?`},
		"far from all":    {`{"banana": 1}`, 1, 2, `unknown name "banana": want codes, rules, users`},
		"a name twice":    {`{"users": [], "users": []}`, 1, 15, `"users" is there twice`},
		"a field twice":   {`{"users": [{"username": "a", "username": "b"}]}`, 1, 30, `"username" is there twice`},
		"a list":          {`{"users": {}}`, 1, 11, "want a list"},
		"a text":          {`{"users": [{"username": 7}]}`, 1, 25, "want a text"},
		"a number":        {`{"rules": {"code_attempts": "3"}}`, 1, 29, "want a whole number"},
		"a fraction":      {`{"rules": {"code_attempts": 1.5}}`, 1, 29, "want a whole number"},
		"yes or no":       {`{"rules": {"code": 0}}`, 1, 20, "want true or false"},
		"a duration":      {`{"rules": {"code_lifetime": "5 min"}}`, 1, 29, `"5 min" is not a duration, such as 1m30s`},
		"after Chinese":   {"{\"users\": [{\"name\": \"张三\", \"mail\": \"a@b.cn\"}]}", 1, 27, `unknown name "mail": did you mean "email"?`},
		"after a BOM":     {"\ufeff{\n\"x\": 1}", 2, 1, `unknown name "x": want codes, rules, users`},
		"nobody":          {"{\"users\": [{\"username\": \"a\"},\n{\"sub\": \"1\"}]}", 2, 1, "a user needs username, phone_number, email or identities"},
		"two of a name":   {"{\"users\": [{\"sub\": \"1\", \"username\": \"a\"},\n{\"username\": \"a\"}]}", 2, 14, "username is that of authtest.User(1) too"},
		"two of a number": {`{"users": [{"sub": "1", "phone_number": "+86 13800000000"}, {"phone_number": "+86 13800000000"}]}`, 1, 78, "phone_number is that of authtest.User(1) too"},
		"a phone number":  {`{"users": [{"phone_number": "13800000000"}]}`, 1, 29, `phone_number is not in the form "+86 13800000000"`},
		"an address":      {`{"users": [{"email": "nobody"}]}`, 1, 22, "email is no email address"},
		"a code":          {`{"codes": {"13800000000": "1"}}`, 1, 27, "want six digits by a phone number or an email address"},
		"a bad rule":      {`{"rules": {"sms_daily_limit": -1}}`, 1, 31, "-1 is negative"},
		"a lifetime":      {`{"rules": {"access_token_lifetime": "1ms"}}`, 1, 37, "1ms is not a positive number of whole seconds"},
		"a method":        {`{"rules": {"login_off": ["fax"]}}`, 1, 25, `"fax" is none of password, phone, email, anonymous and custom`},
		"an operation":    {`{"rules": {"captcha": ["sign"]}}`, 1, 23, `unknown operation "sign"`},
		"a policy":        {`{"rules": {"refresh": {"policy": "x"}}}`, 1, 23, `policy is neither "rotate" nor "static"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := authtest.Listen("127.0.0.1:0", authtest.WithSeed([]byte(tt.file)))
			var wrong *authtest.SeedError
			require.ErrorAs(t, err, &wrong)
			assert.Equal(t, authtest.SeedError{Line: tt.line, Column: tt.column, Text: tt.text}, *wrong)
		})
	}
}

// A person of a seed has the same id whenever the emulator starts, whoever else is in the file.
func TestSeedIDsAreStable(t *testing.T) {
	t.Parallel()
	sub := func(file string) any {
		srv := authtest.NewServer(t, authtest.WithSeed([]byte(file)))
		return signIn(t, srv, "user_01")["sub"]
	}
	first := sub(`{"users": [{"username": "user_01", "password": "` + password + `"}]}`)
	assert.Regexp(t, `^[1-9][0-9]{18}$`, first)
	assert.Equal(t, first, sub(`{"users": [{"username": "user_02"}, {"username": "user_01", "password": "`+password+`", "name": "n"}]}`))
}
