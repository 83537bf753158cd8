package service

import (
	"maps"
	"slices"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/jsonin"
)

// Rules are the rules that can be changed while an environment runs, as a seed names them.
type Rules struct {
	SMSInterval       jsonin.Duration `json:"sms_interval"`
	SMSDaily          int             `json:"sms_daily_limit"`
	EmailInterval     jsonin.Duration `json:"email_interval"`
	EmailDaily        int             `json:"email_daily_limit"`
	SMSCodeLifetime   jsonin.Duration `json:"sms_code_lifetime"`
	EmailCodeLifetime jsonin.Duration `json:"email_code_lifetime"`
	CodeAttempts      int             `json:"code_attempts"`
	PasswordLock      PasswordLock    `json:"password_lock"`
	Captcha           []string        `json:"captcha"` // operations
	CaptchaAfterSends int             `json:"captcha_after_sends"`
	CaptchaAfterWrong int             `json:"captcha_after_wrong_passwords"`
	LoginOff          []string        `json:"login_off"`   // login methods
	SignUpOff         []string        `json:"sign_up_off"` // login methods
	AccessLifetime    jsonin.Duration `json:"access_token_lifetime"`
	RefreshLifetime   jsonin.Duration `json:"refresh_token_lifetime"`
	Refresh           RefreshRule     `json:"refresh"`
	MaxSessions       int             `json:"max_sessions"` // of a user; 0 is any number
}

// PasswordLock says after how many wrong passwords an account is locked, 0 for never, and for how long.
type PasswordLock struct {
	After int             `json:"after"`
	For   jsonin.Duration `json:"for"`
}

// RefreshRule is a RefreshPolicy as a seed has it.
type RefreshRule struct {
	Policy string          `json:"policy"` // Rotate or Static
	Grace  jsonin.Duration `json:"grace"`
	Reuse  string          `json:"reuse"` // RefuseReuse or RevokeOnReuse
}

// The words of a RefreshRule.
const (
	Rotate        = "rotate"
	Static        = "static"
	RefuseReuse   = "refuse"
	RevokeOnReuse = "revoke"
)

// LoginMethods are all login methods, and SignUpMethods those by which a user can sign up.
var (
	LoginMethods  = []string{LoginPassword, LoginPhone, LoginEmail, LoginAnonymous, LoginCustom}
	SignUpMethods = []string{LoginPhone, LoginEmail}
)

// What can be wrong with a rule.
const (
	RuleNegative     = "negative"
	RuleWholeSeconds = "whole_seconds" // it is not a positive number of whole seconds
	RuleLockOfNoTime = "lock_of_no_time"
	RuleUnknown      = "unknown" // none of the words that it can have
	RuleStaticGrace  = "static_grace"
)

// RuleError is why rules cannot be: a field by its name in JSON, and what is wrong with it.
type RuleError struct{ Field, Why string }

// Error says which rule it is, and what is wrong.
func (e *RuleError) Error() string {
	return e.Field + " " + map[string]string{
		RuleNegative: "is negative", RuleWholeSeconds: "is not a positive number of whole seconds",
		RuleLockOfNoTime: "locks for no time", RuleUnknown: "is none of the words that it can be",
		RuleStaticGrace: "is static: a refresh token that stays is never spent, and has no grace and no reuse",
	}[e.Why]
}

func (c *Config) rules() Rules {
	r := Rules{
		SMSInterval: jsonin.Duration(c.SMSInterval), SMSDaily: c.SMSDaily,
		EmailInterval: jsonin.Duration(c.EmailInterval), EmailDaily: c.EmailDaily,
		SMSCodeLifetime: jsonin.Duration(c.CodeLifetime.Phone), EmailCodeLifetime: jsonin.Duration(c.CodeLifetime.Email),
		CodeAttempts:      c.CodeAttempts,
		PasswordLock:      PasswordLock{c.LockAfter, jsonin.Duration(c.LockFor)},
		Captcha:           names(c.CaptchaFor),
		CaptchaAfterSends: c.CaptchaAfterSends, CaptchaAfterWrong: c.CaptchaAfterWrong,
		LoginOff: names(c.LoginOff), SignUpOff: names(c.SignUpOff),
		AccessLifetime: jsonin.Duration(c.AccessLifetime), RefreshLifetime: jsonin.Duration(c.RefreshLifetime),
		Refresh:     RefreshRule{Policy: Rotate, Grace: jsonin.Duration(c.Refresh.Grace), Reuse: RefuseReuse},
		MaxSessions: c.MaxSessions,
	}
	if c.Refresh.Static {
		r.Refresh.Policy = Static
	}
	if c.Refresh.Revoking {
		r.Refresh.Reuse = RevokeOnReuse
	}
	return r
}

// apply puts rules in force; it is the inverse of rules.
func (c *Config) apply(r *Rules) {
	c.SMSInterval, c.SMSDaily = time.Duration(r.SMSInterval), r.SMSDaily
	c.EmailInterval, c.EmailDaily = time.Duration(r.EmailInterval), r.EmailDaily
	c.CodeLifetime = ByChannel{Phone: time.Duration(r.SMSCodeLifetime), Email: time.Duration(r.EmailCodeLifetime)}
	c.CodeAttempts = r.CodeAttempts
	c.LockAfter, c.LockFor = r.PasswordLock.After, time.Duration(r.PasswordLock.For)
	c.CaptchaFor = set(r.Captcha)
	c.CaptchaAfterSends, c.CaptchaAfterWrong = r.CaptchaAfterSends, r.CaptchaAfterWrong
	c.LoginOff, c.SignUpOff = set(r.LoginOff), set(r.SignUpOff)
	c.AccessLifetime, c.RefreshLifetime = time.Duration(r.AccessLifetime), time.Duration(r.RefreshLifetime)
	c.Refresh = RefreshPolicy{
		Static: r.Refresh.Policy == Static, Grace: time.Duration(r.Refresh.Grace), Revoking: r.Refresh.Reuse == RevokeOnReuse,
	}
	c.MaxSessions = r.MaxSessions
}

// names are those of a set, in order, and never nil.
func names(set map[string]bool) []string {
	all := slices.AppendSeq([]string{}, maps.Keys(set))
	slices.Sort(all)
	return all
}

func set(names []string) map[string]bool {
	of := make(map[string]bool)
	for _, name := range names {
		of[name] = true
	}
	return of
}

func (r *Rules) check() error {
	for _, number := range []struct {
		field string
		value int
	}{
		{"sms_daily_limit", r.SMSDaily},
		{"email_daily_limit", r.EmailDaily},
		{"code_attempts", r.CodeAttempts},
		{"password_lock.after", r.PasswordLock.After},
		{"max_sessions", r.MaxSessions},
		{"captcha_after_sends", r.CaptchaAfterSends},
		{"captcha_after_wrong_passwords", r.CaptchaAfterWrong},
	} {
		if number.value < 0 {
			return &RuleError{number.field, RuleNegative}
		}
	}
	for _, length := range []struct {
		field    string
		value    jsonin.Duration
		lifetime bool
	}{
		{"sms_interval", r.SMSInterval, false},
		{"email_interval", r.EmailInterval, false},
		{"password_lock.for", r.PasswordLock.For, false},
		{"refresh.grace", r.Refresh.Grace, false},
		{"sms_code_lifetime", r.SMSCodeLifetime, true},
		{"email_code_lifetime", r.EmailCodeLifetime, true},
		{"access_token_lifetime", r.AccessLifetime, true},
		{"refresh_token_lifetime", r.RefreshLifetime, true},
	} {
		switch d := time.Duration(length.value); {
		case length.lifetime && (d < time.Second || d%time.Second != 0):
			return &RuleError{length.field, RuleWholeSeconds}
		case d < 0:
			return &RuleError{length.field, RuleNegative}
		}
	}
	return r.checkWords()
}

func (r *Rules) checkWords() error {
	for _, words := range []struct {
		field     string
		are, from []string
	}{
		{"login_off", r.LoginOff, LoginMethods},
		{"sign_up_off", r.SignUpOff, SignUpMethods},
		{"refresh.policy", []string{r.Refresh.Policy}, []string{Rotate, Static}},
		{"refresh.reuse", []string{r.Refresh.Reuse}, []string{RefuseReuse, RevokeOnReuse}},
	} {
		for _, word := range words.are {
			if !slices.Contains(words.from, word) {
				return &RuleError{words.field, RuleUnknown}
			}
		}
	}
	switch {
	case r.PasswordLock.After > 0 && r.PasswordLock.For == 0:
		return &RuleError{"password_lock.for", RuleLockOfNoTime}
	case r.Refresh.Policy == Static && (r.Refresh.Grace != 0 || r.Refresh.Reuse != RefuseReuse):
		return &RuleError{"refresh.policy", RuleStaticGrace}
	}
	return nil
}
