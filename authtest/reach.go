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

// WithPublicURL sets the base URL of a server by Listen, for clients that do not reach it by its address. It becomes URL,
// the issuer of tokens, and the target of links in pages. It is http or https, with only a path after the host and port. If
// its host is not this machine, the control API and the pages need [WithControlToken].
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

// WithTLS makes a server by Listen use TLS with this certificate. [Server.Client] trusts it, and every certificate that
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

// minToken is the minimum length of a control token.
const minToken = 16

// WithControlToken opens the control API and the page of a server by Listen to other machines, and to other names of this
// machine. Everyone must then send this token, also on this machine: as "Authorization: Bearer ...", or in a browser as the
// password. It has at least 16 characters. Without this option both are open to this machine only. A proxy on this machine
// needs the token, because all its requests seem to come from this machine: without one, requests with a header of proxies,
// such as Forwarded, Via, X-Real-IP or X-Forwarded-For, are refused. The token does not protect the pages of the third parties,
// which sign in any visitor as the user that they met last.
func WithControlToken(token string) Option {
	return func(c *config) error {
		if len(token) < minToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return errors.New("authtest: WithControlToken: want 16 characters at least, of ASCII and without spaces")
		}
		c.controlToken = token
		return nil
	}
}

// clientTLS is the TLS configuration of the server's own client; nil without TLS.
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

// scheme is the URL scheme of a server without a public URL.
func (c *config) scheme() string {
	if c.certificate != nil {
		return "https"
	}
	return "http"
}

// publicHost is the host and port of the public URL, or "".
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
