package authtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each rule of a seed file is the option of its name, and nothing else. Only the configuration shows that for all of them.
func TestSeedRulesAreOptions(t *testing.T) {
	t.Parallel()
	key := string(NewServer(t).TicketKey())
	for rule, option := range map[string]Option{
		`"sms_interval":"7s"`:                    WithSMSInterval(7 * time.Second),
		`"sms_daily_limit":7`:                    WithSMSDailyLimit(7),
		`"email_interval":"7s"`:                  WithEmailInterval(7 * time.Second),
		`"email_daily_limit":7`:                  WithEmailDailyLimit(7),
		`"code_lifetime":"7s"`:                   WithCodeLifetime(7 * time.Second),
		`"sms_code_lifetime":"7s"`:               WithSMSCodeLifetime(7 * time.Second),
		`"email_code_lifetime":"7s"`:             WithEmailCodeLifetime(7 * time.Second),
		`"code_attempts":7`:                      WithCodeAttempts(7),
		`"password_lock":{"after":7,"for":"7s"}`: WithPasswordLock(7, 7*time.Second),
		`"password_lock":{"after":7}`:            WithPasswordLock(7, 10*time.Minute),
		`"password_lock":{"for":"7s"}`:           WithPasswordLock(5, 7*time.Second),
		`"captcha":["signin"]`:                   WithCaptcha("signin"),
		`"captcha_after_sends":7`:                WithCaptchaAfterSends(7),
		`"captcha_after_wrong_passwords":7`:      WithCaptchaAfterWrongPasswords(7),
		`"captcha_after_wrong_passwords":0`:      WithCaptchaAfterWrongPasswords(0),
		`"login_off":["email"]`:                  WithLoginOff(LoginEmail),
		`"sign_up_off":["phone"]`:                WithSignUpOff(LoginPhone),
		`"providers":["github"]`:                 WithProviders("github"),
		`"clients":{"app":""}`:                   WithClientID("app"),
		`"clients":{"app":"s"}`:                  WithClientSecret("app", "s"),
		`"access_token_lifetime":"7s"`:           WithAccessTokenLifetime(7 * time.Second),
		`"refresh_token_lifetime":"7s"`:          WithRefreshTokenLifetime(7 * time.Second),
		`"refresh":{"policy":"static"}`:          WithRefreshPolicy(Static()),
		`"refresh":{"grace":"7s"}`:               WithRefreshPolicy(RotatingWithGrace(7 * time.Second)),
		`"refresh":{"reuse":"revoke"}`:           WithRefreshPolicy(Rotating().RevokingReuse()),
		`"relaxed":true`:                         Relaxed(),
		`"max_sessions":7`:                       WithMaxSessions(7),
		`"max_sessions":0`:                       WithMaxSessions(0),
		`"single_session":false`:                 WithMaxSessions(0),
		`"anonymous_refresh_token":true`:         WithAnonymousRefreshToken(),
		`"custom_refresh_token":false`:           WithoutCustomRefreshToken(),
		`"sudo_by_code":true`:                    WithSudoByCode(),
		`"is_user":false`:                        WithoutIsUser(),
		`"code":false`:                           WithoutCode(),
		`"code":true`:                            WithCode(),
		`"ticket_key":` + key:                    WithTicketKey([]byte(key)),
	} {
		t.Run(rule[:min(len(rule), 40)], func(t *testing.T) {
			t.Parallel()
			want, err := newConfig([]Option{option})
			require.NoError(t, err)
			got, err := newConfig([]Option{WithSeed([]byte(`{"rules":{` + rule + `}}`))})
			require.NoError(t, err)
			assert.Equal(t, want, got)
			if rule != `"captcha_after_wrong_passwords":0` {
				none, err := newConfig(nil)
				require.NoError(t, err)
				assert.NotEqual(t, none, got)
			}
		})
	}
}
