package page

import (
	"html/template"
	"slices"
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest/internal/ops"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// This file has what the parts of the templates are given.

// With adds a datalist's id and an inputmode, each of which may be "".
func (f field) With(list, kind string) field {
	f.List, f.Kind = list, kind
	return f
}

// Called changes the label.
func (f field) Called(label string) field {
	f.Label = label
	return f
}

// copyPart is a text with a button that copies it.
type copyPart struct {
	translator
	Of, Text string
}

// Copy is a button that copies a text.
func (v *view) Copy(text string) copyPart { return v.CopyOf(text, text) }

// CopyOf is a button that copies a text, which is called otherwise.
func (v *view) CopyOf(of, text string) copyPart { return copyPart{v.translator, of, text} }

// filterPart is the search of a list.
type filterPart struct {
	translator
	Name, Value, Label string
	Without            template.URL // the query without it
}

// Filter is the search of the list that has this section.
func (v *view) Filter(name, value string) filterPart {
	without := v.Filters.query()
	without.Del(name)
	return filterPart{v.translator, name, value, v.T(name + "_filter"), encoded(without)}
}

// tailPart ends a list.
type tailPart struct {
	translator
	All, More     int
	Filter, Empty string
}

// Tail says what a list does not show, or why it is empty.
func (v *view) Tail(all, more int, filter, empty string) tailPart {
	return tailPart{v.translator, all, more, filter, v.T(empty)}
}

// hiddenPart is the fields that say what a form does.
type hiddenPart struct{ Do, ID string }

// Hidden is the fields that say what a form does, and about what.
func (v *view) Hidden(do, id string) hiddenPart { return hiddenPart{do, id} }

// decidePart is what can be done about something that waits.
type decidePart struct {
	*view
	Yes, No, ID, Word string
}

// Decide is what can be done about something that waits: the forms yes and no, and the text of the button for yes.
func (v *view) Decide(yes, no, id, word string) decidePart { return decidePart{v, yes, no, id, word} }

// Lacks says whether a sub is none of the users to choose from.
func (p decidePart) Lacks(sub string) bool {
	return !slices.ContainsFunc(p.Choices.Rows, func(c choice) bool { return c.Sub == sub })
}

// personPart is the inputs for a user.
type personPart struct {
	*view
	service.Person
	Do, ID      string
	HasPassword bool
}

// NewPerson is the inputs for a user who is added.
func (v *view) NewPerson() personPart { return personPart{view: v, Do: "add-user"} }

// PersonOf is the inputs for a user who is changed.
func (v *view) PersonOf(u user) personPart {
	return personPart{view: v, Person: u.Person, Do: "edit-user", ID: u.Sub, HasPassword: u.HasPassword}
}

// In is one of the inputs.
func (p personPart) In(name, current string) field { return p.Field(p.Do, p.ID, name, current) }

// GroupList is the groups, one on each line.
func (p personPart) GroupList() string { return strings.Join(p.Groups, "\n") }

// Waits is how much waits for a decision or an answer.
func (v *view) Waits() int { return v.Captchas.All + v.Devices.All + v.QRCodes.All }

// HasDecided says whether a decision could not be carried out.
func (v *view) HasDecided() bool {
	return v.failed != nil && actions[v.failed.form.get("do")].section == "waiting"
}

// WaitsMore is how much of it is not shown.
func (v *view) WaitsMore() int { return v.Captchas.More() + v.Devices.More() + v.QRCodes.More() }

// ruleLabels are the texts by which the page calls the rules that can refuse a call.
var ruleLabels = map[string]string{ //nolint:gosec // G101: names of rules and texts
	"captcha":                       "rules_captcha",
	"captcha_after_sends":           "field_captcha_after_sends",
	"captcha_after_wrong_passwords": "field_captcha_after_wrong_passwords",
	"clients":                       "clients",
	"code_attempts":                 "field_code_attempts",
	"email_code_lifetime":           "field_email_code_lifetime",
	"email_daily_limit":             "field_email_daily_limit",
	"email_interval":                "field_email_interval",
	"login_off":                     "rules_login",
	"max_sessions":                  "field_max_sessions",
	"password_lock":                 "field_password_lock.after",
	"providers":                     "providers",
	"sign_up_off":                   "sign_up_by",
	"sms_code_lifetime":             "field_sms_code_lifetime",
	"sms_daily_limit":               "field_sms_daily_limit",
	"sms_interval":                  "field_sms_interval",
	"sudo_by_code":                  "sudo_by_code",
}

// RuleLabel is what the page calls a rule; "" is nothing.
func (v *view) RuleLabel(rule string) string {
	if key, ok := ruleLabels[rule]; ok {
		return v.T(key)
	}
	return ""
}

// LoginSummary says which login methods are off.
func (v *view) LoginSummary() string {
	if len(v.Rules.LoginOff) == 0 {
		return v.T("all_on")
	}
	off := make([]string, len(v.Rules.LoginOff))
	for i, method := range v.Rules.LoginOff {
		off[i] = v.T("login_" + method)
	}
	return v.T("some_off", strings.Join(off, ", "))
}

// CaptchaOperations are those that can need a captcha.
func (v *view) CaptchaOperations() []string {
	return slices.DeleteFunc(slices.Clone(v.Operations), func(name string) bool {
		_, err := ops.WithCaptcha([]string{name})
		return err != nil
	})
}

// FaultOperation is the operation that the form for faults starts with.
func (v *view) FaultOperation() string {
	if v.FaultFor != "" {
		return v.FaultFor
	}
	return "token"
}

// FaultQuery is the query of the page's address that starts the form for faults with an operation.
func (v *view) FaultQuery(operation string) template.URL {
	query := v.Filters.query()
	query.Set("fault", operation)
	return encoded(query)
}

// FailedDeep says whether the form for faults is wrong in one of the inputs that are not shown at first.
func (v *view) FailedDeep() bool {
	return v.failedAt("add-fault", "") && slices.Contains([]string{"every", "status", "error_code", "error_description"}, v.failed.wrong.field)
}

// FailedUser says whether the form that could not be carried out is one of a user's.
func (v *view) FailedUser(sub string) bool {
	return v.failed != nil && actions[v.failed.form.get("do")].section == "users" && v.failed.form.get("id") == sub
}

// Quick are the steps by which the clock is moved with one click.
func (v *view) Quick() []string { return []string{"1m", "10m", "2h", "1d", "30d"} }
