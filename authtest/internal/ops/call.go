package ops

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// call is one request on its way through the server.
type call struct {
	request  *http.Request
	params   map[string]string
	body     map[string]json.RawMessage // nil if it could not be read
	session  *service.Session           // of operations that need a bearer
	token    string                     // the bearer, if the header has one
	clientID string
	opened   map[string]string // fields of the body that were decrypted; nil if they are not for the server's key
	sent     *service.Message  // what the call has sent, nil for nothing
}

// late is an answer that takes time to make and needs nothing of the environment: it is made with the Service unlocked.
type late func() any

// MaxBody is the largest body that is read.
const MaxBody = 1 << 20

// readBody reads a JSON object, whatever the Content-Type; no body is an empty object.
func (c *call) readBody(w http.ResponseWriter) *refusal.Error {
	raw, err := io.ReadAll(http.MaxBytesReader(w, c.request.Body, MaxBody))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return refusal.InvalidArgument("request body is too large")
	}
	if err != nil {
		return refusal.InvalidArgument("request body could not be read")
	}
	body := make(map[string]json.RawMessage)
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &body); err != nil || body == nil {
			return refusal.InvalidArgument("request body is not a JSON object")
		}
	}
	c.body = body
	return nil
}

// field returns a field of the body of whatever type; absent or null is the zero value.
func field[T any](c *call, name string) (T, *refusal.Error) {
	var value T
	if raw, ok := c.body[name]; ok && json.Unmarshal(raw, &value) != nil {
		return *new(T), refusal.InvalidArgument("request field " + name + " has the wrong type")
	}
	return value, nil
}

const deviceHeader = "X-Device-Id"

// deviceID is the caller's x-device-id, cut. Operations that know devices apart by it call needDevice first.
func (c *call) deviceID() string { return cut(c.request.Header.Get(deviceHeader)) }

// needDevice refuses a call without x-device-id, or with one that is cut. The texts and the limit are guesses (WIRE.md section 2).
func (c *call) needDevice() *refusal.Error {
	switch id := c.request.Header.Get(deviceHeader); {
	case id == "":
		return refusal.InvalidArgument("x-device-id is required")
	case len(id) > maxText:
		return refusal.InvalidArgument("x-device-id is too long")
	}
	return nil
}

// fields returns the named string fields of the body; one that is absent or null is "". Names are matched exactly,
// unlike encoding/json does it.
func (c *call) fields(names ...string) (map[string]string, *refusal.Error) {
	values := make(map[string]string, len(names))
	for _, name := range names {
		raw, ok := c.body[name]
		if !ok {
			continue
		}
		var value *string
		if err := json.Unmarshal(raw, &value); err != nil {
			return nil, refusal.InvalidArgument("request field " + name + " is not a string")
		}
		if value != nil {
			values[name] = *value
		}
	}
	return values, nil
}

// refuseFields refuses a call that carries a non-empty field of something that is not emulated.
func (c *call) refuseFields(names ...string) *refusal.Error {
	for _, name := range names {
		switch string(c.body[name]) {
		case "", "null", `""`, "false", "{}":
		default:
			return refusal.Unimplemented("the emulator does not know the field " + name)
		}
	}
	return nil
}

// checkClient takes the client id from the query, the body or Basic authorization; the environment id is the default
// (WIRE.md section 2). prove says that a client with a secret must prove it.
func checkClient(s *service.Service, c *call, prove bool) *refusal.Error {
	in, refused := c.fields("client_id", "client_secret")
	if refused != nil {
		return refused
	}
	basicID, basicSecret, _ := c.request.BasicAuth()
	c.clientID = s.Env
	for _, id := range []string{basicID, in["client_id"], c.request.URL.Query().Get("client_id")} {
		if id == "" {
			continue
		}
		if _, known := s.Clients[id]; !known {
			return byRule("clients", refusal.UnauthorizedClient("client_id is not known in this environment"))
		}
		c.clientID = id
	}
	secret, proved := s.Clients[c.clientID], false
	for _, given := range []string{basicSecret, in["client_secret"]} {
		if secret == "" || given == "" {
			continue
		}
		if !sameSecret(secret, given) {
			return byRule("clients", refusal.UnauthorizedClient("client_secret is wrong"))
		}
		proved = true
	}
	if prove && secret != "" && !proved {
		return byRule("clients", refusal.UnauthorizedClient("client_secret is required"))
	}
	return nil
}

func bearerToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// maxText is how many bytes are kept of a text that is only looked at, such as a header in the log.
const maxText = 200

// cut shortens a text to maxText.
func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + "..."
}

// byRule says which rule of the environment refuses a call, by its name in a seed.
func byRule(name string, refused *refusal.Error) *refusal.Error {
	if refused != nil {
		refused.Rule = name
	}
	return refused
}
