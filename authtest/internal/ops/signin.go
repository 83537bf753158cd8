package ops

import (
	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// signIn is POST signin and POST v2/signin/username: with a verification_token, or with a password, either in the clear
// or encrypted (WIRE.md section 4.3).
func signIn(s *service.Service, c *call) (any, *refusal.Error) {
	if refused := c.openParams(); refused != nil {
		return nil, refused
	}
	in, refused := c.fields("username", "password", "verification_token")
	if refused != nil {
		return nil, refused
	}
	if in["verification_token"] == "" {
		return passwordLogin(s, c, in["username"], in["password"])
	}
	to, refused := proven(s, in["verification_token"])
	if refused == nil {
		refused = needLogin(s, loginOf(to))
	}
	if refused != nil {
		return nil, refused
	}
	if name := in["username"]; name != "" && name != to.Phone && address.EmailKey(name) != to.Email {
		return nil, refusal.InvalidArgument("username does not match the verification_token")
	}
	u := s.People.Of(to)
	if u == nil {
		return nil, refusal.NotFound("User not exist")
	}
	return openSession(s, c, u, loginOf(to))
}

// signInWithCode is POST v2/signin/verificationcode: verification/verify and signin in one (WIRE.md section 4.2). That it
// refuses who has no account, and that the code then stays good, is a guess.
func signInWithCode(s *service.Service, c *call) (any, *refusal.Error) {
	v, refused := checkCode(s, c)
	if refused == nil {
		refused = needLogin(s, loginOf(v.To))
	}
	if refused != nil {
		return nil, refused
	}
	u := s.People.Of(v.To)
	if u == nil {
		return nil, refusal.NotFound("User not exist")
	}
	v.Used = true
	return openSession(s, c, u, loginOf(v.To))
}

func wrongPassword() *refusal.Error {
	return &refusal.Error{Code: "invalid_username_or_password", Number: 4043, Description: "Username or password incorrect."}
}

func passwordLogin(s *service.Service, c *call, username, password string) (any, *refusal.Error) {
	u, refused := checkLogin(s, c, username, password)
	if refused != nil {
		return nil, refused
	}
	return openSession(s, c, u, "username")
}

// checkLogin tells neither whether the account exists nor, before the password was right, whether it may sign in.
func checkLogin(s *service.Service, c *call, username, password string) (*service.Account, *refusal.Error) {
	if username == "" || password == "" {
		return nil, refusal.InvalidArgument("username and password, or verification_token, are required")
	}
	if refused := needLogin(s, service.LoginPassword); refused != nil {
		return nil, refused
	}
	u := s.People.ByLogin(username)
	if u == nil {
		return nil, wrongPassword()
	}
	return u, checkPassword(s, c, u, password, wrongPassword())
}

// checkPassword counts wrong passwords, answers them with wrong, and asks for a captcha or locks the account when there
// were too many.
func checkPassword(s *service.Service, c *call, u *service.Account, password string, wrong *refusal.Error) *refusal.Error {
	if !u.HasPassword() {
		return &refusal.Error{Code: "password_not_set", Number: 4029, Description: "user password not set"}
	}
	now := s.Now()
	if now.Before(u.LockedUntil) {
		return &refusal.Error{Code: "invalid_status", Description: "too many wrong passwords, please try again later", Rule: "password_lock"}
	}
	if limit := s.CaptchaAfterWrong; limit > 0 && u.Wrong >= limit {
		if refused := needCaptcha(s, c); refused != nil {
			return byRule("captcha_after_wrong_passwords", refused)
		}
	}
	if !u.IsPassword(password) {
		u.Wrong++
		if s.LockAfter > 0 && u.Wrong >= s.LockAfter {
			u.Wrong, u.LockedUntil = 0, now.Add(s.LockFor)
		}
		return wrong
	}
	u.Wrong = 0
	return nil
}
