package page

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/jsonin"
	"github.com/cloudbase-community/tcbauth/authtest/internal/ops"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// This file has the forms for users, rules and faults.

func addUser(s *service.Service, f form) *mistake {
	in := service.Person{Sub: f.get("sub"), Password: f.values.Get("password")}
	if wrong := f.person(&in); wrong != nil {
		return wrong
	}
	return ofPerson(s.AddUser(in))
}

// editUser changes a user. An empty password keeps the one that there is, unless no-password is ticked.
func editUser(s *service.Service, f form) *mistake {
	var wrong *mistake
	err := s.EditUser(f.get("id"), func(in *service.Person) (keepPassword bool, err error) {
		if wrong = f.person(in); wrong != nil {
			return false, errors.New(wrong.key)
		}
		in.Password = f.values.Get("password")
		if f.has("no-password") {
			in.Password = ""
			return false, nil
		}
		return in.Password == "", nil
	})
	if wrong != nil {
		return wrong
	}
	return ofPerson(err)
}

// person fills in what the forms for users have, but for sub and password.
func (f form) person(in *service.Person) *mistake {
	in.Username, in.Name, in.Email, in.Picture = f.get("username"), f.get("name"), f.get("email"), f.get("picture")
	in.Phone = f.get("phone_number")
	if number, ok := strings.CutPrefix(address.Key(in.Phone), "+86"); ok { // as users write it
		in.Phone = "+86 " + number
	}
	in.Groups = f.lines("groups")
	in.Blocked, in.Pending = f.has("blocked"), f.has("pending")
	in.Identities = nil
	for _, pair := range f.lines("identities") {
		provider, sub, ok := strings.Cut(pair, "=")
		if !ok {
			return &mistake{field: "identities", key: "bad_identities"}
		}
		if in.Identities == nil {
			in.Identities = make(map[string]string)
		}
		in.Identities[provider] = sub
	}
	return nil
}

// Pairs are identities as the form for users writes them.
func (v *view) Pairs(identities map[string]string) string {
	var pairs []string
	for _, provider := range slices.Sorted(maps.Keys(identities)) {
		pairs = append(pairs, provider+"="+identities[provider])
	}
	return strings.Join(pairs, "\n")
}

func ofPerson(err error) *mistake {
	why, ok := errors.AsType[*service.PersonError](err)
	switch {
	case !ok:
		return gone(err)
	case why.Why == service.PersonMalformed:
		return &mistake{field: why.Field, key: "bad_" + why.Field}
	default:
		return &mistake{field: why.Field, key: "person_" + why.Why}
	}
}

func block(s *service.Service, f form) *mistake { return setBlocked(s, f, true) }

func unblock(s *service.Service, f form) *mistake { return setBlocked(s, f, false) }

func setBlocked(s *service.Service, f form, blocked bool) *mistake {
	return ofPerson(s.EditUser(f.get("id"), func(in *service.Person) (keepPassword bool, err error) {
		in.Blocked = blocked
		return true, nil
	}))
}

func signOut(s *service.Service, f form) *mistake { return gone(s.SignOutUser(f.get("id"))) }

func deleteUser(s *service.Service, f form) *mistake { return gone(s.DeleteUser(f.get("id"))) }

// reading reads the fields of a form for rules, up to the first mistake.
type reading struct {
	form
	wrong *mistake
}

func (r *reading) count(name string, to *int) {
	n, wrong := r.number(name)
	if wrong != nil && r.wrong == nil {
		r.wrong = wrong
	}
	*to = n
}

func (r *reading) length(name string, to *jsonin.Duration) {
	d, ok := time.Duration(0), true
	if text := r.get(name); text != "" {
		d, ok = readDuration(text)
	}
	if !ok && r.wrong == nil {
		r.wrong = &mistake{field: name, key: "bad_duration"}
	}
	*to = jsonin.Duration(d)
}

// without returns those of some words that a form has not ticked.
func (r *reading) without(name string, all []string) []string {
	var off []string
	for _, word := range all {
		if !slices.Contains(r.values[name], word) {
			off = append(off, word)
		}
	}
	return off
}

// changeRules puts what a form says in force.
func changeRules(s *service.Service, f form, read func(*reading, *service.Rules)) *mistake {
	r := &reading{form: f}
	err := ops.ChangeRules(s, func(rules *service.Rules) error {
		read(r, rules)
		if r.wrong != nil {
			return errors.New(r.wrong.key)
		}
		return nil
	})
	if r.wrong != nil {
		return r.wrong
	}
	if why, ok := errors.AsType[*service.RuleError](err); ok {
		return &mistake{field: why.Field, key: "rule_" + why.Why}
	}
	return gone(err)
}

func rulesLogin(s *service.Service, f form) *mistake {
	return changeRules(s, f, func(r *reading, rules *service.Rules) {
		rules.LoginOff = r.without("login", service.LoginMethods)
		rules.SignUpOff = r.without("sign-up", service.SignUpMethods)
	})
}

func rulesLimits(s *service.Service, f form) *mistake {
	return changeRules(s, f, func(r *reading, rules *service.Rules) {
		r.length("sms_interval", &rules.SMSInterval)
		r.count("sms_daily_limit", &rules.SMSDaily)
		r.length("email_interval", &rules.EmailInterval)
		r.count("email_daily_limit", &rules.EmailDaily)
		r.count("code_attempts", &rules.CodeAttempts)
		r.length("sms_code_lifetime", &rules.SMSCodeLifetime)
		r.length("email_code_lifetime", &rules.EmailCodeLifetime)
		r.count("password_lock.after", &rules.PasswordLock.After)
		r.length("password_lock.for", &rules.PasswordLock.For)
	})
}

// rulesUnlimited switches every limit off.
func rulesUnlimited(s *service.Service, f form) *mistake {
	return changeRules(s, f, func(_ *reading, rules *service.Rules) {
		rules.SMSInterval, rules.SMSDaily, rules.EmailInterval, rules.EmailDaily = 0, 0, 0, 0
		rules.CodeAttempts, rules.PasswordLock.After = 0, 0
	})
}

func rulesCaptcha(s *service.Service, f form) *mistake {
	return changeRules(s, f, func(r *reading, rules *service.Rules) {
		rules.Captcha = slices.Clone(r.values["captcha"])
		r.count("captcha_after_sends", &rules.CaptchaAfterSends)
		r.count("captcha_after_wrong_passwords", &rules.CaptchaAfterWrong)
	})
}

func rulesTokens(s *service.Service, f form) *mistake {
	return changeRules(s, f, func(r *reading, rules *service.Rules) {
		rules.Refresh = service.RefreshRule{Policy: r.get("refresh.policy"), Reuse: service.RefuseReuse}
		if rules.Refresh.Policy != service.Static { // nothing else is asked of it
			r.length("refresh.grace", &rules.Refresh.Grace)
			if r.has("refresh.reuse") {
				rules.Refresh.Reuse = service.RevokeOnReuse
			}
		}
		r.length("access_token_lifetime", &rules.AccessLifetime)
		r.length("refresh_token_lifetime", &rules.RefreshLifetime)
		r.count("max_sessions", &rules.MaxSessions)
	})
}

func rulesStart(s *service.Service, _ form) *mistake { return gone(s.StartRulesAgain()) }

// effects are what a fault can do, as the form names it.
var effects = []string{"error", "before_commit", "after_commit", "cut_body", "bad_json", "html", "delay_only"}

// Effects are what a fault can do.
func (v *view) Effects() []string { return effects }

// addFault puts a fault in force.
func addFault(s *service.Service, f form) *mistake {
	in := service.Fault{Operation: f.get("operation"), To: f.get("to")}
	r := &reading{form: f}
	var delay jsonin.Duration
	var status, number int
	r.length("delay", &delay)
	r.count("times", &in.Times)
	r.count("every", &in.Every)
	r.count("status", &status)
	r.count("error_code", &number)
	in.Delay = time.Duration(delay)
	switch {
	case r.wrong != nil:
		return r.wrong
	case in.Delay < 0:
		return &mistake{field: "delay", key: "bad_duration"}
	case status != 0 && (status < 200 || status > 599):
		return &mistake{field: "status", key: "bad_status"}
	case in.To != "" && address.Key(in.To) == "":
		return &mistake{field: "to", key: "bad_address"}
	}
	effect := f.get("effect")
	closing, spoiling := in.Close.UnmarshalText([]byte(effect)) == nil, in.Body.UnmarshalText([]byte(effect)) == nil
	switch {
	case closing || spoiling:
		if in.Body == service.HTML {
			in.Status = status
		}
	case effect == "delay_only":
		if in.Delay == 0 {
			return &mistake{field: "delay", key: "delay_needed"}
		}
	default:
		in.Error = &refusal.Error{Status: status, Code: f.get("error"), Number: number, Description: f.get("error_description")}
		if in.Error.Code == "" {
			return &mistake{field: "error", key: "error_needed"}
		}
	}
	if _, err := ops.Inject(s, in); err != nil {
		return &mistake{text: err.Error()}
	}
	return nil
}

// commonErrors are error codes that clients meet.
var commonErrors = []string{
	"resource_exhausted", "unavailable", "internal", "invalid_grant", "unauthenticated", "permission_denied", "captcha_required",
	"invalid_argument", "not_found", "aborted", "user_blocked",
}

// CommonErrors are error codes to choose from.
func (v *view) CommonErrors() []string { return commonErrors }

// Has says whether a list has a word.
func (v *view) Has(words []string, word string) bool { return slices.Contains(words, word) }

// LoginMethods are all login methods.
func (v *view) LoginMethods() []string { return service.LoginMethods }

// SignUpMethods are the login methods by which users sign up.
func (v *view) SignUpMethods() []string { return service.SignUpMethods }

// Length is a duration of the rules, "0" for none.
func (v *view) Length(d jsonin.Duration) string {
	if d == 0 {
		return "0"
	}
	return short(time.Duration(d))
}

// Number is a number of the rules.
func (v *view) Number(n int) string { return strconv.Itoa(n) }
