package authtest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// Option changes a server's rules; see NewServer and Listen. A value that makes no sense is an error of theirs.
type Option func(*config) error

type config struct {
	service.Config
	allowNonLoopback bool
	publicURL        string
	certificate      *tls.Certificate
	controlToken     string
}

func newConfig(opts []Option) (config, error) {
	cfg := config{Config: service.Defaults()}
	for _, opt := range opts {
		if opt == nil {
			return config{}, errors.New("authtest: an Option is nil")
		}
		if err := opt(&cfg); err != nil {
			return config{}, err
		}
	}
	if _, ok := cfg.Clients[cfg.Env]; !ok {
		cfg.Clients[cfg.Env] = ""
	}
	if cfg.Ticket != nil && cfg.Ticket.Env != cfg.Env {
		return config{}, errors.New("authtest: WithTicketKey: the key file is of another environment")
	}
	return cfg, nil
}

var envPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// WithEnv sets the environment id, which is the default client id too. It must be a host name label in lower case.
// The default is "authtest".
func WithEnv(env string) Option {
	return func(c *config) error {
		if !envPattern.MatchString(env) {
			return fmt.Errorf("authtest: WithEnv(%q): want lower-case letters, digits and hyphens", env)
		}
		c.Env = env
		return nil
	}
}

// WithClientID lets calls carry these client ids too. Without it a client_id other than the environment id is refused
// with unauthorized_client.
func WithClientID(ids ...string) Option {
	return func(c *config) error {
		for _, id := range ids {
			if id == "" {
				return errors.New("authtest: WithClientID: empty client id")
			}
			if _, known := c.Clients[id]; !known { // a secret stays
				c.Clients[id] = ""
			}
		}
		return nil
	}
}

// WithClientSecret lets calls carry this client id, which may be the environment id, and gives it a secret: a call of token
// must prove it, in the body or by Basic authorization (RFC 6749, section 2.3.1), and a wrong one is refused everywhere, with
// unauthorized_client. The secret of any other client is not looked at. That the live service asks for it at token only is a
// guess.
func WithClientSecret(id, secret string) Option {
	return func(c *config) error {
		if id == "" || secret == "" {
			return errors.New("authtest: WithClientSecret: empty client id or secret")
		}
		c.Clients[id] = secret
		return nil
	}
}

// Relaxed makes those rules mild that are strict because the live service is: a user may have any number of sessions, 30 seconds
// are enough between two SMS to one number, every code is good for 10 minutes, and every error has "code". [WithMaxSessions],
// [WithSMSInterval], [WithSMSCodeLifetime] and [WithCode] change one of these rules each. Options after it stand.
func Relaxed() Option {
	return func(c *config) error {
		c.Relax()
		return nil
	}
}

// WithSMSInterval sets the time that must pass between two messages to one phone number; 0 switches the rule off. The
// default is a minute (WIRE.md section 4.6, live), with [Relaxed] 30 s.
func WithSMSInterval(d time.Duration) Option {
	return func(c *config) error {
		c.SMSInterval = d
		return notNegative("WithSMSInterval", d)
	}
}

// WithSMSDailyLimit sets the number of messages to one phone number in a calendar day of China; 0 switches the rule
// off. The default is 30, as the setting of an environment has it (WIRE.md section 4.6).
func WithSMSDailyLimit(n int) Option {
	return func(c *config) error {
		c.SMSDaily = n
		return notNegative("WithSMSDailyLimit", n)
	}
}

// WithEmailInterval is WithSMSInterval for email addresses. The default is a minute.
func WithEmailInterval(d time.Duration) Option {
	return func(c *config) error {
		c.EmailInterval = d
		return notNegative("WithEmailInterval", d)
	}
}

// WithEmailDailyLimit is WithSMSDailyLimit for email addresses. The default is 50.
func WithEmailDailyLimit(n int) Option {
	return func(c *config) error {
		c.EmailDaily = n
		return notNegative("WithEmailDailyLimit", n)
	}
}

// WithSMSCodeLifetime sets how long a code by SMS is good, in whole seconds. The default is 5 minutes, as answers to two real SMS had
// it (WIRE.md section 4.1, live), with [Relaxed] 10 minutes.
func WithSMSCodeLifetime(d time.Duration) Option {
	return func(c *config) error {
		c.CodeLifetime.Phone = d
		return wholeSeconds("WithSMSCodeLifetime", d)
	}
}

// WithEmailCodeLifetime is WithSMSCodeLifetime for codes by email. The default is 10 minutes, as documented (WIRE.md section 4.6).
func WithEmailCodeLifetime(d time.Duration) Option {
	return func(c *config) error {
		c.CodeLifetime.Email = d
		return wholeSeconds("WithEmailCodeLifetime", d)
	}
}

// WithCodeLifetime is WithSMSCodeLifetime and WithEmailCodeLifetime of the same time.
func WithCodeLifetime(d time.Duration) Option {
	return func(c *config) error {
		c.CodeLifetime = service.ByChannel{Phone: d, Email: d}
		return wholeSeconds("WithCodeLifetime", d)
	}
}

// WithCodeAttempts sets how many wrong codes are taken for one message before every further check is "aborted"; 0
// switches the rule off. The default is 5; the live number is not known.
func WithCodeAttempts(n int) Option {
	return func(c *config) error {
		c.CodeAttempts = n
		return notNegative("WithCodeAttempts", n)
	}
}

// WithPasswordLock locks an account for d after n wrong passwords in a row, at sign-in or at user/sudo: every password, the
// right one too, is then invalid_status. n = 0 switches the rule off. The default is 5 and 10 minutes; the live rule is not known.
func WithPasswordLock(n int, d time.Duration) Option {
	return func(c *config) error {
		c.LockAfter, c.LockFor = n, d
		if n > 0 && d == 0 {
			return errors.New("authtest: WithPasswordLock: a lock of no time")
		}
		return errors.Join(notNegative("WithPasswordLock", n), notNegative("WithPasswordLock", d))
	}
}

// WithoutLimits switches off every limit above: intervals, daily limits, wrong codes and wrong passwords. Lifetimes stay, and
// so do captchas.
func WithoutLimits() Option {
	return func(c *config) error {
		c.SMSInterval, c.SMSDaily, c.EmailInterval, c.EmailDaily = 0, 0, 0, 0
		c.CodeAttempts, c.LockAfter = 0, 0
		return nil
	}
}

// WithAccessTokenLifetime sets the lifetime of access tokens, in whole seconds. The default is 2 hours (WIRE.md section 6.2).
func WithAccessTokenLifetime(d time.Duration) Option {
	return func(c *config) error {
		c.AccessLifetime = d
		return wholeSeconds("WithAccessTokenLifetime", d)
	}
}

// WithRefreshTokenLifetime sets the lifetime of refresh tokens, in whole seconds. The default is 30 days (WIRE.md section 6.2).
func WithRefreshTokenLifetime(d time.Duration) Option {
	return func(c *config) error {
		c.RefreshLifetime = d
		return wholeSeconds("WithRefreshTokenLifetime", d)
	}
}

// WithMaxSessions sets how many sessions of one user can be refreshed; 0 is any number. A sign-in that makes one too many ends the
// refresh token of the session that began first, and its access token goes on until it expires: so one live environment was
// measured, and the setting "maximum sessions" is documented (WIRE.md section 6.1). The default is 1, with [Relaxed] 0.
func WithMaxSessions(n int) Option {
	return func(c *config) error {
		c.MaxSessions = n
		return notNegative("WithMaxSessions", n)
	}
}

// WithSingleSession is WithMaxSessions(1), which is the default.
func WithSingleSession() Option { return WithMaxSessions(1) }

// WithoutIsUser leaves is_user out of the answers of verification, as some live answers do (WIRE.md section 4.1).
func WithoutIsUser() Option {
	return func(c *config) error {
		c.HideIsUser = true
		return nil
	}
}

// WithCode puts "code", the error code in upper case, into every error answer, as [Relaxed] does. By default every one has it but
// invalid_grant: the refused refresh that was captured live has none, and the other errors that were captured have it (WIRE.md
// section 3.2).
func WithCode() Option {
	return func(c *config) error {
		c.Code = refusal.CodeAlways
		return nil
	}
}

// WithoutCode leaves "code" out of every error answer.
func WithoutCode() Option {
	return func(c *config) error {
		c.Code = refusal.CodeNever
		return nil
	}
}

// AllowNonLoopback lets Listen take an address that other machines can reach. Everybody who can reach it can sign in as any user:
// the emulator has no secrets, and the page of a third party signs in whoever opens it. The control API answers this machine only,
// unless [WithControlToken] is given.
func AllowNonLoopback() Option {
	return func(c *config) error {
		c.allowNonLoopback = true
		return nil
	}
}

func notNegative[T int | time.Duration](option string, v T) error {
	if v < 0 {
		return fmt.Errorf("authtest: %s: %v is negative", option, v)
	}
	return nil
}

func wholeSeconds(option string, d time.Duration) error {
	if d < time.Second || d%time.Second != 0 {
		return fmt.Errorf("authtest: %s: %v is not a positive number of whole seconds", option, d)
	}
	return nil
}

// WithSudoByCode refuses user/sudo with a password to users who have a phone number: they need a verification_token,
// as a comment in the js-sdk says (WIRE.md section 7.5). Without it either will do.
func WithSudoByCode() Option {
	return func(c *config) error {
		c.SudoByCode = true
		return nil
	}
}

// WithAnonymousRefreshToken gives anonymous sessions a refresh token, as older documentation has it. Without it they have
// none, as in the newest documentation, and a client signs in again when the access token has expired (WIRE.md section
// 5.1).
func WithAnonymousRefreshToken() Option {
	return func(c *config) error {
		c.AnonymousRefresh = true
		return nil
	}
}
