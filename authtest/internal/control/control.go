// Package control is the API with which a program watches and moves an environment from outside, and the guard of that API and of
// the page.
package control

import (
	"crypto/sha256"
	"crypto/subtle"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// Guard says who may call.
type Guard struct {
	// Token is what everybody has to prove to know: by a bearer's authorization, or in a browser as the password that it
	// asks for. They may call from anywhere, by any host's name. "" is no token: then loopback callers may that name a
	// loopback host.
	Token string

	// Public says that the server has a public URL. Then a caller whom a proxy announces has come from elsewhere.
	Public bool
}

// With puts the control API and the page, by its methods and names, before the handler of the auth API. They refuse what a web page of another origin
// sends or fetches, so that no page that a developer visits can read codes or reset the server; a link to the page may be followed.
func With(service *service.Service, guard Guard, page map[string]http.HandlerFunc, auth http.Handler) http.Handler {
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
	protected := http.NewCrossOriginProtection().Handler(mux)

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet && (r.URL.Path == "/" || r.URL.Path+"/" == root):
			http.Redirect(w, r, root, http.StatusFound) // somebody opens the URL that was printed
		case !strings.HasPrefix(r.URL.Path, root):
			auth.ServeHTTP(w, r)
		case guard.Token != "" && !knows(r, guard.Token):
			w.Header().Set("WWW-Authenticate", `Basic realm="tcbauth emulator: any name, and the control token", charset="UTF-8"`)
			refuse(w, http.StatusUnauthorized, "the control API is for who knows the control token")
		case guard.Token == "" && !guard.isLocal(r):
			refuse(w, http.StatusForbidden, "the control API is for this machine only")
		case isFetchedElsewhere(r):
			refuse(w, http.StatusForbidden, "the control API is for no page of another origin")
		default:
			protected.ServeHTTP(w, r)
		}
	})
}

// isLocal says whether a request has come from this machine, as far as it shows.
func (g Guard) isLocal(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "Via"} {
		if g.Public && r.Header.Values(name) != nil {
			return false
		}
	}
	return isLoopback(r.RemoteAddr) && isLoopback(r.Host)
}

// isFetchedElsewhere says whether a page of another origin fetches or embeds this. Somebody who follows a link there does neither.
func isFetchedElsewhere(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return false
	default:
		return r.Header.Get("Sec-Fetch-Dest") != "document"
	}
}

// knows says whether a request proves to know the token.
func knows(r *http.Request, token string) bool {
	_, given, ok := r.BasicAuth()
	if scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		given, ok = bearer, true
	}
	got, want := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(token)) // of one length
	return ok && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// isLoopback says whether a host, with or without a port, is this machine.
func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
