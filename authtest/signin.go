package authtest

import (
	"crypto/sha256"
	"crypto/subtle"
	"regexp"
	"strings"
)

// signIn is POST signin: with a verification_token, or with a password (WIRE.md section 4.3).
func signIn(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("username", "password", "verification_token")
	if refused == nil {
		refused = c.refuseFields("params", "public_key_thumbprint")
	}
	if refused != nil {
		return nil, refused
	}
	if in["verification_token"] == "" {
		return s.passwordLogin(c, in["username"], in["password"])
	}
	to, refused := s.proven(in["verification_token"])
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
func (c contact) provider() string {
	if c.email != "" {
		return "email"
	}
	return "phone"
}

// passwordLogin tells neither whether the account exists nor, before the password was right, whether it may sign in.
func (s *Server) passwordLogin(c *call, username, password string) (any, *Error) {
	if username == "" || password == "" {
		return nil, invalidArgument("username and password, or verification_token, are required")
	}
	wrong := &Error{Word: "invalid_username_or_password", Number: 4043, Description: "Username or password incorrect."}
	u := s.userByLogin(username)
	if u == nil {
		return nil, wrong
	}
	if u.Password == "" {
		return nil, &Error{Word: "password_not_set", Number: 4029, Description: "user password not set"}
	}
	now := s.Now()
	if now.Before(u.lockedUntil) {
		return nil, &Error{Word: "invalid_status", Description: "too many wrong passwords, please try again later"}
	}
	if !samePassword(u.Password, password) {
		u.wrong++
		if s.cfg.lockAfter > 0 && u.wrong >= s.cfg.lockAfter {
			u.wrong, u.lockedUntil = 0, now.Add(s.cfg.lockFor)
		}
		return nil, wrong
	}
	u.wrong = 0
	return s.openSession(c, u, "username")
}

func samePassword(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

var (
	// usernamePattern is the server's own for signing up (WIRE.md section 4.4, live).
	usernamePattern = regexp.MustCompile(`^$|^[a-z][0-9a-z_-]{5,24}$`)
	passwordPattern = regexp.MustCompile(`^[!-~]{8,32}$`)
)

// validPassword is the documented rule: 8 to 32 characters, with letters and digits (WIRE.md section 8).
func validPassword(p string) bool {
	const digits, letters = "0123456789", "abcdefghijklmnopqrstuvwxyz"
	return passwordPattern.MatchString(p) && strings.ContainsAny(p, digits) && strings.ContainsAny(strings.ToLower(p), letters)
}

// signUp is POST signup with a verification_token (WIRE.md section 4.4). The account is signed in.
func signUp(s *Server, c *call) (any, *Error) {
	const message = "SignUpRequest"
	in, refused := c.fields("phone_number", "email", "verification_token", "username", "password", "name", "picture")
	if refused == nil {
		refused = c.refuseFields("provider_token", "anonymous_token")
	}
	if refused != nil {
		return nil, refused
	}
	to, refused := readContact(message, in)
	if refused != nil {
		return nil, refused
	}
	if !usernamePattern.MatchString(in["username"]) {
		return nil, invalidField(message, "Username", `value does not match regex pattern "`+usernamePattern.String()+`"`)
	}
	if p := in["password"]; p != "" && !validPassword(p) {
		return nil, invalidField(message, "Password", "value must have 8 to 32 characters, with letters and digits")
	}
	if in["verification_token"] == "" {
		return nil, invalidArgument("verification_token is required")
	}
	proven, refused := s.proven(in["verification_token"])
	if refused != nil {
		return nil, refused
	}
	if proven != to {
		return nil, invalidArgument("phone_number or email does not match the verification_token")
	}
	if s.userOf(to) != nil {
		return nil, failedPrecondition("user already registered")
	}
	if s.userNamed(in["username"]) != nil {
		return nil, &Error{Word: "already_exists", Number: 6, Description: "username already exists"}
	}
	u := s.addUser(User{
		Sub:      randomSub(),
		Username: in["username"],
		Password: in["password"],
		Phone:    to.phone,
		Email:    to.email,
		Name:     in["name"],
		Picture:  in["picture"],
	})
	return s.openSession(c, u, to.provider())
}
