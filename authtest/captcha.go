package authtest

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The lives of a picture and of a captcha_token (WIRE.md section 4.6).
const (
	pictureLife = 300 * time.Second
	captchaLife = 600 * time.Second
)

// maxPictures bounds what a server that runs for long remembers.
const maxPictures = 1000

// picture is one captcha that was shown.
type picture struct {
	token   string
	answer  string
	expires time.Time
	used    bool // tried, rightly or not
	taken   bool // by WaitCaptcha
}

// WithCaptchaAfterSends makes verification ask for a captcha once n messages went to the address in a calendar day of
// China; 0, the default, switches the rule off. The documentation says that many sends lead to it (WIRE.md section 7.9);
// the live number is not known.
func WithCaptchaAfterSends(n int) Option {
	return func(c *config) error {
		c.captchaAfterSends = n
		return notNegative("WithCaptchaAfterSends", n)
	}
}

// WithCaptchaAfterWrongPasswords makes a password login ask for a captcha after n wrong passwords in a row, until a right
// one; the documented number is 5 (WIRE.md section 7.9). It takes the place of the lock: give WithPasswordLock after it
// for both. 0, the default, switches the rule off.
func WithCaptchaAfterWrongPasswords(n int) Option {
	return func(c *config) error {
		c.captchaAfterWrong = n
		if n > 0 {
			c.lockAfter = 0
		}
		return notNegative("WithCaptchaAfterWrongPasswords", n)
	}
}

// WithCaptcha makes every call of these operations need a captcha from the start, and again after Reset; see
// RequireCaptcha.
func WithCaptcha(operations ...string) Option {
	return func(c *config) error {
		required, err := captchaOperations(operations)
		if err != nil {
			return fmt.Errorf("authtest: WithCaptcha: %w", err)
		}
		c.captchaFor = required
		return nil
	}
}

// RequireCaptcha makes every call of these operations need a captcha from now on, instead of those named before; without
// operations none does. It is forgotten by Reset. An unknown operation, or one of the captcha itself, fails the test, or
// panics if the server was made by Listen.
func (s *Server) RequireCaptcha(operations ...string) {
	s.helper()
	if err := s.requireCaptcha(operations); err != nil {
		s.fatalf("RequireCaptcha: %v", err)
	}
}

func (s *Server) requireCaptcha(operations []string) error {
	required, err := captchaOperations(operations)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.captchaFor = required
	return nil
}

func captchaOperations(names []string) (map[string]bool, error) {
	required := make(map[string]bool)
	for _, name := range names {
		if !knownOperation(name) || strings.HasPrefix(name, "captcha/") {
			return nil, fmt.Errorf("unknown operation %q", name)
		}
		required[name] = true
	}
	return required, nil
}

// CaptchaAnswer returns what a person would read in a picture, by the token that captcha/data gave with it. It is "" for
// a picture that is unknown, expired or was tried already.
func (s *Server) CaptchaAnswer(token string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.picture(token); p != nil {
		return p.answer
	}
	return ""
}

// WaitCaptcha returns the newest picture that is still good and that no WaitCaptcha has returned before: its token and
// what a person would read in it. If there is none, it waits for the next one, for two minutes at most.
//
// It returns an error that wraps ctx's when ctx is done first, [context.DeadlineExceeded] when the time is over, or
// [net/http.ErrServerClosed] when the server is closed.
func (s *Server) WaitCaptcha(ctx context.Context) (token, answer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, waitLimit)
	defer cancel()
	for {
		p, changed := s.takePicture()
		if p != nil {
			return p.token, p.answer, nil
		}
		select {
		case <-changed:
		case <-s.closed:
			return "", "", fmt.Errorf("authtest: WaitCaptcha: no picture was shown: %w", http.ErrServerClosed)
		case <-ctx.Done():
			return "", "", fmt.Errorf("authtest: WaitCaptcha: no picture was shown: %w", ctx.Err())
		}
	}
}

func (s *Server) takePicture() (*picture, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range slices.Backward(s.state.pictures) {
		if !p.taken && s.picture(p.token) == p {
			p.taken = true
			return p, nil
		}
	}
	return nil, s.changed
}

// picture returns one that can still be tried, or nil. s.mu is held.
func (s *Server) picture(token string) *picture {
	for _, p := range s.state.pictures {
		if p.token == token && !p.used && s.Now().Before(p.expires) {
			return p
		}
	}
	return nil
}

// showCaptcha is POST captcha/data (WIRE.md section 7.9).
func showCaptcha(s *Server, c *call) (any, *Error) {
	if _, refused := c.fields("state", "redirect_uri"); refused != nil {
		return nil, refused
	}
	p := &picture{token: randomText(24), answer: captchaText(), expires: s.Now().Add(pictureLife)}
	s.state.pictures = append(s.state.pictures, p)
	if extra := len(s.state.pictures) - maxPictures; extra > 0 {
		s.state.pictures = slices.Clone(s.state.pictures[extra:])
	}
	s.wake()
	return map[string]any{
		"data":       "data:image/png;base64," + base64.StdEncoding.EncodeToString(drawCaptcha(p.answer)),
		"type":       "image",
		"token":      p.token,
		"expires_in": int(pictureLife / time.Second),
	}, nil
}

// solveCaptcha is POST captcha/data/verify: a picture is good for one try, and case does not matter. Both are guesses. The
// word for a wrong answer is one that the js-sdk's dialogue can live with: after captcha_invalid it would open a second one.
func solveCaptcha(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("token", "key")
	if refused != nil {
		return nil, refused
	}
	if in["token"] == "" || in["key"] == "" {
		return nil, invalidArgument("token and key are required")
	}
	p := s.picture(in["token"])
	if p == nil {
		return nil, invalidArgument("the picture is too old, or was tried before")
	}
	p.used = true
	if !strings.EqualFold(p.answer, in["key"]) {
		return nil, invalidArgument("the answer is wrong")
	}
	token := "v1." + randomText(32)
	s.state.captchas[token] = s.Now().Add(captchaLife)
	return map[string]any{"captcha_token": token, "expires_in": int(captchaLife / time.Second)}, nil
}

func captchaInvalid(description string) *Error {
	return &Error{Word: "captcha_invalid", Number: 4002, Description: description}
}

// needCaptcha refuses a call without a captcha_token that is good, in the query as the js-sdk sends it or in a header as
// documented. A token is good for any number of calls until it expires (WIRE.md section 7.9). s.mu is held.
func (s *Server) needCaptcha(c *call) *Error {
	token := c.request.URL.Query().Get("captcha_token")
	if token == "" {
		token = c.request.Header.Get("X-Captcha-Token")
	}
	if token == "" {
		return &Error{Word: "captcha_required", Number: 4001, Description: "captcha_token required"}
	}
	if expires, ok := s.state.captchas[token]; !ok || !s.Now().Before(expires) {
		return captchaInvalid("captcha_token is invalid or expired")
	}
	return nil
}
