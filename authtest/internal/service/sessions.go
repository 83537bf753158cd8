package service

import (
	"slices"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// The scopes of tokens (WIRE.md section 3.1).
const (
	scopeUser      = "user sso"
	scopeAnonymous = "anonymous"
)

// Session is what one sign-in began.
type Session struct {
	User     *Account
	ClientID string
	Provider string // how the person signed in: the claim provider_type
	Device   string // the x-device-id of the sign-in, "" if there was none
	Began    time.Time
	Expires  time.Time // of the newest access token
	Ended    bool      // nothing of it is good any more

	Refresh        string // the current refresh token, "" if there is none or another sign-in has ended it
	RefreshExpires time.Time
	spent          []string // the refresh tokens that were replaced, oldest first
	replacedAt     time.Time
}

// Scope is that of the session's tokens.
func (n *Session) Scope() string {
	if n.User.Anonymous {
		return scopeAnonymous
	}
	return scopeUser
}

// Refreshes is how many refresh tokens were spent.
func (n *Session) Refreshes() int { return len(n.spent) }

// previous is the refresh token that the current one replaced.
func (n *Session) previous() string {
	if len(n.spent) == 0 {
		return ""
	}
	return n.spent[len(n.spent)-1]
}

// access is one access token.
type access struct {
	session *Session
	expires time.Time
}

// Sessions are the sessions and their tokens.
type Sessions struct {
	setting *setting
	open    map[*Session]struct{} // that have not ended
	access  map[string]access     // by access token
	refresh map[string]*Session   // by refresh token, spent ones too
}

func newSessions(s *setting) *Sessions {
	return &Sessions{
		setting: s, open: make(map[*Session]struct{}), access: make(map[string]access), refresh: make(map[string]*Session),
	}
}

// Credentials is the answer of a sign-in and of a refresh (WIRE.md section 3.1).
type Credentials struct {
	TokenType    string   `json:"token_type"`
	AccessToken  string   `json:"access_token"`
	RefreshToken string   `json:"refresh_token,omitempty"`
	ExpiresIn    int      `json:"expires_in"`
	Scope        string   `json:"scope"`
	Sub          string   `json:"sub"`
	Groups       []string `json:"groups,omitempty"`
}

// Open begins a session, which Mint then gives its first access token.
func (s *Sessions) Open(n Session) *Session {
	if s.setting.SingleSession {
		for other := range s.open {
			if other.User == n.User {
				s.dropRefreshTokens(other)
			}
		}
	}
	n.Began = s.setting.Now()
	s.open[&n] = struct{}{}
	switch {
	case n.User.Anonymous && !s.setting.AnonymousRefresh:
	case n.Provider == CustomProvider && s.setting.NoCustomRefresh:
	default:
		s.newRefreshToken(&n)
	}
	return &n
}

// newRefreshToken gives a session a new refresh token; the former one is spent.
func (s *Sessions) newRefreshToken(n *Session) {
	now := s.setting.Now()
	if n.Refresh != "" {
		n.spent, n.replacedAt = append(n.spent, n.Refresh), now
	}
	n.Refresh = "m." + random.Text(48)
	n.RefreshExpires = now.Add(s.setting.RefreshLife)
	s.refresh[n.Refresh] = n
}

// dropRefreshTokens forgets every refresh token of a session, spent ones too.
func (s *Sessions) dropRefreshTokens(n *Session) {
	for _, token := range append(n.spent, n.Refresh) {
		delete(s.refresh, token)
	}
	n.Refresh, n.spent = "", nil
}

// Mint makes an access token for a session.
func (s *Sessions) Mint(n *Session) Credentials {
	claims := s.setting.newClaims(n.User.Sub, n.ClientID, n.Scope(), n.Provider, s.setting.Now().Unix())
	token := s.setting.signer.sign(claims)
	n.Expires = time.Unix(claims.Expires, 0)
	s.access[token] = access{n, n.Expires}
	return Credentials{
		TokenType:    "Bearer",
		AccessToken:  token,
		RefreshToken: n.Refresh,
		ExpiresIn:    int(claims.Expires - claims.IssuedAt),
		Scope:        n.Scope(),
		Sub:          n.User.Sub,
		Groups:       slices.Clone(n.User.Groups),
	}
}

// Spend spends a refresh token as the policy says, and returns its session; nil is a token that is no good.
func (s *Sessions) Spend(token string) *Session {
	n := s.refresh[token]
	now := s.setting.Now()
	switch {
	case n == nil || !now.Before(n.RefreshExpires):
		return nil
	case token == n.Refresh:
		if !s.setting.Refresh.Static {
			s.newRefreshToken(n)
		}
	case token == n.previous() && now.Sub(n.replacedAt) < s.setting.Refresh.Grace:
	default:
		if s.setting.Refresh.Revoking {
			s.End(n)
		}
		return nil
	}
	return n
}

// Of returns the session of an access token that is good now, or nil.
func (s *Sessions) Of(token string) *Session {
	held := s.access[token]
	if !s.setting.Now().Before(held.expires) {
		return nil
	}
	return s.OfExpired(token)
}

// OfExpired is Of for an access token that may have expired while its session goes on.
func (s *Sessions) OfExpired(token string) *Session {
	held := s.access[token]
	if held.session == nil || held.session.Ended {
		return nil
	}
	return held.session
}

// OfAny returns the session of an access or a refresh token, good or not, or nil.
func (s *Sessions) OfAny(token string) *Session {
	if held, ok := s.access[token]; ok {
		return held.session
	}
	return s.refresh[token]
}

// End makes every token of a session useless.
func (s *Sessions) End(n *Session) {
	n.Ended = true
	s.dropRefreshTokens(n)
	delete(s.open, n)
}

// EndAll ends those sessions that match, and says whether there were any.
func (s *Sessions) EndAll(match func(*Session) bool) (ended bool) {
	for n := range s.open {
		if match(n) {
			s.End(n)
			ended = true
		}
	}
	return ended
}

// OldestFirst returns the sessions that have not ended in the order of their beginning.
func (s *Sessions) OldestFirst() []*Session {
	all := make([]*Session, 0, len(s.open))
	for n := range s.open {
		all = append(all, n)
	}
	slices.SortFunc(all, func(a, b *Session) int {
		if c := a.Began.Compare(b.Began); c != 0 {
			return c
		}
		return strings.Compare(a.User.Sub, b.User.Sub)
	})
	return all
}
