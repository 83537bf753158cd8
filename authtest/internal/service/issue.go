package service

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/keys"
	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// TokenKind is a kind of token that the service signs.
type TokenKind int

// The kinds of tokens.
const (
	AccessToken    TokenKind = iota // of a user
	AnonymousToken                  // an access token of an anonymous user
	PublishableKey                  // for clients: scope anonymous, good for decades
	APIKey                          // an administrator's: no iss, sub and scope, good until the year 9999
)

// TokenKey says what a token is signed with.
type TokenKey int

// The keys of tokens.
const (
	ServerKey  TokenKey = iota // the one that signs now
	UnknownKey                 // another one, under a kid that certs does not have
	ForgedKey                  // another one, under the server's kid: the signature is wrong
)

// TokenSpec says what Issue signs. The zero value is a good access token of a new user.
type TokenSpec struct {
	Kind   TokenKind
	Key    TokenKey
	Sub    string         // of AccessToken and AnonymousToken; "" is a new id
	Env    string         // project_id, aud and iss are of this environment; "" is this one
	Age    time.Duration  // it was signed that long before the server's time; negative is the future
	Claims map[string]any // set over all others; nil leaves a claim out
}

// Issue signs a token of which the environment itself knows nothing. It takes the lock.
func (s *Service) Issue(spec TokenSpec) (string, error) {
	s.Lock()
	all, err := s.unsigned(spec)
	newest := s.signer.newest()
	s.Unlock()
	if err != nil {
		return "", err
	}
	payload, err := override(all, spec.Claims)
	if err != nil {
		return "", err
	}
	key := newest()
	switch spec.Key {
	case ServerKey:
		return key.Sign(payload), nil
	case UnknownKey:
		return keys.Stranger().Sign(payload), nil
	case ForgedKey:
		return keys.Stranger().Forge(key, payload), nil
	default:
		return "", fmt.Errorf("unknown Key %d", spec.Key)
	}
}

// unsigned are the claims of a token, but for those that spec sets over others.
func (s *Service) unsigned(spec TokenSpec) (any, error) {
	env, issuer := s.Env, s.URL
	if spec.Env != "" && spec.Env != s.Env {
		env = spec.Env
		issuer = "https://" + env + ".authtest.invalid"
	}
	issued := s.Now().Add(-spec.Age).Unix()
	switch spec.Kind {
	case AccessToken, AnonymousToken:
		return s.issuedClaims(spec, env, issuer, issued), nil
	case PublishableKey:
		const years = 73
		return map[string]any{
			"iss": issuer, "sub": "anon", "name": "Anonymous", "scope": scopeAnonymous, "aud": env, "project_id": env,
			"exp": time.Unix(issued, 0).AddDate(years, 0, 0).Unix(), "iat": issued, "nonce": random.Text(16),
			"meta": map[string]string{"platform": "PublishableKey"}, "client_type": "client_user", "is_system_admin": false,
		}, nil
	case APIKey:
		const year9999 int64 = 253402300799 // more than an int has on a 32-bit machine
		return map[string]any{
			"aud": env, "project_id": env, "exp": year9999, "iat": issued, "nonce": random.Text(16),
			"meta": map[string]string{"platform": "ApiKey"}, "administrator_id": random.Sub(), "client_type": "client_server",
			"is_system_admin": true,
		}, nil
	default:
		return nil, fmt.Errorf("unknown Kind %d", spec.Kind)
	}
}

func (s *Service) issuedClaims(spec TokenSpec, env, issuer string, issued int64) claims {
	sub, scope, provider := spec.Sub, scopeUser, "username"
	if spec.Kind == AnonymousToken {
		scope, provider = scopeAnonymous, "anonymous"
	}
	switch {
	case sub != "":
	case spec.Kind == AnonymousToken:
		sub = random.Text(16)
	default:
		sub = random.Sub()
	}
	c := s.newClaims(sub, env, scope, provider, issued)
	c.Issuer, c.ProjectID = issuer, env
	return c
}

// override sets claims over others.
func override(all any, over map[string]any) (map[string]any, error) {
	text, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
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
