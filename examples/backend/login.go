package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/cloudbase-community/tcbauth"
)

// Each POST ends with the page that says what is wrong, or with the page at "/" that is next.

var errBadForm = errors.New("the form cannot be read")

// field returns a field of the posted form.
func field(r *http.Request, name string) (string, error) {
	if err := r.ParseForm(); err != nil {
		return "", errors.Join(errBadForm, err)
	}
	return r.PostForm.Get(name), nil
}

func next(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusSeeOther) }

// askForCode is POST /login/code: the first step. It begins a login with an id of its own.
func (s *service) askForCode(w http.ResponseWriter, r *http.Request) {
	phone, err := field(r, "phone")
	if err != nil {
		s.refuse(w, r, view{}, err)
		return
	}
	s.sendCode(w, r, newID(), phone)
}

// sendCode sends the code of a login, or shows the captcha that has to be solved first.
func (s *service) sendCode(w http.ResponseWriter, r *http.Request, id, phone string) {
	err := s.limits.code(r, phone)
	if err == nil {
		_, err = s.app.ForUser(id).SignInWithOtp(r.Context(), tcbauth.SignInWithOtpRequest{Phone: phone})
	}
	if err != nil {
		s.failed(w, r, id, view{Phone: phone}, err)
		return
	}
	s.limits.sent(phone)
	s.cookies.give(w, loginCookie, id, loginLifetime)
	next(w, r)
}

// signIn is POST /login: the second step.
func (s *service) signIn(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	id, code, ok := s.step(w, r, "code")
	if !ok {
		return
	}
	session := newID()
	err := s.limits.try(r)
	if err == nil {
		_, err = s.app.ForUser(id).FinishOtp(ctx, tcbauth.FinishOtpRequest{Token: code, NewKey: session})
	}
	if err != nil {
		s.failed(w, r, id, view{}, err)
		return
	}
	s.cookies.takeAway(w, loginCookie)
	s.end(ctx, s.cookies.id(r, sessionCookie)) // the one that the new one takes the place of
	s.cookies.give(w, sessionCookie, session, sessionLifetime)
	next(w, r)
}

// answerCaptcha is POST /login/captcha: what the visitor has read in the picture. The step that it was asked for follows.
func (s *service) answerCaptcha(w http.ResponseWriter, r *http.Request) {
	id, answer, ok := s.step(w, r, "answer")
	if !ok {
		return
	}
	picture, phone := r.PostForm.Get("picture"), r.PostForm.Get("phone")
	err := s.limits.try(r)
	if err == nil {
		_, err = s.app.ForUser(id).VerifyCaptchaData(r.Context(), tcbauth.VerifyCaptchaDataRequest{Token: picture, Key: answer})
	}
	switch {
	case err != nil: // a picture is good for one answer
		s.failed(w, r, id, view{Phone: phone}, err)
	case phone != "":
		s.sendCode(w, r, id, phone)
	default:
		next(w, r)
	}
}

// signOut is POST /logout.
func (s *service) signOut(w http.ResponseWriter, r *http.Request) {
	s.end(r.Context(), s.cookies.id(r, sessionCookie))
	s.cookies.takeAway(w, sessionCookie)
	next(w, r)
}

// step returns the id of the visitor's login and a field of the form. Where one is missing it has answered, and ok is false.
func (s *service) step(w http.ResponseWriter, r *http.Request, name string) (id, value string, ok bool) {
	id = s.cookies.id(r, loginCookie)
	value, err := field(r, name)
	if err == nil && id == "" {
		err = tcbauth.ErrNoOtp
	}
	if err != nil {
		s.refuse(w, r, view{}, err)
		return "", "", false
	}
	return id, value, true
}

// failed answers for a step that did not succeed: with a picture if one has to be read first, else with the form again.
func (s *service) failed(w http.ResponseWriter, r *http.Request, id string, v view, err error) {
	if errors.Is(err, tcbauth.ErrCaptchaRequired) || errors.Is(err, tcbauth.ErrCaptchaInvalid) {
		data, failed := s.app.ForUser(id).CreateCaptchaData(r.Context(), tcbauth.CreateCaptchaDataRequest{})
		if failed != nil {
			s.refuse(w, r, view{}, failed)
			return
		}
		s.cookies.give(w, loginCookie, id, loginLifetime)
		v.Picture, v.Image = data.Token, pictureURL(data.Data)
	}
	v.WaitsForCode = s.waitsForCode(r)
	s.refuse(w, r, v, err)
}

// waitsForCode reports whether the visitor has a login whose code can be typed in.
func (s *service) waitsForCode(r *http.Request) bool {
	id := s.cookies.id(r, loginCookie)
	if id == "" {
		return false
	}
	_, err := s.app.ForUser(id).StoredOtp(r.Context())
	if err != nil && !errors.Is(err, tcbauth.ErrNoOtp) {
		s.log.WarnContext(r.Context(), "a login was not found", slog.Any("error", err))
	}
	return err == nil
}

// end ends the session id, if there is one. The visitor's cookie goes in any case; that the server could not be told is the
// service's matter.
func (s *service) end(ctx context.Context, id string) {
	if id == "" {
		return
	}
	if err := s.app.ForUser(id).SignOut(ctx); err != nil && !errors.Is(err, tcbauth.ErrNoSession) {
		s.log.WarnContext(ctx, "a session was forgotten here, but may go on at the server", slog.Any("error", err))
	}
}
