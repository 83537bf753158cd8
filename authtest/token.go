package authtest

import (
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// TokenKind is a kind of token that the service signs.
type TokenKind int

// The kinds of tokens. The zero value is a person's access token.
const (
	AccessToken    TokenKind = iota // of a person
	AnonymousToken                  // an access token of an anonymous user
	PublishableKey                  // for clients: scope anonymous, good for decades
	APIKey                          // an administrator's: no iss, sub and scope, good until the year 9999
)

// TokenKey says what a token is signed with.
type TokenKey int

// The keys of tokens. The zero value is the server's own.
const (
	ServerKey  TokenKey = iota // the one that it signs with now
	UnknownKey                 // another one, under a kid that certs does not have
	ForgedKey                  // another one, under the server's kid: the signature is wrong
)

// TokenSpec says what IssueToken signs. The zero value is a good access token of somebody new.
type TokenSpec struct {
	Kind   TokenKind
	Key    TokenKey
	Sub    string         // of AccessToken and AnonymousToken; "" is a new id
	Env    string         // project_id, aud and iss are of this environment; "" is the server's
	Age    time.Duration  // it was signed that long before the server's time; one older than its life has expired; negative is the future
	Claims map[string]any // set over all others; nil leaves a claim out
}

// IssueToken returns a signed token for tests of what verifies tokens on its own: by certs and claims (WIRE.md sections
// 6.3 and 6.4). The server itself knows nothing of it: user/me, token/introspect and all others refuse it. A spec that
// makes no sense fails the test, or panics if the server was made by Listen.
func (s *Server) IssueToken(spec TokenSpec) string {
	s.helper()
	token, err := s.service.Issue(service.TokenSpec{
		Kind: service.TokenKind(spec.Kind), Key: service.TokenKey(spec.Key), Sub: spec.Sub, Env: spec.Env, Age: spec.Age, Claims: spec.Claims,
	})
	if err != nil {
		s.fatalf("IssueToken: %v", err)
	}
	return token
}

// RotateKey makes the server sign with another key from now on. Tokens of the keys before stay good, and certs has those
// keys too, after the new one. Reset goes back to the first key. It is safe for concurrent use.
func (s *Server) RotateKey() { s.service.RotateKey() }
