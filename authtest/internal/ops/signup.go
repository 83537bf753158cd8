package ops

import (
	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// signUp is POST signup with a verification_token, a provider_token or both; with an anonymous_token the anonymous user
// becomes the account (WIRE.md section 4.4). The account is signed in.
func signUp(s *service.Service, c *call) (any, *refusal.Error) {
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
	person := service.Person{Sub: random.Sub(), Username: in["username"], Password: in["password"], Name: in["name"], Picture: in["picture"]}
	provider, refused := signingUp(s, in, &person)
	if refused != nil {
		return nil, refused
	}
	if s.People.Named(person.Username) != nil {
		return nil, usernameTaken()
	}
	var u *service.Account
	if in["anonymous_token"] == "" {
		u = s.People.Add(person)
	} else {
		anonymous, refused := anonymousUser(s, in["anonymous_token"])
		if refused != nil {
			return nil, refused
		}
		u = turnInto(s, anonymous, person)
	}
	for _, name := range []string{"gender", "locale"} {
		if in[name] != "" {
			u.SetProfile(name, in[name])
		}
	}
	if p, refused := providerPerson(s, in["provider_token"]); refused == nil {
		u.NameIdentity(p)
	}
	return openSession(s, c, u, provider)
}

// signingUp finds out who signs up, fills in the phone number or email address that the request proves, and returns the claim
// provider_type.
func signingUp(s *service.Service, in map[string]string, person *service.Person) (provider string, refused *refusal.Error) {
	if in["provider_token"] == "" || in["phone_number"] != "" || in["email"] != "" {
		to, refused := provenContact(s, "SignUpRequest", in)
		switch {
		case refused != nil:
			return "", refused
		case s.SignUpOff[loginOf(to)]:
			return "", loginDisabled("sign_up_off", "sign-up is not enabled")
		case s.People.Of(to) != nil:
			return "", refusal.FailedPrecondition("user already registered")
		}
		person.Phone, person.Email, provider = to.Phone, to.Email, loginOf(to)
	}
	if in["provider_token"] != "" {
		p, refused := providerPerson(s, in["provider_token"])
		switch {
		case refused != nil:
			return "", refused
		case s.People.Bound(p.Provider, p.Sub) != nil:
			return "", refusal.FailedPrecondition("user already registered")
		}
		person.Identities = map[string]string{p.Provider: p.Sub}
		if provider == "" {
			provider = p.Provider
		}
	}
	return provider, nil
}

// provenContact returns the call's phone_number or email, which must be the one of its verification_token.
func provenContact(s *service.Service, message string, in map[string]string) (address.Contact, *refusal.Error) {
	to, refused := readContact(message, in)
	if refused != nil {
		return address.Contact{}, refused
	}
	if in["verification_token"] == "" {
		return address.Contact{}, refusal.InvalidArgument("verification_token is required")
	}
	proven, refused := proven(s, in["verification_token"])
	if refused != nil {
		return address.Contact{}, refused
	}
	if proven != to {
		return address.Contact{}, refusal.InvalidArgument("phone_number or email is not the one that the token is for")
	}
	return to, needLogin(s, loginOf(to))
}
