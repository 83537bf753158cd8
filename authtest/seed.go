package authtest

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
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

// seedRules are options in JSON. An absent or null rule keeps its default.
type seedRules struct {
	Relaxed           bool             `json:"relaxed"`
	SMSInterval       *jsonin.Duration `json:"sms_interval"`
	SMSDailyLimit     *int             `json:"sms_daily_limit"`
	EmailInterval     *jsonin.Duration `json:"email_interval"`
	EmailDailyLimit   *int             `json:"email_daily_limit"`
	CodeLifetime      *jsonin.Duration `json:"code_lifetime"` // of both channels
	SMSCodeLifetime   *jsonin.Duration `json:"sms_code_lifetime"`
	EmailCodeLifetime *jsonin.Duration `json:"email_code_lifetime"`
	CodeAttempts      *int             `json:"code_attempts"`
	PasswordLock      *struct {
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
	AccessTokenLifetime        *jsonin.Duration  `json:"access_token_lifetime"`
	RefreshTokenLifetime       *jsonin.Duration  `json:"refresh_token_lifetime"`
	Refresh                    *seedRefresh      `json:"refresh"`
	MaxSessions                *int              `json:"max_sessions"`
	SingleSession              *bool             `json:"single_session"`
	AnonymousRefreshToken      bool              `json:"anonymous_refresh_token"`
	CustomRefreshToken         *bool             `json:"custom_refresh_token"`
	SudoByCode                 bool              `json:"sudo_by_code"`
	IsUser                     *bool             `json:"is_user"`
	Code                       *bool             `json:"code"`
	TicketKey                  json.RawMessage   `json:"ticket_key"`
}

// WithSeed starts the server with the accounts, fixed codes and rules of a JSON file. Reset restores the accounts and
// codes. All fields are optional. An error in the file is a [*SeedError]. A user without a sub gets the same one at every
// start:
//
//	{
//	  "users": [{"sub", "username", "password", "phone_number", "email", "name", "picture", "groups": ["id"],
//	             "identities": {"wx_open": "id"}, "blocked": true, "pending": true}],
//	  "codes": {"+86 13800000000": "123456"},
//	  "rules": {
//	    "relaxed": true, "sms_interval": "1m", "sms_daily_limit": 30, "email_interval": "1m", "email_daily_limit": 50,
//	    "sms_code_lifetime": "5m", "email_code_lifetime": "10m", "code_attempts": 5, "password_lock": {"after": 5, "for": "10m"},
//	    "captcha": ["verification"], "captcha_after_sends": 3, "captcha_after_wrong_passwords": 5,
//	    "login_off": ["password", "phone", "email", "anonymous", "custom"], "sign_up_off": ["phone", "email"],
//	    "providers": ["wx_open"], "clients": {"client id": "secret, or nothing"},
//	    "access_token_lifetime": "2h", "refresh_token_lifetime": "720h",
//	    "refresh": {"policy": "rotate or static", "grace": "10s", "reuse": "refuse or revoke"},
//	    "max_sessions": 1, "anonymous_refresh_token": true, "custom_refresh_token": false, "sudo_by_code": true,
//	    "is_user": false, "code": false, "ticket_key": {"private_key_id", "private_key", "env_id"}
//	  }
//	}
//
// Each rule is the option with its name, and combines with other options as that option does. "relaxed" is applied before the
// other rules, wherever it stands. "code_lifetime" is the lifetime of codes of both channels. "single_session" is true for
// "max_sessions" 1 and false for any number. A second WithSeed adds accounts and codes.
func WithSeed(file []byte) Option {
	return func(c *config) error {
		var in seedFile
		text, err := jsonin.Read(file, &in)
		if err != nil {
			return seedError(err)
		}
		if i, why := service.CheckSeeds(in.Users); why != nil {
			return seedError(text.Mistake(fmt.Sprintf("users[%d].%s", i, why.Field), why.JSON()))
		}
		for _, u := range in.Users {
			u.Sub = cmp.Or(u.Sub, stableSub(&u))
			c.Seeds = append(c.Seeds, u)
		}
		for to, code := range in.Codes {
			key := address.Key(to)
			if key == "" || !service.CodePattern.MatchString(code) {
				return seedError(text.Mistake("codes."+to, "want six digits by a phone number or an email address"))
			}
			c.SeedCodes[key] = code
		}
		for _, rule := range in.Rules.options() {
			if err := rule.option(c); err != nil {
				return seedError(text.Mistake("rules."+rule.name, ofOption.ReplaceAllString(err.Error(), "")))
			}
		}
		return nil
	}
}

// SeedError describes an error in the file of WithSeed, and its place.
type SeedError struct {
	Line, Column int    // from 1; columns are characters
	Text         string // names what the file names
}

// Error returns the place and the error.
func (e *SeedError) Error() string {
	return fmt.Sprintf("authtest: WithSeed: line %d, column %d: %s", e.Line, e.Column, e.Text)
}

func seedError(err error) error {
	if mistake, ok := errors.AsType[*jsonin.Mistake](err); ok {
		return &SeedError{mistake.Line, mistake.Column, mistake.Text}
	}
	return err
}

// ofOption is the beginning of the errors of options. They name Go's options, which the file does not have.
var ofOption = regexp.MustCompile(`^authtest: \w+(\([^)]*\))?: `)

// stableSub makes the id of a user without one in the file. It depends only on the user's first login name, so the other
// fields can change.
func stableSub(p *service.Person) string {
	name := fmt.Sprint("identities ", p.Identities) // maps are printed in order
	switch {
	case p.Username != "":
		name = "username " + p.Username
	case p.Phone != "":
		name = "phone_number " + p.Phone
	case p.Email != "":
		name = "email " + address.EmailKey(p.Email)
	}
	sum := sha256.Sum256([]byte(name))
	const smallest = 1_000_000_000_000_000_000
	return fmt.Sprint(smallest + binary.BigEndian.Uint64(sum[:])%(8*smallest))
}

// rule is an option with its name in the file.
type rule struct {
	name   string
	option Option
}

func (r *seedRules) options() []rule {
	var rules []rule
	add := func(name string, option Option) { rules = append(rules, rule{name, option}) }
	if r.Relaxed { // before the others, which stand
		add("relaxed", Relaxed())
	}
	if single := r.SingleSession; single != nil && *single {
		add("single_session", WithSingleSession())
	} else if single != nil {
		add("single_session", WithMaxSessions(0))
	}
	if code := r.Code; code != nil && *code {
		add("code", WithCode())
	} else if code != nil {
		add("code", WithoutCode())
	}
	for _, number := range []struct {
		name   string
		value  *int
		option func(int) Option
	}{
		{"sms_daily_limit", r.SMSDailyLimit, WithSMSDailyLimit},
		{"email_daily_limit", r.EmailDailyLimit, WithEmailDailyLimit},
		{"code_attempts", r.CodeAttempts, WithCodeAttempts},
		{"max_sessions", r.MaxSessions, WithMaxSessions},
		{"captcha_after_sends", r.CaptchaAfterSends, WithCaptchaAfterSends},
		{"captcha_after_wrong_passwords", r.CaptchaAfterWrongPasswords, WithCaptchaAfterWrongPasswords},
	} {
		if number.value != nil {
			add(number.name, number.option(*number.value))
		}
	}
	for _, length := range []struct {
		name   string
		value  *jsonin.Duration
		option func(time.Duration) Option
	}{
		{"sms_interval", r.SMSInterval, WithSMSInterval},
		{"email_interval", r.EmailInterval, WithEmailInterval},
		{"code_lifetime", r.CodeLifetime, WithCodeLifetime},
		{"sms_code_lifetime", r.SMSCodeLifetime, WithSMSCodeLifetime},
		{"email_code_lifetime", r.EmailCodeLifetime, WithEmailCodeLifetime},
		{"access_token_lifetime", r.AccessTokenLifetime, WithAccessTokenLifetime},
		{"refresh_token_lifetime", r.RefreshTokenLifetime, WithRefreshTokenLifetime},
	} {
		if length.value != nil {
			add(length.name, length.option(time.Duration(*length.value)))
		}
	}
	if lock := r.PasswordLock; lock != nil { // after captcha_after_wrong_passwords, which switches the lock off
		add("password_lock", func(c *config) error {
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
	add("login_off", WithLoginOff(r.LoginOff...))
	add("sign_up_off", WithSignUpOff(r.SignUpOff...))
	if r.Captcha != nil {
		add("captcha", WithCaptcha(r.Captcha...))
	}
	if r.Providers != nil {
		add("providers", WithProviders(r.Providers...))
	}
	for id, secret := range r.Clients {
		if secret == "" {
			add("clients."+id, WithClientID(id))
		} else {
			add("clients."+id, WithClientSecret(id, secret))
		}
	}
	if r.Refresh != nil {
		add("refresh", func(c *config) error {
			policy, err := r.Refresh.policy()
			if err != nil {
				return err
			}
			return WithRefreshPolicy(policy)(c)
		})
	}
	if len(r.TicketKey) > 0 && string(r.TicketKey) != "null" {
		add("ticket_key", WithTicketKey(r.TicketKey))
	}
	for _, flag := range []struct {
		set    bool
		name   string
		option Option
	}{
		{r.AnonymousRefreshToken, "anonymous_refresh_token", WithAnonymousRefreshToken()},
		{r.CustomRefreshToken != nil && !*r.CustomRefreshToken, "custom_refresh_token", WithoutCustomRefreshToken()},
		{r.SudoByCode, "sudo_by_code", WithSudoByCode()},
		{r.IsUser != nil && !*r.IsUser, "is_user", WithoutIsUser()},
	} {
		if flag.set {
			add(flag.name, flag.option)
		}
	}
	return rules
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
