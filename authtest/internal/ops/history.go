package ops

import (
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// The actions of user/security/history. The js-sdk knows USER_LOGIN; the others are guesses (WIRE.md section 6.8).
const (
	actionLogin    = "USER_LOGIN"
	actionPassword = "USER_PASSWORD_UPDATE"
	actionContact  = "USER_CONTACT_UPDATE"
	actionBind     = "USER_PROVIDER_BIND"
	actionUnbind   = "USER_PROVIDER_UNBIND"
)

// record adds to an account's history.
func record(s *service.Service, c *call, u *service.Account, action string) {
	ip, _, err := net.SplitHostPort(c.request.RemoteAddr)
	if err != nil {
		ip = "127.0.0.1" // a pipe has no address
	}
	u.Record(service.Event{
		Action: action, IP: ip, UserAgent: cut(c.request.UserAgent()), ClientID: c.clientID, Device: c.deviceID(), At: s.Now(),
	})
}

// getHistory is GET user/security/history, newest first. query[action] takes one action, ne_query[action] all but one.
// The js-sdk's types have the fields of an entry; the frame, {"total","data","page_token"}, is a guess (WIRE.md section 6.8).
func getHistory(_ *service.Service, c *call) (any, *refusal.Error) {
	query := c.request.URL.Query()
	only, without := query.Get("query[action]"), query.Get("ne_query[action]")
	limit, from := 20, 0
	for name, to := range map[string]*int{"limit": &limit, "page_token": &from} {
		if text := query.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 || n > service.MaxHistory || name == "limit" && n == 0 {
				return nil, refusal.InvalidArgument(name + " is not valid")
			}
			*to = n
		}
	}
	var found []service.Event
	for _, e := range slices.Backward(c.session.User.History) {
		if (only == "" || e.Action == only) && (without == "" || e.Action != without) {
			found = append(found, e)
		}
	}
	data := []any{}
	answer := map[string]any{"total": len(found)}
	for i := from; i < len(found) && i < from+limit; i++ {
		e := found[i]
		data = append(data, map[string]any{
			"id": e.ID, "action": e.Action, "ip": e.IP, "user_agent": e.UserAgent, "client_id": e.ClientID,
			"device_id": e.Device, "created_at": e.At.UTC().Format(time.RFC3339), "meta": map[string]string{"from": "authtest"},
		})
	}
	answer["data"] = data
	if next := from + limit; next < len(found) {
		answer["page_token"] = strconv.Itoa(next)
	}
	return answer, nil
}
