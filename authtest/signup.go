package authtest

import (
	"regexp"
	"strings"
)

var (
	// usernamePattern is the server's own for signing up (WIRE.md section 4.4, live).
	usernamePattern = regexp.MustCompile(`^$|^[a-z][0-9a-z_-]{5,24}$`)
	passwordPattern = regexp.MustCompile(`^[!-~]{8,32}$`)
)

// checkNewPassword applies the documented rule: 8 to 32 characters, with letters and digits (WIRE.md section 8).
func checkNewPassword(message, field, p string) *Error {
	const digits, letters = "0123456789", "abcdefghijklmnopqrstuvwxyz"
	if !passwordPattern.MatchString(p) || !strings.ContainsAny(p, digits) || !strings.ContainsAny(strings.ToLower(p), letters) {
		return invalidField(message, field, "value must have 8 to 32 characters, with letters and digits")
	}
	return nil
}

func checkNewUsername(message, name string) *Error {
	if !usernamePattern.MatchString(name) {
		return invalidField(message, "Username", `value does not match regex pattern "`+usernamePattern.String()+`"`)
	}
	return nil
}

func usernameTaken() *Error {
	return &Error{Word: "already_exists", Number: 6, Description: "username already exists"}
}

// signUp is POST signup with a verification_token, a provider_token or both; with an anonymous_token the anonymous user
// becomes the account (WIRE.md section 4.4). The account is signed in.
func signUp(s *Server, c *call) (any, *Error) {
	const message = "SignUpRequest"
	in, refused := c.fields("phone_number", "email", "verification_token", "provider_token", "anonymous_token",
		"username", "password", "name", "gender", "picture", "locale")
	if refused == nil {
		refused = checkNewUsername(message, in["username"])
	}
	if refused == nil && in["password"] != "" {
		refused = checkNewPassword(message, "Password", in["password"])
	}
	if refused == nil {
		refused = checkGender(message, in["gender"])
	}
	if refused != nil {
		return nil, refused
	}
	person := User{Sub: randomSub(), Username: in["username"], Password: in["password"], Name: in["name"], Picture: in["picture"]}
	provider, refused := s.signUpProof(in, &person)
	if refused != nil {
		return nil, refused
	}
	if s.userNamed(person.Username) != nil {
		return nil, usernameTaken()
	}
	var u *user
	if in["anonymous_token"] == "" {
		u = s.addUser(person)
	} else {
		anonymous, refused := s.anonymousUser(in["anonymous_token"])
		if refused != nil {
			return nil, refused
		}
		u = s.turnInto(anonymous, person)
	}
	for _, name := range []string{"gender", "locale"} {
		if in[name] != "" {
			u.setProfile(name, in[name])
		}
	}
	if p, refused := s.providerPerson(in["provider_token"]); refused == nil {
		u.nameIdentity(p)
	}
	return s.openSession(c, u, provider)
}

// signUpProof finds out who signs up, fills in what is proven and returns the claim provider_type.
func (s *Server) signUpProof(in map[string]string, person *User) (provider string, refused *Error) {
	if in["provider_token"] == "" || in["phone_number"] != "" || in["email"] != "" {
		to, refused := s.provenContact("SignUpRequest", in)
		switch {
		case refused != nil:
			return "", refused
		case s.cfg.signUpOff[to.login()]:
			return "", loginDisabled("sign-up is not enabled")
		case s.userOf(to) != nil:
			return "", failedPrecondition("user already registered")
		}
		person.Phone, person.Email, provider = to.phone, to.email, to.provider()
	}
	if in["provider_token"] != "" {
		p, refused := s.providerPerson(in["provider_token"])
		switch {
		case refused != nil:
			return "", refused
		case s.userBound(p.provider, p.Sub) != nil:
			return "", failedPrecondition("user already registered")
		}
		person.Identities = map[string]string{p.provider: p.Sub}
		if provider == "" {
			provider = p.provider
		}
	}
	return provider, nil
}

// provenContact returns the call's phone_number or email, which must be the one of its verification_token.
func (s *Server) provenContact(message string, in map[string]string) (contact, *Error) {
	to, refused := readContact(message, in)
	if refused != nil {
		return contact{}, refused
	}
	if in["verification_token"] == "" {
		return contact{}, invalidArgument("verification_token is required")
	}
	proven, refused := s.proven(in["verification_token"])
	if refused != nil {
		return contact{}, refused
	}
	if proven != to {
		return contact{}, invalidArgument("phone_number or email is not the one that the token is for")
	}
	return to, s.needLogin(to.login())
}
