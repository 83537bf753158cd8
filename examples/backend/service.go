package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/accesstoken"
)

// service has no state of its own but counts: all of it is in the store, so that any replica can take any request.
type service struct {
	app      *tcbauth.App
	verifier *accesstoken.Verifier
	store    tcbauth.TokenStore
	limits   *limits
	cookies  jar
	log      *slog.Logger
}

// handler returns the whole service. site is where browsers see it.
func (s *service) handler(site *url.URL) (http.Handler, error) {
	s.cookies.secure = site.Scheme == "https"
	pages := http.NewServeMux()
	pages.HandleFunc("GET /{$}", s.index)
	pages.HandleFunc("GET /me", s.me)
	pages.HandleFunc("POST /login/code", s.askForCode)
	pages.HandleFunc("POST /login/captcha", s.answerCaptcha)
	pages.HandleFunc("POST /login", s.signIn)
	pages.HandleFunc("POST /logout", s.signOut)
	pages.Handle("GET /api/me", s.verifier.Middleware(http.HandlerFunc(s.apiMe)))
	// A form of another site's page must not sign anybody in or out: browsers say where a request comes from.
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin(site.String()); err != nil {
		return nil, fmt.Errorf("-url: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", onlyAt(site, protection.Handler(pages)))
	mux.HandleFunc("GET /healthz", healthy) // asked by address, not by name
	mux.HandleFunc("GET /readyz", s.ready)
	return hardened(logged(mux, s.log)), nil
}

// maxForm is the most that is read of a form, in bytes.
const maxForm = 4 << 10

// hardened sets the limits of a request, and what a browser may do with the answer.
func hardened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy",
			"default-src 'none'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// logged writes one record for a request, with the route's pattern: a path, a query, a form and a cookie are the visitor's.
func logged(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, answer := time.Now(), &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("route", r.Pattern),
			slog.Int("status", answer.status), slog.Duration("duration", time.Since(start)))
	})
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// index shows who is signed in, and the form that is next.
func (s *service) index(w http.ResponseWriter, r *http.Request) {
	user, err := s.user(r)
	if err != nil && !errors.Is(err, tcbauth.CodeUnauthenticated) {
		s.refuse(w, r, view{}, err)
		return
	}
	s.show(w, r, http.StatusOK, view{User: user, WaitsForCode: s.waitsForCode(r)})
}

// me is who is signed in, for programs.
func (s *service) me(w http.ResponseWriter, r *http.Request) {
	user, err := s.user(r)
	w.Header().Set("Content-Type", "application/json")
	var body any = user
	switch {
	case errors.Is(err, tcbauth.CodeUnauthenticated):
		w.WriteHeader(http.StatusUnauthorized)
		body = map[string]string{"error": "nobody is signed in"}
	case err != nil:
		p := problemOf(err, r.Header.Get("Accept-Language"))
		p.begin(w, r, s.log, err)
		body = map[string]string{"error": p.text}
	}
	s.wrote(r, json.NewEncoder(w).Encode(body))
}

// apiMe is who calls, for apps that have signed in by themselves and carry an access token in place of a cookie. The token has
// been verified here, without asking CloudBase.
func (s *service) apiMe(w http.ResponseWriter, r *http.Request) {
	claims, _ := accesstoken.FromContext(r.Context()) // the middleware has put them there
	w.Header().Set("Content-Type", "application/json")
	s.wrote(r, json.NewEncoder(w).Encode(me{Sub: claims.Subject}))
}

// user returns the user of the session that the visitor's cookie names. Without one it is tcbauth.CodeUnauthenticated.
func (s *service) user(r *http.Request) (*me, error) {
	id := s.cookies.id(r, sessionCookie)
	if id == "" {
		return nil, tcbauth.ErrNoSession
	}
	user, err := s.app.ForUser(id).GetUserInfo(r.Context(), tcbauth.GetUserInfoRequest{})
	if err != nil {
		// The cookie stays, though its session has ended: another tab may have put a new one in its place.
		return nil, err
	}
	return aboutMe(user), nil
}

// show answers with the page.
func (s *service) show(w http.ResponseWriter, r *http.Request, status int, v view) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	s.wrote(r, show(w, v))
}

// refuse answers with the page that says what went wrong.
func (s *service) refuse(w http.ResponseWriter, r *http.Request, v view, err error) {
	p := problemOf(err, r.Header.Get("Accept-Language"))
	v.Problem = p.text
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	p.begin(w, r, s.log, err)
	s.wrote(r, show(w, v))
}

// wrote logs why an answer could not be written.
func (s *service) wrote(r *http.Request, err error) {
	if err != nil {
		s.log.LogAttrs(r.Context(), slog.LevelInfo, "not answered", slog.String("route", r.Pattern), slog.Any("error", err))
	}
}
