package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

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

// askForCode is POST /login/code: the first step. It begins a login with ids of its own. An earlier one of the visitor's goes
// on if that fails, since its code may still arrive.
func (s *service) askForCode(w http.ResponseWriter, r *http.Request) {
	phone, err := field(r, "phone")
	if err != nil {
		s.refuse(w, r, view{}, err)
		return
	}
	s.sendCode(w, r, newID(), &login{Session: newID(), Phone: phone})
}

// sendCode sends the code of a login, or shows the captcha that has to be solved first.
func (s *service) sendCode(w http.ResponseWriter, r *http.Request, id string, of *login) {
	auth := s.app.ForUser(of.Session)
	challenge, err := auth.SignInWithOtp(r.Context(), tcbauth.SignInWithOtpRequest{Phone: of.Phone})
	if err != nil {
		s.failed(w, r, id, of, err)
		return
	}
	of.Challenge, of.Captcha, of.Until = challenge, "", time.Now().Add(loginLife)
	if err := s.keep(w, r, id, of); err != nil {
		s.refuse(w, r, view{}, err)
		return
	}
	next(w, r)
}

// signIn is POST /login: the second step.
func (s *service) signIn(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	id, of, code, ok := s.step(w, r, "code")
	if !ok {
		return
	}
	if of.Challenge == nil {
		s.refuse(w, r, view{}, errNoLogin)
		return
	}
	_, err := s.app.ForUser(of.Session).FinishOtp(ctx, tcbauth.FinishOtpRequest{Challenge: of.Challenge, Token: code})
	if err != nil {
		s.failed(w, r, id, of, err)
		return
	}
	s.forget(ctx, id)
	s.cookies.takeAway(w, loginCookie)
	s.end(ctx, s.cookies.id(r, sessionCookie)) // the one that the new one takes the place of
	s.cookies.give(w, sessionCookie, of.Session, sessionLife)
	next(w, r)
}

// answerCaptcha is POST /login/captcha: what the visitor has read in the picture. The step that it was asked for follows.
func (s *service) answerCaptcha(w http.ResponseWriter, r *http.Request) {
	id, of, answer, ok := s.step(w, r, "answer")
	if !ok {
		return
	}
	auth := s.app.ForUser(of.Session)
	_, err := auth.VerifyCaptchaData(r.Context(), tcbauth.VerifyCaptchaDataRequest{Token: of.Captcha, Key: answer})
	switch {
	case errors.Is(err, tcbauth.ErrCaptchaInvalid): // a picture is good for one answer
		s.showCaptcha(w, r, id, of, err)
	case err != nil:
		s.failed(w, r, id, of, err)
	case of.Challenge == nil:
		s.sendCode(w, r, id, of)
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

// step returns the visitor's login and a field of the form. Where one is missing it has answered, and ok is false.
func (s *service) step(w http.ResponseWriter, r *http.Request, name string) (id string, of *login, value string, ok bool) {
	id = s.cookies.id(r, loginCookie)
	value, err := field(r, name)
	if err == nil {
		of, err = s.logins.find(r.Context(), id)
	}
	if err != nil {
		s.refuse(w, r, view{}, err)
		return "", nil, "", false
	}
	return id, of, value, true
}

// failed answers for a step that did not succeed: with a picture if one has to be read first, else with the form again.
func (s *service) failed(w http.ResponseWriter, r *http.Request, id string, of *login, err error) {
	if errors.Is(err, tcbauth.ErrCaptchaRequired) || errors.Is(err, tcbauth.ErrCaptchaInvalid) {
		s.showCaptcha(w, r, id, of, err)
		return
	}
	if errors.Is(err, tcbauth.CodeAborted) { // this code can no more be right
		s.forget(r.Context(), id)
	}
	s.refuse(w, r, view{WaitsForCode: s.waitsForCode(r)}, err)
}

// showCaptcha shows a new picture.
func (s *service) showCaptcha(w http.ResponseWriter, r *http.Request, id string, of *login, because error) {
	data, err := s.app.ForUser(of.Session).CreateCaptchaData(r.Context(), tcbauth.CreateCaptchaDataRequest{})
	if err == nil {
		of.Captcha = data.Token
		if of.Until.IsZero() {
			of.Until = time.Now().Add(loginLife)
		}
		err = s.keep(w, r, id, of)
	}
	if err != nil {
		s.refuse(w, r, view{}, err)
		return
	}
	s.refuse(w, r, view{Picture: pictureURL(data.Data)}, because)
}

// waitsForCode reports whether the visitor has a login whose code can be typed in.
func (s *service) waitsForCode(r *http.Request) bool {
	found, err := s.logins.find(r.Context(), s.cookies.id(r, loginCookie))
	if err != nil && !errors.Is(err, errNoLogin) {
		s.log.WarnContext(r.Context(), "a login was not found", slog.Any("error", err))
	}
	return err == nil && found.Challenge != nil
}

// keep stores a login and gives the visitor its id, in place of an earlier one.
func (s *service) keep(w http.ResponseWriter, r *http.Request, id string, of *login) error {
	if err := s.logins.save(r.Context(), id, of); err != nil {
		return err
	}
	if old := s.cookies.id(r, loginCookie); old != "" && old != id {
		s.forget(r.Context(), old)
	}
	s.cookies.give(w, loginCookie, id, time.Until(of.Until))
	return nil
}

// forget deletes a login that is over. If that fails, it is too old soon.
func (s *service) forget(ctx context.Context, id string) {
	if err := s.logins.forget(ctx, id); err != nil {
		s.log.WarnContext(ctx, "a login was not deleted", slog.Any("error", err))
	}
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
