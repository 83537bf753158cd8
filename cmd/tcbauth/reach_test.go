//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The address of the page is printed only if the page answers somebody there.
func TestPageIsAnnouncedIfItAnswers(t *testing.T) {
	t.Parallel()
	for public, open := range map[string]bool{
		"http://localhost:9190": true, "http://LOCALHOST": true, "http://127.0.0.2/base": true, "http://[::1]:9190": true,
		"http://[::ffff:127.0.0.1]": true, "http://emulator.test:9190": false, "http://emulator.localhost": false, "http://192.0.2.1": false,
	} {
		t.Run(public, func(t *testing.T) {
			t.Parallel()
			own := freeAddress(t)
			p := startProcess(t, nil, "-addr", own, "-public-url", public)
			assert.Equal(t, open, status(t, own, "") == http.StatusOK)
			p.end(t)
			if open {
				assert.Contains(t, p.stderr.String(), "environment authtest, page and inbox at "+public+"/_emulator/\n")
			} else {
				assert.Contains(t, p.stderr.String(), "environment authtest; its page, control API and /device need -control-token, since -public-url is of another host\n")
				assert.NotContains(t, p.stderr.String(), "/_emulator/")
			}
		})
	}
}

// With a token the page answers who sends it, and nobody else, on this machine too.
func TestControlTokenOpensThePage(t *testing.T) {
	t.Parallel()
	own := freeAddress(t)
	p := startProcess(t, nil, "-addr", own, "-public-url", "http://emulator.test:9190", "-control-token", "0123456789abcdef")
	assert.Equal(t, http.StatusUnauthorized, status(t, own, ""))
	assert.Equal(t, http.StatusOK, status(t, own, "0123456789abcdef"))
	p.end(t)
	assert.Contains(t, p.stderr.String(), "environment authtest, page and inbox at http://emulator.test:9190/_emulator/\n")
}

// status is that of the answer of the page at an address, to a caller who sends a token if it is not "".
func status(t *testing.T, address, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/_emulator/", nil)
	require.NoError(t, err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

// firstPort is where freeAddress begins, and triedPorts how many it has tried.
var (
	firstPort  = 20_000 + rand.Int64N(10_000) //nolint:gosec // G404: any will do
	triedPorts atomic.Int64
)

// freeAddress is one of this machine at which nothing listens. No other call returns the same, and Linux and
// macOS give no such port to a program that listens at port 0: it stays free until it is used.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		port, err := new(net.ListenConfig).Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", firstPort+triedPorts.Add(1)))
		if err == nil {
			require.NoError(t, port.Close())
			return port.Addr().String()
		}
	}
	require.FailNow(t, "no port is free")
	return ""
}
