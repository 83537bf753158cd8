package ops

import (
	"encoding/json"
	"regexp"

	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// customIDPattern is the node-sdk's rule for the ids that tickets carry (WIRE.md section 8).
var customIDPattern = regexp.MustCompile(`^[a-zA-Z0-9_\-#@~=*(){}[\]:.,<>+]{4,32}$`)

// signInCustom is POST signin/custom (WIRE.md section 5.2). A user whose id is new gets an account with a sub of its
// own, which is a guess; user/me names the id as that of the provider "custom".
func signInCustom(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("provider_id", "ticket")
	if refused != nil {
		return nil, refused
	}
	if id := in["provider_id"]; id != "" && id != service.CustomProvider {
		return nil, refusal.NotFound("provider not found")
	}
	if s.LoginOff[service.LoginCustom] {
		return nil, byRule("login_off", refusal.NotFound("provider not found"))
	}
	uid, ok := readTicket(s, in["ticket"])
	if !ok {
		return nil, refusal.InvalidArgument("invalid ticket")
	}
	u := s.People.Bound(service.CustomProvider, uid)
	if u == nil {
		u = s.People.Add(service.Person{Sub: random.Sub(), Identities: map[string]string{service.CustomProvider: uid}})
	}
	return openSession(s, c, u, service.CustomProvider)
}

// readTicket returns the id that a ticket vouches for. Its times are milliseconds (WIRE.md section 9), so that one made
// with seconds has long expired. The claims refresh and expire are not looked at: what they do is not known.
func readTicket(s *service.Service, ticket string) (uid string, ok bool) {
	payload, ok := s.TicketKey().Payload(ticket)
	if !ok {
		return "", false
	}
	var claims struct {
		Env     string `json:"env"`
		UID     string `json:"uid"`
		Expires int64  `json:"exp"`
	}
	if json.Unmarshal(payload, &claims) != nil || claims.Env != s.Env || s.Now().UnixMilli() >= claims.Expires {
		return "", false
	}
	return claims.UID, customIDPattern.MatchString(claims.UID)
}
