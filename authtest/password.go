package authtest

import "time"

// sudoLife is the life of a sudo_token (WIRE.md section 4.6).
const sudoLife = 900 * time.Second

// sudo is what a sudo_token allows.
type sudo struct {
	user    *user
	expires time.Time
}

// WithSudoByCode refuses user/sudo with a password to people who have a phone number: they need a verification_token,
// as a comment in the js-sdk says (WIRE.md section 7.5). Without it either will do.
func WithSudoByCode() Option {
	return func(c *config) error {
		c.sudoByCode = true
		return nil
	}
}

// grantSudo is POST user/sudo: who is signed in proves it again, by password or by a code to an address of theirs
// (WIRE.md section 7.5). The word for a wrong password is the one that the js-sdk's table has; it counts as at sign-in.
func grantSudo(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("password", "verification_token")
	if refused != nil {
		return nil, refused
	}
	u := c.session.user
	switch {
	case in["verification_token"] != "":
		to, refused := s.proven(in["verification_token"])
		if refused != nil {
			return nil, refused
		}
		if s.userOf(to) != u {
			return nil, permissionDenied("verification_token is not for the current user's phone number or email")
		}
	case in["password"] == "":
		return nil, invalidArgument("password or verification_token is required")
	case s.cfg.sudoByCode && u.Phone != "":
		return nil, failedPrecondition("a phone number is bound: verification_token is required")
	default:
		wrong := &Error{Word: "invalid_password", Description: "password is incorrect"}
		if refused := s.checkPassword(c, u, in["password"], wrong); refused != nil {
			return nil, refused
		}
	}
	token := randomText(32)
	s.state.sudos[token] = sudo{user: u, expires: s.Now().Add(sudoLife)}
	return map[string]any{"sudo_token": token, "expires_in": int(sudoLife / time.Second)}, nil
}

// needSudo refuses a token that is not a good one of the user's; it stays good until it expires. The answer is the one
// documented for DELETE user/me (WIRE.md section 7.2).
func (s *Server) needSudo(u *user, token string) *Error {
	held, ok := s.state.sudos[token]
	if !ok || held.user != u || !s.Now().Before(held.expires) {
		return permissionDenied("sudo_token is invalid or expired")
	}
	return nil
}

// setPassword is PATCH user/password with a sudo_token in the body or in the query, with old_password in its place, or
// with neither for people who have no password (WIRE.md section 7.6). That other sessions end is documented there.
func setPassword(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("new_password", "confirm_password", "old_password", "sudo_token")
	if refused != nil {
		return nil, refused
	}
	u, token := c.session.user, in["sudo_token"]
	if token == "" {
		token = c.request.URL.Query().Get("sudo_token")
	}
	switch {
	case token == "" && u.Password == "" && !u.anonymous:
	case token == "" && in["old_password"] != "":
		refused = s.checkPassword(c, u, in["old_password"], wrongPassword())
	default:
		refused = s.needSudo(u, token)
	}
	if refused == nil {
		refused = checkNewPassword("SetPasswordRequest", "NewPassword", in["new_password"])
	}
	if refused == nil && in["confirm_password"] != "" && in["confirm_password"] != in["new_password"] {
		refused = invalidArgument("confirm_password is not new_password")
	}
	if refused != nil {
		return nil, refused
	}
	s.changePassword(c, u, in["new_password"])
	s.endSessions(func(n *session) bool { return n.user == u && n != c.session })
	return struct{}{}, nil
}

// resetPassword is POST reset: by a code, without a session, which it neither makes nor ends (WIRE.md section 7.9).
func resetPassword(s *Server, c *call) (any, *Error) {
	const message = "ResetPasswordRequest"
	in, refused := c.fields("phone_number", "email", "new_password", "verification_token")
	if refused != nil {
		return nil, refused
	}
	if refused := checkNewPassword(message, "NewPassword", in["new_password"]); refused != nil {
		return nil, refused
	}
	to, refused := s.provenContact(message, in)
	if refused != nil {
		return nil, refused
	}
	u := s.userOf(to)
	if u == nil {
		return nil, notFound("User not exist")
	}
	s.changePassword(c, u, in["new_password"])
	return struct{}{}, nil
}

// updatePassword is POST v2/signin/password/update: by the old password, both encrypted, without a session (WIRE.md
// section 7.9).
func updatePassword(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("username")
	if refused != nil {
		return nil, refused
	}
	secret, refused := c.decrypted("password", "new_password")
	if refused != nil {
		return nil, refused
	}
	u, refused := s.checkLogin(c, in["username"], secret["password"])
	if refused == nil {
		refused = checkNewPassword("UpdatePasswordRequest", "NewPassword", secret["new_password"])
	}
	if refused != nil {
		return nil, refused
	}
	s.changePassword(c, u, secret["new_password"])
	return struct{}{}, nil
}

// changePassword sets a password that is good; a lock ends. s.mu is held.
func (s *Server) changePassword(c *call, u *user, password string) {
	u.Password, u.passwordSet = password, s.Now()
	u.updated, u.wrong, u.lockedUntil = u.passwordSet, 0, time.Time{}
	s.record(c, u, actionPassword)
}
