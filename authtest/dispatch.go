package authtest

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
)

// operation is one row of the server's table. A path with a part in braces, such as user/provider/{id}, takes any one
// part there and gives it to the handler in call.params.
type operation struct {
	name   string // the path under /auth/v1, or under /auth from v2 on; several rows may have the same name and different methods
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
	client            // what a client proves that has a secret
	bearer            // a valid access token; call.session is its session
	expiredToken      // an access token whose session goes on, also if the token itself has expired
)

// operations is the one place where an operation is named.
var operations = []operation{
	{"verification", http.MethodPost, noAuth, sendVerification},
	{"verification/verify", http.MethodPost, noAuth, verifyCode},
	{"signin", http.MethodPost, noAuth, signIn},
	{"signup", http.MethodPost, noAuth, signUp},
	{"token", http.MethodPost, client, grantToken},
	{"revoke", http.MethodPost, noAuth, revoke},
	{"user/me", http.MethodGet, bearer, getMe},
	{"user/signout", http.MethodPost, expiredToken, signOut},
	{"certs", http.MethodGet, noAuth, getCerts},
	{"token/introspect", http.MethodGet, noAuth, introspect},

	{"signin/anonymously", http.MethodPost, noAuth, signInAnonymously},
	{"signin/custom", http.MethodPost, noAuth, signInCustom},
	{"signin/with/provider", http.MethodPost, noAuth, signInWithProvider},
	{"provider/uri", http.MethodGet, noAuth, providerURI},
	{"provider/token", http.MethodPost, noAuth, grantProviderToken},
	{"provider/token", http.MethodPatch, noAuth, addToProviderToken},
	{"device/code", http.MethodPost, noAuth, newDeviceCode},
	{"reset", http.MethodPost, noAuth, resetPassword},
	{"checkIfUserExist", http.MethodGet, noAuth, userExists},
	{"checkUsername", http.MethodGet, bearer, checkFree},
	{"captcha/data", http.MethodPost, noAuth, showCaptcha},
	{"captcha/data/verify", http.MethodPost, noAuth, solveCaptcha},

	{"user/me", http.MethodDelete, bearer, deleteMe},
	{"user/profile", http.MethodPatch, bearer, setProfile},
	{"user/basic/edit", http.MethodPost, bearer, editUser},
	{"user/query", http.MethodGet, bearer, queryUsers},
	{"user/security/history", http.MethodGet, bearer, getHistory},
	{"user/revoke/all", http.MethodDelete, bearer, revokeAll},
	{"user/authorized/devices/{id}", http.MethodDelete, bearer, revokeDevice},
	{"user/sudo", http.MethodPost, bearer, grantSudo},
	{"user/password", http.MethodPatch, bearer, setPassword},
	{"user/contact", http.MethodPatch, bearer, setContact},
	{"user/provider", http.MethodGet, bearer, listProviders},
	{"user/provider/bind", http.MethodPost, bearer, bindProvider},
	{"user/provider/{id}", http.MethodDelete, bearer, unbindProvider},
	{"user/provider/{id}/trans", http.MethodPost, bearer, moveProvider},
	{"user/trans/by/provider", http.MethodPatch, bearer, switchByProvider},
	{"user/device/authorize", http.MethodPost, bearer, authorizeDevice},
	{"user/authorize", http.MethodPost, bearer, authorize},
	{"user/authorize/info", http.MethodGet, noAuth, authorizeInfo},

	{"v2/signin/username", http.MethodPost, noAuth, signIn},
	{"v2/signin/verificationcode", http.MethodPost, noAuth, signInWithCode},
	{"v2/signin/with/provider", http.MethodPost, noAuth, signInWithProvider},
	{"v2/signin/publichkey", http.MethodPost, noAuth, getPublicKey},
	{"v2/signin/password/update", http.MethodPost, noAuth, updatePassword},
	{"v2/token", http.MethodPost, client, grantToken},
	{"v2/user/me", http.MethodGet, bearer, getMe},
	{"v2/user/me", http.MethodDelete, bearer, deleteMe},
}

// maxBody is the largest body that is read.
const maxBody = 1 << 20

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
	refused = notFound("Not Found")
	name, ok := strings.CutPrefix(path, "/auth/v1/")
	switch {
	case ok && !strings.HasPrefix(name, "v2/"):
	case strings.HasPrefix(path, "/auth/v2/"):
		name = strings.TrimPrefix(path, "/auth/")
	default:
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

// serve answers one request of the auth API.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	c := &call{request: r, token: bearerToken(r)}
	op, params, refused := route(r.Method, r.URL.EscapedPath())
	c.params = params
	if bad := c.readBody(w); refused == nil {
		refused = bad
	}
	entry, fault := s.arrive(op, c)
	defer s.report(entry, c)
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
		status, answer = refused.status(), refused.body(s.cfg.plainErrors)
	}
	s.mu.Lock()
	entry.Status = status
	if fault.Body == HTML {
		entry.Status = cmp.Or(fault.Status, http.StatusBadGateway)
	}
	s.mu.Unlock()
	if id := r.Header.Get("X-Request-Id"); id != "" {
		w.Header().Set("X-Request-Id", id)
	}
	fault.send(w, status, marshal(answer))
}

// report tells the functions of WithOnMessage and WithOnRequest what a call has done.
func (s *Server) report(entry *Request, c *call) {
	if s.cfg.onMessage != nil && c.sent != nil {
		s.cfg.onMessage(*c.sent)
	}
	if s.cfg.onRequest != nil {
		s.mu.Lock()
		seen := entry.clone()
		s.mu.Unlock()
		s.cfg.onRequest(seen)
	}
}

// carryOut is the part of a call that reads and changes the server's state.
func (s *Server) carryOut(op *operation, c *call) (any, *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refused := s.checkClient(c, op.auth == client); refused != nil {
		return nil, refused
	}
	if op.auth == bearer || op.auth == expiredToken {
		held, ok := s.state.access[c.token]
		if !ok || held.session.revoked || op.auth == bearer && held.expired(s.Now()) {
			return nil, unauthenticated()
		}
		c.session = held.session
	}
	if s.state.captchaFor[op.name] {
		if refused := s.needCaptcha(c); refused != nil {
			return nil, refused
		}
	}
	return op.handle(s, c)
}
