package authtest

import (
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// TokenKind is a kind of token that the service signs.
type TokenKind int

// The kinds of tokens. The zero value is a user's access token.
const (
	AccessToken    TokenKind = iota // of a user
	AnonymousToken                  // an access token of an anonymous user
	PublishableKey                  // for clients: scope anonymous, valid for decades
	APIKey                          // of an administrator: no iss, sub and scope, valid until the year 9999
)

// TokenKey is the key that signs a token.
type TokenKey int

// The keys of tokens. The zero value is the server's own.
const (
	ServerKey  TokenKey = iota // the one that it signs with now
	UnknownKey                 // another one, under a kid that certs does not have
	ForgedKey                  // another one, under the server's kid: the signature is wrong
)

// TokenSpec describes a token for IssueToken. The zero value is a valid access token of a new user.
type TokenSpec struct {
	Kind   TokenKind
	Key    TokenKey
	Sub    string         // of AccessToken and AnonymousToken; "" is a new id
	Env    string         // project_id, aud and iss are of this environment; "" is the server's
	Age    time.Duration  // how long before the server's time it was signed; a token older than its lifetime has expired; negative is the future
	Claims map[string]any // set over all others; nil leaves a claim out
}

// IssueToken returns a signed token, for tests of programs that verify tokens offline. The server itself does not know the
// token: user/me, token/introspect and all other operations refuse it. A contradictory spec fails the test, or panics if
// Listen made the server.
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

// RotateKey makes the server sign with a new key from now on. Tokens of earlier keys stay valid, and certs lists those keys
// after the new one. Reset returns to the first key. It is safe for concurrent use.
func (s *Server) RotateKey() { s.service.RotateKey() }
