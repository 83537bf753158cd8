package page

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// form is what a form of the page has sent.
type form struct{ values url.Values }

func (f form) get(name string) string { return strings.TrimSpace(f.values.Get(name)) }

func (f form) has(name string) bool { return f.values.Has(name) }

// lines are what was typed into a field with an entry on each line.
func (f form) lines(name string) (entries []string) {
	for line := range strings.Lines(f.values.Get(name)) {
		if entry := strings.TrimSpace(line); entry != "" {
			entries = append(entries, entry)
		}
	}
	return entries
}

// mistake is what is wrong with a form, at one of its fields. key is that of a text of the page; without it text is an error as it is.
type mistake struct{ field, key, text string }

// failure is a form that could not be carried out.
type failure struct {
	form  form
	wrong *mistake
	said  bool // on the page, so far
}

// action is what a form does.
type action struct {
	section string // that has the form
	run     func(*service.Service, form) *mistake
}

// actions are the forms by their field do.
var actions = map[string]action{
	"advance":         {"clock", advance},
	"reset":           {"clock", reset},
	"fix-code":        {"inbox", fixCode},
	"approve":         {"waiting", approve},
	"deny":            {"waiting", deny},
	"scan":            {"waiting", scan},
	"deny-qr":         {"waiting", denyQR},
	"add-user":        {"users", addUser},
	"edit-user":       {"users", editUser},
	"block":           {"users", block},
	"unblock":         {"users", unblock},
	"sign-out":        {"users", signOut},
	"delete-user":     {"users", deleteUser},
	"end-session":     {"sessions", endSession},
	"rules-login":     {"rules", rulesLogin},
	"rules-limits":    {"rules", rulesLimits},
	"rules-unlimited": {"rules", rulesUnlimited},
	"rules-captcha":   {"rules", rulesCaptcha},
	"rules-tokens":    {"rules", rulesTokens},
	"rules-start":     {"rules", rulesStart},
	"add-fault":       {"faults", addFault},
	"lift-fault":      {"faults", liftFault},
	"clear-faults":    {"faults", clearFaults},
}

// advance moves the clock by what one of its buttons says, or else by what was typed.
func advance(s *service.Service, f form) *mistake {
	text := f.get("quick")
	if text == "" {
		text = f.get("by")
	}
	d, ok := readDuration(text)
	switch {
	case !ok:
		return &mistake{field: "by", key: "bad_duration"}
	case s.Advance(d) != nil:
		return &mistake{field: "by", key: "bad_advance"}
	}
	return nil
}

func reset(s *service.Service, _ form) *mistake {
	s.Reset()
	return nil
}

func fixCode(s *service.Service, f form) *mistake {
	code := f.get("code")
	if code != "" && !service.CodePattern.MatchString(code) {
		return &mistake{field: "code", key: "bad_code"}
	}
	if s.FixCode(f.get("to"), code) != nil {
		return &mistake{field: "to", key: "bad_address"}
	}
	return nil
}

func approve(s *service.Service, f form) *mistake {
	sub, wrong := chosen(s, f)
	if wrong != nil {
		return wrong
	}
	return gone(s.ApproveDevice(f.get("id"), sub))
}

func deny(s *service.Service, f form) *mistake { return gone(s.DenyDevice(f.get("id"))) }

func scan(s *service.Service, f form) *mistake {
	sub, wrong := chosen(s, f)
	if wrong != nil {
		return wrong
	}
	return gone(s.ScanQRCodeAs(f.get("id"), sub))
}

func denyQR(s *service.Service, f form) *mistake { return gone(s.DenyQRCode(f.get("id"))) }

// chosen is the sub of the user that a form names. What was typed goes before what was selected.
func chosen(s *service.Service, f form) (sub string, wrong *mistake) {
	field := "other"
	if f.get(field) == "" {
		field = "as"
	}
	s.Lock()
	defer s.Unlock()
	if a := s.People.Find(f.get(field)); a != nil {
		return a.Sub, nil
	}
	return "", &mistake{field: field, key: "no_such_user"}
}

func endSession(s *service.Service, f form) *mistake { return gone(s.EndSession(f.get("id"))) }

func liftFault(s *service.Service, f form) *mistake {
	id, _ := strconv.Atoi(f.get("id")) // there is no fault 0
	return gone(s.LiftFault(id))
}

func clearFaults(s *service.Service, _ form) *mistake {
	s.ClearFaults()
	return nil
}

// gone is the mistake of a form about something that is not there any more, or what else an error says.
func gone(err error) *mistake {
	if err == nil {
		return nil
	}
	if _, missing := errors.AsType[*service.Missing](err); missing {
		return &mistake{key: "gone"}
	}
	return &mistake{text: err.Error()}
}

// number reads a whole number that is not negative; nothing is 0.
func (f form) number(name string) (int, *mistake) {
	text := f.get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, &mistake{field: name, key: "bad_number"}
	}
	return n, nil
}

// field is an input of a form, with what was typed into it if the form could not be carried out.
type field struct {
	ID, Name, Label, Value, Error, Hint string
	List, Kind                          string // the id of a datalist, and an inputmode; "" for none
}

// Field is an input of the form that does do about the thing with an id. current is its value unless the form was sent.
func (v *view) Field(do, id, name, current string) field {
	f := field{ID: strings.Trim(do+"-"+id+"-"+name, "-"), Name: name, Label: v.T("field_" + name), Value: current}
	f.ID = strings.ReplaceAll(f.ID, " ", "_")
	if hint, ok := texts["hint_"+name]; ok {
		f.Hint = hint.in(v.Lang)
	}
	if v.failedAt(do, id) {
		f.Value = v.failed.form.values.Get(name)
		if v.failed.wrong.field == name {
			f.Error = v.wrong()
			v.failed.said = true
		}
	}
	return f
}

// Checked says whether a box of a form is ticked.
func (v *view) Checked(do, id, name, value string, current bool) bool {
	if v.failedAt(do, id) {
		return slices.Contains(v.failed.form.values[name], value)
	}
	return current
}

// Wrong is what is wrong with a form, if none of its inputs has said it; "" is nothing.
func (v *view) Wrong(do, id string) string {
	if !v.failedAt(do, id) || v.failed.said {
		return ""
	}
	v.failed.said = true
	return v.wrong()
}

// Failed says whether the form could not be carried out.
func (v *view) Failed(do, id string) bool { return v.failedAt(do, id) }

// lostPart is what is wrong with a form of a section; a Text of "" is nothing.
type lostPart struct{ Section, Text string }

// Lost is what is wrong with a form of a section that has not said it: what it is about is shown no more.
func (v *view) Lost(section string) lostPart {
	if v.failed == nil || v.failed.said || actions[v.failed.form.get("do")].section != section {
		return lostPart{}
	}
	v.failed.said = true
	return lostPart{section, v.wrong()}
}

func (v *view) failedAt(do, id string) bool {
	return v.failed != nil && v.failed.form.get("do") == do && v.failed.form.get("id") == id
}

func (v *view) wrong() string {
	if v.failed.wrong.text != "" {
		return v.failed.wrong.text
	}
	return v.T(v.failed.wrong.key)
}
