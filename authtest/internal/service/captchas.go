package service

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/captcha"
	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// The lifetimes of a picture and of a captcha_token (WIRE.md section 4.6).
const (
	PictureLifetime = 300 * time.Second
	CaptchaLifetime = 600 * time.Second
)

// maxPictures bounds what a server that runs for long remembers.
const maxPictures = 1000

// Picture is one captcha that was shown.
type Picture struct {
	Token   string
	Answer  string
	expires time.Time
	used    bool // tried, rightly or not
	taken   bool // by Take
}

// Captchas are the pictures that were shown, and what was earned with them.
type Captchas struct {
	setting  *setting
	pictures []*Picture           // oldest first
	tokens   map[string]time.Time // when a captcha_token expires
}

func newCaptchas(s *setting) *Captchas {
	return &Captchas{setting: s, tokens: make(map[string]time.Time)}
}

// Require makes these operations need a captcha, and no others.
func (c *Captchas) Require(operations map[string]bool) {
	c.setting.CaptchaFor = operations
	c.setting.Changed()
}

// Required says whether an operation always needs a captcha.
func (c *Captchas) Required(operation string) bool { return c.setting.CaptchaFor[operation] }

// Show makes a picture.
func (c *Captchas) Show() *Picture {
	p := &Picture{Token: random.Text(24), Answer: captcha.Text(), expires: c.setting.Now().Add(PictureLifetime)}
	c.pictures = append(c.pictures, p)
	if extra := len(c.pictures) - maxPictures; extra > 0 {
		c.pictures = slices.Clone(c.pictures[extra:])
	}
	c.setting.wake(forCaptcha)
	return p
}

func (c *Captchas) good(p *Picture) bool { return !p.used && c.setting.Now().Before(p.expires) }

// Picture returns one that can still be tried, or nil.
func (c *Captchas) Picture(token string) *Picture {
	for _, p := range c.pictures {
		if p.Token == token && c.good(p) {
			return p
		}
	}
	return nil
}

// Pictures returns those that can still be tried, newest first.
func (c *Captchas) Pictures() []*Picture {
	var found []*Picture
	for _, p := range slices.Backward(c.pictures) {
		if c.good(p) {
			found = append(found, p)
		}
	}
	return found
}

// Take returns the newest picture that can still be tried and was not taken before, or nil.
func (c *Captchas) Take() *Picture {
	for _, p := range c.Pictures() {
		if !p.taken {
			p.taken = true
			return p
		}
	}
	return nil
}

// Try uses a picture up, and gives a captcha_token for the right answer. Case does not matter.
func (c *Captchas) Try(p *Picture, answer string) (token string, ok bool) {
	p.used = true
	if !strings.EqualFold(p.Answer, answer) {
		return "", false
	}
	token = NewCaptchaToken()
	c.tokens[token] = c.setting.Now().Add(CaptchaLifetime)
	return token, true
}

// NewCaptchaToken returns a captcha_token that is good for nothing yet.
func NewCaptchaToken() string { return "v1." + random.Text(32) }

func (c *Captchas) tidy(now time.Time) {
	c.pictures = slices.DeleteFunc(c.pictures, func(p *Picture) bool { return !c.good(p) })
	maps.DeleteFunc(c.tokens, func(_ string, expires time.Time) bool { return !now.Before(expires) })
}

// Good says whether a captcha_token is good. It is for any number of calls until it expires (WIRE.md section 7.9).
func (c *Captchas) Good(token string) bool {
	expires, ok := c.tokens[token]
	return ok && c.setting.Now().Before(expires)
}
