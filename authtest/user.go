package authtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// User is an account for Seed. At least one of Username, Phone and Email is needed. Printing a User shows its Sub only.
type User struct {
	Sub      string // the user id; "" is a new one of 19 digits
	Username string
	Password string // "" is none: password login is refused with password_not_set
	Phone    string // in the server's form: "+86 13800000000"
	Email    string
	Name     string
	Picture  string
	Groups   []string // ids
	Blocked  bool     // sign-in is refused with user_blocked
	Pending  bool     // sign-in is refused with user_pending
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
// can be blocked in the middle of a test. A username, phone number or e-mail address that another account has, or that
// is malformed, fails the test, or panics if the server was made by Listen; then none is added of this call's users from
// that one on.
func (s *Server) Seed(users ...User) {
	s.helper()
	for _, u := range users {
		if err := s.seed(u); err != nil {
			s.fatalf("Seed: %v", err)
			return
		}
	}
}

func (s *Server) seed(u User) error {
	if !phonePattern.MatchString(u.Phone) {
		return errors.New(`a user's Phone is not in the form "+86 13800000000"`)
	}
	if u.Username == "" && u.Phone == "" && u.Email == "" {
		return errors.New("a user needs a Username, a Phone or an Email")
	}
	u.Groups = slices.Clone(u.Groups)
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.Sub == "" {
		u.Sub = randomSub()
	}
	for _, other := range s.state.users {
		if other.Sub != u.Sub && shareLogin(&other.User, &u) {
			return fmt.Errorf("%v has the same Username, Phone or Email as %v", u, other.User)
		}
	}
	if old := s.state.users[u.Sub]; old != nil {
		old.updated = s.Now()
		if u.Password != old.Password {
			old.passwordSet = old.updated
		}
		old.User = u
		return nil
	}
	s.addUser(u)
	return nil
}

func shareLogin(a, b *User) bool {
	return a.Username != "" && a.Username == b.Username ||
		a.Phone != "" && a.Phone == b.Phone ||
		a.Email != "" && emailKey(a.Email) == emailKey(b.Email)
}

// addUser adds an account whose names are free. s.mu is held.
func (s *Server) addUser(u User) *user {
	now := s.Now()
	account := &user{User: u, created: now, updated: now}
	if u.Password != "" {
		account.passwordSet = now
	}
	s.state.users[u.Sub] = account
	return account
}

func (s *Server) findUser(match func(*user) bool) *user {
	for _, u := range s.state.users {
		if match(u) {
			return u
		}
	}
	return nil
}

// userOf returns the account with this phone number or e-mail address, or nil.
func (s *Server) userOf(to contact) *user {
	return s.findUser(func(u *user) bool {
		return to.phone != "" && u.Phone == to.phone || to.email != "" && emailKey(u.Email) == to.email
	})
}

func (s *Server) userNamed(username string) *user {
	return s.findUser(func(u *user) bool { return username != "" && u.Username == username })
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

// getMe is GET user/me (WIRE.md section 7.1).
func getMe(_ *Server, c *call) (any, *Error) {
	u := c.session.user
	groups := make([]map[string]string, 0, len(u.Groups))
	for _, id := range u.Groups {
		groups = append(groups, map[string]string{"id": id})
	}
	profile := map[string]any{
		"sub":          u.Sub,
		"user_id":      u.Sub,
		"status":       u.status(),
		"type":         "external",
		"has_password": u.Password != "",
		"groups":       groups,
		"providers":    []any{},
		"meta":         map[string]any{},
	}
	for name, value := range map[string]string{
		"username": u.Username, "name": u.Name, "picture": u.Picture, "phone_number": u.Phone, "email": u.Email,
	} {
		if value != "" {
			profile[name] = value
		}
	}
	for name, value := range map[string]time.Time{
		"created_at": u.created, "updated_at": u.updated, "password_updated_at": u.passwordSet, "last_login": u.lastLogin,
	} {
		if !value.IsZero() {
			profile[name] = value.UTC().Format(time.RFC3339)
		}
	}
	return profile, nil
}
