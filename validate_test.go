package tcbauth

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// requireRule fails unless err is the refusal of field by rule, and nothing more.
func requireRule(t *testing.T, err error, field, rule string) {
	t.Helper()
	require.Error(t, err)
	var refusal *ValidationError
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, ValidationError{Field: field, Rule: rule}, *refusal)
	assert.Equal(t, "tcbauth: "+field+" "+rule, err.Error())
	assert.ErrorIs(t, err, ErrInvalidParams)
}

func TestValidationError(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("wrapped: %w", &ValidationError{Field: "password", Rule: "is required"})
	assert.EqualError(t, err, "wrapped: tcbauth: password is required")
	require.ErrorIs(t, err, ErrInvalidParams)
	assert.NotErrorIs(t, err, ErrRateLimited)
}

func TestValidatePassword(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ password, rule string }{
		"shortest":           {"abcdefg1", ""},
		"longest":            {strings.Repeat("a", 31) + "1", ""},
		"symbols":            {"p@ss word-1!", ""},
		"capital letter":     {"1234567A", ""},
		"characters counted": {"密码密码密码密码密码密码密码密码密码密码密码密码密码密码密码a1", ""},
		"other script":       {"密码密码密码a1", ""},
		"empty":              {"", ruleStrength},
		"too short":          {"abcdef1", ruleStrength},
		"too long":           {strings.Repeat("a", 32) + "1", ruleStrength},
		"too few characters": {"密码密码密a1", ruleStrength},
		"no digit":           {"abcdefgh", ruleStrength},
		"no letter":          {"12345678", ruleStrength},
		"only symbols":       {"!@#$%^&*()", ruleStrength},
		"letter not Latin":   {"密码密码密码12", ruleStrength},
		"digit not ASCII":    {"abcdefgh１", ruleStrength},
		"invalid UTF-8":      {"abcdefg1\xff", ruleUTF8},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := ValidatePassword(tt.password)
			if tt.rule == "" {
				require.NoError(t, err)
				return
			}
			requireRule(t, err, "password", tt.rule)
		})
	}
}

func TestValidateUsername(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"abcdef":                        true,
		"a12345":                        true,
		"a-_-_-":                        true,
		"a" + strings.Repeat("0", 24):   true,
		"a" + strings.Repeat("0", 25):   false,
		"":                              false,
		"abcde":                         false,
		"1abcdef":                       false,
		"_abcdef":                       false,
		"Abcdef":                        false,
		"abcdeF":                        false,
		"abc.def":                       false,
		"abc def":                       false,
		"abcdef\n":                      false,
		"abcdé0":                        false,
		"a@example.com":                 false,
		"abcdef\xff":                    false,
		"a" + strings.Repeat("字", 8):    false,
		" abcdef":                       false,
		"abcdef\nabcdef":                false,
		strings.Repeat("abcdef", 10000): false,
	}
	for username, valid := range tests {
		t.Run(fmt.Sprintf("%.20q", username), func(t *testing.T) {
			t.Parallel()
			err := ValidateUsername(username)
			if valid {
				require.NoError(t, err)
				return
			}
			requireRule(t, err, "username", ruleUsername)
		})
	}
}

func TestRequired(t *testing.T) {
	t.Parallel()
	require.NoError(t, required("ticket", " "))
	requireRule(t, required("ticket", ""), "ticket", ruleRequired)
}

func TestCheckNewPassword(t *testing.T) {
	t.Parallel()
	errWeak := errors.New("hunter2 is on the list")
	accept := func(string) error { return nil }
	refuse := func(string) error { return errWeak }
	own := func(string) error {
		return fmt.Errorf("policy: %w", &ValidationError{Field: "password", Rule: "must rhyme"})
	}

	require.NoError(t, checkNewPassword(nil, "new_password", "abcdefg1"))
	require.NoError(t, checkNewPassword(accept, "new_password", "x"))
	requireRule(t, checkNewPassword(accept, "new_password", ""), "new_password", ruleRequired)
	requireRule(t, checkNewPassword(nil, "new_password", "hunter2"), "new_password", ruleStrength)
	requireRule(t, checkNewPassword(own, "new_password", "hunter2"), "new_password", "must rhyme")

	err := checkNewPassword(refuse, "new_password", "hunter2")
	requireRule(t, err, "new_password", rulePolicy)
	require.ErrorIs(t, err, errWeak)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		assert.NotContains(t, fmt.Sprintf(format, err), "hunter2", format)
	}
}

func TestNormalCode(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ code, want, rule string }{
		"six digits":         {"000000", "000000", ""},
		"one digit":          {"7", "7", ""},
		"longest":            {strings.Repeat("1", 16), strings.Repeat("1", 16), ""},
		"longest, in groups": {strings.Repeat("1 ", 16), strings.Repeat("1", 16), ""},
		"in groups":          {"123 456", "123456", ""},
		"hyphen":             {"123-456", "123456", ""},
		"typographic hyphen": {"123\u2011456", "123456", ""},
		"dot":                {"123.456", "123456", ""},
		"blanks around":      {" 123456 ", "123456", ""},
		"newline":            {"123456\r\n", "123456", ""},
		"tab":                {"\t123456", "123456", ""},
		"no-break space":     {"123\u00a0456", "123456", ""},
		"wide space":         {"\u3000123456", "123456", ""},
		"full width":         {"１２３４５６", "123456", ""},
		"full width, hyphen": {"１２３－４５６", "123456", ""},
		"no width":           {"\u200b123\u200c\u200d456\ufeff", "123456", ""},
		"soft hyphen":        {"123\u00ad456", "123456", ""},
		"direction marks":    {"\u202d123456\u202c", "123456", ""},
		"direction isolates": {"\u2066123456\u2069\u200e", "123456", ""},
		"too long":           {strings.Repeat("1", 17), "", ruleCodeLong},
		"empty":              {"", "", ruleRequired},
		"only a blank":       {" ", "", ruleRequired},
		"only a mark":        {"\u200b", "", ruleRequired},
		"letter":             {"12345a", "", ruleCode},
		"letter inside":      {"123a456", "", ruleCode},
		"full-width letter":  {"１２３４５Ａ", "", ruleCode},
		"plus":               {"+123456", "", ruleCode},
		"other digits":       {"12345٣", "", ruleCode},
		"Chinese digits":     {"12345三", "", ruleCode},
		"NUL":                {"123456\x00", "", ruleCode},
		"invalid UTF-8":      {"12345\xff", "", ruleCode},
		"the replacement":    {"12345\ufffd", "", ruleCode},
		"a whole message":    {"您的验证码是 123456", "", ruleCode},
		"a token instead":    {"eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "", ruleCode},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := normalCode("verification_code", tt.code)
			if tt.rule == "" {
				require.NoError(t, err)
				assert.Equal(t, tt.want, got)
				return
			}
			requireRule(t, err, "verification_code", tt.rule)
		})
	}
}

func TestCheckEmail(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ email, rule string }{
		"plain":             {"a@example.com", ""},
		"tag and dots":      {"first.last+tag@mail.example.com", ""},
		"no dot":            {"root@localhost", ""},
		"international":     {"用户@例子.公司", ""},
		"longest":           {strings.Repeat("a", 242) + "@example.com", ""},
		"too long":          {strings.Repeat("a", 243) + "@example.com", ruleMailLong},
		"empty":             {"", ruleRequired},
		"no @":              {"example.com", ruleEmail},
		"two @":             {"a@b@example.com", ruleEmail},
		"nothing before":    {"@example.com", ruleEmail},
		"nothing after":     {"a@", ruleEmail},
		"only @":            {"@", ruleEmail},
		"space before":      {" a@example.com", ruleEmail},
		"space after":       {"a@example.com ", ruleEmail},
		"newline inside":    {"a@example.com\nBcc: b@example.com", ruleEmail},
		"ideographic space": {"a\u3000b@example.com", ruleEmail},
		"control character": {"a\x00@example.com", ruleEmail},
		"invalid UTF-8":     {"a\xff@example.com", ruleUTF8},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checkEmail("email", tt.email)
			if tt.rule == "" {
				require.NoError(t, err)
				return
			}
			requireRule(t, err, "email", tt.rule)
		})
	}
}

func FuzzValidatePassword(f *testing.F) {
	for _, seed := range []string{"", "abcdefg1", "12345678", "密码密码密码a1", "abcdefg1\xff", strings.Repeat("a1", 17)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, password string) {
		err := ValidatePassword(password)
		if err == nil {
			assert.GreaterOrEqual(t, len(password), 8)
			assert.True(t, strings.ContainsAny(password, "0123456789"))
			return
		}
		var refusal *ValidationError
		require.ErrorAs(t, err, &refusal)
		assert.Contains(t, []string{ruleUTF8, ruleStrength}, refusal.Rule, "a rule from the list quotes nothing")
	})
}

// An emulator in another container may be reached by plain http if that is said, and no real environment.
func TestWithInsecureEmulator(t *testing.T) {
	t.Parallel()
	const plain = "http://emulator:9190"
	for name, tt := range map[string]struct {
		opts []Option
		want string // the error; "" is none
	}{
		"not said":      {[]Option{WithBaseURL(plain)}, "tcbauth: WithBaseURL: what goes over plain http"},
		"said":          {[]Option{WithInsecureEmulator(), WithBaseURL(plain)}, ""},
		"said after":    {[]Option{WithBaseURL(plain), WithInsecureEmulator()}, ""},
		"loopback":      {[]Option{WithBaseURL("http://127.0.0.1:1"), WithInsecureEmulator()}, ""},
		"no emulator":   {[]Option{WithInsecureEmulator()}, "tcbauth: WithInsecureEmulator: needs"},
		"gateway":       {[]Option{WithInsecureEmulator(), WithGateway()}, "tcbauth: WithInsecureEmulator: needs"},
		"real":          {[]Option{WithInsecureEmulator(), WithBaseURL("http://env-1.ap-shanghai.tcb-api.TencentCloudAPI.com.")}, "tcbauth: WithInsecureEmulator: needs"},
		"real by https": {[]Option{WithInsecureEmulator(), WithBaseURL("https://x.api.tcloudbasegateway.com")}, "tcbauth: WithInsecureEmulator: needs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New("env-1", tt.opts...)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
}
