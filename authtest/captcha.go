package authtest

import (
	"context"
	"fmt"
	"net/http"

	"github.com/cloudbase-community/tcbauth/authtest/internal/ops"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// WithCaptchaAfterSends makes verification ask for a captcha once n messages went to the address in a calendar day of
// China; 0, the default, switches the rule off. The documentation says that many sends lead to it (WIRE.md section 7.9);
// the live number is not known.
func WithCaptchaAfterSends(n int) Option {
	return func(c *config) error {
		c.CaptchaAfterSends = n
		return notNegative("WithCaptchaAfterSends", n)
	}
}

// WithCaptchaAfterWrongPasswords makes a password login ask for a captcha after n wrong passwords in a row, until a right
// one; the documented number is 5 (WIRE.md section 7.9). It takes the place of the lock: give WithPasswordLock after it
// for both. 0, the default, switches the rule off.
func WithCaptchaAfterWrongPasswords(n int) Option {
	return func(c *config) error {
		c.CaptchaAfterWrong = n
		if n > 0 {
			c.LockAfter = 0
		}
		return notNegative("WithCaptchaAfterWrongPasswords", n)
	}
}

// WithCaptcha makes every call of these operations need a captcha from the start, and again after Reset; see
// RequireCaptcha.
func WithCaptcha(operations ...string) Option {
	return func(c *config) error {
		required, err := ops.WithCaptcha(operations)
		if err != nil {
			return fmt.Errorf("authtest: WithCaptcha: %w", err)
		}
		c.CaptchaFor = required
		return nil
	}
}

// RequireCaptcha makes every call of these operations need a captcha from now on, instead of those named before; without
// operations none does. It is forgotten by Reset. An unknown operation, or one of the captcha itself, fails the test, or
// panics if the server was made by Listen.
func (s *Server) RequireCaptcha(operations ...string) {
	s.helper()
	if err := ops.RequireCaptcha(s.service, operations); err != nil {
		s.fatalf("RequireCaptcha: %v", err)
	}
}

// CaptchaAnswer returns the text that a picture shows, by the token that captcha/data gave with it. It is "" for
// a picture that is unknown, expired or was tried already.
func (s *Server) CaptchaAnswer(token string) string {
	s.service.Lock()
	defer s.service.Unlock()
	if p := s.service.Captchas.Picture(token); p != nil {
		return p.Answer
	}
	return ""
}

// WaitCaptcha returns the newest picture that is still good and that no WaitCaptcha has returned before: its token and
// the text that it shows. If there is none, it waits for the next one, for two minutes at most.
//
// It returns an error that wraps ctx's when ctx is done first, [context.DeadlineExceeded] when the time is over, or
// [net/http.ErrServerClosed] when the server is closed.
func (s *Server) WaitCaptcha(ctx context.Context) (token, answer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, waitLimit)
	defer cancel()
	shown := s.service.WaitForCaptcha()
	defer shown.Leave()
	for {
		if p := s.takePicture(); p != nil {
			return p.Token, p.Answer, nil
		}
		select {
		case <-shown.C:
		case <-s.closed:
			return "", "", fmt.Errorf("authtest: WaitCaptcha: no picture was shown: %w", http.ErrServerClosed)
		case <-ctx.Done():
			return "", "", fmt.Errorf("authtest: WaitCaptcha: no picture was shown: %w", ctx.Err())
		}
	}
}

func (s *Server) takePicture() *service.Picture {
	s.service.Lock()
	defer s.service.Unlock()
	return s.service.Captchas.Take()
}
