package main

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// toEmulator sends every request to the emulator, whatever its host.
type toEmulator struct {
	base *url.URL
	next http.RoundTripper
}

func (e *toEmulator) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = e.base.Scheme, e.base.Host, e.base.Host
	return e.next.RoundTrip(r)
}

// The program is the README's to the letter, with an environment that does not exist: its requests go to an emulator.
//
//nolint:paralleltest // it changes http.DefaultTransport, os.Stdin and os.Stdout
func TestMainSignsIn(t *testing.T) {
	srv := authtest.NewServer(t, authtest.WithEnv("your-env-id"))
	srv.FixCode("13800000000", "123456")
	base, err := url.Parse(srv.URL)
	require.NoError(t, err)
	transport, stdin, stdout := http.DefaultTransport, os.Stdin, os.Stdout
	t.Cleanup(func() { http.DefaultTransport, os.Stdin, os.Stdout = transport, stdin, stdout })
	http.DefaultTransport = &toEmulator{base, srv.Client().Transport}

	in, typed, err := os.Pipe()
	require.NoError(t, err)
	_, err = typed.WriteString("13800000000\n123456\n")
	require.NoError(t, err)
	printed, out, err := os.Pipe()
	require.NoError(t, err)
	os.Stdin, os.Stdout = in, out

	main()

	require.NoError(t, out.Close())
	said, err := io.ReadAll(printed)
	require.NoError(t, err)
	assert.Contains(t, string(said), "Phone number: Code: Signed in as ")
	assert.Equal(t, 1, srv.Count("signup"))
}
