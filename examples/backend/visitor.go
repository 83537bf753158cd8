package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// The lives of what a visitor has.
const (
	sessionLife = 30 * 24 * time.Hour // as long as CloudBase's refresh token
	loginLife   = 10 * time.Minute    // as long as a code
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

// The two cookies. An id is given out once: that of a session is new with every sign-in, so that nobody can plant one
// before and have it afterwards.
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

// login is what the service knows of a visitor between phone number and code. Session is the id that the visitor gets with
// the sign-in, and not before; the calls of the login are made with it already, so that a captcha that was solved counts
// for all of them.
type login struct {
	Session   string                `json:"session"`
	Phone     string                `json:"phone"`
	Challenge *tcbauth.OtpChallenge `json:"challenge,omitempty"` // nil: no code was sent yet
	Captcha   string                `json:"captcha,omitempty"`   // the token of the picture that was shown last
	Until     time.Time             `json:"until"`
}

// logins keeps a login under the id of its cookie, beside the sessions.
type logins struct {
	store tcbauth.TokenStore
}

// errNoLogin: there is no login of this visitor's, or none any more.
var errNoLogin = errors.New("no code was asked for")

// loginKey has the id, which is a cookie's value, before the last slash: that part does not show in Redis.
func loginKey(id string) string { return "logins/" + id + "/login" }

func (l logins) find(ctx context.Context, id string) (*login, error) {
	if id == "" {
		return nil, errNoLogin
	}
	data, err := l.store.Get(ctx, loginKey(id))
	if errors.Is(err, tcbauth.ErrNotFound) {
		return nil, errNoLogin
	}
	if err != nil {
		return nil, fmt.Errorf("%w: reading a login: %w", tcbauth.ErrStore, err)
	}
	found := new(login)
	if json.Unmarshal(data, found) != nil || time.Now().After(found.Until) {
		return nil, errors.Join(errNoLogin, l.forget(ctx, id))
	}
	return found, nil
}

func (l logins) save(ctx context.Context, id string, of *login) error {
	data, err := json.Marshal(of)
	if err == nil {
		err = l.store.Set(ctx, loginKey(id), data, time.Until(of.Until))
	}
	if err != nil {
		return fmt.Errorf("%w: storing a login: %w", tcbauth.ErrStore, err)
	}
	return nil
}

func (l logins) forget(ctx context.Context, id string) error {
	if err := l.store.Delete(ctx, loginKey(id)); err != nil {
		return fmt.Errorf("%w: deleting a login: %w", tcbauth.ErrStore, err)
	}
	return nil
}
