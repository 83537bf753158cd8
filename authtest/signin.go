package authtest

import (
	"crypto/sha256"
	"crypto/subtle"
)

// signIn is POST signin and POST v2/signin/username: with a verification_token, or with a password, either in the clear
// or encrypted (WIRE.md section 4.3).
func signIn(s *Server, c *call) (any, *Error) {
	if refused := c.openParams(); refused != nil {
		return nil, refused
	}
	in, refused := c.fields("username", "password", "verification_token")
	if refused != nil {
		return nil, refused
	}
	if in["verification_token"] == "" {
		return s.passwordLogin(c, in["username"], in["password"])
	}
	to, refused := s.proven(in["verification_token"])
	if refused == nil {
		refused = s.needLogin(to.login())
	}
	if refused != nil {
		return nil, refused
	}
	if name := in["username"]; name != "" && name != to.phone && emailKey(name) != to.email {
		return nil, invalidArgument("username does not match the verification_token")
	}
	u := s.userOf(to)
	if u == nil {
		return nil, notFound("User not exist")
	}
	return s.openSession(c, u, to.provider())
}

// provider is the claim provider_type of who signs in with a code.
func (c contact) provider() string { return string(c.login()) }

// signInWithCode is POST v2/signin/verificationcode: verification/verify and signin in one (WIRE.md section 4.2). That it
// refuses who has no account, and that the code then stays good, is a guess.
func signInWithCode(s *Server, c *call) (any, *Error) {
	v, refused := s.checkCode(c)
	if refused == nil {
		refused = s.needLogin(v.to.login())
	}
	if refused != nil {
		return nil, refused
	}
	u := s.userOf(v.to)
	if u == nil {
		return nil, notFound("User not exist")
	}
	v.used = true
	return s.openSession(c, u, v.to.provider())
}

func wrongPassword() *Error {
	return &Error{Word: "invalid_username_or_password", Number: 4043, Description: "Username or password incorrect."}
}

func (s *Server) passwordLogin(c *call, username, password string) (any, *Error) {
	u, refused := s.checkLogin(c, username, password)
	if refused != nil {
		return nil, refused
	}
	return s.openSession(c, u, "username")
}

// checkLogin tells neither whether the account exists nor, before the password was right, whether it may sign in.
func (s *Server) checkLogin(c *call, username, password string) (*user, *Error) {
	if username == "" || password == "" {
		return nil, invalidArgument("username and password, or verification_token, are required")
	}
	if refused := s.needLogin(LoginPassword); refused != nil {
		return nil, refused
	}
	u := s.userByLogin(username)
	if u == nil {
		return nil, wrongPassword()
	}
	return u, s.checkPassword(c, u, password, wrongPassword())
}

// checkPassword counts wrong passwords, answers them with wrong, and asks for a captcha or locks the account when there
// were too many. s.mu is held.
func (s *Server) checkPassword(c *call, u *user, password string, wrong *Error) *Error {
	if u.Password == "" {
		return &Error{Word: "password_not_set", Number: 4029, Description: "user password not set"}
	}
	now := s.Now()
	if now.Before(u.lockedUntil) {
		return &Error{Word: "invalid_status", Description: "too many wrong passwords, please try again later"}
	}
	if limit := s.cfg.captchaAfterWrong; limit > 0 && u.wrong >= limit {
		if refused := s.needCaptcha(c); refused != nil {
			return refused
		}
	}
	if !sameSecret(u.Password, password) {
		u.wrong++
		if s.cfg.lockAfter > 0 && u.wrong >= s.cfg.lockAfter {
			u.wrong, u.lockedUntil = 0, now.Add(s.cfg.lockFor)
		}
		return wrong
	}
	u.wrong = 0
	return nil
}

func sameSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
