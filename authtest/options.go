package authtest

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Option changes a server's rules; see NewServer and Listen. A value that makes no sense is an error of theirs.
type Option func(*config) error

type config struct {
	env              string
	clients          map[string]string // the secrets of client ids, "" for those without one
	smsInterval      time.Duration
	smsDaily         int
	emailInterval    time.Duration
	emailDaily       int
	codeLife         time.Duration
	codeAttempts     int
	lockAfter        int
	lockFor          time.Duration
	accessLife       time.Duration
	refreshLife      time.Duration
	refresh          RefreshPolicy
	singleSession    bool
	hideIsUser       bool
	plainErrors      bool
	allowNonLoopback bool
	onMessage        func(Message)
	onRequest        func(Request)

	loginOff          map[LoginMethod]bool
	signUpOff         map[LoginMethod]bool
	anonymousRefresh  bool
	noCustomRefresh   bool
	ticket            *ticketKey // nil is the process's
	sudoByCode        bool
	captchaFor        map[string]bool
	captchaAfterSends int
	captchaAfterWrong int
	providers         []string
	seeds             []User
	seedCodes         map[string]string // by address key
}

func newConfig(opts []Option) (config, error) {
	cfg := config{
		env:           "authtest",
		clients:       make(map[string]string),
		smsInterval:   30 * time.Second,
		smsDaily:      10,
		emailInterval: time.Minute,
		emailDaily:    50,
		codeLife:      10 * time.Minute,
		codeAttempts:  5,
		lockAfter:     5,
		lockFor:       10 * time.Minute,
		accessLife:    2 * time.Hour,
		refreshLife:   30 * 24 * time.Hour,
		refresh:       Rotating(),
		loginOff:      make(map[LoginMethod]bool),
		signUpOff:     make(map[LoginMethod]bool),
		captchaFor:    make(map[string]bool),
		seedCodes:     make(map[string]string),
		providers:     []string{"wx_open", "wx_mp"},
	}
	for _, opt := range opts {
		if opt == nil {
			return config{}, errors.New("authtest: an Option is nil")
		}
		if err := opt(&cfg); err != nil {
			return config{}, err
		}
	}
	if _, ok := cfg.clients[cfg.env]; !ok {
		cfg.clients[cfg.env] = ""
	}
	if cfg.ticket != nil && cfg.ticket.env != cfg.env {
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
		c.env = env
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
			if _, known := c.clients[id]; !known { // a secret stays
				c.clients[id] = ""
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
		c.clients[id] = secret
		return nil
	}
}

// WithSMSInterval sets the time that must pass between two messages to one phone number; 0 switches the rule off. The
// default is 30 s as documented; live answers speak of a minute (WIRE.md section 4.6).
func WithSMSInterval(d time.Duration) Option {
	return func(c *config) error {
		c.smsInterval = d
		return notNegative("WithSMSInterval", d)
	}
}

// WithSMSDailyLimit sets the number of messages to one phone number in a calendar day of China; 0 switches the rule
// off. The default is 10.
func WithSMSDailyLimit(n int) Option {
	return func(c *config) error {
		c.smsDaily = n
		return notNegative("WithSMSDailyLimit", n)
	}
}

// WithEmailInterval is WithSMSInterval for e-mail addresses. The default is a minute.
func WithEmailInterval(d time.Duration) Option {
	return func(c *config) error {
		c.emailInterval = d
		return notNegative("WithEmailInterval", d)
	}
}

// WithEmailDailyLimit is WithSMSDailyLimit for e-mail addresses. The default is 50.
func WithEmailDailyLimit(n int) Option {
	return func(c *config) error {
		c.emailDaily = n
		return notNegative("WithEmailDailyLimit", n)
	}
}

// WithCodeLife sets how long a code is good, in whole seconds. The default is 10 minutes (WIRE.md section 4.6, live).
func WithCodeLife(d time.Duration) Option {
	return func(c *config) error {
		c.codeLife = d
		return wholeSeconds("WithCodeLife", d)
	}
}

// WithCodeAttempts sets how many wrong codes are taken for one message before every further check is "aborted"; 0
// switches the rule off. The default is 5; the live number is not known.
func WithCodeAttempts(n int) Option {
	return func(c *config) error {
		c.codeAttempts = n
		return notNegative("WithCodeAttempts", n)
	}
}

// WithPasswordLock locks an account for d after n wrong passwords in a row, at sign-in or at user/sudo: every password, the
// right one too, is then invalid_status. n = 0 switches the rule off. The default is 5 and 10 minutes; the live rule is not known.
func WithPasswordLock(n int, d time.Duration) Option {
	return func(c *config) error {
		c.lockAfter, c.lockFor = n, d
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
		c.smsInterval, c.smsDaily, c.emailInterval, c.emailDaily = 0, 0, 0, 0
		c.codeAttempts, c.lockAfter = 0, 0
		return nil
	}
}

// WithAccessTokenLife sets the life of access tokens, in whole seconds. The default is 2 hours (WIRE.md section 6.2).
func WithAccessTokenLife(d time.Duration) Option {
	return func(c *config) error {
		c.accessLife = d
		return wholeSeconds("WithAccessTokenLife", d)
	}
}

// WithRefreshTokenLife sets the life of refresh tokens, in whole seconds. The default is 30 days (WIRE.md section 6.2).
func WithRefreshTokenLife(d time.Duration) Option {
	return func(c *config) error {
		c.refreshLife = d
		return wholeSeconds("WithRefreshTokenLife", d)
	}
}

// WithRefreshPolicy sets what becomes of a refresh token that is used. The default is Rotating.
func WithRefreshPolicy(p RefreshPolicy) Option {
	return func(c *config) error {
		c.refresh = p
		return notNegative("RotatingWithGrace", p.grace)
	}
}

// WithSingleSession makes every sign-in end the refresh tokens of the same person's earlier sessions; their access
// tokens go on until they expire. One live environment was measured to do so (WIRE.md section 6.1).
func WithSingleSession() Option {
	return func(c *config) error {
		c.singleSession = true
		return nil
	}
}

// WithoutIsUser leaves is_user out of the answers of verification, as some live answers do (WIRE.md section 4.1).
func WithoutIsUser() Option {
	return func(c *config) error {
		c.hideIsUser = true
		return nil
	}
}

// WithoutCode leaves "code", the error's word in upper case, out of error answers: some live answers have it, and others
// have not (WIRE.md section 3.2).
func WithoutCode() Option {
	return func(c *config) error {
		c.plainErrors = true
		return nil
	}
}

// AllowNonLoopback lets Listen take an address that other machines can reach. Everybody who can reach it can sign in as
// anybody: the emulator has no secrets. The control API answers this machine only, with or without this option.
func AllowNonLoopback() Option {
	return func(c *config) error {
		c.allowNonLoopback = true
		return nil
	}
}

// RefreshPolicy says what becomes of a refresh token that is used. The zero value is that of Rotating.
type RefreshPolicy struct {
	static   bool
	grace    time.Duration
	revoking bool
}

// Rotating gives a new refresh token with every refresh; the old one is dead at once, and using it again is
// invalid_grant 4026 (WIRE.md section 6.1, live).
func Rotating() RefreshPolicy { return RefreshPolicy{} }

// RotatingWithGrace is Rotating, but the token that was last replaced is taken again for d after that: it gives a new
// access token and the current refresh token, so that a lost answer can be asked for again. The live service is not
// known to do this.
func RotatingWithGrace(d time.Duration) RefreshPolicy { return RefreshPolicy{grace: d} }

// Static keeps the refresh token of a session for its whole life and answers it again with every refresh.
func Static() RefreshPolicy { return RefreshPolicy{static: true} }

// RevokingReuse returns the policy with one more rule: using a spent refresh token, outside the grace if there is one, ends
// its session with every token of it, as RFC 9700, section 4.14.2, recommends. The live service is not known to do this.
// Nothing is ever spent with Static.
func (p RefreshPolicy) RevokingReuse() RefreshPolicy {
	p.revoking = true
	return p
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
