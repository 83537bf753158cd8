package authtest

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

var providerPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// ProviderUser is a user as a third party knows them.
type ProviderUser struct {
	Sub     string // the user's id at the third party; required
	Name    string
	Picture string
	Email   string
	Phone   string // "+86 13800000000"; WeChat tells it only to PATCH provider/token
}

// String returns the user's id at the third party only.
func (p ProviderUser) String() string { return "authtest.ProviderUser(" + p.Sub + ")" }

// GoString is String, for %#v.
func (p ProviderUser) GoString() string { return p.String() }

// WithProviders sets the third parties that are switched on in the environment, by id; the error for others is
// provider_not_enabled. The default is wx_open and wx_mp, the built-in ones.
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

// ProviderCode makes a third party issue a code for a user, as after the user has agreed there. POST provider/token accepts
// it once, as provider_code, or in the field in which other third parties send theirs. The third party knows the user from
// then on. If the provider is not switched on, or the user has no Sub, the test fails, or ProviderCode panics if Listen
// made the server.
func (s *Server) ProviderCode(providerID string, user ProviderUser) string {
	s.helper()
	code, err := s.service.ProviderCode(user.at(providerID))
	if err != nil {
		s.fatalf("ProviderCode: %v", err)
	}
	return code
}

// ScanQRCode scans the code of qrcode/generate with a mini program as the given user: qrcode/get/status then returns a
// provider_token for the user. If nobody waits with the id, or the user has no Sub, the test fails, or ScanQRCode panics if
// Listen made the server.
func (s *Server) ScanQRCode(id string, user ProviderUser) {
	s.helper()
	if err := s.service.ScanQRCode(id, user.at("")); err != nil {
		s.fatalf("ScanQRCode: %v", err)
	}
}

// at is the user at a third party.
func (p ProviderUser) at(provider string) service.Identity {
	return service.Identity{Provider: provider, Sub: p.Sub, Name: p.Name, Picture: p.Picture, Email: p.Email, Phone: p.Phone}
}
