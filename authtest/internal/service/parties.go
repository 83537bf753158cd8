package service

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// providerTokenLifetime is the lifetime of a provider_token (WIRE.md section 4.6).
const providerTokenLifetime = 3600 * time.Second

// ProviderToken is what a third party's word is worth here.
type ProviderToken struct {
	Person    Identity
	TellPhone bool // the phone number was told
	expires   time.Time
	setting   *setting
}

// Lasts is how many seconds the token is good for.
func (t *ProviderToken) Lasts() int {
	return int((t.expires.Sub(t.setting.Now()) + time.Second - 1) / time.Second)
}

// providerCodeLifetime is the lifetime of a third party's code, which is nobody's but the emulator's.
const providerCodeLifetime = 24 * time.Hour

// maxProviderCodes bounds how many are good at a time. Whoever opens a third party's page makes one.
const maxProviderCodes = 1000

// providerCode is a third party's code for a user.
type providerCode struct {
	person  Identity
	expires time.Time
}

// Parties are the third parties.
type Parties struct {
	setting *setting
	people  []Identity                // known to them, the latest last
	codes   map[string]providerCode   // by provider_code
	tokens  map[string]*ProviderToken // by provider_token
}

func newParties(s *setting) *Parties {
	return &Parties{setting: s, codes: make(map[string]providerCode), tokens: make(map[string]*ProviderToken)}
}

// Meet makes a user known to a third party, as the latest.
func (p *Parties) Meet(person Identity) {
	p.people = slices.DeleteFunc(p.people, func(old Identity) bool {
		return old.Provider == person.Provider && old.Sub == person.Sub
	})
	p.people = append(p.people, person)
}

// Latest returns the user whom a third party met last, or the one with this id there.
func (p *Parties) Latest(provider, sub string) (person Identity, ok bool) {
	for _, person := range slices.Backward(p.people) {
		if person.Provider == provider && (sub == "" || sub == person.Sub) {
			return person, true
		}
	}
	return Identity{}, false
}

// NewCode makes a provider_code for a user. The one that expires first makes room for it when there are too many.
func (p *Parties) NewCode(person Identity) (code string) {
	if len(p.codes) >= maxProviderCodes {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(p.codes)), func(a, b string) int {
			return p.codes[a].expires.Compare(p.codes[b].expires)
		})
		delete(p.codes, oldest)
	}
	code = random.Text(24)
	p.codes[code] = providerCode{person, p.setting.Now().Add(providerCodeLifetime)}
	return code
}

// TakeCode returns whom a provider_code is for. It is good once.
func (p *Parties) TakeCode(provider, code string) (person Identity, ok bool) {
	held, ok := p.codes[code]
	if !ok || held.person.Provider != provider || !p.setting.Now().Before(held.expires) {
		return Identity{}, false
	}
	delete(p.codes, code)
	return held.person, true
}

func (p *Parties) tidy(now time.Time) {
	maps.DeleteFunc(p.codes, func(_ string, held providerCode) bool { return !now.Before(held.expires) })
	maps.DeleteFunc(p.tokens, func(_ string, held *ProviderToken) bool { return !now.Before(held.expires) })
}

// NewToken makes a provider_token for a user. WeChat keeps the phone number to itself.
func (p *Parties) NewToken(person Identity) (token string, held *ProviderToken) {
	token = random.Text(48)
	held = &ProviderToken{
		Person: person, TellPhone: !strings.HasPrefix(person.Provider, "wx_"),
		expires: p.setting.Now().Add(providerTokenLifetime), setting: p.setting,
	}
	p.tokens[token] = held
	return token, held
}

// Token returns a provider_token that is good, or nil. It stays good until it expires, however often it is used, which is
// a guess.
func (p *Parties) Token(token string) *ProviderToken {
	held := p.tokens[token]
	if held == nil || !p.setting.Now().Before(held.expires) {
		return nil
	}
	return held
}
