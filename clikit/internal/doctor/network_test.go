package doctor_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/clikit/internal/doctor"
)

var (
	dnsTimeout = &net.DNSError{Err: "timeout", Name: "host", IsTimeout: true}
	dnsUnknown = &net.DNSError{Err: "no such host", Name: "host", IsNotFound: true}
)

// fails is a client whose connections fail.
func fails(err error) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
		},
	}}
}

// transport is a client that answers with an error.
type transport struct{ err error }

func (t transport) RoundTrip(*http.Request) (*http.Response, error) { return nil, t.err }

// What keeps one from the server is told apart: names, connections, certificates, proxies.
func TestWayToTheServer(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	for name, test := range map[string]struct {
		client *http.Client
		base   string
		want   string
	}{
		"no such name":           {fails(dnsUnknown), "", "There is no host"},
		"no DNS":                 {fails(dnsTimeout), "", "DNS does not answer"},
		"refused":                {fails(syscall.ECONNREFUSED), "", "(TCP)"},
		"unreachable":            {fails(syscall.ENETUNREACH), "", "(TCP)"},
		"an unknown certificate": {&http.Client{Transport: &http.Transport{}}, secure.URL, "No secure connection"},
		"no TLS":                 {&http.Client{Transport: &http.Transport{}}, "https" + plain.URL[len("http"):], "No secure connection"},
		"an old certificate": {&http.Client{Transport: transport{
			&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.Expired}},
		}}, "", "not valid at this time"},
		"a proxy that refuses": {&http.Client{Transport: transport{&net.OpError{Op: "proxyconnect", Err: syscall.ECONNREFUSED}}}, "", "The proxy does not let"},
		"silence":              {&http.Client{Transport: transport{context.DeadlineExceeded}}, "", "DNS does not answer"},
		"a lost connection":    {&http.Client{Transport: transport{io.ErrUnexpectedEOF}}, "", "was lost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetUp(t)
			s.HTTPClient = test.client
			if test.base != "" {
				s.BaseURL = test.base
			}
			found := s.found("en")
			assert.Equal(t, doctor.Failure, found["host"].Status)
			assert.Contains(t, found["host"].What, test.want)
			assert.NotContains(t, found, "certs", "nothing is said of what was not reached")
			assert.NotContains(t, found, "clock")
			assert.Equal(t, doctor.Warning, found["environment"].Status, "nobody was asked about it")
		})
	}
}

// The proxy is used, and named without its password.
func TestProxy(t *testing.T) {
	t.Parallel()
	asked := ""
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.Host
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(proxy.Close)
	s := newSetUp(t)
	s.BaseURL, s.HTTPClient = "https://env.example.com", nil
	s.Proxy = http.ProxyURL(&url.URL{Scheme: "http", User: url.UserPassword("user", "secret"), Host: proxy.Listener.Addr().String()})
	found := s.found("en")
	assert.Equal(t, "CONNECT env.example.com:443", asked)
	assert.Contains(t, found["proxy"].What, "through the proxy "+proxy.Listener.Addr().String())
	assert.Equal(t, doctor.Failure, found["host"].Status)
	for _, f := range found {
		require.NotContains(t, f.What+f.Do, "secret")
	}
}
