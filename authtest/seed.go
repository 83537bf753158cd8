package authtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/jsonin"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// seedFile is the JSON of WithSeed.
type seedFile struct {
	Users []service.Person  `json:"users"`
	Codes map[string]string `json:"codes"` // by address
	Rules seedRules         `json:"rules"`
}

// seedRules are options in JSON. What is absent or null keeps its default.
type seedRules struct {
	SMSInterval     *jsonin.Duration `json:"sms_interval"`
	SMSDailyLimit   *int             `json:"sms_daily_limit"`
	EmailInterval   *jsonin.Duration `json:"email_interval"`
	EmailDailyLimit *int             `json:"email_daily_limit"`
	CodeLife        *jsonin.Duration `json:"code_life"`
	CodeAttempts    *int             `json:"code_attempts"`
	PasswordLock    *struct {
		After *int             `json:"after"`
		For   *jsonin.Duration `json:"for"`
	} `json:"password_lock"`
	Captcha                    []string          `json:"captcha"`
	CaptchaAfterSends          *int              `json:"captcha_after_sends"`
	CaptchaAfterWrongPasswords *int              `json:"captcha_after_wrong_passwords"`
	LoginOff                   []LoginMethod     `json:"login_off"`
	SignUpOff                  []LoginMethod     `json:"sign_up_off"`
	Providers                  []string          `json:"providers"`
	Clients                    map[string]string `json:"clients"` // secrets by client id, "" for none
	AccessTokenLife            *jsonin.Duration  `json:"access_token_life"`
	RefreshTokenLife           *jsonin.Duration  `json:"refresh_token_life"`
	Refresh                    *seedRefresh      `json:"refresh"`
	SingleSession              bool              `json:"single_session"`
	AnonymousRefreshToken      bool              `json:"anonymous_refresh_token"`
	CustomRefreshToken         *bool             `json:"custom_refresh_token"`
	SudoByCode                 bool              `json:"sudo_by_code"`
	IsUser                     *bool             `json:"is_user"`
	Code                       *bool             `json:"code"`
	TicketKey                  json.RawMessage   `json:"ticket_key"`
}

// WithSeed starts the server with the accounts, fixed codes and rules of a JSON file; Reset brings the accounts and codes
// back. All of it is optional, and an unknown name is an error:
//
//	{
//	  "users": [{"sub", "username", "password", "phone_number", "email", "name", "picture", "groups": ["id"],
//	             "identities": {"wx_open": "id"}, "blocked": true, "pending": true}],
//	  "codes": {"+86 13800000000": "123456"},
//	  "rules": {
//	    "sms_interval": "1m", "sms_daily_limit": 30, "email_interval": "1m", "email_daily_limit": 50,
//	    "code_life": "10m", "code_attempts": 5, "password_lock": {"after": 5, "for": "10m"},
//	    "captcha": ["verification"], "captcha_after_sends": 3, "captcha_after_wrong_passwords": 5,
//	    "login_off": ["password", "phone", "email", "anonymous", "custom"], "sign_up_off": ["phone", "email"],
//	    "providers": ["wx_open"], "clients": {"client id": "secret, or nothing"},
//	    "access_token_life": "2h", "refresh_token_life": "720h",
//	    "refresh": {"policy": "rotate or static", "grace": "10s", "reuse": "refuse or revoke"},
//	    "single_session": true, "anonymous_refresh_token": true, "custom_refresh_token": false, "sudo_by_code": true,
//	    "is_user": false, "code": false, "ticket_key": {"private_key_id", "private_key", "env_id"}
//	  }
//	}
//
// A rule is the option of its name, and goes together with other options as these do with one another. WithSeed given again
// adds accounts and codes.
func WithSeed(file []byte) Option {
	return func(c *config) error {
		var in seedFile
		if err := jsonin.Decode(bytes.NewReader(file), &in); err != nil {
			return fmt.Errorf("authtest: WithSeed: %w", err)
		}
		c.Seeds = append(c.Seeds, in.Users...)
		for to, code := range in.Codes {
			key := address.Key(to)
			if key == "" || !service.CodePattern.MatchString(code) {
				return errors.New("authtest: WithSeed: codes must be six digits by a phone number or an e-mail address")
			}
			c.SeedCodes[key] = code
		}
		opts, err := in.Rules.options()
		if err != nil {
			return fmt.Errorf("authtest: WithSeed: %w", err)
		}
		for _, opt := range opts {
			if err := opt(c); err != nil {
				return err
			}
		}
		return nil
	}
}

func (r *seedRules) options() ([]Option, error) {
	var opts []Option
	opts = appendSet(opts, r.SMSInterval, func(d jsonin.Duration) Option { return WithSMSInterval(time.Duration(d)) })
	opts = appendSet(opts, r.SMSDailyLimit, WithSMSDailyLimit)
	opts = appendSet(opts, r.EmailInterval, func(d jsonin.Duration) Option { return WithEmailInterval(time.Duration(d)) })
	opts = appendSet(opts, r.EmailDailyLimit, WithEmailDailyLimit)
	opts = appendSet(opts, r.CodeLife, func(d jsonin.Duration) Option { return WithCodeLife(time.Duration(d)) })
	opts = appendSet(opts, r.CodeAttempts, WithCodeAttempts)
	opts = appendSet(opts, r.CaptchaAfterSends, WithCaptchaAfterSends)
	opts = appendSet(opts, r.CaptchaAfterWrongPasswords, WithCaptchaAfterWrongPasswords)
	if lock := r.PasswordLock; lock != nil { // after captcha_after_wrong_passwords, which switches the lock off
		opts = append(opts, func(c *config) error {
			after, length := c.LockAfter, c.LockFor
			if lock.After != nil {
				after = *lock.After
			}
			if lock.For != nil {
				length = time.Duration(*lock.For)
			}
			return WithPasswordLock(after, length)(c)
		})
	}
	opts = appendSet(opts, r.AccessTokenLife, func(d jsonin.Duration) Option { return WithAccessTokenLife(time.Duration(d)) })
	opts = appendSet(opts, r.RefreshTokenLife, func(d jsonin.Duration) Option { return WithRefreshTokenLife(time.Duration(d)) })
	opts = append(opts, WithLoginOff(r.LoginOff...), WithSignUpOff(r.SignUpOff...))
	if r.Captcha != nil {
		opts = append(opts, WithCaptcha(r.Captcha...))
	}
	if r.Providers != nil {
		opts = append(opts, WithProviders(r.Providers...))
	}
	for id, secret := range r.Clients {
		if secret == "" {
			opts = append(opts, WithClientID(id))
		} else {
			opts = append(opts, WithClientSecret(id, secret))
		}
	}
	if r.Refresh != nil {
		policy, err := r.Refresh.policy()
		if err != nil {
			return nil, fmt.Errorf("rules: refresh: %w", err)
		}
		opts = append(opts, WithRefreshPolicy(policy))
	}
	if len(r.TicketKey) > 0 && string(r.TicketKey) != "null" {
		opts = append(opts, WithTicketKey(r.TicketKey))
	}
	for _, flag := range []struct {
		set bool
		opt Option
	}{
		{r.SingleSession, WithSingleSession()},
		{r.AnonymousRefreshToken, WithAnonymousRefreshToken()},
		{r.CustomRefreshToken != nil && !*r.CustomRefreshToken, WithoutCustomRefreshToken()},
		{r.SudoByCode, WithSudoByCode()},
		{r.IsUser != nil && !*r.IsUser, WithoutIsUser()},
		{r.Code != nil && !*r.Code, WithoutCode()},
	} {
		if flag.set {
			opts = append(opts, flag.opt)
		}
	}
	return opts, nil
}

// seedRefresh is a RefreshPolicy in JSON.
type seedRefresh struct {
	Policy string          `json:"policy"` // "rotate" or "static"
	Grace  jsonin.Duration `json:"grace"`
	Reuse  string          `json:"reuse"` // "refuse" or "revoke"
}

func (r *seedRefresh) policy() (RefreshPolicy, error) {
	policy := RotatingWithGrace(time.Duration(r.Grace))
	switch r.Reuse {
	case "", "refuse":
	case "revoke":
		policy = policy.RevokingReuse()
	default:
		return RefreshPolicy{}, errors.New(`reuse is neither "refuse" nor "revoke"`)
	}
	switch r.Policy {
	case "", "rotate":
		return policy, nil
	case "static":
		if policy != (RefreshPolicy{}) {
			return RefreshPolicy{}, errors.New("a static token is never spent: it has no grace and no reuse")
		}
		return Static(), nil
	default:
		return RefreshPolicy{}, errors.New(`policy is neither "rotate" nor "static"`)
	}
}

// appendSet appends the option of a value that is given.
func appendSet[T any](opts []Option, value *T, option func(T) Option) []Option {
	if value == nil {
		return opts
	}
	return append(opts, option(*value))
}
