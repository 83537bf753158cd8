package service

import (
	"maps"
	"slices"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// Account is a user whom the service knows.
type Account struct {
	Person      // without the password
	password    *password
	Anonymous   bool
	Created     time.Time
	Updated     time.Time
	PasswordSet time.Time
	LastLogin   time.Time
	Wrong       int            // wrong passwords in a row
	LockedUntil time.Time      // no password login before
	Profile     map[string]any // fields of user/me that Person has not
	History     []Event        // oldest first

	IdentityNames map[string]string // the user's names at third parties, by the provider's id
	names         []loginName       // that the account is found by
}

// Status is the word of user/me.
func (a *Account) Status() string {
	switch {
	case a.Blocked:
		return "BLOCKED"
	case a.Pending:
		return "PENDING"
	default:
		return "ACTIVE"
	}
}

// CanSignIn says whether the account is neither blocked nor pending.
func (a *Account) CanSignIn() bool { return !a.Blocked && !a.Pending }

// SetProfile sets a field of the profile that Person has not.
func (a *Account) SetProfile(name string, value any) {
	if a.Profile == nil {
		a.Profile = make(map[string]any)
	}
	a.Profile[name] = value
}

// NameIdentity notes how a third party calls the user.
func (a *Account) NameIdentity(p Identity) {
	if a.IdentityNames == nil {
		a.IdentityNames = make(map[string]string)
	}
	a.IdentityNames[p.Provider] = p.Name
}

// Become makes the account that of a user. A password that is not the account's is set, and a lock ends.
func (a *Account) Become(in Person, now time.Time) {
	if !a.password.is(in.Password) {
		a.SetPassword(in.Password, now)
	}
	a.describe(in, now)
}

// describe is Become without the password. The name at a third party stays with the identity.
func (a *Account) describe(in Person, now time.Time) {
	in.Password = ""
	a.IdentityNames = maps.Clone(a.IdentityNames)
	maps.DeleteFunc(a.IdentityNames, func(provider, _ string) bool { return !in.hasIdentity(provider, a.Identities[provider]) })
	a.Person, a.Updated = in, now
}

// HasPassword says whether there is one.
func (a *Account) HasPassword() bool { return a.password != nil }

// IsPassword says whether a password is the account's.
func (a *Account) IsPassword(text string) bool { return a.HasPassword() && a.password.is(text) }

// SetPassword sets a password that is good, or none for ""; a lock ends.
func (a *Account) SetPassword(text string, now time.Time) {
	a.password, a.PasswordSet, a.Updated = newPassword(text), now, now
	a.Wrong, a.LockedUntil = 0, time.Time{}
}

// Event is one entry of an account's history.
type Event struct {
	ID        string    `json:"id"`
	Action    string    `json:"action"`
	IP        string    `json:"ip"`
	UserAgent string    `json:"user_agent"`
	ClientID  string    `json:"client_id"`
	Device    string    `json:"device_id"`
	At        time.Time `json:"created_at"`
}

// MaxHistory bounds what is kept of one account.
const MaxHistory = 1000

// Record adds to the history. The entry gets its id here.
func (a *Account) Record(e Event) {
	e.ID = random.ID()
	a.History = append(a.History, e)
	if extra := len(a.History) - MaxHistory; extra > 0 {
		a.History = slices.Clone(a.History[extra:])
	}
}

// Identity is a user at one third party.
type Identity struct {
	Provider string
	Sub      string // the third party's id of the user
	Name     string
	Picture  string
	Email    string
	Phone    string
}
