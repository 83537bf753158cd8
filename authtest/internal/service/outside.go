package service

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// This file has what users, third parties and the console do outside of the auth API. All of it takes the lock, or needs none.

// CodePattern is what codes are made of.
var CodePattern = regexp.MustCompile(`^[0-9]{6}$`)

// Advance moves the clock forward. It does not take the lock.
func (s *Service) Advance(d time.Duration) error {
	defer s.Changed()
	return s.advance(d)
}

// Seed adds or replaces accounts, up to the first one that cannot be. It returns their subs.
func (s *Service) Seed(people []Person) (subs []string, err error) {
	s.Lock()
	defer s.Unlock()
	defer s.Changed()
	for _, in := range people {
		a, err := s.People.Seed(in)
		if err != nil {
			return subs, err
		}
		subs = append(subs, a.Sub)
	}
	return subs, nil
}

// AddUser adds an account, and replaces none.
func (s *Service) AddUser(in Person) error {
	s.Lock()
	defer s.Unlock()
	defer s.Changed()
	if other := s.People.BySub(in.Sub); other != nil {
		return &PersonError{"sub", PersonTaken, "is that of " + other.String() + " too"}
	}
	_, err := s.People.Seed(in)
	return err
}

// FixCode makes the code for an address this one, or a random one again for "".
func (s *Service) FixCode(to, code string) error {
	key := address.Key(to)
	switch {
	case key == "":
		return fmt.Errorf("%q is neither a phone number nor an email address", to)
	case code != "" && !CodePattern.MatchString(code):
		return errors.New("a code has six digits")
	}
	s.Lock()
	defer s.Unlock()
	s.Codes.fix(key, code)
	return nil
}

// ProviderCode makes a third party give a code for a user, who is known to it from then on.
func (s *Service) ProviderCode(person Identity) (string, error) {
	if !s.HasProvider(person.Provider) || person.Sub == "" {
		return "", fmt.Errorf("provider %q is not switched on, or the user has no Sub", person.Provider)
	}
	s.Lock()
	defer s.Unlock()
	s.Parties.Meet(person)
	return s.Parties.NewCode(person), nil
}

// ScanQRCode is a user who scans the code of qrcode/generate with a mini program.
func (s *Service) ScanQRCode(id string, person Identity) error {
	s.Lock()
	defer s.Unlock()
	return s.scan(id, person)
}

// ScanQRCodeAs is ScanQRCode by a user, who gets a name at the mini program's third party if there was none.
func (s *Service) ScanQRCodeAs(id, sub string) error {
	s.Lock()
	defer s.Unlock()
	a := s.People.BySub(sub)
	if a == nil {
		return &Missing{"user", sub}
	}
	person := Identity{Provider: MiniProgramProvider, Sub: a.Identities[MiniProgramProvider], Name: a.Name}
	bound := person.Sub != ""
	if !bound {
		person.Sub = random.Text(16)
	}
	if err := s.scan(id, person); err != nil {
		return err
	}
	if !bound {
		s.People.Bind(a, person)
	}
	return nil
}

// DenyQRCode makes a code expire that waits to be scanned.
func (s *Service) DenyQRCode(id string) error {
	s.Lock()
	defer s.Unlock()
	q := s.QRCodes.waiting(id)
	if q == nil {
		return &Missing{"waiting QR code", id}
	}
	q.Expires = s.Now()
	s.Changed()
	return nil
}

func (s *Service) scan(id string, person Identity) error {
	q := s.QRCodes.waiting(id)
	switch {
	case q == nil:
		return &Missing{"waiting QR code", id}
	case person.Sub == "" || !s.HasProvider(MiniProgramProvider):
		return errors.New("the user has no Sub, or the provider " + MiniProgramProvider + " is not switched on")
	}
	person.Provider = MiniProgramProvider
	q.Token, _ = s.Parties.NewToken(person)
	s.Changed()
	return nil
}

// ApproveDevice lets the device that shows a user code sign in as an account.
func (s *Service) ApproveDevice(userCode, sub string) error {
	return s.decideDevice(userCode, func(d *Device) error {
		a := s.People.BySub(sub)
		if a == nil {
			return &Missing{"user", sub}
		}
		d.Approved = a
		return nil
	})
}

// DenyDevice refuses the device that shows a user code.
func (s *Service) DenyDevice(userCode string) error {
	return s.decideDevice(userCode, func(d *Device) error {
		d.Denied = true
		return nil
	})
}

func (s *Service) decideDevice(userCode string, decide func(*Device) error) error {
	s.Lock()
	defer s.Unlock()
	d := s.Devices.Pending(userCode)
	if d == nil {
		return &Missing{"waiting device", userCode}
	}
	defer s.Changed()
	return decide(d)
}

// Missing is why nothing could be done: what was named is not there, or not any more.
type Missing struct{ What, ID string }

// Error says what is not there.
func (e *Missing) Error() string { return fmt.Sprintf("there is no %s %q", e.What, e.ID) }

// EditUser changes what is said of an account. change gets it without the password, and says whether the one that there is stays.
func (s *Service) EditUser(sub string, change func(*Person) (keepPassword bool, err error)) error {
	return s.withUser(sub, func(a *Account) error {
		in := a.Person
		in.Groups, in.Identities = slices.Clone(in.Groups), maps.Clone(in.Identities)
		keep, err := change(&in)
		if err != nil {
			return err
		}
		return s.People.Edit(a, in, keep)
	})
}

// DeleteUser deletes an account and everything that signs it in.
func (s *Service) DeleteUser(sub string) error {
	return s.withUser(sub, func(a *Account) error {
		s.Remove(a)
		return nil
	})
}

// SignOutUser ends every session of an account.
func (s *Service) SignOutUser(sub string) error {
	return s.withUser(sub, func(a *Account) error {
		s.Sessions.EndAll(a, Any)
		return nil
	})
}

func (s *Service) withUser(sub string, do func(*Account) error) error {
	s.Lock()
	defer s.Unlock()
	defer s.Changed()
	a := s.People.BySub(sub)
	if a == nil {
		return &Missing{"user", sub}
	}
	return do(a)
}

// EndSession ends the session with this ID.
func (s *Service) EndSession(id string) error {
	s.Lock()
	defer s.Unlock()
	defer s.Changed()
	n := s.Sessions.ByID(id)
	if n == nil {
		return &Missing{"session", id}
	}
	s.Sessions.End(n)
	return nil
}

// LiftFault lifts the fault with this ID, in force or used up.
func (s *Service) LiftFault(id int) error {
	s.Lock()
	defer s.Unlock()
	defer s.Changed()
	if !s.Faults.Lift(id) {
		return &Missing{"fault", strconv.Itoa(id)}
	}
	return nil
}

// ClearFaults ends every fault.
func (s *Service) ClearFaults() {
	s.Lock()
	defer s.Unlock()
	s.Faults.Clear()
	s.Changed()
}
