package wire_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// roundTripper is a transport of the user's.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A transport that returns neither an answer nor an error is broken, and the call says so.
func TestTransportReturnsNothing(t *testing.T) {
	t.Parallel()
	client := newClient(roundTripper(func(*http.Request) (*http.Response, error) { return nil, nil })) //nolint:nilnil // what is tried
	_, err := wire.Do[value](t.Context(), client, new(post))
	f := failure(t, err)
	require.ErrorIs(t, f, wire.ErrOutcomeUnknown)
	assert.Equal(t, wire.Unreachable, f.Code)
}

// The body of an answer that switches protocols is the connection itself, which lasts as long as the server likes: neither
// the time limit of an attempt nor the end of the call's context ends the reading of it.
func TestServerSwitchesProtocols(t *testing.T) {
	t.Parallel()
	for name, req := range map[string]wire.Request{"costs": post, "may be repeated": get} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPipes(t, func(p *pipes, _ int64, conn net.Conn) {
					if p.readRequest(conn) {
						_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
						_, _ = io.Copy(io.Discard, conn) // until the client leaves
					}
				})
				_, err := wire.Do[value](t.Context(), newClient(p), &req)
				f := failure(t, err)
				require.ErrorIs(t, f, wire.ErrInvalidResponse)
				assert.Equal(t, !req.Repeatable, errors.Is(f, wire.ErrOutcomeUnknown))
				assert.Equal(t, http.StatusSwitchingProtocols, f.StatusCode)
				assert.EqualValues(t, 1, p.reads.Load(), "requests")
			})
		})
	}
}

// An error of a transport without hooks proves that nothing was sent if connecting failed: unless a client inside made it,
// which may have sent the request before, or a connection was seen.
func TestTransportConnectsAgain(t *testing.T) {
	t.Parallel()
	dial, inside := &net.OpError{Op: "dial", Net: "tcp", Err: io.EOF}, func(err error) error {
		return fmt.Errorf("audit: %w", &url.Error{Op: "Get", URL: "https://audit.example.com", Err: err})
	}
	for name, test := range map[string]struct {
		err       error
		connected bool
		sent      int
		unknown   bool
	}{
		"dial":                         {dial, false, 3, false},
		"dial inside":                  {inside(dial), false, 1, true},
		"name inside":                  {inside(&net.DNSError{Err: "no such host", Name: "audit.example.com"}), false, 1, true},
		"certificate":                  {x509.UnknownAuthorityError{}, false, 1, false},
		"certificate inside":           {inside(x509.UnknownAuthorityError{}), false, 1, true},
		"certificate, connected":       {x509.UnknownAuthorityError{}, true, 1, true},
		"dial, connected":              {dial, true, 1, true},
		"dial inside, after a refusal": {errors.Join(dial, inside(dial)), false, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sent := 0
				client := newClient(roundTripper(func(r *http.Request) (*http.Response, error) {
					sent++
					if test.connected {
						httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
					}
					return nil, test.err
				}))
				_, err := wire.Do[value](t.Context(), client, new(post))
				assert.Equal(t, test.unknown, errors.Is(failure(t, err), wire.ErrOutcomeUnknown))
				assert.Equal(t, test.sent, sent, "requests")
			})
		})
	}
}

// A client inside the transport may follow a redirect to a server that cannot be reached, under a context of its own.
func TestTransportFollowsRedirects(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPipes(t, func(p *pipes, _ int64, conn net.Conn) {
			if p.readRequest(conn) {
				_, _ = io.WriteString(conn, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://gone.example.com/\r\n\r\n")
			}
		})
		p.DialContext = func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}
		inner := &http.Client{Transport: p}
		client := newClient(roundTripper(func(r *http.Request) (*http.Response, error) {
			return inner.Do(r.Clone(t.Context())) //nolint:gosec // to the pipe
		}))
		_, err := wire.Do[value](t.Context(), client, new(post))
		require.ErrorIs(t, failure(t, err), wire.ErrOutcomeUnknown)
		assert.EqualValues(t, 1, p.reads.Load(), "requests")
	})
}
