package authtest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// controlAdvance is POST clock {"advance":"2h"}: Advance. It answers the new time.
func (s *Server) controlAdvance(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Advance *duration `json:"advance"`
	}
	if !controlBody(w, r, &in) {
		return
	}
	if in.Advance == nil {
		controlRefusal(w, http.StatusBadRequest, `advance is required, such as "2h"`)
		return
	}
	if err := s.clock.advance(time.Duration(*in.Advance)); err != nil {
		controlDone(w, err)
		return
	}
	controlAnswer(w, map[string]any{"now": s.Now()})
}

// controlReset is POST reset: Reset.
func (s *Server) controlReset(w http.ResponseWriter, r *http.Request) {
	if _, ok := controlQuery(w, r); ok {
		s.Reset()
		controlDone(w, nil)
	}
}

// controlSeed is POST users with an account as GET answers it, or with several as {"users":[...]}: Seed. It answers their
// subs, as {"users":[{"sub"}]}.
func (s *Server) controlSeed(w http.ResponseWriter, r *http.Request) {
	var in struct {
		controlUser
		Users []controlUser `json:"users"`
	}
	if !controlBody(w, r, &in) {
		return
	}
	users := []User{User(in.controlUser)}
	if in.Users != nil {
		if string(marshal(in.controlUser)) != "{}" {
			controlDone(w, errors.New("users and the fields of one user exclude each other"))
			return
		}
		users = users[:0]
		for _, u := range in.Users {
			users = append(users, User(u))
		}
	}
	subs, err := s.seedAll(users)
	if err != nil {
		controlDone(w, err)
		return
	}
	added := make([]controlUser, len(subs))
	for i, sub := range subs {
		added[i].Sub = sub
	}
	controlAnswer(w, map[string]any{"users": added})
}

// controlFault is a Fault in the control API.
type controlFault struct {
	Operation string    `json:"operation"`
	Times     int       `json:"times,omitempty"`
	Every     int       `json:"every,omitempty"`
	To        string    `json:"to,omitempty"`
	Delay     *duration `json:"delay,omitempty"` // "1.5s"
	Close     string    `json:"close,omitempty"` // before_commit or after_commit
	Body      string    `json:"body,omitempty"`  // cut_body, bad_json or html
	Status    int       `json:"status,omitempty"`
	Word      string    `json:"error,omitempty"`
	Number    int       `json:"error_code,omitempty"`
	Text      string    `json:"error_description,omitempty"`
	Fired     int       `json:"fired"` // in answers
}

var (
	closeNames  = []string{"", "before_commit", "after_commit"}
	damageNames = []string{"", "cut_body", "bad_json", "html"}
)

// controlFaults is GET faults: those in force, the oldest first, with the number of calls that each has hit.
func (s *Server) controlFaults(w http.ResponseWriter, r *http.Request) {
	if _, ok := controlQuery(w, r); !ok {
		return
	}
	s.mu.Lock()
	faults := make([]controlFault, 0, len(s.state.faults))
	for _, i := range s.state.faults {
		if i.lifted {
			continue
		}
		f := i.fault
		out := controlFault{
			Operation: f.Operation, Times: f.Times, Every: f.Every, To: f.To,
			Close: closeNames[f.Close], Body: damageNames[f.Body], Status: f.Status, Fired: i.fired,
		}
		if delay := duration(f.Delay); delay > 0 {
			out.Delay = &delay
		}
		if f.Error != nil {
			out.Status, out.Word, out.Number, out.Text = f.Error.status(), f.Error.Word, f.Error.Number, f.Error.Description
		}
		faults = append(faults, out)
	}
	s.mu.Unlock()
	controlAnswer(w, map[string]any{"faults": faults})
}

// controlInject is POST faults with a fault as GET answers it: Fault.
func (s *Server) controlInject(w http.ResponseWriter, r *http.Request) {
	var in controlFault
	if !controlBody(w, r, &in) {
		return
	}
	closing, err := oneOf("close", in.Close, closeNames)
	if err == nil {
		var damage int
		if damage, err = oneOf("body", in.Body, damageNames); err == nil {
			_, err = s.inject(in.fault(Close(closing), Damage(damage)))
		}
	}
	controlDone(w, err)
}

func (in *controlFault) fault(closing Close, damage Damage) Fault {
	f := Fault{Operation: in.Operation, Times: in.Times, Every: in.Every, To: in.To, Close: closing, Body: damage}
	if in.Delay != nil {
		f.Delay = time.Duration(*in.Delay)
	}
	status := in.Status
	if damage == HTML {
		f.Status, status = in.Status, 0
	}
	if in.Word != "" || status != 0 || in.Number != 0 || in.Text != "" {
		f.Error = &Error{Status: status, Word: in.Word, Number: in.Number, Description: in.Text}
	}
	return f
}

// oneOf returns the place of a word in a list.
func oneOf(name, word string, words []string) (int, error) {
	i := slices.Index(words, word)
	if i < 0 {
		return 0, fmt.Errorf("%s %q is none of: %s", name, word, strings.Trim(strings.Join(words, ", "), ", "))
	}
	return i, nil
}

// controlClearFaults is DELETE faults: none is in force any more.
func (s *Server) controlClearFaults(w http.ResponseWriter, r *http.Request) {
	if _, ok := controlQuery(w, r); ok {
		s.mu.Lock()
		s.state.faults = nil
		s.mu.Unlock()
		controlDone(w, nil)
	}
}

// controlRequireCaptcha is POST captchas {"operations":["verification"]}: RequireCaptcha.
func (s *Server) controlRequireCaptcha(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Operations *[]string `json:"operations"`
	}
	if !controlBody(w, r, &in) {
		return
	}
	if in.Operations == nil {
		controlRefusal(w, http.StatusBadRequest, "operations is required: [] is none")
		return
	}
	controlDone(w, s.requireCaptcha(*in.Operations))
}

// controlFixCode is POST codes {"to","code"}: FixCode.
func (s *Server) controlFixCode(w http.ResponseWriter, r *http.Request) {
	var in struct {
		To   string `json:"to"`
		Code string `json:"code"`
	}
	if controlBody(w, r, &in) {
		controlDone(w, s.fixCode(in.To, in.Code))
	}
}

// controlProviderCode is POST provider-codes {"provider_id","sub",...}: ProviderCode. It answers {"code"}.
func (s *Server) controlProviderCode(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Provider string `json:"provider_id"`
		Sub      string `json:"sub"`
		Name     string `json:"name"`
		Picture  string `json:"picture"`
		Email    string `json:"email"`
		Phone    string `json:"phone_number"`
	}
	if !controlBody(w, r, &in) {
		return
	}
	code, err := s.providerCode(in.Provider, ProviderUser{
		Sub: in.Sub, Name: in.Name, Picture: in.Picture, Email: in.Email, Phone: in.Phone,
	})
	if err != nil {
		controlDone(w, err)
		return
	}
	controlAnswer(w, map[string]string{"code": code})
}

// controlDevice is POST devices {"user_code","sub"} for ApproveDevice, and {"user_code","deny":true} for DenyDevice.
func (s *Server) controlDevice(w http.ResponseWriter, r *http.Request) {
	var in struct {
		UserCode string `json:"user_code"`
		Sub      string `json:"sub"`
		Deny     bool   `json:"deny"`
	}
	if !controlBody(w, r, &in) {
		return
	}
	switch {
	case in.Deny && in.Sub != "":
		controlDone(w, errors.New("deny and sub exclude each other"))
	case in.Deny:
		controlDone(w, s.denyDevice(in.UserCode))
	default:
		controlDone(w, s.approveDevice(in.UserCode, in.Sub))
	}
}

// controlScan is POST qrcodes {"qr_code_id","sub",...}: ScanQRCode.
func (s *Server) controlScan(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ID   string `json:"qr_code_id"`
		Sub  string `json:"sub"`
		Name string `json:"name"`
	}
	if controlBody(w, r, &in) {
		controlDone(w, s.scanQRCode(in.ID, ProviderUser{Sub: in.Sub, Name: in.Name}))
	}
}

// controlRotateKey is POST keys: RotateKey.
func (s *Server) controlRotateKey(w http.ResponseWriter, r *http.Request) {
	if _, ok := controlQuery(w, r); ok {
		s.RotateKey()
		controlDone(w, nil)
	}
}

var (
	kindNames = []string{"access_token", "anonymous_token", "publishable_key", "api_key"}
	keyNames  = []string{"server", "unknown", "forged"}
)

// controlIssueToken is POST tokens with a TokenSpec: IssueToken. It answers {"token"}.
func (s *Server) controlIssueToken(w http.ResponseWriter, r *http.Request) {
	in := struct {
		Kind   string         `json:"kind"`
		Key    string         `json:"key"`
		Sub    string         `json:"sub"`
		Env    string         `json:"env"`
		Age    duration       `json:"age"`
		Claims map[string]any `json:"claims"`
	}{Kind: kindNames[0], Key: keyNames[0]}
	if !controlBody(w, r, &in) {
		return
	}
	kind, err := oneOf("kind", in.Kind, kindNames)
	if err != nil {
		controlDone(w, err)
		return
	}
	key, err := oneOf("key", in.Key, keyNames)
	if err != nil {
		controlDone(w, err)
		return
	}
	token, err := s.issueToken(TokenSpec{
		Kind: TokenKind(kind), Key: TokenKey(key), Sub: in.Sub, Env: in.Env, Age: time.Duration(in.Age), Claims: in.Claims,
	})
	if err != nil {
		controlDone(w, err)
		return
	}
	controlAnswer(w, map[string]string{"token": token})
}
