package authtest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// WithPublicURL makes a server by Listen go by this base URL, for clients that do not reach it by its address: it is URL, what
// tokens name as their issuer, and what pages link to. http or https, with nothing behind the host and port but a path.
func WithPublicURL(base string) Option {
	return func(c *config) error {
		u, err := url.Parse(base)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
			return errors.New("authtest: WithPublicURL: want http or https, a host, and nothing of user, query or fragment")
		}
		c.publicURL = strings.TrimRight(u.String(), "/")
		return nil
	}
}

// WithTLS makes a server by Listen speak TLS with this certificate. [Server.Client] trusts it, and every certificate that
// comes with it.
func WithTLS(certificate tls.Certificate) Option {
	return func(c *config) error {
		if len(certificate.Certificate) == 0 || certificate.PrivateKey == nil {
			return errors.New("authtest: WithTLS: no certificate, or no key")
		}
		c.certificate = &certificate
		return nil
	}
}

// minToken is how long a control token must be.
const minToken = 16

// WithControlToken opens the control API and the page of a server by Listen to other machines, and to other names of this one, and
// asks everybody for this token, this machine too: as "Authorization: Bearer ...", or in a browser as the password that it asks
// for. It has 16 characters at least. Without it they are for this machine only. A proxy on this machine needs it, because all
// that passes through looks like this machine; with [WithPublicURL] and no token they refuse what has a header Forwarded,
// X-Forwarded-For or Via. It does not guard the pages of the third parties, which sign in anybody as whom they met last.
func WithControlToken(token string) Option {
	return func(c *config) error {
		if len(token) < minToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return errors.New("authtest: WithControlToken: want 16 characters at least, of ASCII and without spaces")
		}
		c.controlToken = token
		return nil
	}
}

// clientTLS is how the server's own client connects over TLS; nil without TLS.
func (c *config) clientTLS() (*tls.Config, error) {
	if c.certificate == nil {
		return nil, nil //nolint:nilnil // no TLS is no error
	}
	roots := x509.NewCertPool()
	for _, der := range c.certificate.Certificate {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("authtest: WithTLS: %w", err)
		}
		roots.AddCert(certificate)
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

// scheme is that of the URL of a server without a public one.
func (c *config) scheme() string {
	if c.certificate != nil {
		return "https"
	}
	return "http"
}

// publicHost is the host and port of the public URL, "" without one.
func (c *config) publicHost() string {
	u, err := url.Parse(c.publicURL)
	if err != nil || u.Host == "" {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
