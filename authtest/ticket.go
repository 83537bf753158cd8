package authtest

import (
	"fmt"

	"github.com/cloudbase-community/tcbauth/authtest/internal/keys"
)

// WithTicketKey takes the console's key file for custom login, {"private_key_id","private_key","env_id"} with a key in
// PEM, in place of a key made for the process. Its env_id must be the server's.
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

// WithoutCustomRefreshToken leaves the refresh token out of custom sessions; documented ones have it (WIRE.md section 5.2).
func WithoutCustomRefreshToken() Option {
	return func(c *config) error {
		c.NoCustomRefresh = true
		return nil
	}
}

// TicketKey returns the environment's key file for custom login as the console gives it, with the private key that signs
// tickets: {"private_key_id","private_key","env_id"} (WIRE.md section 9).
func (s *Server) TicketKey() []byte { return s.service.TicketFile() }
