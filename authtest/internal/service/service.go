// Package service is one emulated environment: its rules, its clock, and the records of users, sessions, codes and all else
// that it knows. It has no server and no operation: package ops carries calls out on it.
//
// The records are read and changed with the Service locked, one step at a time. What is safe without the lock says so.
package service

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/keys"
	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// Service is one environment. Its lock holds the records together.
type Service struct {
	*setting
	sync.Mutex
	records

	started Rules // those of the start
}

// records are all that Reset forgets.
type records struct {
	People   *People
	Sessions *Sessions
	Codes    *Codes
	Inbox    *Inbox
	Captchas *Captchas
	Sudos    *Sudos
	Devices  *Devices
	Grants   *Grants
	Parties  *Parties
	QRCodes  *QRCodes
	Faults   *Faults
	Log      *Log

	tidied      time.Time
	sinceTidied int // calls
}

func newRecords(s *setting) records {
	return records{
		People:   newPeople(s),
		Sessions: newSessions(s),
		Codes:    newCodes(s),
		Inbox:    newInbox(s),
		Captchas: newCaptchas(s),
		Sudos:    newSudos(s),
		Devices:  newDevices(s),
		Grants:   newGrants(s),
		Parties:  newParties(s),
		QRCodes:  newQRCodes(s),
		Faults:   &Faults{},
		Log:      newLog(s),

		tidied: s.Now(),
	}
}

// New returns an environment with the accounts and codes of its seeds. Its URL is the base URL of its server.
func New(c Config, url string) (*Service, error) {
	s := &Service{setting: &setting{Config: c, URL: url, refresh: random.Bytes(32)}, started: c.rules()}
	if err := s.restart(); err != nil {
		return nil, err
	}
	return s, nil
}

// restart gives the environment its first records. It is locked, or nobody has it yet.
func (s *Service) restart() error {
	s.signer.number = 0
	s.apply(&s.started)
	s.records = newRecords(s.setting)
	for i, in := range s.Seeds {
		if _, err := s.People.Seed(in); err != nil {
			return fmt.Errorf("user %d: %w", i+1, err)
		}
	}
	return nil
}

// Reset makes the environment as new.
func (s *Service) Reset() {
	s.Lock()
	defer s.Unlock()
	s.rewind()
	if err := s.restart(); err != nil {
		panic(fmt.Sprintf("authtest: a seed that was good is bad: %v", err)) // it is the same one on an empty environment
	}
	s.Changed()
}

// Keys returns a function for the keys whose tokens are good now, the oldest first. The last one signs. The function is for the
// environment unlocked: it makes a key that is used for the first time.
func (s *Service) Keys() func() []keys.Signing {
	now := s.signer
	return now.keys
}

// TicketFile is the key file of custom login. It is safe for concurrent use.
func (s *Service) TicketFile() []byte { return s.TicketKey().File(s.Env) }

// RotateKey makes another key sign from now on. It takes the lock.
func (s *Service) RotateKey() {
	for rotated := false; !rotated; {
		s.Lock()
		now := s.signer
		s.Unlock()
		now.at(now.number + 1) // made here, so that nobody waits for it with the environment locked
		s.Lock()
		if rotated = s.signer.number == now.number && len(s.signer.loaded) == len(now.loaded); rotated {
			s.signer.number++
		}
		s.Unlock()
	}
}

// Remove deletes an account and everything that signs it in.
func (s *Service) Remove(a *Account) {
	s.Sessions.EndAll(a, Any)
	s.People.Remove(a)
	s.Sudos.forget(a)
	s.Devices.forget(a)
	s.Grants.forget(a)
}

// What has expired is dropped when this much of the environment's time has passed since it last was, or this many calls.
const (
	tidyInterval = 5 * time.Minute
	tidyCalls    = 10_000
)

// Arrive is said of every call before it is carried out, with the Service locked.
func (s *Service) Arrive() {
	if s.sinceTidied++; s.sinceTidied >= tidyCalls || s.Now().Sub(s.tidied) >= tidyInterval {
		s.Tidy()
	}
}

// Tidy drops what has expired.
func (s *Service) Tidy() {
	now := s.Now()
	s.tidied, s.sinceTidied = now, 0
	s.Sessions.tidy(now)
	for _, a := range s.People.tidy(s.Sessions.Has) {
		s.Devices.forget(a)
	}
	s.Codes.tidy(now)
	s.Captchas.tidy(now)
	s.Sudos.tidy(now)
	s.Devices.tidy(now)
	s.Grants.tidy(now)
	s.Parties.tidy(now)
	s.QRCodes.tidy(now)
}

// Loading is a seed for an environment.
type Loading struct {
	Into   *Service
	People []Person
	Codes  map[string]string
}

// loading keeps two loads from waiting for each other's environments.
var loading sync.Mutex

// LoadSeeds adds the accounts and fixed codes of seeds to environments, each of which is there once. They are all those of a reset
// from now on. After an error nothing has changed in any environment. It takes their locks.
func LoadSeeds(seeds []Loading) error {
	loading.Lock()
	defer loading.Unlock()
	for _, seed := range seeds {
		seed.Into.Lock()
		defer seed.Into.Unlock()
	}
	for _, seed := range seeds {
		if err := seed.into(seed.Into.People.clone()); err != nil {
			if len(seeds) > 1 {
				return fmt.Errorf("environment %s: %w", seed.Into.Env, err)
			}
			return err
		}
	}
	for _, seed := range seeds {
		if err := seed.into(seed.Into.People); err != nil {
			return err // never: the copy has taken it
		}
		maps.Copy(seed.Into.Codes.fixed, seed.Codes)
		seed.Into.Seeds, seed.Into.SeedCodes = seed.People, seed.Codes
		seed.Into.Changed()
	}
	return nil
}

func (l *Loading) into(people *People) error {
	for _, in := range l.People { // so that a name can go from one user of the seed to another
		if a := people.BySub(in.Sub); a != nil {
			people.unindex(a)
		}
	}
	for _, in := range l.People {
		if _, err := people.Seed(in); err != nil {
			return err
		}
	}
	return nil
}

// CheckSeeds says which of some accounts cannot be added to an environment that has no others, and why. All of them can: nil.
func CheckSeeds(people []Person) (i int, why *PersonError) {
	p := newPeople(&setting{})
	for i, in := range people {
		if _, err := p.Seed(in); err != nil {
			why, _ := errors.AsType[*PersonError](err)
			return i, why
		}
	}
	return 0, nil
}
