package authtest

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The actions of user/security/history. The js-sdk knows USER_LOGIN; the others are guesses (WIRE.md section 6.8).
const (
	actionLogin    = "USER_LOGIN"
	actionPassword = "USER_PASSWORD_UPDATE"
	actionContact  = "USER_CONTACT_UPDATE"
	actionBind     = "USER_PROVIDER_BIND"
	actionUnbind   = "USER_PROVIDER_UNBIND"
)

// maxHistory bounds what is kept of one account.
const maxHistory = 1000

// event is one entry of an account's history.
type event struct {
	id, action, ip, userAgent, clientID, device string
	at                                          time.Time
}

// record adds to an account's history. s.mu is held.
func (s *Server) record(c *call, u *user, action string) {
	ip, _, err := net.SplitHostPort(c.request.RemoteAddr)
	if err != nil {
		ip = "127.0.0.1" // a pipe has no address
	}
	u.history = append(u.history, event{
		id: randomID(), action: action, ip: ip, userAgent: c.request.UserAgent(), clientID: c.clientID,
		device: c.deviceID(), at: s.Now(),
	})
	if extra := len(u.history) - maxHistory; extra > 0 {
		u.history = slices.Clone(u.history[extra:])
	}
}

// getHistory is GET user/security/history, newest first. query[action] takes one action, ne_query[action] all but one.
// The js-sdk's types have the fields of an entry; the frame, {"total","data","page_token"}, is a guess (WIRE.md section 6.8).
func getHistory(_ *Server, c *call) (any, *Error) {
	query := c.request.URL.Query()
	only, without := query.Get("query[action]"), query.Get("ne_query[action]")
	limit, from := 20, 0
	for name, to := range map[string]*int{"limit": &limit, "page_token": &from} {
		if text := query.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 || n > maxHistory || name == "limit" && n == 0 {
				return nil, invalidArgument(name + " is not valid")
			}
			*to = n
		}
	}
	var found []event
	for _, e := range slices.Backward(c.session.user.history) {
		if (only == "" || e.action == only) && (without == "" || e.action != without) {
			found = append(found, e)
		}
	}
	data := []any{}
	answer := map[string]any{"total": len(found)}
	for i := from; i < len(found) && i < from+limit; i++ {
		e := found[i]
		data = append(data, map[string]any{
			"id": e.id, "action": e.action, "ip": e.ip, "user_agent": e.userAgent, "client_id": e.clientID,
			"device_id": e.device, "created_at": e.at.UTC().Format(time.RFC3339), "meta": map[string]string{"from": "authtest"},
		})
	}
	answer["data"] = data
	if next := from + limit; next < len(found) {
		answer["page_token"] = strconv.Itoa(next)
	}
	return answer, nil
}

// maxQueryIDs is the documented number of ids in one query.
const maxQueryIDs = 50

// queryUsers is GET user/query, refused to anonymous and custom sessions as documented (WIRE.md section 7.9). Ids may be
// repeated or parted by commas. The documentation has total as a string and the js-sdk as a number, which it is here.
func queryUsers(s *Server, c *call) (any, *Error) {
	if c.session.user.anonymous || c.session.provider == customProvider {
		return nil, permissionDenied("permission denied")
	}
	query := c.request.URL.Query()
	var found []*user
	add := func(u *user) {
		if u != nil && !slices.Contains(found, u) {
			found = append(found, u)
		}
	}
	ids := strings.FieldsFunc(strings.Join(query["id"], ","), func(r rune) bool { return r == ',' })
	username, email, phone := query.Get("username"), query.Get("email"), query.Get("phone_number")
	switch {
	case len(ids) > maxQueryIDs:
		return nil, invalidArgument("too many ids: at most 50")
	case len(ids) > 0:
		for _, id := range ids {
			add(s.state.users[id])
		}
	case username != "":
		add(s.userNamed(username))
	case email != "":
		add(s.userOf(contact{email: emailKey(email)}))
	case phone != "":
		add(s.userOf(contact{phone: phone}))
	default:
		return nil, invalidArgument("id, username, email or phone_number is required")
	}
	data := make([]map[string]any, 0, len(found))
	for _, u := range found {
		person := map[string]any{"sub": u.Sub, "name": u.Name}
		for _, name := range []string{"gender", "locale"} {
			if value, ok := u.profile[name]; ok {
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
func deleteMe(s *Server, c *call) (any, *Error) {
	if refused := s.needSudo(c.session.user, c.request.URL.Query().Get("sudo_token")); refused != nil {
		return nil, refused
	}
	s.removeUser(c.session.user)
	return struct{}{}, nil
}

// removeUser deletes an account and everything that signs it in. s.mu is held.
func (s *Server) removeUser(u *user) {
	s.endSessions(func(n *session) bool { return n.user == u })
	s.forgetDevice(u)
	s.unindex(u)
	delete(s.state.users, u.Sub)
	for token, held := range s.state.sudos {
		if held.user == u {
			delete(s.state.sudos, token)
		}
	}
	for _, d := range s.state.deviceCodes {
		if d.approved == u {
			d.approved, d.denied = nil, true
		}
	}
	for code, grant := range s.state.codes {
		if grant.session.user == u {
			delete(s.state.codes, code)
		}
	}
}

// revokeAll is DELETE user/revoke/all: every session of the person ends, the caller's too, which is a guess.
func revokeAll(s *Server, c *call) (any, *Error) {
	s.endSessions(func(n *session) bool { return n.user == c.session.user })
	return struct{}{}, nil
}

// revokeDevice is DELETE user/authorized/devices/{id}: the person's sessions that began with this x-device-id end. The
// answer for a device without one is a guess.
func revokeDevice(s *Server, c *call) (any, *Error) {
	ended := false
	s.endSessions(func(n *session) bool {
		match := n.user == c.session.user && n.device == c.params["id"]
		ended = ended || match
		return match
	})
	if !ended {
		return nil, notFound("device not found")
	}
	return struct{}{}, nil
}
