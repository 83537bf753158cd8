package ops

import (
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// signInAnonymously is POST signin/anonymously: every device id has one anonymous user (WIRE.md section 5.1).
func signInAnonymously(s *service.Service, c *call) (any, *refusal.Error) {
	if s.LoginOff[service.LoginAnonymous] {
		return nil, byRule("login_off", refusal.PermissionDenied("anonymous login is not enabled"))
	}
	if refused := c.refuseFields("provider_token"); refused != nil {
		return nil, refused
	}
	if refused := c.needDevice(); refused != nil {
		return nil, refused
	}
	return openSession(s, c, s.People.Anonymous(c.deviceID()), "anonymous")
}

// anonymousUser returns whom an anonymous_token stands for: the access token of an anonymous session. That a user who may not
// sign in may not sign up either is a guess.
func anonymousUser(s *service.Service, token string) (*service.Account, *refusal.Error) {
	n := s.Sessions.Of(token)
	if n == nil || !n.User.Anonymous {
		return nil, refusal.InvalidArgument("anonymous_token is invalid or expired")
	}
	return n.User, refuseSignIn(n.User)
}

// turnInto makes an anonymous user the user who signs up, under the same id; the anonymous sessions end, and the
// device's next anonymous sign-in is a new user. All of this is a guess.
func turnInto(s *service.Service, u *service.Account, person service.Person) *service.Account {
	s.Sessions.EndAll(u, service.Any)
	person.Sub = u.Sub
	person.Groups = u.Groups
	u.Become(person, s.Now())
	s.People.Index(u)
	return u
}
