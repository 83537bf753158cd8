// Package guard keeps what signs in as anybody from those who may not: other machines, and pages of other origins.
package guard

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Guard says who may call.
type Guard struct {
	// Token is what everybody has to prove to know: by a bearer's authorization, or in a browser as the password that it
	// asks for. They may call from anywhere, by any host's name. "" is no token: then loopback callers may that name a
	// loopback host.
	Token string

	// Elsewhere says that clients know the server by the name of another host. Then only the token admits a caller, since what a
	// proxy forwards looks like a request of this machine.
	Elsewhere bool
}

// Reason is why somebody may not call.
type Reason int

// The reasons.
const (
	NoToken Reason = iota // the call does not prove to know the token
	NotLocal
	OtherOrigin
)

// Status is the HTTP status of the answer.
func (r Reason) Status() int {
	if r == NoToken {
		return http.StatusUnauthorized
	}
	return http.StatusForbidden
}

// String goes on after a subject, such as "the control API".
func (r Reason) String() string {
	switch r {
	case NoToken:
		return "is for who knows the control token"
	case NotLocal:
		return "is for this machine only"
	default:
		return "is for no page of another origin"
	}
}

// Before puts the guard before a handler. It refuses what a web page of another origin sends or fetches, so that no page that a
// developer visits can act through their browser; a link from there may be followed. refuse answers whom it keeps out.
func (g Guard) Before(next http.Handler, refuse func(http.ResponseWriter, *http.Request, Reason)) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case g.Token != "" && !knows(r, g.Token):
			w.Header().Set("WWW-Authenticate", `Basic realm="tcbauth emulator: any name, and the control token", charset="UTF-8"`)
			refuse(w, r, NoToken)
		case g.Token == "" && !g.isLocal(r):
			refuse(w, r, NotLocal)
		case IsFetchedElsewhere(r) || protection.Check(r) != nil:
			refuse(w, r, OtherOrigin)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// isLocal says whether a request has come from this machine, as far as it shows.
func (g Guard) isLocal(r *http.Request) bool {
	return !g.Elsewhere && !isForwarded(r) && IsLoopback(r.RemoteAddr) && IsLoopback(r.Host)
}

// isForwarded says whether a proxy tells that it has forwarded the request.
func isForwarded(r *http.Request) bool {
	for name := range r.Header {
		switch {
		case strings.HasPrefix(name, "X-Forwarded-"):
			return true
		case name == "Forwarded", name == "Via", name == "X-Real-Ip", name == "Cf-Connecting-Ip", name == "True-Client-Ip":
			return true
		}
	}
	return false
}

// IsFetchedElsewhere says whether a page of another origin fetches or embeds this. Somebody who follows a link there does neither.
func IsFetchedElsewhere(r *http.Request) bool {
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

// IsLoopback says whether a host, with or without a port, is this machine.
func IsLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}
