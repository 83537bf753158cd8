// Package control is the API with which a program watches and moves an environment from outside.
package control

import (
	"maps"
	"net/http"
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest/internal/answer"
	"github.com/cloudbase-community/tcbauth/authtest/internal/guard"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// With puts the control API and the page, behind a guard, before the handler of the auth API. keepOut answers whoever may not have
// the page.
func With(service *service.Service, g guard.Guard, page map[string]http.HandlerFunc, keepOut guard.Refuse, auth http.Handler) http.Handler {
	s := control{service}
	mux := http.NewServeMux()
	handlers := map[string]http.HandlerFunc{
		"GET inbox":            s.getInbox,
		"GET clock":            s.getClock,
		"POST clock":           s.postClock,
		"POST reset":           s.postReset,
		"GET users":            s.getUsers,
		"POST users":           s.postUsers,
		"GET sessions":         s.getSessions,
		"GET requests":         s.getRequests,
		"GET operations":       s.getOperations,
		"PATCH users/{sub}":    s.patchUser,
		"DELETE users/{sub}":   s.deleteUser,
		"DELETE sessions":      s.deleteSessions,
		"DELETE sessions/{id}": s.deleteSession,
		"GET rules":            s.getRules,
		"PATCH rules":          s.patchRules,
		"DELETE rules":         s.deleteRules,
		"DELETE faults/{id}":   s.deleteFault,
		"GET devices":          s.getDevices,
		"GET qrcodes":          s.getQRCodes,
		"GET faults":           s.getFaults,
		"POST faults":          s.postFault,
		"DELETE faults":        s.deleteFaults,
		"GET captchas":         s.getCaptchas,
		"POST captchas":        s.postCaptchas,
		"POST codes":           s.postCode,
		"POST provider-codes":  s.postProviderCode,
		"POST devices":         s.postDevice,
		"POST qrcodes":         s.postQRCode,
		"POST keys":            s.postKey,
		"POST tokens":          s.postToken,
		"GET ticket-key":       s.getTicketKey,
		"GET state":            s.getState,
		"PUT state":            s.putState,
		"GET snippets":         s.getSnippets,
	}
	maps.Copy(handlers, page)
	for pattern, handle := range handlers {
		method, name, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+root+name, handle)
	}
	protected := g.Before(mux, func(w http.ResponseWriter, r *http.Request, why guard.Reason) {
		if r.URL.Path == root {
			keepOut(w, r, why)
			return
		}
		refuse(w, why.Status(), "the control API "+why.String())
	})

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet && (r.URL.Path == "/" || r.URL.Path+"/" == root):
			answer.Redirect(w, http.StatusFound, root[1:]) // a developer opens the URL that was printed
		case !strings.HasPrefix(r.URL.Path, root):
			auth.ServeHTTP(w, r)
		default:
			protected.ServeHTTP(w, r)
		}
	})
}
