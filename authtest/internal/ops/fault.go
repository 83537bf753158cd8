package ops

import (
	"cmp"
	"net/http"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/answer"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// isAbout says whether a call is about the address with this key; see Fault.
func isAbout(s *service.Service, c *call, key string) bool {
	in, _ := c.fields("phone_number", "phone", "email", "username", "verification_id", "verification_token", "refresh_token",
		"token", "anonymous_token") // a malformed body names nobody
	query := c.request.URL.Query()
	for _, name := range []string{"phone_number", "phone", "email", "username"} {
		if address.Key(in[name]) == key || address.Key(query.Get(name)) == key {
			return true
		}
	}
	if v := s.Codes.Sent(in["verification_id"]); v != nil && address.Key(v.To.String()) == key {
		return true
	}
	if to, ok := s.Codes.Addressee(in["verification_token"]); ok && address.Key(to.String()) == key {
		return true
	}
	for _, token := range []string{c.token, in["refresh_token"], in["token"], in["anonymous_token"], query.Get("token")} {
		n := s.Sessions.OfAny(token)
		if n != nil && (address.Key(n.User.Phone) == key || address.Key(n.User.Email) == key) {
			return true
		}
	}
	return false
}

// htmlPage is what a proxy says that has lost the server behind it.
const htmlPage = "<html>\n<head><title>502 Bad Gateway</title></head>\n<body><center><h1>502 Bad Gateway</h1></center></body>\n</html>\n"

// send answers a call, spoiled as the fault says.
func send(w http.ResponseWriter, f service.Fault, status int, body []byte) {
	half := body[:len(body)/2]
	switch f.Body {
	case service.HTML:
		answer.Write(w, cmp.Or(f.Status, http.StatusBadGateway), "text/html", []byte(htmlPage), len(htmlPage))
	case service.BadJSON:
		answer.Write(w, status, answer.JSONType, half, len(half))
	case service.CutBody:
		answer.Write(w, status, answer.JSONType, half, len(body))
		_ = http.NewResponseController(w).Flush() // a caller who is gone is not the server's concern
		panic(http.ErrAbortHandler)
	default:
		answer.Write(w, status, answer.JSONType, body, len(body))
	}
}
