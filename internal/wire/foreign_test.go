package wire_test

import (
	"errors"
	"io"
	"net"
	"net/http"
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
