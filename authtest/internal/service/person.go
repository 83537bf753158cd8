package service

import (
	"slices"
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

// String returns the user's id without anything personal.
func (p Person) String() string { return "authtest.User(" + p.Sub + ")" }

// Names are the names of the user, the most likely first and each once, or else the Sub.
func (p *Person) Names() (names []string) {
	for _, name := range []string{p.Name, p.Username, p.Phone, p.Email} {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return []string{p.Sub}
	}
	return names
}

// PersonError is why an account cannot be.
type PersonError struct {
	Field string // by its name in JSON; "" is the whole
	Why   string // one of the constants below
	Text  string
}

// Why an account cannot be.
const (
	PersonNameless  = "nameless"  // nothing signs it in
	PersonMalformed = "malformed" // a name that nobody can have
	PersonTaken     = "taken"     // another account has the name
)

// goNames are the fields as Go names them.
var goNames = map[string]string{
	"username": "Username", "phone_number": "Phone", "email": "Email", "identities": "Identities",
}

// Error names the field as Go does.
func (e *PersonError) Error() string {
	if e.Field == "" {
		return "a user needs a Username, a Phone, an Email or an identity at a third party"
	}
	return "a user's " + goNames[e.Field] + " " + e.Text
}

// JSON names the field as JSON does.
func (e *PersonError) JSON() string {
	if e.Field == "" {
		return "a user needs username, phone_number, email or identities"
	}
	return e.Field + " " + e.Text
}

// check refuses what no new account can be.
func (p *Person) check() *PersonError {
	if p.nameless() {
		return &PersonError{Why: PersonNameless}
	}
	return p.checkChange(&Person{})
}

// checkChange refuses what an account that is as has cannot become. What stays is good: the user may have got it by other rules.
func (p *Person) checkChange(has *Person) *PersonError {
	if p.nameless() && !has.nameless() {
		return &PersonError{Why: PersonNameless}
	}
	if p.Phone != has.Phone && !address.PhonePattern.MatchString(p.Phone) {
		return &PersonError{"phone_number", PersonMalformed, `is not in the form "+86 13800000000"`}
	}
	if p.Username != has.Username && !canBeUsername(p.Username) {
		return &PersonError{"username", PersonMalformed, "is a phone number, has an @, or cannot be typed"}
	}
	if p.Email != has.Email && p.Email != "" && !address.IsEmail(p.Email) {
		return &PersonError{"email", PersonMalformed, "is no email address"}
	}
	for provider, sub := range p.Identities {
		if (provider == "" || sub == "") && !has.hasIdentity(provider, sub) {
			return &PersonError{"identities", PersonMalformed, "has an entry without a provider or without an id"}
		}
	}
	return nil
}

func canBeUsername(name string) bool {
	return !address.IsPhone(name) && !strings.Contains(name, "@") && !strings.ContainsFunc(name, unicode.IsControl)
}

func (p *Person) hasIdentity(provider, sub string) bool {
	has, ok := p.Identities[provider]
	return ok && has == sub
}

// nameless says whether nothing signs the user in.
func (p *Person) nameless() bool {
	return p.Username == "" && p.Phone == "" && p.Email == "" && len(p.Identities) == 0
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

// field is the JSON name of the field that has the name.
func (n loginName) field() string {
	switch n.kind {
	case byUsername:
		return "username"
	case byPhone:
		return "phone_number"
	case byEmail:
		return "email"
	default:
		return "identities"
	}
}

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
