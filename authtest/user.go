package authtest

import "github.com/cloudbase-community/tcbauth/authtest/internal/service"

// User is an account for Seed. At least one of Username, Phone, Email and Identities is required. Printed, a User shows
// only its Sub.
type User struct {
	Sub      string // the user id; "" is a new one of 19 digits
	Username string
	Password string // "" is none: password login is refused with password_not_set
	Phone    string // in the server's form: "+86 13800000000"
	Email    string
	Name     string
	Picture  string
	Groups   []string // ids
	// Identities are the user's ids at third parties, by the provider's id. The provider "custom" is custom login.
	Identities map[string]string
	Blocked    bool // new sign-ins fail with user_blocked; existing sessions continue and can be refreshed
	Pending    bool // new sign-ins fail with user_pending; existing sessions continue
}

// String returns the user's id only.
func (u User) String() string { return "authtest.User(" + u.Sub + ")" }

// GoString is String, for %#v.
func (u User) GoString() string { return u.String() }

// Seed adds accounts. An account with the Sub of an existing one replaces it and keeps its sessions. So a test can block a
// user: the user keeps the existing session and gets no other. If a username, phone number, email address or identity
// belongs to another account, or is malformed, the test fails, or Seed panics if Listen made the server. Then neither this
// user nor the following ones of this call are added.
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
