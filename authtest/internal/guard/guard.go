// Package guard decides which callers reach the pages and the API that sign in as any user.
package guard

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Guard says who may call.
type Guard struct {
	// Token is what every caller must send: as a bearer, or in a browser as the password that it asks for. A caller who sends it
	// may call from anywhere, by any host's name. "" is no token: then only loopback callers that name a loopback host may call.
	Token string

	// PublicURL is the base URL by which clients know the server, "" for its address. A page of its origin may send forms, by
	// whatever name a proxy calls the server. If it names another host, only the token admits a caller, since what a proxy forwards
	// looks like a request of this machine.
	PublicURL string
}

// Reason says why a call is refused.
type Reason int

// The reasons.
const (
	NoToken    Reason = iota // the call lacks the token
	TokenUnset               // only a token would admit the call, and the server has none
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
		return "needs the control token"
	case TokenUnset:
		return "needs a control token, since the public URL names another host: start the emulator with one"
	case NotLocal:
		return "is for this machine only"
	default:
		return "cannot be used by a page of another origin"
	}
}

// Refuse answers whom a guard keeps out.
type Refuse func(http.ResponseWriter, *http.Request, Reason)

// Before puts the guard before a handler. It refuses what a web page of another origin sends or fetches, as far as the browser tells,
// so that no page that a developer visits can act through their browser. Browsers tell of every form, but of what is fetched only
// where the server's name is https or this machine's. A link from another origin may be followed.
func (g Guard) Before(next http.Handler, refuse Refuse) http.Handler {
	protection := http.NewCrossOriginProtection()
	public, err := url.Parse(g.PublicURL)
	elsewhere := g.PublicURL != "" && (err != nil || !IsLoopback(public.Host))
	if g.PublicURL != "" && err == nil {
		_ = protection.AddTrustedOrigin(originOf(public)) // a host that makes no origin is not trusted
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case g.Token != "" && !knows(r, g.Token):
			w.Header().Set("WWW-Authenticate", `Basic realm="tcbauth emulator: any name, and the control token", charset="UTF-8"`)
			refuse(w, r, NoToken)
		case g.Token == "" && elsewhere:
			refuse(w, r, TokenUnset)
		case g.Token == "" && !isLocal(r):
			refuse(w, r, NotLocal)
		case IsFetchedElsewhere(r) || protection.Check(r) != nil:
			refuse(w, r, OtherOrigin)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// originOf is the origin of a URL as browsers write it: in lower case, and without the scheme's own port.
func originOf(u *url.URL) string {
	usual := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	return u.Scheme + "://" + strings.TrimSuffix(strings.ToLower(u.Host), usual)
}

// isLocal says whether a request has come from this machine, as far as it shows.
func isLocal(r *http.Request) bool {
	return !isForwarded(r) && IsLoopback(r.RemoteAddr) && IsLoopback(r.Host)
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

// IsFetchedElsewhere says whether a page of another origin fetches or embeds this. Following a link is neither.
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
