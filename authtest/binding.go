package authtest

import "maps"

// bind binds a third party's person to an account. s.mu is held.
func (s *Server) bind(u *user, p providerPerson) {
	u.Identities = maps.Clone(u.Identities)
	if u.Identities == nil {
		u.Identities = make(map[string]string)
	}
	u.Identities[p.provider] = p.Sub
	u.nameIdentity(p)
	s.index(u)
}

// unbind undoes bind. s.mu is held.
func (s *Server) unbind(u *user, provider string) {
	u.Identities = maps.Clone(u.Identities)
	delete(u.Identities, provider)
	delete(u.identityNames, provider)
	s.index(u)
}

func (u *user) nameIdentity(p providerPerson) {
	if u.identityNames == nil {
		u.identityNames = make(map[string]string)
	}
	u.identityNames[p.provider] = p.Name
}

// listProviders is GET user/provider (WIRE.md section 7.8).
func listProviders(s *Server, c *call) (any, *Error) {
	u := c.session.user
	data := make([]map[string]any, 0, len(s.cfg.providers))
	for _, id := range s.cfg.providers {
		_, bound := u.Identities[id]
		entry := map[string]any{"id": id, "name": id, "bind": bound}
		if name := u.identityNames[id]; bound && name != "" {
			entry["provider_user_name"] = name
		}
		data = append(data, entry)
	}
	return map[string]any{"total": len(data), "data": data}, nil
}

// bindProvider is POST user/provider/bind (WIRE.md section 7.8). The refusals are guesses.
func bindProvider(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("provider_token")
	if refused != nil {
		return nil, refused
	}
	p, refused := s.providerPerson(in["provider_token"])
	if refused != nil {
		return nil, refused
	}
	u := c.session.user
	if other := s.userBound(p.provider, p.Sub); other != nil && other != u {
		return nil, failedPrecondition("the provider's account is bound to another user")
	}
	if sub, ok := u.Identities[p.provider]; ok && sub != p.Sub {
		return nil, failedPrecondition("an account of the provider is bound already")
	}
	s.bind(u, p)
	s.record(c, u, actionBind)
	return struct{}{}, nil
}

// unbindProvider is DELETE user/provider/{id} (WIRE.md section 7.8). The last way to sign in may go too.
func unbindProvider(s *Server, c *call) (any, *Error) {
	u := c.session.user
	if _, ok := u.Identities[c.params["id"]]; !ok {
		return nil, notFound("the provider is not bound")
	}
	s.unbind(u, c.params["id"])
	s.record(c, u, actionUnbind)
	return struct{}{}, nil
}

// moveProvider is POST user/provider/{id}/trans (WIRE.md section 7.8). What a provider_trans_token is is not known: here
// it is a provider_token, whose person is taken from the account that had it and bound to the caller's.
func moveProvider(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("provider_trans_token")
	if refused != nil {
		return nil, refused
	}
	p, refused := s.providerPerson(in["provider_trans_token"])
	if refused != nil {
		return nil, refused
	}
	if p.provider != c.params["id"] {
		return nil, invalidArgument("provider_trans_token is another provider's")
	}
	if other := s.userBound(p.provider, p.Sub); other != nil {
		s.unbind(other, p.provider)
	}
	s.bind(c.session.user, p)
	s.record(c, c.session.user, actionBind)
	return map[string]string{"client_id": c.session.clientID}, nil
}

// switchByProvider is PATCH user/trans/by/provider: a session of the account that a third party's person is bound to
// (WIRE.md section 7.8).
func switchByProvider(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("provider_token")
	if refused != nil {
		return nil, refused
	}
	p, refused := s.providerPerson(in["provider_token"])
	if refused != nil {
		return nil, refused
	}
	u := s.userBound(p.provider, p.Sub)
	if u == nil {
		return nil, notFound("User not exist")
	}
	return s.openSession(c, u, p.provider)
}
