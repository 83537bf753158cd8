package emulator

import (
	"crypto/tls"
	"os"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// options are those of every environment.
func (c Config) options() ([]authtest.Option, error) {
	var opts []authtest.Option
	if c.Open {
		opts = append(opts, authtest.AllowNonLoopback())
	}
	if c.Control != "" {
		opts = append(opts, authtest.WithControlToken(c.Control))
	}
	if c.Public != "" {
		opts = append(opts, authtest.WithPublicURL(c.Public))
	}
	secure, err := c.secure()
	if err != nil {
		return nil, err
	}
	opts = append(opts, secure...)
	if c.Relaxed {
		opts = append(opts, authtest.Relaxed()) // before the seed, whose rules stand
	}
	if c.Seed != "" {
		file, err := os.ReadFile(c.Seed)
		if err != nil {
			return nil, err
		}
		opts = append(opts, authtest.WithSeed(file))
	}
	return opts, nil
}

// secure is the option for TLS, if there is to be any.
func (c Config) secure() ([]authtest.Option, error) {
	switch {
	case c.TLS != "":
		certificate, authority, err := newCertificate(c.names())
		if err == nil {
			err = os.WriteFile(c.TLS, authority, 0o644) //nolint:gosec // G306: for every client to trust
		}
		if err != nil {
			return nil, err
		}
		return []authtest.Option{authtest.WithTLS(certificate)}, nil
	case c.ownCertificate():
		certificate, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return nil, err
		}
		return []authtest.Option{authtest.WithTLS(certificate)}, nil
	}
	return nil, nil
}
