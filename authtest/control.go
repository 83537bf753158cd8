package authtest

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// maxWait bounds how long the control API lets somebody wait for a message.
const maxWait = 5 * time.Minute

// withControl puts the control API before the handler of the auth API. It answers loopback callers that name a
// loopback host, and refuses what a web page of another origin sends, so that no page that a developer visits can read
// codes or reset the server.
func (s *Server) withControl(auth http.Handler) http.Handler {
	control := http.NewServeMux()
	control.HandleFunc("GET /_emulator/inbox", s.controlInbox)
	control.HandleFunc("POST /_emulator/clock", s.controlClock)
	control.HandleFunc("POST /_emulator/reset", func(w http.ResponseWriter, _ *http.Request) {
		s.Reset()
		controlAnswer(w, http.StatusOK, struct{}{})
	})
	control.HandleFunc("GET /_emulator/users", s.controlUsers)
	control.HandleFunc("POST /_emulator/users", s.controlSeed)
	control.HandleFunc("GET /_emulator/faults", s.controlFaults)
	control.HandleFunc("POST /_emulator/faults", s.controlInject)
	control.HandleFunc("GET /_emulator/captchas", s.controlCaptchas)
	guarded := http.NewCrossOriginProtection().Handler(control)

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !strings.HasPrefix(r.URL.Path, "/_emulator/"):
			auth.ServeHTTP(w, r)
		case !isLoopback(r.RemoteAddr) || !isLoopback(r.Host):
			controlRefusal(w, http.StatusForbidden, "the control API is for this machine only")
		default:
			guarded.ServeHTTP(w, r)
		}
	})
}

// controlInbox is GET /_emulator/inbox?to=&wait=: the messages to an address, or all without to, newest first. With wait, a Go
// duration of at most 5 minutes, it answers as soon as there is one, and with none when the time is over.
func (s *Server) controlInbox(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var key string
	if to := query.Get("to"); to != "" {
		if key = addressKey(to); key == "" {
			controlRefusal(w, http.StatusBadRequest, "to is neither a phone number nor an e-mail address")
			return
		}
	}
	var wait time.Duration
	if text := query.Get("wait"); text != "" {
		var err error
		if wait, err = time.ParseDuration(text); err != nil || wait < 0 || wait > maxWait {
			controlRefusal(w, http.StatusBadRequest, "wait is not a duration between 0s and 5m")
			return
		}
	}
	over := time.NewTimer(wait)
	defer over.Stop()
	found, changed := s.messagesTo(key)
	for waiting := wait > 0; waiting && len(found) == 0; found, changed = s.messagesTo(key) {
		select {
		case <-changed:
		case <-over.C:
			waiting = false
		case <-r.Context().Done():
			return
		}
	}
	controlAnswer(w, http.StatusOK, map[string]any{"messages": append([]Message{}, found...)})
}

// controlClock is POST /_emulator/clock {"advance":"2h"}: it moves the server's clock forward and answers the new time.
func (s *Server) controlClock(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Advance string `json:"advance"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&body); err != nil {
		controlRefusal(w, http.StatusBadRequest, `the body is not JSON like {"advance":"2h"}`)
		return
	}
	d, err := time.ParseDuration(body.Advance)
	if err != nil || d < 0 {
		controlRefusal(w, http.StatusBadRequest, "advance is not a duration of 0 or more, such as 2h")
		return
	}
	s.Advance(d)
	controlAnswer(w, http.StatusOK, map[string]any{"now": s.Now()})
}

func controlRefusal(w http.ResponseWriter, status int, description string) {
	controlAnswer(w, status, (&Error{Word: http.StatusText(status), Description: description}).body(true))
}

func controlAnswer(w http.ResponseWriter, status int, answer any) {
	body := marshal(answer)
	writeBody(w, status, jsonType, body, len(body))
}

// isLoopback says whether a host, with or without a port, is this machine.
func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
