package authtest

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

const controlPath = "/_emulator/"

// withControl puts the control API and its page before the handler of the auth API. They answer loopback callers that name
// a loopback host, and refuse what a web page of another origin sends, so that no page that a developer visits can read
// codes or reset the server.
func (s *Server) withControl(auth http.Handler) http.Handler {
	control := http.NewServeMux()
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request){
		"GET {$}":             s.controlPage,
		"POST {$}":            s.controlForm,
		"GET inbox":           s.controlInbox,
		"GET clock":           s.controlTime,
		"POST clock":          s.controlAdvance,
		"POST reset":          s.controlReset,
		"GET users":           s.controlUsers,
		"POST users":          s.controlSeed,
		"GET sessions":        s.controlSessions,
		"GET requests":        s.controlRequests,
		"GET operations":      s.controlOperations,
		"GET faults":          s.controlFaults,
		"POST faults":         s.controlInject,
		"DELETE faults":       s.controlClearFaults,
		"GET captchas":        s.controlCaptchas,
		"POST captchas":       s.controlRequireCaptcha,
		"POST codes":          s.controlFixCode,
		"POST provider-codes": s.controlProviderCode,
		"POST devices":        s.controlDevice,
		"POST qrcodes":        s.controlScan,
		"POST keys":           s.controlRotateKey,
		"POST tokens":         s.controlIssueToken,
		"GET ticket-key":      s.controlTicketKey,
	} {
		method, name, _ := strings.Cut(pattern, " ")
		control.HandleFunc(method+" "+controlPath+name, handle)
	}
	guarded := http.NewCrossOriginProtection().Handler(control)

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet && (r.URL.Path == "/" || r.URL.Path+"/" == controlPath):
			http.Redirect(w, r, controlPath, http.StatusFound) // somebody opens the URL that was printed
		case !strings.HasPrefix(r.URL.Path, controlPath):
			auth.ServeHTTP(w, r)
		case !isLoopback(r.RemoteAddr) || !isLoopback(r.Host):
			controlRefusal(w, http.StatusForbidden, "the control API is for this machine only")
		default:
			guarded.ServeHTTP(w, r)
		}
	})
}

// controlQuery returns the query of a control call and answers one that has a name it does not know, or a name twice.
func controlQuery(w http.ResponseWriter, r *http.Request, names ...string) (url.Values, bool) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		controlRefusal(w, http.StatusBadRequest, "the query is malformed")
		return nil, false
	}
	for name, values := range query {
		if !slices.Contains(names, name) || len(values) > 1 {
			controlRefusal(w, http.StatusBadRequest, "the query may have once each: "+strings.Join(names, ", "))
			return nil, false
		}
	}
	return query, true
}

// controlBody decodes the JSON body of a control call, whatever its Content-Type, and answers a bad one itself. Names that
// it does not know are bad.
func controlBody(w http.ResponseWriter, r *http.Request, to any) bool {
	if _, ok := controlQuery(w, r); !ok {
		return false
	}
	err := decodeStrictly(http.MaxBytesReader(w, r.Body, maxBody), to)
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		controlRefusal(w, http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB")
		return false
	}
	if err != nil {
		controlRefusal(w, http.StatusBadRequest, "the body is not the JSON object that is wanted here: "+err.Error())
		return false
	}
	return true
}

// controlDone answers {}, or says why not.
func controlDone(w http.ResponseWriter, err error) {
	if err != nil {
		controlRefusal(w, http.StatusBadRequest, err.Error())
		return
	}
	controlAnswer(w, struct{}{})
}

func controlRefusal(w http.ResponseWriter, status int, description string) {
	body := marshal((&Error{Word: http.StatusText(status), Description: description}).body(true))
	writeBody(w, status, jsonType, body, len(body))
}

func controlAnswer(w http.ResponseWriter, answer any) {
	body := marshal(answer)
	writeBody(w, http.StatusOK, jsonType, body, len(body))
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
