package authtest

import (
	"fmt"

	"github.com/cloudbase-community/tcbauth/authtest/internal/keys"
)

// WithTicketKey sets the console's key file for custom login, {"private_key_id","private_key","env_id"} with a key in PEM,
// instead of a key made for the process. Its env_id must be the server's.
func WithTicketKey(file []byte) Option {
	return func(c *config) error {
		key, err := keys.ReadTicket(file)
		if err != nil {
			return fmt.Errorf("authtest: WithTicketKey: %w", err)
		}
		c.Ticket = &key
		return nil
	}
}

// WithoutCustomRefreshToken omits the refresh token from custom-login sessions. The documented sessions have one.
func WithoutCustomRefreshToken() Option {
	return func(c *config) error {
		c.NoCustomRefresh = true
		return nil
	}
}

// TicketKey returns the environment's key file for custom login, as the console gives it, with the private key that signs
// tickets: {"private_key_id","private_key","env_id"}.
func (s *Server) TicketKey() []byte { return s.service.TicketFile() }
