package service

import (
	"errors"
	"strings"
	"unicode"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
)

// Person is what is said of an account from outside: by a seed, and by the control API.
type Person struct {
	Sub        string            `json:"sub,omitempty"`
	Username   string            `json:"username,omitempty"`
	Password   string            `json:"password,omitempty"`
	Phone      string            `json:"phone_number,omitempty"`
	Email      string            `json:"email,omitempty"`
	Name       string            `json:"name,omitempty"`
	Picture    string            `json:"picture,omitempty"`
	Groups     []string          `json:"groups,omitempty"`
	Identities map[string]string `json:"identities,omitempty"` // ids at third parties, by the provider's id
	Blocked    bool              `json:"blocked,omitempty"`
	Pending    bool              `json:"pending,omitempty"`
}

// String returns the person's id without anything personal.
func (p Person) String() string { return "authtest.User(" + p.Sub + ")" }

// check refuses what no account can have.
func (p *Person) check() error {
	if !address.PhonePattern.MatchString(p.Phone) {
		return errors.New(`a user's Phone is not in the form "+86 13800000000"`)
	}
	if p.Username == "" && p.Phone == "" && p.Email == "" && len(p.Identities) == 0 {
		return errors.New("a user needs a Username, a Phone, an Email or an identity at a third party")
	}
	if address.IsPhone(p.Username) || strings.Contains(p.Username, "@") || strings.ContainsFunc(p.Username, unicode.IsControl) {
		return errors.New("a user's Username is a phone number, has an @, or cannot be typed")
	}
	if p.Email != "" && !address.IsEmail(p.Email) {
		return errors.New("a user's Email is no e-mail address")
	}
	for provider, sub := range p.Identities {
		if provider == "" || sub == "" {
			return errors.New("a user's identity has no provider or no id")
		}
	}
	return nil
}

// loginName is a kind of name, and the name. Each stands for one account at most.
type loginName struct{ kind, name string }

// The kinds of names. That of an identity goes on with the provider's id.
const (
	byUsername = "username"
	byPhone    = "phone"
	byEmail    = "email"
	byIdentity = "identity "
)

// loginNames are what an account is found by.
func (p *Person) loginNames() []loginName {
	names := make([]loginName, 0, 3+len(p.Identities))
	for kind, name := range map[string]string{byUsername: p.Username, byPhone: p.Phone, byEmail: address.EmailKey(p.Email)} {
		if name != "" {
			names = append(names, loginName{kind, name})
		}
	}
	for provider, sub := range p.Identities {
		if sub != "" {
			names = append(names, loginName{byIdentity + provider, sub})
		}
	}
	return names
}
