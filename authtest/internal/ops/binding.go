package ops

import (
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// listProviders is GET user/provider (WIRE.md section 7.8).
func listProviders(s *service.Service, c *call) (any, *refusal.Error) {
	u := c.session.User
	data := make([]map[string]any, 0, len(s.Providers))
	for _, id := range s.Providers {
		_, bound := u.Identities[id]
		entry := map[string]any{"id": id, "name": id, "bind": bound}
		if name := u.IdentityNames[id]; bound && name != "" {
			entry["provider_user_name"] = name
		}
		data = append(data, entry)
	}
	return map[string]any{"total": len(data), "data": data}, nil
}

// bindProvider is POST user/provider/bind (WIRE.md section 7.8). The refusals are guesses.
func bindProvider(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("provider_token")
	if refused != nil {
		return nil, refused
	}
	p, refused := providerPerson(s, in["provider_token"])
	if refused != nil {
		return nil, refused
	}
	u := c.session.User
	if other := s.People.Bound(p.Provider, p.Sub); other != nil && other != u {
		return nil, refusal.FailedPrecondition("the provider's account is bound to another user")
	}
	if sub, ok := u.Identities[p.Provider]; ok && sub != p.Sub {
		return nil, refusal.FailedPrecondition("an account of the provider is bound already")
	}
	s.People.Bind(u, p)
	record(s, c, u, actionBind)
	return struct{}{}, nil
}

// unbindProvider is DELETE user/provider/{id} (WIRE.md section 7.8). The last way to sign in may go too.
func unbindProvider(s *service.Service, c *call) (any, *refusal.Error) {
	u := c.session.User
	if _, ok := u.Identities[c.params["id"]]; !ok {
		return nil, refusal.NotFound("the provider is not bound")
	}
	s.People.Unbind(u, c.params["id"])
	record(s, c, u, actionUnbind)
	return struct{}{}, nil
}

// moveProvider is POST user/provider/{id}/trans (WIRE.md section 7.8). What a provider_trans_token is is not known: here
// it is a provider_token, whose user is taken from the account that had it and bound to the caller's.
func moveProvider(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("provider_trans_token")
	if refused != nil {
		return nil, refused
	}
	p, refused := providerPerson(s, in["provider_trans_token"])
	if refused != nil {
		return nil, refused
	}
	if p.Provider != c.params["id"] {
		return nil, refusal.InvalidArgument("provider_trans_token is another provider's")
	}
	if other := s.People.Bound(p.Provider, p.Sub); other != nil {
		s.People.Unbind(other, p.Provider)
	}
	s.People.Bind(c.session.User, p)
	record(s, c, c.session.User, actionBind)
	return map[string]string{"client_id": c.session.ClientID}, nil
}

// switchByProvider is PATCH user/trans/by/provider: a session of the account that a third party's user is bound to
// (WIRE.md section 7.8).
func switchByProvider(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("provider_token")
	if refused != nil {
		return nil, refused
	}
	p, refused := providerPerson(s, in["provider_token"])
	if refused != nil {
		return nil, refused
	}
	u := s.People.Bound(p.Provider, p.Sub)
	if u == nil {
		return nil, refusal.NotFound("User not exist")
	}
	return openSession(s, c, u, p.Provider)
}
