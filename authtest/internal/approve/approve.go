// Package approve is the page on which users approve the sign-in of a device that has no browser (RFC 8628, section 3.3): they
// enter the code that the device shows, see who asks, and approve as any user, or deny.
package approve

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/answer"
	"github.com/cloudbase-community/tcbauth/authtest/internal/guard"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// page is the page on one environment.
type page struct{ *service.Service }

// With puts the page before other handlers, behind a guard. nil is no guard, for a server that only its own test reaches.
func With(s *service.Service, g *guard.Guard, next http.Handler) http.Handler {
	p := page{s}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+service.DevicePath, p.get)
	mux.HandleFunc("POST "+service.DevicePath, p.post)
	var guarded http.Handler = mux
	if g != nil {
		guarded = g.Before(mux, KeepOut(s))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == service.DevicePath {
			guarded.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// KeepOut answers whom a guard refuses with a page that says why.
func KeepOut(s *service.Service) guard.Refuse {
	texts := map[guard.Reason]string{
		guard.NoToken: "want_token", guard.TokenUnset: "token_unset", guard.NotLocal: "this_host", guard.OtherOrigin: "from_itself",
	}
	return func(w http.ResponseWriter, r *http.Request, why guard.Reason) {
		show(w, r, s.Env, why.Status(), view{Step: "end", Title: "keep_out", Text: texts[why]})
	}
}

// get is GET /device?user_code=&lang=&done=. done is set when the user has just decided.
func (p page) get(w http.ResponseWriter, r *http.Request) {
	code := r.URL.Query().Get("user_code")
	if code == "" {
		show(w, r, p.Env, http.StatusOK, view{Step: "enter"})
		return
	}
	p.Lock()
	status, v := p.look(code, r.URL.Query().Get("done") != "")
	p.list(&v)
	p.Unlock()
	show(w, r, p.Env, status, v)
}

// look says what a code leads to: the form for a decision while it waits for one.
func (p page) look(code string, done bool) (status int, v view) {
	p.Arrive()
	d, err := p.Devices.Enter(code)
	switch {
	case errors.Is(err, service.ErrTooManyUserCodes):
		return http.StatusTooManyRequests, view{Step: "enter", Problem: "many_codes", UserCode: code}
	case d == nil:
		return http.StatusNotFound, view{Step: "enter", Problem: "bad_code", UserCode: code}
	case d.Approved != nil && done:
		return http.StatusOK, view{Step: "end", Good: true, Title: "approved", User: rowOf(d.Approved).Name, Text: "go_back"}
	case d.Denied && done:
		return http.StatusOK, view{Step: "end", Title: "denied", Text: "denied_how"}
	case d.Approved != nil || d.Denied:
		return http.StatusGone, view{Step: "end", Title: "used", Text: "new_code", Again: true, decided: d}
	case !p.Now().Before(d.Expires):
		return http.StatusGone, view{Step: "end", Title: "expired", Text: "new_code", Again: true}
	}
	v = view{Step: "choose", UserCode: d.UserCode, Client: d.ClientID, Scope: d.Scope, device: d}
	v.Minutes = int((d.Expires.Sub(p.Now()) + time.Minute - 1) / time.Minute)
	return http.StatusOK, v
}

// list adds the users to choose from, if the view asks for a choice.
func (p page) list(v *view) {
	if v.device != nil {
		v.Users, v.More = rowsOf(p.Service)
	}
}

// maxForm is the largest form that is read.
const maxForm = 16 << 10

// post is POST /device with user_code, do=deny, or do=approve and a sub or a login. It leads to the last page.
func (p page) post(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if r.ParseForm() != nil {
		show(w, r, p.Env, http.StatusBadRequest, view{Step: "enter", Problem: "bad_form"})
		return
	}
	p.Lock()
	status, v := p.decide(r.PostForm)
	p.list(&v)
	p.Unlock()
	if status != http.StatusSeeOther {
		show(w, r, p.Env, status, v)
		return
	}
	p.Changed()
	query := url.Values{"user_code": {v.UserCode}, "done": {"1"}}
	if _, chosen := languageOf(r); chosen != "" {
		query.Set("lang", chosen)
	}
	answer.Redirect(w, http.StatusSeeOther, service.DevicePath[1:]+"?"+query.Encode())
}

// decide carries a form out. 303 is that it has decided; else what to show. The same decision once more is no other one: a browser
// sends the form twice for two clicks.
func (p page) decide(form url.Values) (status int, v view) {
	status, v = p.look(form.Get("user_code"), false)
	if v.decided != nil && p.isSame(form, v.decided) {
		return http.StatusSeeOther, view{UserCode: v.decided.UserCode}
	}
	if v.device == nil {
		return status, v
	}
	switch form.Get("do") {
	case "deny":
		v.device.Denied = true
		return http.StatusSeeOther, view{UserCode: v.UserCode}
	case "approve":
		v.Sub, v.Login = form.Get("sub"), strings.TrimSpace(form.Get("login"))
		if v.device.Approved, v.Problem = choose(p.Service, v.Sub, v.Login); v.Problem == "" {
			return http.StatusSeeOther, view{UserCode: v.UserCode}
		}
		return http.StatusUnprocessableEntity, v
	default:
		v.Problem = "bad_form"
		return http.StatusBadRequest, v
	}
}

// isSame says whether a form decides on a device as was decided.
func (p page) isSame(form url.Values, d *service.Device) bool {
	switch form.Get("do") {
	case "deny":
		return d.Denied
	case "approve":
		return d.Approved != nil && d.Approved == named(p.Service, form.Get("sub"), form.Get("login"))
	}
	return false
}
