package ops

import (
	"slices"
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// maxQueryIDs is the documented number of ids in one query.
const maxQueryIDs = 50

// queryUsers is GET user/query, refused to anonymous and custom sessions as documented (WIRE.md section 7.9). Ids may be
// repeated or parted by commas. The documentation has total as a string and the js-sdk as a number, which it is here.
func queryUsers(s *service.Service, c *call) (any, *refusal.Error) {
	if c.session.User.Anonymous || c.session.Provider == service.CustomProvider {
		return nil, refusal.PermissionDenied("permission denied")
	}
	query := c.request.URL.Query()
	var found []*service.Account
	add := func(u *service.Account) {
		if u != nil && !slices.Contains(found, u) {
			found = append(found, u)
		}
	}
	ids := strings.FieldsFunc(strings.Join(query["id"], ","), func(r rune) bool { return r == ',' })
	username, email, phone := query.Get("username"), query.Get("email"), query.Get("phone_number")
	switch {
	case len(ids) > maxQueryIDs:
		return nil, refusal.InvalidArgument("too many ids: at most 50")
	case len(ids) > 0:
		for _, id := range ids {
			add(s.People.BySub(id))
		}
	case username != "":
		add(s.People.Named(username))
	case email != "":
		add(s.People.Of(address.Contact{Email: address.EmailKey(email)}))
	case phone != "":
		add(s.People.Of(address.Contact{Phone: phone}))
	default:
		return nil, refusal.InvalidArgument("id, username, email or phone_number is required")
	}
	data := make([]map[string]any, 0, len(found))
	for _, u := range found {
		person := map[string]any{"sub": u.Sub, "name": u.Name}
		for _, name := range []string{"gender", "locale"} {
			if value, ok := u.Profile[name]; ok {
				person[name] = value
			}
		}
		for name, value := range map[string]string{"picture": u.Picture, "email": u.Email, "phone_number": u.Phone} {
			if value != "" {
				person[name] = value
			}
		}
		data = append(data, person)
	}
	return map[string]any{"total": len(data), "data": data}, nil
}

// deleteMe is DELETE user/me and DELETE v2/user/me, with the sudo_token in the query (WIRE.md section 7.2).
func deleteMe(s *service.Service, c *call) (any, *refusal.Error) {
	if refused := needSudo(s, c.session.User, c.request.URL.Query().Get("sudo_token")); refused != nil {
		return nil, refused
	}
	s.Remove(c.session.User)
	return struct{}{}, nil
}

// revokeAll is DELETE user/revoke/all: every session of the user ends, the caller's too, which is a guess.
func revokeAll(s *service.Service, c *call) (any, *refusal.Error) {
	s.Sessions.EndAll(c.session.User, service.Any)
	return struct{}{}, nil
}

// revokeDevice is DELETE user/authorized/devices/{id}: the user's sessions that began with this x-device-id end. The
// answer for a device without one is a guess.
func revokeDevice(s *service.Service, c *call) (any, *refusal.Error) {
	ended := s.Sessions.EndAll(c.session.User, func(n *service.Session) bool { return n.Device == cut(c.params["id"]) })
	if !ended {
		return nil, refusal.NotFound("device not found")
	}
	return struct{}{}, nil
}
