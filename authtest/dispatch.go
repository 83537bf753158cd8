package authtest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// operation is one row of the server's table. A path with a part in braces, such as user/provider/{id}, takes any one
// part there and gives it to the handler in call.params.
type operation struct {
	name   string // the path under /auth/v1; several rows may have the same name and different methods
	method string
	auth   auth
	handle handler
}

// handler carries an operation out. It runs with Server.mu held, so that it is one step for everybody else: it must not
// wait. It returns what is encoded as the answer, or what refused the call.
type handler func(s *Server, c *call) (any, *Error)

// auth is what an operation asks of the Authorization header.
type auth int

const (
	noAuth       auth = iota
	bearer            // a valid access token; call.session is its session
	expiredToken      // an access token whose session goes on, also if the token itself has expired
)

// operations is the one place where an operation is named.
var operations = []operation{
	{"verification", http.MethodPost, noAuth, sendVerification},
	{"verification/verify", http.MethodPost, noAuth, verifyCode},
	{"signin", http.MethodPost, noAuth, signIn},
	{"signup", http.MethodPost, noAuth, signUp},
	{"token", http.MethodPost, noAuth, grantToken},
	{"revoke", http.MethodPost, noAuth, revoke},
	{"user/me", http.MethodGet, bearer, getMe},
	{"user/signout", http.MethodPost, expiredToken, signOut},
	{"certs", http.MethodGet, noAuth, getCerts},
}

const (
	pathPrefix = "/auth/v1/"
	maxBody    = 1 << 20
)

func knownOperation(name string) bool {
	for i := range operations {
		if operations[i].name == name {
			return true
		}
	}
	return false
}

// route finds the operation of a request. The path is the escaped one.
func route(method, path string) (op *operation, params map[string]string, refused *Error) {
	name, ok := strings.CutPrefix(path, pathPrefix)
	refused = notFound("Not Found")
	if !ok {
		return nil, nil, refused
	}
	for i := range operations {
		params, ok := matchPath(operations[i].name, name)
		if !ok {
			continue
		}
		if operations[i].method == method {
			return &operations[i], params, nil
		}
		refused = unimplemented("Method Not Allowed")
		refused.Status = http.StatusMethodNotAllowed
	}
	return nil, nil, refused
}

func matchPath(pattern, path string) (params map[string]string, ok bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	params = make(map[string]string)
	for i, part := range want {
		if !strings.HasPrefix(part, "{") {
			if part != got[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(got[i])
		if err != nil || value == "" {
			return nil, false
		}
		params[strings.Trim(part, "{}")] = value
	}
	return params, true
}

// call is one request on its way through the server.
type call struct {
	request  *http.Request
	params   map[string]string
	body     map[string]json.RawMessage // nil if it could not be read
	session  *session                   // of operations that need a bearer
	token    string                     // the bearer, if the header has one
	clientID string
}

// readBody reads a JSON object, whatever the Content-Type; no body is an empty object.
func (c *call) readBody(w http.ResponseWriter) *Error {
	raw, err := io.ReadAll(http.MaxBytesReader(w, c.request.Body, maxBody))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return invalidArgument("request body is too large")
	}
	if err != nil {
		return invalidArgument("request body could not be read")
	}
	body := make(map[string]json.RawMessage)
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &body); err != nil || body == nil {
			return invalidArgument("request body is not a JSON object")
		}
	}
	c.body = body
	return nil
}

// fields returns the named string fields of the body; one that is absent or null is "". Names are matched exactly,
// unlike encoding/json does it.
func (c *call) fields(names ...string) (map[string]string, *Error) {
	values := make(map[string]string, len(names))
	for _, name := range names {
		raw, ok := c.body[name]
		if !ok {
			continue
		}
		var value *string
		if err := json.Unmarshal(raw, &value); err != nil {
			return nil, invalidArgument("request field " + name + " is not a string")
		}
		if value != nil {
			values[name] = *value
		}
	}
	return values, nil
}

// refuseFields refuses a call that carries a non-empty field of something that is not emulated.
func (c *call) refuseFields(names ...string) *Error {
	for _, name := range names {
		switch string(c.body[name]) {
		case "", "null", `""`, "false", "{}":
		default:
			return unimplemented("the emulator does not know the field " + name)
		}
	}
	return nil
}

// serve answers one request of the auth API.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	c := &call{request: r, token: bearerToken(r)}
	op, params, refused := route(r.Method, r.URL.EscapedPath())
	c.params = params
	if bad := c.readBody(w); refused == nil {
		refused = bad
	}
	entry, fault := s.arrive(op, c)
	if fault.Delay > 0 && !sleep(r.Context(), fault.Delay) {
		panic(http.ErrAbortHandler)
	}
	if fault.Close == BeforeCommit {
		panic(http.ErrAbortHandler)
	}
	if fault.Error != nil {
		refused = fault.Error
	}
	var answer any
	if refused == nil {
		answer, refused = s.carryOut(op, c)
	}
	if fault.Close == AfterCommit {
		panic(http.ErrAbortHandler)
	}
	status := http.StatusOK
	if refused != nil {
		status, answer = refused.status(), refused.body(s.cfg.upperCode)
	}
	s.mu.Lock()
	entry.Status = status
	s.mu.Unlock()
	if id := r.Header.Get("X-Request-Id"); id != "" {
		w.Header().Set("X-Request-Id", id)
	}
	fault.Body.write(w, status, marshal(answer))
}

// carryOut is the part of a call that reads and changes the server's state.
func (s *Server) carryOut(op *operation, c *call) (any, *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refused := s.checkClient(c); refused != nil {
		return nil, refused
	}
	if op.auth != noAuth {
		held, ok := s.state.access[c.token]
		if !ok || held.session.revoked || op.auth == bearer && held.expired(s.Now()) {
			return nil, unauthenticated()
		}
		c.session = held.session
	}
	return op.handle(s, c)
}

// checkClient takes the client id from the query or the body; the environment id is the default (WIRE.md section 2).
func (s *Server) checkClient(c *call) *Error {
	in, refused := c.fields("client_id")
	if refused != nil {
		return refused
	}
	c.clientID = s.Env
	for _, id := range []string{in["client_id"], c.request.URL.Query().Get("client_id")} {
		if id == "" {
			continue
		}
		if id != s.Env && !s.cfg.clientIDs[id] {
			return &Error{Word: "unauthorized_client", Number: 4022, Description: "client_id is not known in this environment"}
		}
		c.clientID = id
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
