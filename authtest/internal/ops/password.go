package ops

import (
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// grantSudo is POST user/sudo: the signed-in user proves it again, by password or by a code to an address of theirs
// (WIRE.md section 7.5). The word for a wrong password is the one that the js-sdk's table has; it counts as at sign-in.
func grantSudo(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("password", "verification_token")
	if refused != nil {
		return nil, refused
	}
	u := c.session.User
	switch {
	case in["verification_token"] != "":
		to, refused := proven(s, in["verification_token"])
		if refused != nil {
			return nil, refused
		}
		if s.People.Of(to) != u {
			return nil, refusal.PermissionDenied("verification_token is not for the current user's phone number or email")
		}
	case in["password"] == "":
		return nil, refusal.InvalidArgument("password or verification_token is required")
	case s.SudoByCode && u.Phone != "":
		return nil, byRule("sudo_by_code", refusal.FailedPrecondition("a phone number is bound: verification_token is required"))
	default:
		wrong := &refusal.Error{Code: "invalid_password", Description: "password is incorrect"}
		if refused := checkPassword(s, c, u, in["password"], wrong); refused != nil {
			return nil, refused
		}
	}
	return map[string]any{"sudo_token": s.Sudos.Grant(u), "expires_in": int(service.SudoLifetime / time.Second)}, nil
}

// needSudo refuses a token that is not a good one of the user's; it stays good until it expires. The answer is the one
// documented for DELETE user/me (WIRE.md section 7.2).
func needSudo(s *service.Service, u *service.Account, token string) *refusal.Error {
	if !s.Sudos.Good(token, u) {
		return refusal.PermissionDenied("sudo_token is invalid or expired")
	}
	return nil
}

// setPassword is PATCH user/password with a sudo_token in the body or in the query, with old_password in its place, or
// with neither for users who have no password (WIRE.md section 7.6). That other sessions end is documented there.
func setPassword(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("new_password", "confirm_password", "old_password", "sudo_token")
	if refused != nil {
		return nil, refused
	}
	u, token := c.session.User, in["sudo_token"]
	if token == "" {
		token = c.request.URL.Query().Get("sudo_token")
	}
	switch {
	case token == "" && !u.HasPassword() && !u.Anonymous:
	case token == "" && in["old_password"] != "":
		refused = checkPassword(s, c, u, in["old_password"], wrongPassword())
	default:
		refused = needSudo(s, u, token)
	}
	if refused == nil {
		refused = checkNewPassword("SetPasswordRequest", "NewPassword", in["new_password"])
	}
	if refused == nil && in["confirm_password"] != "" && in["confirm_password"] != in["new_password"] {
		refused = refusal.InvalidArgument("confirm_password is not new_password")
	}
	if refused != nil {
		return nil, refused
	}
	changePassword(s, c, u, in["new_password"])
	s.Sessions.EndAll(u, func(n *service.Session) bool { return n != c.session })
	return struct{}{}, nil
}

// resetPassword is POST reset: by a code, without a session, which it neither makes nor ends (WIRE.md section 7.9).
func resetPassword(s *service.Service, c *call) (any, *refusal.Error) {
	const message = "ResetPasswordRequest"
	in, refused := c.fields("phone_number", "email", "new_password", "verification_token")
	if refused != nil {
		return nil, refused
	}
	if refused := checkNewPassword(message, "NewPassword", in["new_password"]); refused != nil {
		return nil, refused
	}
	to, refused := provenContact(s, message, in)
	if refused != nil {
		return nil, refused
	}
	u := s.People.Of(to)
	if u == nil {
		return nil, refusal.NotFound("User not exist")
	}
	changePassword(s, c, u, in["new_password"])
	return struct{}{}, nil
}

// updatePassword is POST v2/signin/password/update: by the old password, both encrypted, without a session (WIRE.md
// section 7.9).
func updatePassword(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("username")
	if refused != nil {
		return nil, refused
	}
	secret, refused := c.decrypted("password", "new_password")
	if refused != nil {
		return nil, refused
	}
	u, refused := checkLogin(s, c, in["username"], secret["password"])
	if refused == nil {
		refused = checkNewPassword("UpdatePasswordRequest", "NewPassword", secret["new_password"])
	}
	if refused != nil {
		return nil, refused
	}
	changePassword(s, c, u, secret["new_password"])
	return struct{}{}, nil
}

// changePassword sets a password that is good; a lock ends.
func changePassword(s *service.Service, c *call, u *service.Account, password string) {
	u.SetPassword(password, s.Now())
	record(s, c, u, actionPassword)
}
