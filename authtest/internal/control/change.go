package control

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/answer"
	"github.com/cloudbase-community/tcbauth/authtest/internal/jsonin"
	"github.com/cloudbase-community/tcbauth/authtest/internal/ops"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// postClock is POST clock {"advance":"2h"}: Advance. It answers the new time.
func (s control) postClock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Advance *jsonin.Duration `json:"advance"`
	}
	if !readBody(w, r, &in) {
		return
	}
	if in.Advance == nil {
		refuse(w, http.StatusBadRequest, `advance is required, such as "2h"`)
		return
	}
	if err := s.Advance(time.Duration(*in.Advance)); err != nil {
		done(w, err)
		return
	}
	reply(w, map[string]any{"now": s.Now()})
}

// postReset is POST reset: Reset.
func (s control) postReset(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); ok {
		s.Reset()
		done(w, nil)
	}
}

// postUsers is POST users with an account as GET answers it, or with several as {"users":[...]}: Seed. It answers their
// subs, as {"users":[{"sub"}]}.
func (s control) postUsers(w http.ResponseWriter, r *http.Request) {
	var in struct {
		service.Person
		Users []service.Person `json:"users"`
	}
	if !readBody(w, r, &in) {
		return
	}
	users := []service.Person{in.Person}
	if in.Users != nil {
		if string(answer.JSON(in.Person)) != "{}" {
			done(w, errors.New("users and the fields of one user exclude each other"))
			return
		}
		users = in.Users
	}
	subs, err := s.Seed(users)
	if err != nil {
		done(w, err)
		return
	}
	added := make([]service.Person, len(subs))
	for i, sub := range subs {
		added[i].Sub = sub
	}
	reply(w, map[string]any{"users": added})
}

// faultView is a Fault in the control API.
type faultView struct {
	Operation string           `json:"operation"`
	Times     int              `json:"times,omitempty"`
	Every     int              `json:"every,omitempty"`
	To        string           `json:"to,omitempty"`
	Delay     *jsonin.Duration `json:"delay,omitempty"` // "1.5s"
	Close     service.Close    `json:"close,omitempty"`
	Body      service.Damage   `json:"body,omitempty"`
	Status    int              `json:"status,omitempty"`
	Code      string           `json:"error,omitempty"`
	Number    int              `json:"error_code,omitempty"`
	Text      string           `json:"error_description,omitempty"`
	Fired     int              `json:"fired"`             // in answers
	UsedUp    bool             `json:"used_up,omitempty"` // in answers: it has hit all its calls
	ID        int              `json:"id,omitempty"`      // in answers
}

// getFaults is GET faults: those that were not lifted, the oldest first, with the number of calls that each has hit. Of those
// that are used up, the newest are there.
func (s control) getFaults(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); !ok {
		return
	}
	s.Lock()
	all := s.Faults.NotLifted()
	faults := make([]faultView, 0, len(all))
	for _, f := range all {
		out := faultView{
			Operation: f.Operation, Times: f.Times, Every: f.Every, To: f.To,
			Close: f.Close, Body: f.Body, Status: f.Status, Fired: f.Fired(), UsedUp: f.UsedUp(), ID: f.ID,
		}
		if delay := jsonin.Duration(f.Delay); delay > 0 {
			out.Delay = &delay
		}
		if f.Error != nil {
			out.Status, out.Code, out.Number, out.Text = f.Error.HTTPStatus(), f.Error.Code, f.Error.Number, f.Error.Description
		}
		faults = append(faults, out)
	}
	s.Unlock()
	reply(w, map[string]any{"faults": faults})
}

// postFault is POST faults with a fault as GET answers it: Fault. It answers {"id"}.
func (s control) postFault(w http.ResponseWriter, r *http.Request) {
	var in faultView
	if !readBody(w, r, &in) {
		return
	}
	injected, err := ops.Inject(s.Service, in.fault())
	if err != nil {
		done(w, err)
		return
	}
	reply(w, map[string]int{"id": injected.ID})
}

func (in *faultView) fault() service.Fault {
	f := service.Fault{Operation: in.Operation, Times: in.Times, Every: in.Every, To: in.To, Close: in.Close, Body: in.Body}
	if in.Delay != nil {
		f.Delay = time.Duration(*in.Delay)
	}
	status := in.Status
	if in.Body == service.HTML {
		f.Status, status = in.Status, 0
	}
	if in.Code != "" || status != 0 || in.Number != 0 || in.Text != "" {
		f.Error = &refusal.Error{Status: status, Code: in.Code, Number: in.Number, Description: in.Text}
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

// deleteFaults is DELETE faults: none is in force any more.
func (s control) deleteFaults(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); ok {
		s.ClearFaults()
		done(w, nil)
	}
}

// postCaptchas is POST captchas {"operations":["verification"]}: RequireCaptcha.
func (s control) postCaptchas(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Operations *[]string `json:"operations"`
	}
	if !readBody(w, r, &in) {
		return
	}
	if in.Operations == nil {
		refuse(w, http.StatusBadRequest, "operations is required: [] is none")
		return
	}
	done(w, ops.RequireCaptcha(s.Service, *in.Operations))
}

// postCode is POST codes {"to","code"}: FixCode.
func (s control) postCode(w http.ResponseWriter, r *http.Request) {
	var in struct {
		To   string `json:"to"`
		Code string `json:"code"`
	}
	if readBody(w, r, &in) {
		done(w, s.FixCode(in.To, in.Code))
	}
}

// postProviderCode is POST provider-codes {"provider_id","sub",...}: ProviderCode. It answers {"code"}.
func (s control) postProviderCode(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Provider string `json:"provider_id"`
		Sub      string `json:"sub"`
		Name     string `json:"name"`
		Picture  string `json:"picture"`
		Email    string `json:"email"`
		Phone    string `json:"phone_number"`
	}
	if !readBody(w, r, &in) {
		return
	}
	code, err := s.ProviderCode(service.Identity{
		Provider: in.Provider, Sub: in.Sub, Name: in.Name, Picture: in.Picture, Email: in.Email, Phone: in.Phone,
	})
	if err != nil {
		done(w, err)
		return
	}
	reply(w, map[string]string{"code": code})
}

// postDevice is POST devices {"user_code","sub"} for ApproveDevice, and {"user_code","deny":true} for DenyDevice.
func (s control) postDevice(w http.ResponseWriter, r *http.Request) {
	var in struct {
		UserCode string `json:"user_code"`
		Sub      string `json:"sub"`
		Deny     bool   `json:"deny"`
	}
	if !readBody(w, r, &in) {
		return
	}
	switch {
	case in.Deny && in.Sub != "":
		done(w, errors.New("deny and sub exclude each other"))
	case in.Deny:
		done(w, s.DenyDevice(in.UserCode))
	default:
		done(w, s.ApproveDevice(in.UserCode, in.Sub))
	}
}

// postQRCode is POST qrcodes {"qr_code_id","sub",...}: ScanQRCode; with "user", the sub of a user, in place of "sub" the user scans
// it, and with "deny":true it expires.
func (s control) postQRCode(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ID   string `json:"qr_code_id"`
		Sub  string `json:"sub"`
		Name string `json:"name"`
		User string `json:"user"`
		Deny bool   `json:"deny"`
	}
	if !readBody(w, r, &in) {
		return
	}
	switch {
	case in.Deny && in.Sub+in.Name+in.User != "", in.User != "" && in.Sub+in.Name != "":
		done(w, errors.New("deny, user, and sub with name exclude each other"))
	case in.Deny:
		done(w, s.DenyQRCode(in.ID))
	case in.User != "":
		done(w, s.ScanQRCodeAs(in.ID, in.User))
	default:
		done(w, s.ScanQRCode(in.ID, service.Identity{Sub: in.Sub, Name: in.Name}))
	}
}

// postKey is POST keys: RotateKey.
func (s control) postKey(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); ok {
		s.RotateKey()
		done(w, nil)
	}
}

var (
	kindNames = []string{"access_token", "anonymous_token", "publishable_key", "api_key"}
	keyNames  = []string{"server", "unknown", "forged"}
)

// postToken is POST tokens with a TokenSpec: IssueToken. It answers {"token"}.
func (s control) postToken(w http.ResponseWriter, r *http.Request) {
	in := struct {
		Kind   string          `json:"kind"`
		Key    string          `json:"key"`
		Sub    string          `json:"sub"`
		Env    string          `json:"env"`
		Age    jsonin.Duration `json:"age"`
		Claims map[string]any  `json:"claims"`
	}{Kind: kindNames[0], Key: keyNames[0]}
	if !readBody(w, r, &in) {
		return
	}
	kind, err := oneOf("kind", in.Kind, kindNames)
	if err != nil {
		done(w, err)
		return
	}
	key, err := oneOf("key", in.Key, keyNames)
	if err != nil {
		done(w, err)
		return
	}
	token, err := s.Issue(service.TokenSpec{
		Kind: service.TokenKind(kind), Key: service.TokenKey(key), Sub: in.Sub, Env: in.Env, Age: time.Duration(in.Age), Claims: in.Claims,
	})
	if err != nil {
		done(w, err)
		return
	}
	reply(w, map[string]string{"token": token})
}
