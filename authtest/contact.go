package authtest

// The values of conflict_resolution (WIRE.md section 7.7).
const (
	conflictDefault        = "DEFAULT"
	conflictDeleteTransfer = "DELETE_ACCOUNT_TRANSFER"
	conflictTransfer       = "TRANSFER"
)

// setContact is PATCH user/contact: a new phone number or e-mail address, proven by its code (WIRE.md section 7.7). That
// an account which could not be asked for a proof needs no sudo_token is a guess.
func setContact(s *Server, c *call) (any, *Error) {
	const message = "EditContactRequest"
	in, refused := c.fields("phone_number", "email", "sudo_token", "verification_token", "conflict_resolution")
	if refused != nil {
		return nil, refused
	}
	switch in["conflict_resolution"] {
	case "", conflictDefault, conflictDeleteTransfer, conflictTransfer:
	default:
		return nil, invalidField(message, "ConflictResolution", "value must be one of the defined enum values")
	}
	u := c.session.user
	if u.anonymous {
		return nil, permissionDenied("an anonymous user has no contact")
	}
	if in["sudo_token"] != "" || u.Password != "" || u.Phone != "" || u.Email != "" {
		if refused := s.needSudo(u, in["sudo_token"]); refused != nil {
			return nil, refused
		}
	}
	to, refused := s.provenContact(message, in)
	if refused != nil {
		return nil, refused
	}
	if other := s.userOf(to); other != nil && other != u {
		if refused := s.resolveConflict(other, to, in["conflict_resolution"]); refused != nil {
			return nil, refused
		}
	}
	if to.phone != "" {
		u.Phone = to.phone
	} else {
		u.Email = to.email
	}
	s.index(u)
	u.updated = s.Now()
	s.record(c, u, actionContact)
	return struct{}{}, nil
}

// resolveConflict takes an address away from the account that has it, or refuses to.
func (s *Server) resolveConflict(other *user, to contact, resolution string) *Error {
	switch resolution {
	case conflictDeleteTransfer:
		s.removeUser(other)
	case conflictTransfer:
		if to.phone != "" {
			other.Phone = ""
		} else {
			other.Email = ""
		}
		s.index(other)
		other.updated = s.Now()
		byPassword := other.Username != "" && other.Password != ""
		if !byPassword && other.Phone == "" && other.Email == "" && len(other.Identities) == 0 {
			s.removeUser(other)
		}
	default:
		return failedPrecondition("the phone number or email is bound to another user")
	}
	return nil
}
