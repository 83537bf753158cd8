package authtest

import "github.com/cloudbase-community/tcbauth/authtest/internal/service"

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

// Seed adds accounts. One with the Sub of an account that exists replaces it and keeps its sessions, so that a person can be
// blocked in the middle of a test: they keep the session they have, and get no other. A username, phone number, e-mail address or
// identity that another account has, or one that is malformed, fails the test, or panics if the server was made by Listen; then
// none is added of this call's users from that one on.
func (s *Server) Seed(users ...User) {
	s.helper()
	people := make([]service.Person, len(users))
	for i, u := range users {
		people[i] = service.Person(u)
	}
	if _, err := s.service.Seed(people); err != nil {
		s.fatalf("Seed: %v", err)
	}
}
