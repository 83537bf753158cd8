package service

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
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
	Provider string // how the user signed in: the claim provider_type
	Device   string // the x-device-id of the sign-in, "" if there was none
	Began    time.Time
	Expires  time.Time // of the newest access token
	Ended    bool      // nothing of it is good any more

	id             sessionID
	number         int  // counts the sign-ins, since several can be at one time
	refreshes      int  // refresh tokens that were spent
	refreshEnded   bool // there is no refresh token, or another sign-in has ended it
	refreshExpires time.Time
	replacedAt     time.Time // when the last one was spent
	newest         tokenKey  // of the newest access token
}

// Scope is that of the session's tokens.
func (n *Session) Scope() string {
	if n.User.Anonymous {
		return scopeAnonymous
	}
	return scopeUser
}

// ID names the session, and is good for nothing else.
func (n *Session) ID() string { return hex.EncodeToString(n.id[:]) }

// Refreshes is how many refresh tokens were spent.
func (n *Session) Refreshes() int { return n.refreshes }

// RefreshExpires is when the refresh token expires; zero is that there is none.
func (n *Session) RefreshExpires() time.Time {
	if n.refreshEnded {
		return time.Time{}
	}
	return n.refreshExpires
}

// over says whether nothing of the session is good any more, nor can be again.
func (n *Session) over(now time.Time) bool {
	return !now.Before(n.Expires) && (n.refreshEnded || !now.Before(n.refreshExpires))
}

// tokenKey stands for an access token, which is long.
type tokenKey [sha256.Size]byte

func keyOf(token string) tokenKey { return sha256.Sum256([]byte(token)) }

// access is one access token.
type access struct {
	session *Session
	expires time.Time
}

// Sessions are the sessions and their tokens.
type Sessions struct {
	setting *setting
	open    map[sessionID]*Session // that have not ended
	byUser  map[*Account]map[*Session]struct{}
	access  map[tokenKey]access

	begun       int                    // sessions so far
	outnumbered map[sessionID]struct{} // whose refresh token a later sign-in has ended
	newestEnded recent[sessionID]      // of outnumbered
}

// maxOutnumbered is how many sessions are remembered that later sign-ins have ended.
const maxOutnumbered = 10_000

func newSessions(s *setting) *Sessions {
	n := &Sessions{
		setting: s, open: make(map[sessionID]*Session), byUser: make(map[*Account]map[*Session]struct{}),
		access: make(map[tokenKey]access), outnumbered: make(map[sessionID]struct{}),
	}
	n.newestEnded = recent[sessionID]{
		maxNumber: maxOutnumbered, maxSize: maxOutnumbered, sizeOf: func(sessionID) int { return 1 },
		dropped: func(id sessionID) { delete(n.outnumbered, id) },
	}
	return n
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
	n.refreshEnded = n.User.Anonymous && !s.setting.AnonymousRefresh || n.Provider == CustomProvider && s.setting.NoCustomRefresh
	if !n.refreshEnded {
		s.makeRoom(n.User)
	}
	n.id = sessionID(random.Bytes(len(n.id)))
	n.Began = s.setting.Now()
	n.Expires = n.Began.Add(s.setting.AccessLifetime) // until Mint knows better
	n.refreshExpires = n.Began.Add(s.setting.RefreshLifetime)
	s.add(&n)
	return &n
}

// makeRoom ends the refresh tokens of the user's oldest sessions, so that one more may have one.
func (s *Sessions) makeRoom(a *Account) {
	if s.setting.MaxSessions == 0 {
		return
	}
	now := s.setting.Now()
	var refreshable []*Session
	for n := range s.byUser[a] {
		if !n.refreshEnded && now.Before(n.refreshExpires) {
			refreshable = append(refreshable, n)
		}
	}
	slices.SortFunc(refreshable, byAge)
	for _, n := range refreshable[:max(0, len(refreshable)-s.setting.MaxSessions+1)] {
		n.refreshEnded = true
		s.outnumbered[n.id] = struct{}{}
		s.newestEnded.add(n.id)
	}
}

// EndedBy is the rule by which a later sign-in has ended a refresh token, or "". The newest are remembered only.
func (s *Sessions) EndedBy(token string) (rule string) {
	id, _, ok := s.setting.refresh.read(token)
	if _, outnumbered := s.outnumbered[id]; ok && outnumbered {
		return "max_sessions"
	}
	return ""
}

func (s *Sessions) add(n *Session) {
	s.begun++
	n.number = s.begun
	s.open[n.id] = n
	if s.byUser[n.User] == nil {
		s.byUser[n.User] = make(map[*Session]struct{})
	}
	s.byUser[n.User][n] = struct{}{}
}

// Mint makes an access token for a session.
func (s *Sessions) Mint(n *Session) Pending {
	claims := s.setting.newClaims(n.User.Sub, n.ClientID, n.Scope(), n.Provider, s.setting.Now().Unix())
	answer := Credentials{
		TokenType: "Bearer",
		ExpiresIn: int(claims.Expires - claims.IssuedAt),
		Scope:     n.Scope(),
		Sub:       n.User.Sub,
		Groups:    slices.Clone(n.User.Groups),
	}
	if !n.refreshEnded {
		answer.RefreshToken = s.setting.refresh.token(n.id, n.refreshes)
	}
	n.Expires = time.Unix(claims.Expires, 0)
	return Pending{s.setting.signer.newest(), claims, func(token string) any {
		answer.AccessToken = token
		s.keep(n, token, time.Unix(claims.Expires, 0))
		return answer
	}}
}

// keep makes an access token good.
func (s *Sessions) keep(n *Session, token string, expires time.Time) {
	if n.Ended {
		return // while the token was signed
	}
	n.newest = keyOf(token)
	s.access[n.newest] = access{n, expires}
}

// Spend spends a refresh token as the policy says, and returns its session; nil is a token that is no good.
func (s *Sessions) Spend(token string) *Session {
	n, generation := s.ofRefresh(token)
	now := s.setting.Now()
	switch {
	case n == nil || n.refreshEnded || !now.Before(n.refreshExpires):
		return nil
	case generation == n.refreshes:
		if !s.setting.Refresh.Static {
			n.refreshes++
			n.refreshExpires, n.replacedAt = now.Add(s.setting.RefreshLifetime), now
		}
	case generation == n.refreshes-1 && now.Sub(n.replacedAt) < s.setting.Refresh.Grace:
	default:
		if s.setting.Refresh.Revoking {
			s.End(n)
		}
		return nil
	}
	return n
}

// ofRefresh returns the session of a refresh token, good or not, and which of its tokens it is.
func (s *Sessions) ofRefresh(token string) (n *Session, generation int) {
	id, generation, ok := s.setting.refresh.read(token)
	if n = s.open[id]; !ok || n == nil {
		return nil, 0
	}
	return n, generation
}

// Of returns the session of an access token that is good now, or nil.
func (s *Sessions) Of(token string) *Session {
	held := s.access[keyOf(token)]
	if !s.setting.Now().Before(held.expires) {
		return nil
	}
	return s.OfExpired(token)
}

// OfExpired is Of for an access token that may have expired while its session goes on.
func (s *Sessions) OfExpired(token string) *Session {
	held := s.access[keyOf(token)]
	if held.session == nil || held.session.Ended {
		return nil
	}
	return held.session
}

// OfAny returns the session of an access or a refresh token, good or not, or nil.
func (s *Sessions) OfAny(token string) *Session {
	if held, ok := s.access[keyOf(token)]; ok {
		return held.session
	}
	n, _ := s.ofRefresh(token)
	return n
}

// End makes every token of a session useless.
func (s *Sessions) End(n *Session) {
	n.Ended, n.refreshEnded = true, true
	delete(s.open, n.id)
	delete(s.access, n.newest) // older ones go when they expire
	delete(s.byUser[n.User], n)
	if len(s.byUser[n.User]) == 0 {
		delete(s.byUser, n.User)
	}
}

// ByID returns the session with this ID that has not ended, or nil.
func (s *Sessions) ByID(id string) *Session {
	raw, err := hex.DecodeString(id)
	if err != nil || len(raw) != len(sessionID{}) {
		return nil
	}
	return s.open[sessionID(raw)]
}

// EndAll ends those sessions of an account that match, and says whether there were any.
func (s *Sessions) EndAll(a *Account, match func(*Session) bool) (ended bool) {
	for n := range s.byUser[a] {
		if match(n) {
			s.End(n)
			ended = true
		}
	}
	return ended
}

// Any matches every session.
func Any(*Session) bool { return true }

// Count is how many there are that have not ended.
func (s *Sessions) Count() int { return len(s.open) }

// CountOf is how many of them an account has.
func (s *Sessions) CountOf(a *Account) int { return len(s.byUser[a]) }

// Newest returns at most so many of those that match, the newest first, and how many match.
func (s *Sessions) Newest(limit int, match func(*Session) bool) (found []*Session, all int) {
	return newest(maps.Values(s.open), limit, match, byAge)
}

// Has says whether an account has a session.
func (s *Sessions) Has(a *Account) bool { return len(s.byUser[a]) > 0 }

// tidy drops the sessions that are over. An expired access token stays while it is the newest one of a session that goes on,
// which user/signout ends by it.
func (s *Sessions) tidy(now time.Time) {
	for _, n := range s.open {
		if n.over(now) {
			s.End(n)
		}
	}
	maps.DeleteFunc(s.access, func(key tokenKey, held access) bool {
		return held.session.Ended || key != held.session.newest && !now.Before(held.expires)
	})
}

// OldestFirst returns the sessions that have not ended in the order of their beginning.
func (s *Sessions) OldestFirst() []*Session {
	all := slices.Collect(maps.Values(s.open))
	slices.SortFunc(all, byAge)
	return all
}

// byAge puts the older of two sessions first.
func byAge(a, b *Session) int {
	return cmp.Or(a.Began.Compare(b.Began), cmp.Compare(a.number, b.number))
}
