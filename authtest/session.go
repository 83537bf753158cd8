package authtest

import (
	"slices"
	"time"
)

// The scopes of tokens (WIRE.md section 3.1).
const (
	scopeUser      = "user sso"
	scopeAnonymous = "anonymous"
)

// session is what one sign-in began.
type session struct {
	user     *user
	clientID string
	provider string // how the person signed in: the claim provider_type
	device   string // the x-device-id of the sign-in, "" if there was none
	began    time.Time
	expires  time.Time // of the newest access token
	revoked  bool      // nothing of it is good any more

	refresh        string // the current refresh token, "" if there is none or another sign-in has ended it
	refreshExpires time.Time
	spent          []string // the refresh tokens that were replaced, oldest first
	replacedAt     time.Time
}

// previous is the refresh token that the current one replaced.
func (n *session) previous() string {
	if len(n.spent) == 0 {
		return ""
	}
	return n.spent[len(n.spent)-1]
}

// access is one access token.
type access struct {
	session *session
	expires time.Time
}

func (a *access) expired(now time.Time) bool { return !now.Before(a.expires) }

// credentials is the answer of a sign-in and of a refresh (WIRE.md section 3.1).
type credentials struct {
	TokenType    string   `json:"token_type"`
	AccessToken  string   `json:"access_token"`
	RefreshToken string   `json:"refresh_token,omitempty"`
	ExpiresIn    int      `json:"expires_in"`
	Scope        string   `json:"scope"`
	Sub          string   `json:"sub"`
	Groups       []string `json:"groups,omitempty"`
}

// claims are those of an access token, by name and type those of live ones (WIRE.md section 6.3).
type claims struct {
	Issuer       string            `json:"iss"`
	Subject      string            `json:"sub"`
	Audience     string            `json:"aud"`
	Expires      int64             `json:"exp"`
	IssuedAt     int64             `json:"iat"`
	AtHash       string            `json:"at_hash"` // random, so that no two tokens are the same
	Scope        string            `json:"scope"`
	ProjectID    string            `json:"project_id"`
	ProviderType string            `json:"provider_type"`
	Meta         map[string]string `json:"meta"`
	UserID       string            `json:"user_id"`
	UserType     string            `json:"user_type"`
}

// openSession signs a person in. s.mu is held.
func (s *Server) openSession(c *call, u *user, provider string) (any, *Error) {
	switch {
	case u.Blocked:
		return nil, &Error{Word: "user_blocked", Description: "user is blocked"}
	case u.Pending:
		return nil, &Error{Word: "user_pending", Description: "user is not activated"}
	}
	if s.cfg.singleSession {
		for other := range s.state.sessions {
			if other.user == u {
				s.dropRefreshTokens(other)
			}
		}
	}
	u.lastLogin = s.Now()
	n := &session{user: u, clientID: c.clientID, provider: provider, device: c.deviceID(), began: u.lastLogin}
	s.state.sessions[n] = struct{}{}
	switch {
	case u.anonymous && !s.cfg.anonymousRefresh:
	case provider == customProvider && s.cfg.noCustomRefresh:
	default:
		s.newRefreshToken(n)
	}
	s.record(c, u, actionLogin)
	return s.mint(n), nil
}

// scope is that of a session's tokens.
func (n *session) scope() string {
	if n.user.anonymous {
		return scopeAnonymous
	}
	return scopeUser
}

// newRefreshToken gives a session a new refresh token; the former one is spent. s.mu is held.
func (s *Server) newRefreshToken(n *session) {
	now := s.Now()
	if n.refresh != "" {
		n.spent, n.replacedAt = append(n.spent, n.refresh), now
	}
	n.refresh = "m." + randomText(48)
	n.refreshExpires = now.Add(s.cfg.refreshLife)
	s.state.refresh[n.refresh] = n
}

// dropRefreshTokens makes the server forget every refresh token of a session, spent ones too. s.mu is held.
func (s *Server) dropRefreshTokens(n *session) {
	for _, token := range append(n.spent, n.refresh) {
		delete(s.state.refresh, token)
	}
	n.refresh, n.spent = "", nil
}

// mint makes an access token for a session and answers with it. s.mu is held.
func (s *Server) mint(n *session) credentials {
	claims := s.newClaims(n.user.Sub, n.clientID, n.scope(), n.provider, s.Now().Unix())
	token := s.sign(claims)
	n.expires = time.Unix(claims.Expires, 0)
	s.state.access[token] = &access{session: n, expires: n.expires}
	return credentials{
		TokenType:    "Bearer",
		AccessToken:  token,
		RefreshToken: n.refresh,
		ExpiresIn:    int(claims.Expires - claims.IssuedAt),
		Scope:        n.scope(),
		Sub:          n.user.Sub,
		Groups:       slices.Clone(n.user.Groups),
	}
}

// newClaims are those of an access token of this environment.
func (s *Server) newClaims(sub, audience, scope, provider string, issued int64) claims {
	return claims{
		Issuer:       s.URL,
		Subject:      sub,
		Audience:     audience,
		Expires:      issued + int64(s.cfg.accessLife/time.Second),
		IssuedAt:     issued,
		AtHash:       "r." + randomText(16),
		Scope:        scope,
		ProjectID:    s.Env,
		ProviderType: provider,
		Meta:         map[string]string{"wxOpenId": "", "wxUnionId": ""},
		UserID:       sub,
		UserType:     "external",
	}
}

// endSession makes every token of a session useless. s.mu is held.
func (s *Server) endSession(n *session) {
	n.revoked = true
	s.dropRefreshTokens(n)
	delete(s.state.sessions, n)
}

// endSessions ends those sessions that match. s.mu is held.
func (s *Server) endSessions(match func(*session) bool) {
	for n := range s.state.sessions {
		if match(n) {
			s.endSession(n)
		}
	}
}

// sessionOf returns the session of an access token that is good now, or nil. s.mu is held.
func (s *Server) sessionOf(token string) *session {
	held := s.state.access[token]
	if held == nil || held.session.revoked || held.expired(s.Now()) {
		return nil
	}
	return held.session
}
