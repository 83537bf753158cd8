package emulator

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// Config says what to run. The zero value is the environment "authtest" on the usual port.
type Config struct {
	Addr    string   // host and port; "" is 127.0.0.1 and port 9190, or the next one that is free
	Envs    []string // the ids of the environments, each on a port of its own; none is "authtest". Several need "" or port 0 in Addr
	Relaxed bool     // the mild rules of authtest.Relaxed; those of Seed stand
	Seed    string   // a file for authtest.WithSeed; "" is none
	URLFile string   // a file for the URLs, one a line, while the environments are there; "" is none
	Log     string   // a file to which the requests are appended as lines of JSON; "" is none
	Open    bool     // other machines may reach Addr
	Import  string   // a file that Export has written, which replaces Seed's users and codes, and what was answered before it is loaded; "" is none
	Export  string   // a file for the state at the end, with the keys; "" is none
	State   string   // a file for both, which need not be there at first; "" is none
	Watch   bool     // read Seed's users and codes again whenever it changes
	Public  string   // the base URL by which clients reach it, if not by Addr; "" is Addr's. One of another host needs Control for the page
	TLS     string   // a file for the certificate of an authority that is made at the start and certifies the server; "" is no TLS
	TLSHost []string // more names by which TLS's certificate is good
	TLSCert string   // a file with a certificate in PEM, in place of a made one
	TLSKey  string   // and with its key
	Control string   // the token that every caller of the page and the control API needs; "" admits this machine only
	Command []string // to be run with TCB_ENV and TCB_BASE_URL, which name the first environment; none waits for ctx
}

// Check refuses what does not go together: a mistake in the command line.
func (c Config) Check() error {
	switch {
	case len(c.Envs) > 1 && c.hasFixedPort():
		return errors.New("several environments need several ports: give -addr port 0, or no -addr")
	case c.Watch && c.Seed == "":
		return errors.New("-watch reads -seed again: give it a -seed")
	case c.Public != "" && len(c.Envs) > 1:
		return errors.New("a public URL belongs to one environment: give only one -env")
	case c.hasState() && len(c.Envs) > 1:
		return errors.New("a state is of one environment: give one -env only")
	case c.State != "" && (c.Import != "" || c.Export != ""):
		return errors.New("-state is -import and -export-on-exit of one file: give it alone")
	case c.TLS != "" && c.ownCertificate():
		return errors.New("use -tls, which makes a certificate, or -tls-cert and -tls-key, not both")
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return errors.New("a certificate and its key belong together: give -tls-cert and -tls-key")
	case c.TLS == "" && len(c.TLSHost) > 0:
		return errors.New("-tls-host is for the certificate that -tls makes")
	default:
		return nil
	}
}

// hasState says whether a state is loaded at the start or saved at the end.
func (c Config) hasState() bool { return c.Import != "" || c.Export != "" || c.State != "" }

// ownCertificate says whether the certificate is given, and not made.
func (c Config) ownCertificate() bool { return c.TLSCert != "" || c.TLSKey != "" }

// hasFixedPort says whether only one server can listen at the address.
func (c Config) hasFixedPort() bool {
	_, port, err := net.SplitHostPort(c.Addr)
	return err == nil && strings.Trim(port, "0") != ""
}

// publicHost is the host of the public URL, without a port; "" if there is none.
func (c Config) publicHost() string {
	u, err := url.Parse(c.Public)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// isClosed says whether the page and the control API answer nobody: only a token opens those of a server that clients know by
// another host, and there is none.
func (c Config) isClosed() bool {
	host := c.publicHost()
	if c.Control != "" || host == "" || strings.EqualFold(host, "localhost") {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err != nil || !ip.Unmap().IsLoopback()
}
