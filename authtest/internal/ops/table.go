// Package ops carries calls of the auth API out on an environment: the table of operations with their handlers, and the HTTP
// handler that answers them.
package ops

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// Operation is one thing that the server does.
type Operation struct {
	Name     string `json:"name"`   // the path under /auth/v1, or under /auth from v2 on; a part in braces stands for any one part
	Method   string `json:"method"` // of HTTP
	Evidence string `json:"evidence"`
	Section  string `json:"section"` // of docs/WIRE.md, where the facts stand with their sources
}

// How an operation is known.
const (
	live = "LIVE" // others report to have seen it on the real server, or use it in production
	sdk  = "SDK"  // only Tencent's js-sdk shows it
	doc  = "DOC"  // Tencent documents it
)

// operation is one row of the server's table. A path with a part in braces, such as user/provider/{id}, takes any one
// part there and gives it to the handler in call.params. Several rows may have the same name and different methods.
type operation struct {
	Operation
	auth   auth
	handle handler
}

// handler carries an operation out. It runs with the Service locked, so that it is one step for everybody else: it must not
// wait. It returns what is encoded as the answer, or a service.Pending or late that makes it with the Service unlocked, or what
// refused the call.
type handler func(s *service.Service, c *call) (any, *refusal.Error)

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
	{Operation{"verification", http.MethodPost, live, "4.1"}, noAuth, sendVerification},
	{Operation{"verification/verify", http.MethodPost, live, "4.2"}, noAuth, verifyCode},
	{Operation{"signin", http.MethodPost, live, "4.3"}, noAuth, signIn},
	{Operation{"signup", http.MethodPost, live, "4.4"}, noAuth, signUp},
	{Operation{"token", http.MethodPost, live, "6.1"}, client, grantToken},
	{Operation{"revoke", http.MethodPost, live, "6.6"}, noAuth, revoke},
	{Operation{"user/me", http.MethodGet, doc, "7.1"}, bearer, getMe},
	{Operation{"user/signout", http.MethodPost, doc, "6.7"}, expiredToken, signOut},
	{Operation{"certs", http.MethodGet, live, "6.4"}, noAuth, getCerts},
	{Operation{"token/introspect", http.MethodGet, doc, "6.5"}, noAuth, introspect},

	{Operation{"signin/anonymously", http.MethodPost, doc, "5.1"}, noAuth, signInAnonymously},
	{Operation{"signin/custom", http.MethodPost, live, "5.2"}, noAuth, signInCustom},
	{Operation{"signin/with/provider", http.MethodPost, doc, "5.3"}, noAuth, signInWithProvider},
	{Operation{"provider/uri", http.MethodGet, sdk, "5.3"}, noAuth, providerURI},
	{Operation{"provider/token", http.MethodPost, doc, "5.3"}, noAuth, grantProviderToken},
	{Operation{"provider/token", http.MethodPatch, sdk, "5.3"}, noAuth, addToProviderToken},
	{Operation{"device/code", http.MethodPost, sdk, "5.4"}, noAuth, newDeviceCode},
	{Operation{"reset", http.MethodPost, sdk, "7.9"}, noAuth, resetPassword},
	{Operation{"checkIfUserExist", http.MethodGet, sdk, "7.9"}, noAuth, userExists},
	{Operation{"checkUsername", http.MethodGet, sdk, "7.9"}, bearer, checkFree},
	{Operation{"captcha/init", http.MethodPost, doc, "7.9"}, noAuth, beginCaptcha},
	{Operation{"captcha/data", http.MethodPost, doc, "7.9"}, noAuth, showCaptcha},
	{Operation{"captcha/data/verify", http.MethodPost, doc, "7.9"}, noAuth, solveCaptcha},

	{Operation{"user/me", http.MethodDelete, doc, "7.2"}, bearer, deleteMe},
	{Operation{"user/profile", http.MethodPatch, sdk, "7.3"}, bearer, setProfile},
	{Operation{"user/basic/edit", http.MethodPost, doc, "7.4"}, bearer, editUser},
	{Operation{"user/query", http.MethodGet, doc, "7.9"}, bearer, queryUsers},
	{Operation{"user/security/history", http.MethodGet, sdk, "6.8"}, bearer, getHistory},
	{Operation{"user/revoke/all", http.MethodDelete, sdk, "6.8"}, bearer, revokeAll},
	{Operation{"user/authorized/devices/{id}", http.MethodDelete, sdk, "6.8"}, bearer, revokeDevice},
	{Operation{"user/sudo", http.MethodPost, doc, "7.5"}, bearer, grantSudo},
	{Operation{"user/password", http.MethodPatch, doc, "7.6"}, bearer, setPassword},
	{Operation{"user/contact", http.MethodPatch, sdk, "7.7"}, bearer, setContact},
	{Operation{"user/provider", http.MethodGet, sdk, "7.8"}, bearer, listProviders},
	{Operation{"user/provider/bind", http.MethodPost, sdk, "7.8"}, bearer, bindProvider},
	{Operation{"user/provider/{id}", http.MethodDelete, sdk, "7.8"}, bearer, unbindProvider},
	{Operation{"user/provider/{id}/trans", http.MethodPost, sdk, "7.8"}, bearer, moveProvider},
	{Operation{"user/trans/by/provider", http.MethodPatch, sdk, "7.8"}, bearer, switchByProvider},
	{Operation{"user/device/authorize", http.MethodPost, sdk, "5.4"}, bearer, authorizeDevice},
	{Operation{"user/authorize", http.MethodPost, sdk, "5.5"}, bearer, authorize},
	{Operation{"user/authorize/info", http.MethodGet, sdk, "5.5"}, noAuth, authorizeInfo},

	{Operation{"qrcode/generate", http.MethodPost, sdk, "5.3"}, noAuth, newQRCode},
	{Operation{"qrcode/get/status", http.MethodPost, sdk, "5.3"}, noAuth, getQRCodeStatus},
	{Operation{"mgr/provider/providerSubType", http.MethodPost, sdk, "5.3"}, noAuth, getProviderSubType},
	{Operation{"plugin/weda/userinfo", http.MethodGet, sdk, "5.3"}, bearer, getWedaUser},

	{Operation{"v2/signin/username", http.MethodPost, sdk, "4.3"}, noAuth, signIn},
	{Operation{"v2/signin/verificationcode", http.MethodPost, sdk, "4.2"}, noAuth, signInWithCode},
	{Operation{"v2/signin/with/provider", http.MethodPost, sdk, "5.3"}, noAuth, signInWithProvider},
	{Operation{"v2/signin/publichkey", http.MethodPost, sdk, "7.9"}, noAuth, getPublicKey},
	{Operation{"v2/signin/password/update", http.MethodPost, sdk, "7.9"}, noAuth, updatePassword},
	{Operation{"v2/token", http.MethodPost, sdk, "6.1"}, client, grantToken},
	{Operation{"v2/user/me", http.MethodGet, sdk, "7.1"}, bearer, getMe},
	{Operation{"v2/user/me", http.MethodDelete, sdk, "7.2"}, bearer, deleteMe},
}

// All returns every operation, in the order of the table.
func All() []Operation {
	all := make([]Operation, len(operations))
	for i := range operations {
		all[i] = operations[i].Operation
	}
	return all
}

// Known says whether there is an operation of this name.
func Known(name string) bool {
	for i := range operations {
		if operations[i].Name == name {
			return true
		}
	}
	return false
}

// route finds the operation of a request. The path is the escaped one.
func route(method, path string) (op *operation, params map[string]string, refused *refusal.Error) {
	refused = refusal.NotFound("Not Found")
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
		refused = refusal.Unimplemented("Method Not Allowed")
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
