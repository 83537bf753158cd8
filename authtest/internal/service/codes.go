package service

import (
	"fmt"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// ProofLife is the life of a verification_token (WIRE.md section 4.6, live).
const ProofLife = 600 * time.Second

// china is the time zone of the daily limits.
var china = time.FixedZone("UTC+8", 8*60*60)

// Mailbox is what the server remembers about a phone number or e-mail address that it sends to.
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

// proof is what a verification_token proves.
type proof struct {
	to      address.Contact
	expires time.Time
}

// Codes are the codes that were sent, and what they have proven.
type Codes struct {
	setting   *setting
	sent      map[string]*Verification // by verification_id
	mailboxes map[string]*Mailbox      // by the address in the server's form
	proofs    map[string]*proof        // by verification_token
	fixed     map[string]string        // codes by address key
}

func newCodes(s *setting) *Codes {
	return &Codes{
		setting: s, sent: make(map[string]*Verification), mailboxes: make(map[string]*Mailbox), proofs: make(map[string]*proof),
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

// New makes a code for an address, in place of the one before, and counts it.
func (c *Codes) New(to address.Contact) (id string, v *Verification) {
	now := c.setting.Now()
	v = &Verification{To: to, Code: c.text(to), SentAt: now, expires: now.Add(c.setting.CodeLife)}
	id = c.signed("verification_id", to, v.expires)
	c.sent[id] = v
	m := c.Mailbox(to)
	m.current, m.LastSent = v, now
	m.Sent++
	return id, v
}

func (c *Codes) text(to address.Contact) string {
	if code, ok := c.fixed[address.Key(to.String())]; ok {
		return code
	}
	return fmt.Sprintf("%06d", random.Below(1_000_000))
}

// Sent returns the code with this verification_id, good or not, or nil.
func (c *Codes) Sent(id string) *Verification { return c.sent[id] }

// Current returns the code with this verification_id if it can still be checked, or nil.
func (c *Codes) Current(id string) *Verification {
	v := c.sent[id]
	if v == nil || v.Used || c.mailboxes[v.To.String()].current != v || !c.setting.Now().Before(v.expires) {
		return nil
	}
	return v
}

// Prove makes a verification_token for an address.
func (c *Codes) Prove(to address.Contact) (token string) {
	p := &proof{to: to, expires: c.setting.Now().Add(ProofLife)}
	token = c.signed("verification_token", to, p.expires)
	c.proofs[token] = p
	return token
}

// Proven returns what a verification_token proves. It stays good until it expires, however often it is used.
func (c *Codes) Proven(token string) (to address.Contact, ok bool) {
	p := c.proofs[token]
	if p == nil || !c.setting.Now().Before(p.expires) {
		return address.Contact{}, false
	}
	return p.to, true
}

// Addressee returns what a verification_token, good or not, was made for.
func (c *Codes) Addressee(token string) (to address.Contact, ok bool) {
	p := c.proofs[token]
	if p == nil {
		return address.Contact{}, false
	}
	return p.to, true
}

// signed makes a verification_id or verification_token: a JWS with the payload keys of the live ones (WIRE.md section 4.1).
// What the live kid and t hold is not known.
func (c *Codes) signed(kind string, to address.Contact, expires time.Time) string {
	return c.setting.signer.sign(map[string]any{
		"e": to.String(), "exp": expires.Unix(), "kid": random.ID(), "pj": c.setting.Env, "t": kind,
	})
}
