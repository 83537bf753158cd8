package authtest

// anonymousName is the name of anonymous users, by which the js-sdk knows them (is_anonymous of its user object).
const anonymousName = "anonymous"

// WithAnonymousRefreshToken gives anonymous sessions a refresh token, as older documentation has it. Without it they have
// none, as in the newest documentation, and a client signs in again when the access token has expired (WIRE.md section
// 5.1).
func WithAnonymousRefreshToken() Option {
	return func(c *config) error {
		c.anonymousRefresh = true
		return nil
	}
}

// signInAnonymously is POST signin/anonymously: every device id has one anonymous user (WIRE.md section 5.1).
func signInAnonymously(s *Server, c *call) (any, *Error) {
	if s.cfg.loginOff[LoginAnonymous] {
		return nil, permissionDenied("anonymous login is not enabled")
	}
	if refused := c.refuseFields("provider_token"); refused != nil {
		return nil, refused
	}
	if refused := c.needDevice(); refused != nil {
		return nil, refused
	}
	u := s.state.anonymous[c.deviceID()]
	if u == nil {
		u = s.addUser(User{Sub: randomText(16), Name: anonymousName})
		u.anonymous = true
		s.state.anonymous[c.deviceID()] = u
	}
	return s.openSession(c, u, "anonymous")
}

// anonymousUser returns whom an anonymous_token stands for: the access token of an anonymous session.
func (s *Server) anonymousUser(token string) (*user, *Error) {
	n := s.sessionOf(token)
	if n == nil || !n.user.anonymous {
		return nil, invalidArgument("anonymous_token is invalid or expired")
	}
	return n.user, nil
}

// turnInto makes an anonymous user the person who signs up, under the same id; the anonymous sessions end, and the
// device's next anonymous sign-in is somebody new. All of this is a guess. s.mu is held.
func (s *Server) turnInto(u *user, person User) *user {
	s.endSessions(func(n *session) bool { return n.user == u })
	s.forgetDevice(u)
	person.Sub = u.Sub
	person.Groups = u.Groups
	u.User, u.anonymous, u.updated = person, false, s.Now()
	if person.Password != "" {
		u.passwordSet = u.updated
	}
	s.index(u)
	return u
}

func (s *Server) forgetDevice(u *user) {
	for device, other := range s.state.anonymous {
		if other == u {
			delete(s.state.anonymous, device)
		}
	}
}
