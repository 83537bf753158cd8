package ops

import (
	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// The values of conflict_resolution (WIRE.md section 7.7).
const (
	conflictDefault        = "DEFAULT"
	conflictDeleteTransfer = "DELETE_ACCOUNT_TRANSFER"
	conflictTransfer       = "TRANSFER"
)

// setContact is PATCH user/contact: a new phone number or email address, proven by its code (WIRE.md section 7.7). That
// an account which could not be asked for a proof needs no sudo_token is a guess.
func setContact(s *service.Service, c *call) (any, *refusal.Error) {
	const message = "EditContactRequest"
	in, refused := c.fields("phone_number", "email", "sudo_token", "verification_token", "conflict_resolution")
	if refused != nil {
		return nil, refused
	}
	switch in["conflict_resolution"] {
	case "", conflictDefault, conflictDeleteTransfer, conflictTransfer:
	default:
		return nil, refusal.InvalidField(message, "ConflictResolution", "value must be one of the defined enum values")
	}
	u := c.session.User
	if u.Anonymous {
		return nil, refusal.PermissionDenied("an anonymous user has no contact")
	}
	if in["sudo_token"] != "" || u.HasPassword() || u.Phone != "" || u.Email != "" {
		if refused := needSudo(s, u, in["sudo_token"]); refused != nil {
			return nil, refused
		}
	}
	to, refused := provenContact(s, message, in)
	if refused != nil {
		return nil, refused
	}
	if other := s.People.Of(to); other != nil && other != u {
		if refused := resolveConflict(s, other, to, in["conflict_resolution"]); refused != nil {
			return nil, refused
		}
	}
	if to.Phone != "" {
		u.Phone = to.Phone
	} else {
		u.Email = to.Email
	}
	s.People.Index(u)
	u.Updated = s.Now()
	record(s, c, u, actionContact)
	return struct{}{}, nil
}

// resolveConflict takes an address away from the account that has it, or refuses to.
func resolveConflict(s *service.Service, other *service.Account, to address.Contact, resolution string) *refusal.Error {
	switch resolution {
	case conflictDeleteTransfer:
		s.Remove(other)
	case conflictTransfer:
		if to.Phone != "" {
			other.Phone = ""
		} else {
			other.Email = ""
		}
		s.People.Index(other)
		other.Updated = s.Now()
		byPassword := other.Username != "" && other.HasPassword()
		if !byPassword && other.Phone == "" && other.Email == "" && len(other.Identities) == 0 {
			s.Remove(other)
		}
	default:
		return refusal.FailedPrecondition("the phone number or email is bound to another user")
	}
	return nil
}
