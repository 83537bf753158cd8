package authtest

import (
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
)

// User is an account for Seed. At least one of Username, Phone, Email and Identities is needed. Printing a User shows its Sub only.
type User struct {
	Sub      string // the user id; "" is a new one of 19 digits
	Username string
	Password string // "" is none: password login is refused with password_not_set
	Phone    string // in the server's form: "+86 13800000000"
	Email    string
	Name     string
	Picture  string
	Groups   []string // ids
	// Identities are the person's ids at third parties, by the provider's id; "custom" is that of custom login.
	Identities map[string]string
	Blocked    bool // sign-in is refused with user_blocked; sessions there are go on, and are refreshed
	Pending    bool // sign-in is refused with user_pending; likewise
}

// String returns the user's id without anything personal.
func (u User) String() string { return "authtest.User(" + u.Sub + ")" }

// GoString is String, for %#v.
func (u User) GoString() string { return u.String() }

// user is an account.
type user struct {
	User
	created     time.Time
	updated     time.Time
	passwordSet time.Time
	lastLogin   time.Time
	wrong       int       // wrong passwords in a row
	lockedUntil time.Time // no password login before
	anonymous   bool
	names       []loginName    // that the server finds it by
	profile     map[string]any // fields of user/me that User has not
	history     []event        // oldest first

	identityNames map[string]string // the person's names at third parties, by the provider's id
}

func (u *user) status() string {
	switch {
	case u.Blocked:
		return "BLOCKED"
	case u.Pending:
		return "PENDING"
	default:
		return "ACTIVE"
	}
}

// Seed adds accounts. One with the Sub of an account that exists replaces it and keeps its sessions, so that a person
// can be blocked in the middle of a test: they keep the session they have, and get no other. A username, phone number, e-mail address or identity that another account has, or one that
// is malformed, fails the test, or panics if the server was made by Listen; then none is added of this call's users from
// that one on.
func (s *Server) Seed(users ...User) {
	s.helper()
	if _, err := s.seedAll(users); err != nil {
		s.fatalf("Seed: %v", err)
	}
}

// seedAll returns the subs of the users that it has added.
func (s *Server) seedAll(users []User) (subs []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range users {
		if u.Sub == "" {
			u.Sub = randomSub()
		}
		if err := s.seed(u); err != nil {
			return subs, err
		}
		subs = append(subs, u.Sub)
	}
	return subs, nil
}

// seed adds or replaces one account. s.mu is held.
func (s *Server) seed(u User) error {
	if !phonePattern.MatchString(u.Phone) {
		return errors.New(`a user's Phone is not in the form "+86 13800000000"`)
	}
	if u.Username == "" && u.Phone == "" && u.Email == "" && len(u.Identities) == 0 {
		return errors.New("a user needs a Username, a Phone, an Email or an identity at a third party")
	}
	if phonePattern.MatchString(u.Username) && u.Username != "" || strings.Contains(u.Username, "@") ||
		strings.ContainsFunc(u.Username, unicode.IsControl) {
		return errors.New("a user's Username is a phone number, has an @, or cannot be typed")
	}
	if parsed, err := mail.ParseAddress(u.Email); u.Email != "" && (err != nil || parsed.Address != u.Email) {
		return errors.New("a user's Email is no e-mail address")
	}
	for provider, sub := range u.Identities {
		if provider == "" || sub == "" {
			return errors.New("a user's identity has no provider or no id")
		}
	}
	u.Groups, u.Identities = slices.Clone(u.Groups), maps.Clone(u.Identities)
	if u.Sub == "" {
		u.Sub = randomSub()
	}
	for _, name := range loginNames(&u) {
		if other := s.state.names[name]; other != nil && other.Sub != u.Sub {
			return fmt.Errorf("%v has the same Username, Phone, Email or identity as %v", u, other.User)
		}
	}
	if old := s.state.users[u.Sub]; old != nil {
		old.updated = s.Now()
		if u.Password != old.Password {
			old.passwordSet = old.updated
		}
		old.User, old.anonymous = u, false
		s.forgetDevice(old)
		s.index(old)
		return nil
	}
	s.addUser(u)
	return nil
}

// loginNames are what an account is found by: each stands for one account at most.
func loginNames(u *User) []loginName {
	names := make([]loginName, 0, 3+len(u.Identities))
	for kind, name := range map[string]string{byUsername: u.Username, byPhone: u.Phone, byEmail: emailKey(u.Email)} {
		if name != "" {
			names = append(names, loginName{kind, name})
		}
	}
	for provider, sub := range u.Identities {
		if sub != "" {
			names = append(names, loginName{byIdentity + provider, sub})
		}
	}
	return names
}

// loginName is a kind of name, and the name.
type loginName struct{ kind, name string }

// The kinds of names. That of an identity goes on with the provider's id.
const (
	byUsername = "username"
	byPhone    = "phone"
	byEmail    = "email"
	byIdentity = "identity "
)

// index makes an account found by the names that it has now, and by no others. Whatever changes a name calls it. s.mu is
// held.
func (s *Server) index(u *user) {
	s.unindex(u)
	u.names = loginNames(&u.User)
	for _, name := range u.names {
		s.state.names[name] = u
	}
}

func (s *Server) unindex(u *user) {
	for _, name := range u.names {
		delete(s.state.names, name)
	}
	u.names = nil
}

// addUser adds an account whose names are free. s.mu is held.
func (s *Server) addUser(u User) *user {
	now := s.Now()
	account := &user{User: u, created: now, updated: now}
	if u.Password != "" {
		account.passwordSet = now
	}
	s.state.users[u.Sub] = account
	s.index(account)
	return account
}

// userOf returns the account with this phone number or e-mail address, or nil.
func (s *Server) userOf(to contact) *user {
	if to.email != "" {
		return s.state.names[loginName{byEmail, to.email}]
	}
	return s.state.names[loginName{byPhone, to.phone}]
}

func (s *Server) userNamed(username string) *user {
	return s.state.names[loginName{byUsername, username}]
}

// userBound returns the account that a third party's person is bound to, or nil. s.mu is held.
func (s *Server) userBound(provider, sub string) *user {
	return s.state.names[loginName{byIdentity + provider, sub}]
}

// userByLogin returns the account that the username of a password login means: a name, an e-mail address or a phone
// number in the server's form.
func (s *Server) userByLogin(username string) *user {
	if u := s.userNamed(username); u != nil {
		return u
	}
	if strings.Contains(username, "@") {
		return s.userOf(contact{email: emailKey(username)})
	}
	return s.userOf(contact{phone: username})
}
