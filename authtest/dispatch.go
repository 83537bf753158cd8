package authtest

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
)

// Operation is one thing that the server does.
type Operation struct {
	Name    string `json:"name"`   // the path under /auth/v1, or under /auth from v2 on; a part in braces stands for any one part
	Method  string `json:"method"` // of HTTP
	Grade   Grade  `json:"grade"`
	Section string `json:"section"` // of docs/WIRE.md, where the facts stand with their sources
}

// Grade says how surely the request and the good answer of an [Operation] are known. The conditions of refusals and their
// words are often known less well: the package comment lists what is guessed.
type Grade string

// The grades, the strongest first.
const (
	Live Grade = "LIVE" // somebody has captured them from the real server
	Doc  Grade = "DOC"  // Tencent documents them
	SDK  Grade = "SDK"  // Tencent's js-sdk sends the request, and its types have the answer as far as anybody knows it
)

// Operations returns everything that a server of this package answers, in the order of the package's own table.
func Operations() []Operation {
	all := make([]Operation, len(operations))
	for i := range operations {
		all[i] = operations[i].Operation
	}
	return all
}

// operation is one row of the server's table. A path with a part in braces, such as user/provider/{id}, takes any one
// part there and gives it to the handler in call.params. Several rows may have the same name and different methods.
type operation struct {
	Operation
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
	{Operation{"verification", http.MethodPost, Live, "4.1"}, noAuth, sendVerification},
	{Operation{"verification/verify", http.MethodPost, Live, "4.2"}, noAuth, verifyCode},
	{Operation{"signin", http.MethodPost, Live, "4.3"}, noAuth, signIn},
	{Operation{"signup", http.MethodPost, Live, "4.4"}, noAuth, signUp},
	{Operation{"token", http.MethodPost, Live, "6.1"}, client, grantToken},
	{Operation{"revoke", http.MethodPost, SDK, "6.6"}, noAuth, revoke},
	{Operation{"user/me", http.MethodGet, Doc, "7.1"}, bearer, getMe},
	{Operation{"user/signout", http.MethodPost, Doc, "6.7"}, expiredToken, signOut},
	{Operation{"certs", http.MethodGet, Live, "6.4"}, noAuth, getCerts},
	{Operation{"token/introspect", http.MethodGet, Doc, "6.5"}, noAuth, introspect},

	{Operation{"signin/anonymously", http.MethodPost, Doc, "5.1"}, noAuth, signInAnonymously},
	{Operation{"signin/custom", http.MethodPost, Doc, "5.2"}, noAuth, signInCustom},
	{Operation{"signin/with/provider", http.MethodPost, Doc, "5.3"}, noAuth, signInWithProvider},
	{Operation{"provider/uri", http.MethodGet, SDK, "5.3"}, noAuth, providerURI},
	{Operation{"provider/token", http.MethodPost, Doc, "5.3"}, noAuth, grantProviderToken},
	{Operation{"provider/token", http.MethodPatch, SDK, "5.3"}, noAuth, addToProviderToken},
	{Operation{"device/code", http.MethodPost, SDK, "5.4"}, noAuth, newDeviceCode},
	{Operation{"reset", http.MethodPost, SDK, "7.9"}, noAuth, resetPassword},
	{Operation{"checkIfUserExist", http.MethodGet, SDK, "7.9"}, noAuth, userExists},
	{Operation{"checkUsername", http.MethodGet, SDK, "7.9"}, bearer, checkFree},
	{Operation{"captcha/data", http.MethodPost, Doc, "7.9"}, noAuth, showCaptcha},
	{Operation{"captcha/data/verify", http.MethodPost, Doc, "7.9"}, noAuth, solveCaptcha},

	{Operation{"user/me", http.MethodDelete, Doc, "7.2"}, bearer, deleteMe},
	{Operation{"user/profile", http.MethodPatch, SDK, "7.3"}, bearer, setProfile},
	{Operation{"user/basic/edit", http.MethodPost, Doc, "7.4"}, bearer, editUser},
	{Operation{"user/query", http.MethodGet, Doc, "7.9"}, bearer, queryUsers},
	{Operation{"user/security/history", http.MethodGet, SDK, "6.8"}, bearer, getHistory},
	{Operation{"user/revoke/all", http.MethodDelete, SDK, "6.8"}, bearer, revokeAll},
	{Operation{"user/authorized/devices/{id}", http.MethodDelete, SDK, "6.8"}, bearer, revokeDevice},
	{Operation{"user/sudo", http.MethodPost, Doc, "7.5"}, bearer, grantSudo},
	{Operation{"user/password", http.MethodPatch, Doc, "7.6"}, bearer, setPassword},
	{Operation{"user/contact", http.MethodPatch, SDK, "7.7"}, bearer, setContact},
	{Operation{"user/provider", http.MethodGet, SDK, "7.8"}, bearer, listProviders},
	{Operation{"user/provider/bind", http.MethodPost, SDK, "7.8"}, bearer, bindProvider},
	{Operation{"user/provider/{id}", http.MethodDelete, SDK, "7.8"}, bearer, unbindProvider},
	{Operation{"user/provider/{id}/trans", http.MethodPost, SDK, "7.8"}, bearer, moveProvider},
	{Operation{"user/trans/by/provider", http.MethodPatch, SDK, "7.8"}, bearer, switchByProvider},
	{Operation{"user/device/authorize", http.MethodPost, SDK, "5.4"}, bearer, authorizeDevice},
	{Operation{"user/authorize", http.MethodPost, SDK, "5.5"}, bearer, authorize},
	{Operation{"user/authorize/info", http.MethodGet, SDK, "5.5"}, noAuth, authorizeInfo},

	{Operation{"qrcode/generate", http.MethodPost, SDK, "5.3"}, noAuth, newQRCode},
	{Operation{"qrcode/get/status", http.MethodPost, SDK, "5.3"}, noAuth, getQRCodeStatus},
	{Operation{"mgr/provider/providerSubType", http.MethodPost, SDK, "5.3"}, noAuth, getProviderSubType},
	{Operation{"plugin/weda/userinfo", http.MethodGet, SDK, "5.3"}, bearer, getWedaUser},

	{Operation{"v2/signin/username", http.MethodPost, SDK, "4.3"}, noAuth, signIn},
	{Operation{"v2/signin/verificationcode", http.MethodPost, SDK, "4.2"}, noAuth, signInWithCode},
	{Operation{"v2/signin/with/provider", http.MethodPost, SDK, "5.3"}, noAuth, signInWithProvider},
	{Operation{"v2/signin/publichkey", http.MethodPost, SDK, "7.9"}, noAuth, getPublicKey},
	{Operation{"v2/signin/password/update", http.MethodPost, SDK, "7.9"}, noAuth, updatePassword},
	{Operation{"v2/token", http.MethodPost, SDK, "6.1"}, client, grantToken},
	{Operation{"v2/user/me", http.MethodGet, SDK, "7.1"}, bearer, getMe},
	{Operation{"v2/user/me", http.MethodDelete, SDK, "7.2"}, bearer, deleteMe},
}

// maxBody is the largest body that is read.
const maxBody = 1 << 20

func knownOperation(name string) bool {
	for i := range operations {
		if operations[i].Name == name {
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
		params, ok := matchPath(operations[i].Name, name)
		if !ok {
			continue
		}
		if operations[i].Method == method {
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
	_ = http.NewResponseController(w).Flush() // the functions that are told of it may take their time
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
	if s.state.captchaFor[op.Name] {
		if refused := s.needCaptcha(c); refused != nil {
			return nil, refused
		}
	}
	return op.handle(s, c)
}
