package authtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"
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

// strangersKey signs what the server would not, at its first use.
var strangersKey = sync.OnceValue(newSigningKey)

// IssueToken returns a signed token for tests of what verifies tokens on its own: by certs and claims (WIRE.md sections
// 6.3 and 6.4). The server itself knows nothing of it: user/me, token/introspect and all others refuse it. A spec that
// makes no sense fails the test, or panics if the server was made by Listen.
func (s *Server) IssueToken(spec TokenSpec) string {
	s.helper()
	token, err := s.issueToken(spec)
	if err != nil {
		s.fatalf("IssueToken: %v", err)
	}
	return token
}

func (s *Server) issueToken(spec TokenSpec) (string, error) {
	env, issuer := s.Env, s.URL
	if spec.Env != "" && spec.Env != s.Env {
		env = spec.Env
		issuer = "https://" + env + ".authtest.invalid"
	}
	issued := s.Now().Add(-spec.Age).Unix()
	var all any
	switch spec.Kind {
	case AccessToken, AnonymousToken:
		all = s.issuedClaims(spec, env, issuer, issued)
	case PublishableKey:
		const years = 73
		all = map[string]any{
			"iss": issuer, "sub": "anon", "name": "Anonymous", "scope": scopeAnonymous, "aud": env, "project_id": env,
			"exp": time.Unix(issued, 0).AddDate(years, 0, 0).Unix(), "iat": issued, "nonce": randomText(16),
			"meta": map[string]string{"platform": "PublishableKey"}, "client_type": "client_user", "is_system_admin": false,
		}
	case APIKey:
		const year9999 int64 = 253402300799 // more than an int has on a 32-bit machine
		all = map[string]any{
			"aud": env, "project_id": env, "exp": year9999, "iat": issued, "nonce": randomText(16),
			"meta": map[string]string{"platform": "ApiKey"}, "administrator_id": randomSub(), "client_type": "client_server",
			"is_system_admin": true,
		}
	default:
		return "", fmt.Errorf("unknown Kind %d", spec.Kind)
	}
	payload, err := override(all, spec.Claims)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	rotation := s.state.rotation
	s.mu.Unlock()
	switch spec.Key {
	case ServerKey:
		return processKeys.at(rotation).sign(payload), nil
	case UnknownKey:
		return strangersKey().sign(payload), nil
	case ForgedKey:
		return strangersKey().signUnder(processKeys.at(rotation), payload), nil
	default:
		return "", fmt.Errorf("unknown Key %d", spec.Key)
	}
}

func (s *Server) issuedClaims(spec TokenSpec, env, issuer string, issued int64) claims {
	sub, scope, provider := spec.Sub, scopeUser, "username"
	if spec.Kind == AnonymousToken {
		scope, provider = scopeAnonymous, "anonymous"
	}
	switch {
	case sub != "":
	case spec.Kind == AnonymousToken:
		sub = randomText(16)
	default:
		sub = randomSub()
	}
	c := s.newClaims(sub, env, scope, provider, issued)
	c.Issuer, c.ProjectID = issuer, env
	return c
}

// override sets claims over others.
func override(all any, over map[string]any) (map[string]any, error) {
	decoder := json.NewDecoder(strings.NewReader(string(marshal(all))))
	decoder.UseNumber()
	payload := make(map[string]any)
	if err := decoder.Decode(&payload); err != nil {
		return nil, err
	}
	for name, value := range over {
		if value == nil {
			delete(payload, name)
			continue
		}
		payload[name] = value
	}
	if _, err := json.Marshal(payload); err != nil {
		return nil, fmt.Errorf("claims: %w", err)
	}
	return payload, nil
}
