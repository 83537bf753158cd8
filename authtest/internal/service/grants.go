package service

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"maps"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// grantLifetime is the lifetime of an authorization code; RFC 6749, section 4.1.2, says at most 10 minutes. The live one is not
// known.
const grantLifetime = 600 * time.Second

// Grant is an authorization code that a user got for a client.
type Grant struct {
	Session     *Session // of the user who authorized
	ClientID    string
	RedirectURI string
	Challenge   string
	Method      string // of the challenge
	Expires     time.Time
}

// Verify checks the verifier of a challenge (RFC 7636, section 4.6).
func (g *Grant) Verify(verifier string) bool {
	if g.Method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		verifier = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return subtle.ConstantTimeCompare([]byte(verifier), []byte(g.Challenge)) == 1
}

// Grants are the authorization codes.
type Grants struct {
	setting *setting
	codes   map[string]*Grant
}

func newGrants(s *setting) *Grants { return &Grants{setting: s, codes: make(map[string]*Grant)} }

// New makes an authorization code.
func (g *Grants) New(grant Grant) (code string) {
	code = random.Text(24)
	grant.Expires = g.setting.Now().Add(grantLifetime)
	g.codes[code] = &grant
	return code
}

// Take returns the grant of a code, which is good once (RFC 6749, section 4.1.2); nil is none.
func (g *Grants) Take(code string) *Grant {
	grant := g.codes[code]
	delete(g.codes, code)
	if grant == nil || !g.setting.Now().Before(grant.Expires) || grant.Session.Ended {
		return nil
	}
	return grant
}

func (g *Grants) tidy(now time.Time) {
	maps.DeleteFunc(g.codes, func(_ string, grant *Grant) bool { return !now.Before(grant.Expires) })
}

func (g *Grants) forget(a *Account) {
	maps.DeleteFunc(g.codes, func(_ string, grant *Grant) bool { return grant.Session.User == a })
}
