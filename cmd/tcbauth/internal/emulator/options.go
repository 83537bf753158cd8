package emulator

import (
	"crypto/tls"
	"os"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// options are those of every environment. authority is the certificate for the file TLS.
func (c Config) options() (opts []authtest.Option, authority []byte, err error) {
	if c.Open {
		opts = append(opts, authtest.AllowNonLoopback())
	}
	if c.Control != "" {
		opts = append(opts, authtest.WithControlToken(c.Control))
	}
	if c.Public != "" {
		opts = append(opts, authtest.WithPublicURL(c.Public))
	}
	secure, authority, err := c.secure()
	if err != nil {
		return nil, nil, err
	}
	opts = append(opts, secure...)
	if c.Relaxed {
		opts = append(opts, authtest.Relaxed()) // before the seed, whose rules stand
	}
	if c.Seed != "" {
		file, err := os.ReadFile(c.Seed)
		if err != nil {
			return nil, nil, err
		}
		opts = append(opts, authtest.WithSeed(file))
	}
	return opts, authority, nil
}

// secure is the option for TLS, if there is to be any, and the authority of a certificate that is made.
func (c Config) secure() (opts []authtest.Option, authority []byte, err error) {
	var certificate tls.Certificate
	switch {
	case c.TLS != "":
		certificate, authority, err = newCertificate(c.names())
	case c.ownCertificate():
		certificate, err = tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	default:
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return []authtest.Option{authtest.WithTLS(certificate)}, authority, nil
}
