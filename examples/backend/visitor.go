package main

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"regexp"
	"time"
)

// The lives of what a visitor has.
const (
	sessionLifetime = 30 * 24 * time.Hour // as long as CloudBase's refresh token
	loginLifetime   = 10 * time.Minute    // as long as a code
)

// newID returns 256 random bits, which nobody can guess.
func newID() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// jar gives cookies to a browser and takes them back.
type jar struct {
	secure bool // false for plain http on this machine only
}

// The two cookies have keys of tcbauth.App.ForUser. Under that of a login lies what the visitor has between phone number and
// code: a challenge, an answered captcha, never a session. Signing in stores the session under a key that is made at that
// moment, and given to this visitor alone: whoever has planted or read a cookie before has nothing by it.
const (
	sessionCookie = "session"
	loginCookie   = "login"
)

// name has the prefix that keeps other hosts of the domain, and plain http, from setting the cookie.
func (j jar) name(cookie string) string {
	if j.secure {
		return "__Host-" + cookie
	}
	return cookie
}

// id returns the id in a cookie of r, "" for none.
func (j jar) id(r *http.Request, cookie string) string {
	c, err := r.Cookie(j.name(cookie))
	if err != nil || !idPattern.MatchString(c.Value) {
		return ""
	}
	return c.Value
}

func (j jar) give(w http.ResponseWriter, cookie, id string, life time.Duration) {
	http.SetCookie(w, j.cookie(cookie, id, int(life/time.Second)))
}

func (j jar) takeAway(w http.ResponseWriter, cookie string) {
	http.SetCookie(w, j.cookie(cookie, "", -1))
}

func (j jar) cookie(cookie, id string, maxAge int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure but for plain http on this machine, where browsers would not send it back
		Name: j.name(cookie), Value: id, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: j.secure, SameSite: http.SameSiteLaxMode,
	}
}
