package authtest

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

var providerPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// ProviderUser is a person as a third party knows them.
type ProviderUser struct {
	Sub     string // the third party's id of the person; required
	Name    string
	Picture string
	Email   string
	Phone   string // "+86 13800000000"; WeChat tells it only to PATCH provider/token
}

// String returns the person's id at the third party without anything personal.
func (p ProviderUser) String() string { return "authtest.ProviderUser(" + p.Sub + ")" }

// GoString is String, for %#v.
func (p ProviderUser) GoString() string { return p.String() }

// WithProviders sets the third parties that the environment has switched on, by id; others are provider_not_enabled.
// The default is wx_open and wx_mp, the built-in ones (WIRE.md section 5.3).
func WithProviders(ids ...string) Option {
	return func(c *config) error {
		for _, id := range ids {
			if !providerPattern.MatchString(id) || id == service.CustomProvider {
				return fmt.Errorf("authtest: WithProviders: %q cannot be the id of a third party", id)
			}
		}
		c.Providers = slices.Clone(ids)
		return nil
	}
}

// ProviderCode makes a third party give a code for a person, as it does when the person has agreed there: POST
// provider/token takes it once, as provider_code, or where other third parties have their proof. The person is known to
// the third party from then on. A provider that is not switched on and a person without a Sub fail the test, or panic if
// the server was made by Listen.
func (s *Server) ProviderCode(providerID string, person ProviderUser) string {
	s.helper()
	code, err := s.service.ProviderCode(person.at(providerID))
	if err != nil {
		s.fatalf("ProviderCode: %v", err)
	}
	return code
}

// ScanQRCode is a person who scans the code of qrcode/generate with a mini program: qrcode/get/status then gives a
// provider_token for them. An id that nobody waits with, and a person without a Sub, fail the test, or panic if the server
// was made by Listen.
func (s *Server) ScanQRCode(id string, person ProviderUser) {
	s.helper()
	if err := s.service.ScanQRCode(id, person.at("")); err != nil {
		s.fatalf("ScanQRCode: %v", err)
	}
}

// at is the person at a third party.
func (p ProviderUser) at(provider string) service.Identity {
	return service.Identity{Provider: provider, Sub: p.Sub, Name: p.Name, Picture: p.Picture, Email: p.Email, Phone: p.Phone}
}
