package service

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
)

// This file has what people, third parties and the console do outside of the auth API. All of it takes the lock.

// CodePattern is what codes are made of.
var CodePattern = regexp.MustCompile(`^[0-9]{6}$`)

// Seed adds or replaces accounts, up to the first one that cannot be. It returns their subs.
func (s *Service) Seed(people []Person) (subs []string, err error) {
	s.Lock()
	defer s.Unlock()
	for _, in := range people {
		a, err := s.People.Seed(in)
		if err != nil {
			return subs, err
		}
		subs = append(subs, a.Sub)
	}
	return subs, nil
}

// FixCode makes the code for an address this one, or a random one again for "".
func (s *Service) FixCode(to, code string) error {
	key := address.Key(to)
	switch {
	case key == "":
		return fmt.Errorf("%q is neither a phone number nor an e-mail address", to)
	case code != "" && !CodePattern.MatchString(code):
		return errors.New("a code has six digits")
	}
	s.Lock()
	defer s.Unlock()
	s.Codes.fix(key, code)
	return nil
}

// ProviderCode makes a third party give a code for a person, who is known to it from then on.
func (s *Service) ProviderCode(person Identity) (string, error) {
	if !s.HasProvider(person.Provider) || person.Sub == "" {
		return "", fmt.Errorf("provider %q is not switched on, or the person has no Sub", person.Provider)
	}
	s.Lock()
	defer s.Unlock()
	s.Parties.Meet(person)
	return s.Parties.NewCode(person), nil
}

// ScanQRCode is a person who scans the code of qrcode/generate with a mini program.
func (s *Service) ScanQRCode(id string, person Identity) error {
	s.Lock()
	defer s.Unlock()
	q := s.QRCodes.ByID(id)
	switch {
	case q == nil || q.Token != "" || !s.Now().Before(q.Expires):
		return errors.New("no code with this id waits to be scanned")
	case person.Sub == "" || !s.HasProvider(MiniProgramProvider):
		return errors.New("the person has no Sub, or the provider " + MiniProgramProvider + " is not switched on")
	}
	person.Provider = MiniProgramProvider
	q.Token, _ = s.Parties.NewToken(person)
	return nil
}

// ApproveDevice lets the device that shows a user code sign in as an account.
func (s *Service) ApproveDevice(userCode, sub string) error {
	return s.decideDevice(userCode, func(d *Device) error {
		a := s.People.BySub(sub)
		if a == nil {
			return fmt.Errorf("no user with the Sub %q", sub)
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
		return fmt.Errorf("no device waits with the code %q", userCode)
	}
	return decide(d)
}
