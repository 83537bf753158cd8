package service

import (
	"maps"
	"slices"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/keys"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
)

// Config is the rules of an environment, and what it starts with. While the environment runs, LoadSeed changes the seeds,
// and ChangeRules what Rules has.
type Config struct {
	Env             string
	Clients         map[string]string // the secrets of client ids, "" for those without one
	SMSInterval     time.Duration
	SMSDaily        int
	EmailInterval   time.Duration
	EmailDaily      int
	CodeLifetime    ByChannel
	CodeAttempts    int
	LockAfter       int
	LockFor         time.Duration
	AccessLifetime  time.Duration
	RefreshLifetime time.Duration
	Refresh         RefreshPolicy
	MaxSessions     int // of a user; 0 is any number
	HideIsUser      bool
	Code            refusal.CodeField
	OnMessage       func(Message)
	OnRequest       func(Request)

	LoginOff          map[string]bool // by login method
	SignUpOff         map[string]bool // by login method
	AnonymousRefresh  bool
	NoCustomRefresh   bool
	Ticket            *keys.Ticket // nil is the process's
	SudoByCode        bool
	CaptchaFor        map[string]bool // operations that always need a captcha
	CaptchaAfterSends int
	CaptchaAfterWrong int
	Providers         []string
	Seeds             []Person
	SeedCodes         map[string]string // by address key
}

// ByChannel is a time for messages of each channel.
type ByChannel struct{ Phone, Email time.Duration }

// RefreshPolicy says what becomes of a refresh token that is used. The zero value rotates.
type RefreshPolicy struct {
	Static   bool
	Grace    time.Duration
	Revoking bool // the session, when a spent one is used again
}

// The login methods.
const (
	LoginPassword  = "password"
	LoginPhone     = "phone"
	LoginEmail     = "email"
	LoginAnonymous = "anonymous"
	LoginCustom    = "custom"
)

// CustomProvider is the provider id of custom login.
const CustomProvider = "custom"

// HasProvider says whether a third party is switched on.
func (c *Config) HasProvider(id string) bool { return slices.Contains(c.Providers, id) }

// TicketKey is the key of custom login.
func (c *Config) TicketKey() keys.Ticket {
	if c.Ticket != nil {
		return *c.Ticket
	}
	return keys.ForTickets()
}

// Defaults are the rules of an environment for which nothing else is said: those of the live service, as far as it is known.
func Defaults() Config {
	return Config{
		Env:             "authtest",
		Clients:         make(map[string]string),
		SMSInterval:     time.Minute,
		SMSDaily:        30,
		EmailInterval:   time.Minute,
		EmailDaily:      50,
		CodeLifetime:    ByChannel{Phone: 5 * time.Minute, Email: 10 * time.Minute},
		CodeAttempts:    5,
		LockAfter:       5,
		LockFor:         10 * time.Minute,
		AccessLifetime:  2 * time.Hour,
		RefreshLifetime: 30 * 24 * time.Hour,
		MaxSessions:     1,
		LoginOff:        make(map[string]bool),
		SignUpOff:       make(map[string]bool),
		CaptchaFor:      make(map[string]bool),
		SeedCodes:       make(map[string]string),
		Providers:       []string{"wx_open", "wx_mp"},
	}
}

// Relax makes those rules mild that are strict because the live service is.
func (c *Config) Relax() {
	c.SMSInterval = 30 * time.Second
	c.CodeLifetime = ByChannel{Phone: 10 * time.Minute, Email: 10 * time.Minute}
	c.MaxSessions = 0
	c.Code = refusal.CodeAlways
}

// relaxed are the rules that Relax makes milder. Emails have the same lifetime without it.
var relaxed = []string{"sms_interval", "sms_code_lifetime", "max_sessions"}

// IsRelaxed says whether Relax makes a rule milder, by its name in a seed.
func IsRelaxed(rule string) bool { return slices.Contains(relaxed, rule) }

// setting is what the records share. A reset keeps it, but for the clock, the number of the key that signs, and the rules, which are
// those of the start again. A state that is loaded has a clock, keys and a refresh secret of its own.
type setting struct {
	Config
	clock
	URL     string // the base URL, and the iss of access tokens
	refresh refreshSecret
	signer  signer
	waits
}

func (c *Config) fixedCodes() map[string]string { return maps.Clone(c.SeedCodes) }
