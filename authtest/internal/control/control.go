// Package control is the API and the page with which a person, or a program, watches and moves an environment from outside.
package control

import (
	"net/http"
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest/internal/guard"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// With puts the control API and its page before the handler of the auth API. They refuse what a web page of another origin
// sends or fetches, so that no page that a developer visits can read codes or reset the server; a link to the page may be followed.
func With(service *service.Service, g guard.Guard, auth http.Handler) http.Handler {
	s := control{service}
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request){
		"GET {$}":             s.getPage,
		"POST {$}":            s.postForm,
		"GET inbox":           s.getInbox,
		"GET clock":           s.getClock,
		"POST clock":          s.postClock,
		"POST reset":          s.postReset,
		"GET users":           s.getUsers,
		"POST users":          s.postUsers,
		"GET sessions":        s.getSessions,
		"GET requests":        s.getRequests,
		"GET operations":      s.getOperations,
		"GET faults":          s.getFaults,
		"POST faults":         s.postFault,
		"DELETE faults":       s.deleteFaults,
		"GET captchas":        s.getCaptchas,
		"POST captchas":       s.postCaptchas,
		"POST codes":          s.postCode,
		"POST provider-codes": s.postProviderCode,
		"POST devices":        s.postDevice,
		"POST qrcodes":        s.postQRCode,
		"POST keys":           s.postKey,
		"POST tokens":         s.postToken,
		"GET ticket-key":      s.getTicketKey,
		"GET state":           s.getState,
		"PUT state":           s.putState,
		"GET snippets":        s.getSnippets,
	} {
		method, name, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+root+name, handle)
	}
	protected := g.Before(mux, func(w http.ResponseWriter, _ *http.Request, why guard.Reason) {
		refuse(w, why.Status(), "the control API "+why.String())
	})

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet && (r.URL.Path == "/" || r.URL.Path+"/" == root):
			http.Redirect(w, r, root, http.StatusFound) // somebody opens the URL that was printed
		case !strings.HasPrefix(r.URL.Path, root):
			auth.ServeHTTP(w, r)
		default:
			protected.ServeHTTP(w, r)
		}
	})
}
