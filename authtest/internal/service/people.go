package service

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// People are the accounts.
type People struct {
	setting  *setting
	bySub    map[string]*Account
	byName   map[loginName]*Account
	byDevice map[string]*Account // anonymous ones, by x-device-id
}

func newPeople(s *setting) *People {
	return &People{
		setting: s, bySub: make(map[string]*Account), byName: make(map[loginName]*Account), byDevice: make(map[string]*Account),
	}
}

// Seed adds an account, or replaces the one with its Sub.
func (p *People) Seed(in Person) (*Account, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	in.Groups, in.Identities = slices.Clone(in.Groups), maps.Clone(in.Identities)
	if in.Sub == "" {
		in.Sub = random.Sub()
	}
	if err := p.free(&in); err != nil {
		return nil, err
	}
	old := p.bySub[in.Sub]
	if old == nil {
		return p.Add(in), nil
	}
	old.Become(in, p.setting.Now())
	p.Index(old)
	return old, nil
}

// free refuses names that another account has.
func (p *People) free(in *Person) error {
	for _, name := range in.loginNames() {
		if other := p.byName[name]; other != nil && other.Sub != in.Sub {
			return &PersonError{name.field(), PersonTaken, "is that of " + other.String() + " too"}
		}
	}
	return nil
}

// Edit changes what is said of an account, but for its Sub. Only what changes is checked. An anonymous user who gets a name is none
// any more.
func (p *People) Edit(a *Account, in Person, keepPassword bool) error {
	in.Sub = a.Sub
	if err := in.checkChange(&a.Person); err != nil {
		return err
	}
	if err := p.free(&in); err != nil {
		return err
	}
	if keepPassword {
		a.describe(in, p.setting.Now())
	} else {
		a.Become(in, p.setting.Now())
	}
	p.Index(a)
	return nil
}

// Add adds an account whose names are free.
func (p *People) Add(in Person) *Account {
	now := p.setting.Now()
	a := &Account{Created: now}
	a.Become(in, now)
	p.bySub[in.Sub] = a
	p.Index(a)
	return a
}

// put adds an account of a state. It can be one that no seed may have, since the user may have changed or lost every name.
func (p *People) put(a *Account, device string) error {
	for _, name := range a.loginNames() {
		if p.byName[name] != nil {
			return fmt.Errorf("two users of the state have the same %s", name.field())
		}
	}
	if a.Sub == "" || p.bySub[a.Sub] != nil {
		return fmt.Errorf("two users of the state have the sub %q, or it is none", a.Sub)
	}
	p.bySub[a.Sub] = a
	if device != "" {
		p.byDevice[device] = a
	}
	p.Index(a)
	return nil
}

// clone returns users whose changes do not change these.
func (p *People) clone() *People {
	other := newPeople(p.setting)
	for sub, a := range p.bySub {
		copied := *a
		copied.names = nil
		other.bySub[sub] = &copied
		other.Index(&copied)
	}
	return other
}

// Remove deletes an account.
func (p *People) Remove(a *Account) {
	p.forgetDevice(a)
	p.unindex(a)
	delete(p.bySub, a.Sub)
}

// Index makes an account found by the names that it has now, and by no others. An anonymous user who has a name is none any more,
// and the next anonymous user of the device is a new one. Whatever changes a name calls it.
func (p *People) Index(a *Account) {
	p.unindex(a)
	a.names = a.loginNames()
	for _, name := range a.names {
		p.byName[name] = a
	}
	if a.Anonymous && len(a.names) > 0 {
		a.Anonymous = false
		if a.Name == anonymousName {
			a.Name = ""
		}
		p.forgetDevice(a)
	}
}

func (p *People) unindex(a *Account) {
	for _, name := range a.names {
		delete(p.byName, name)
	}
	a.names = nil
}

// Bind binds a third party's user to an account.
func (p *People) Bind(a *Account, person Identity) {
	a.Identities = maps.Clone(a.Identities)
	if a.Identities == nil {
		a.Identities = make(map[string]string)
	}
	a.Identities[person.Provider] = person.Sub
	a.NameIdentity(person)
	p.Index(a)
}

// Unbind undoes Bind.
func (p *People) Unbind(a *Account, provider string) {
	a.Identities = maps.Clone(a.Identities)
	delete(a.Identities, provider)
	delete(a.IdentityNames, provider)
	p.Index(a)
}

// BySub returns the account with this id, or nil.
func (p *People) BySub(sub string) *Account { return p.bySub[sub] }

// Of returns the account with this phone number or email address, or nil.
func (p *People) Of(to address.Contact) *Account {
	if to.Email != "" {
		return p.byName[loginName{byEmail, to.Email}]
	}
	return p.byName[loginName{byPhone, to.Phone}]
}

// Named returns the account with this username, or nil.
func (p *People) Named(username string) *Account { return p.byName[loginName{byUsername, username}] }

// Bound returns the account that a third party's user is bound to, or nil.
func (p *People) Bound(provider, sub string) *Account {
	return p.byName[loginName{byIdentity + provider, sub}]
}

// ByLogin returns the account that the username of a password login means: a name, an email address or a phone number in
// the server's form.
func (p *People) ByLogin(username string) *Account {
	if a := p.Named(username); a != nil {
		return a
	}
	if strings.Contains(username, "@") {
		return p.Of(address.Contact{Email: address.EmailKey(username)})
	}
	return p.Of(address.Contact{Phone: username})
}

// Find returns the account that a user's text names: its Sub, or what ByLogin takes, with a phone number written as users write it.
// It is nil if there is none.
func (p *People) Find(text string) *Account {
	text = strings.TrimSpace(text)
	if a := cmp.Or(p.BySub(text), p.ByLogin(text)); a != nil {
		return a
	}
	key := address.Key(text)
	for i := 2; i <= min(5, len(key)); i++ { // where the country's code may end
		if a := p.Of(address.Contact{Phone: key[:i] + " " + key[i:]}); a != nil {
			return a
		}
	}
	return nil
}

// anonymousName is the name of anonymous users, by which the js-sdk knows them (is_anonymous of its user object).
const anonymousName = "anonymous"

// Anonymous returns the anonymous user of a device, a new one if there was none.
func (p *People) Anonymous(device string) *Account {
	a := p.byDevice[device]
	if a == nil {
		a = p.Add(Person{Sub: random.Text(16), Name: anonymousName})
		a.Anonymous = true
		p.byDevice[device] = a
	}
	return a
}

// maxIdle bounds how many anonymous users without a session are remembered.
const maxIdle = 1000

// tidy forgets the anonymous users whom nobody has been for the longest time, and returns them.
func (p *People) tidy(hasSession func(*Account) bool) (forgotten []*Account) {
	if len(p.byDevice) <= maxIdle {
		return nil
	}
	var idle []*Account
	for _, a := range p.byDevice {
		if !hasSession(a) {
			idle = append(idle, a)
		}
	}
	if len(idle) <= maxIdle {
		return nil
	}
	slices.SortFunc(idle, func(a, b *Account) int { return a.LastLogin.Compare(b.LastLogin) })
	forgotten = idle[:len(idle)-maxIdle]
	for _, a := range forgotten {
		p.unindex(a)
		delete(p.bySub, a.Sub)
	}
	maps.DeleteFunc(p.byDevice, func(_ string, a *Account) bool { return p.bySub[a.Sub] != a })
	return forgotten
}

// forgetDevice makes the next anonymous user of an account's device a new user.
func (p *People) forgetDevice(a *Account) {
	for device, other := range p.byDevice {
		if other == a {
			delete(p.byDevice, device)
		}
	}
}

// OldestFirst returns the accounts in the order of their making.
func (p *People) OldestFirst() []*Account {
	all := slices.Collect(maps.Values(p.bySub))
	slices.SortFunc(all, compareAccounts)
	return all
}

func compareAccounts(a, b *Account) int {
	return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.Sub, b.Sub))
}

// Newest returns at most so many of the accounts that match, the newest first, and how many match.
func (p *People) Newest(limit int, match func(*Account) bool) (found []*Account, all int) {
	return newest(maps.Values(p.bySub), limit, match, compareAccounts)
}
