package service

import (
	"fmt"
	"maps"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// VerificationTokenLifetime is the lifetime of a verification_token (WIRE.md section 4.6, live).
const VerificationTokenLifetime = 600 * time.Second

// china is the time zone of the daily limits.
var china = time.FixedZone("UTC+8", 8*60*60)

// Mailbox is what the server remembers about a phone number or email address that it sends to.
type Mailbox struct {
	current  *Verification // the only one whose code is good
	LastSent time.Time     // zero before the first
	day      string        // the calendar day that Sent counts
	Sent     int
}

// Verification is one code that was sent.
type Verification struct {
	To      address.Contact
	Code    string
	SentAt  time.Time
	expires time.Time
	Wrong   int // wrong codes so far
	Used    bool
}

// verificationToken is what a verification_token proves.
type verificationToken struct {
	to      address.Contact
	expires time.Time
}

// Codes are the codes that were sent, and what they have proven.
type Codes struct {
	setting   *setting
	sent      map[tokenKey]*Verification      // by verification_id
	mailboxes map[string]*Mailbox             // by the address in the server's form
	tokens    map[tokenKey]*verificationToken // by verification_token
	fixed     map[string]string               // codes by address key
}

func newCodes(s *setting) *Codes {
	return &Codes{
		setting: s, sent: make(map[tokenKey]*Verification), mailboxes: make(map[string]*Mailbox), tokens: make(map[tokenKey]*verificationToken),
		fixed: s.fixedCodes(),
	}
}

// fix makes the code for an address key this one; "" makes it random again.
func (c *Codes) fix(key, code string) {
	if code == "" {
		delete(c.fixed, key)
		return
	}
	c.fixed[key] = code
}

// Mailbox returns what is remembered about an address, with the messages of today.
func (c *Codes) Mailbox(to address.Contact) *Mailbox {
	m := c.mailboxes[to.String()]
	if m == nil {
		m = &Mailbox{}
		c.mailboxes[to.String()] = m
	}
	if day := c.setting.Now().In(china).Format(time.DateOnly); day != m.day {
		m.day, m.Sent = day, 0
	}
	return m
}

// New makes a code for an address, in place of the one before, and counts it. answer is that of the call which has its
// verification_id.
func (c *Codes) New(to address.Contact, answer func(id string) any) (*Verification, Pending) {
	now := c.setting.Now()
	v := &Verification{To: to, Code: c.text(to), SentAt: now, expires: now.Add(c.Lifetime(to))}
	m := c.Mailbox(to)
	m.current, m.LastSent = v, now
	m.Sent++
	return v, c.signed(to, v.expires, func(id string) any {
		c.sent[keyOf(id)] = v
		return answer(id)
	})
}

// Lifetime is how long a code for an address is good.
func (c *Codes) Lifetime(to address.Contact) time.Duration {
	if to.Email != "" {
		return c.setting.CodeLifetime.Email
	}
	return c.setting.CodeLifetime.Phone
}

func (c *Codes) text(to address.Contact) string {
	if code, ok := c.fixed[address.Key(to.String())]; ok {
		return code
	}
	return fmt.Sprintf("%06d", random.Below(1_000_000))
}

// Sent returns the code with this verification_id, good or not, or nil.
func (c *Codes) Sent(id string) *Verification { return c.sent[keyOf(id)] }

func (c *Codes) current(to address.Contact) *Verification {
	if m := c.mailboxes[to.String()]; m != nil {
		return m.current
	}
	return nil
}

// Current returns the code with this verification_id if it can still be checked, or nil.
func (c *Codes) Current(id string) *Verification {
	v := c.sent[keyOf(id)]
	if v == nil || v.Used || c.current(v.To) != v || !c.setting.Now().Before(v.expires) {
		return nil
	}
	return v
}

// ExpiredBy is the rule by which the code with this verification_id has expired, or "". It is remembered for a while only.
func (c *Codes) ExpiredBy(id string) (rule string) {
	v := c.sent[keyOf(id)]
	switch {
	case v == nil || v.Used || c.current(v.To) != v || c.setting.Now().Before(v.expires):
		return ""
	case v.To.Email != "":
		return "email_code_lifetime"
	default:
		return "sms_code_lifetime"
	}
}

// Prove makes a verification_token for an address. answer is that of the call which has it.
func (c *Codes) Prove(to address.Contact, answer func(token string) any) Pending {
	p := &verificationToken{to: to, expires: c.setting.Now().Add(VerificationTokenLifetime)}
	return c.signed(to, p.expires, func(token string) any {
		c.tokens[keyOf(token)] = p
		return answer(token)
	})
}

// Proven returns what a verification_token proves. It stays good until it expires, however often it is used.
func (c *Codes) Proven(token string) (to address.Contact, ok bool) {
	p := c.tokens[keyOf(token)]
	if p == nil || !c.setting.Now().Before(p.expires) {
		return address.Contact{}, false
	}
	return p.to, true
}

// Addressee returns what a verification_token, good or not, was made for.
func (c *Codes) Addressee(token string) (to address.Contact, ok bool) {
	p := c.tokens[keyOf(token)]
	if p == nil {
		return address.Contact{}, false
	}
	return p.to, true
}

// signed makes a verification_id or verification_token: a JWS with the payload keys and the length of the live ones (WIRE.md section
// 4.1). What the live kid and t hold is not known.
func (c *Codes) signed(to address.Contact, expires time.Time, keep func(token string) any) Pending {
	return Pending{c.setting.signer.newest(), map[string]any{
		"e": to.String(), "exp": expires.Unix(), "kid": random.ID(), "pj": c.setting.Env, "t": random.Text(120),
	}, keep}
}

// codeMemory is how long an expired code is remembered, so that its refusal can name the rule.
const codeMemory = 10 * time.Minute

// tidy drops what has expired. What was sent to an address today is counted until tomorrow.
func (c *Codes) tidy(now time.Time) {
	expired := func(v *Verification) bool { return now.Sub(v.expires) >= codeMemory }
	maps.DeleteFunc(c.sent, func(_ tokenKey, v *Verification) bool { return expired(v) })
	maps.DeleteFunc(c.tokens, func(_ tokenKey, p *verificationToken) bool { return !now.Before(p.expires) })
	today, interval := now.In(china).Format(time.DateOnly), max(c.setting.SMSInterval, c.setting.EmailInterval)
	maps.DeleteFunc(c.mailboxes, func(_ string, m *Mailbox) bool {
		return m.day != today && now.Sub(m.LastSent) >= interval && (m.current == nil || expired(m.current))
	})
}
