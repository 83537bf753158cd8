package wire_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// pipes is a transport whose connections are pipes to serve, one call of it for each.
type pipes struct {
	*http.Transport
	dials atomic.Int64
	reads atomic.Int64 // requests that arrived whole
}

func newPipes(t *testing.T, serve func(p *pipes, n int64, conn net.Conn)) *pipes {
	t.Helper()
	p := &pipes{}
	dial := func(_ context.Context, _, _ string) (net.Conn, error) {
		n := p.dials.Add(1)
		client, server := net.Pipe()
		go func() {
			defer func() { _ = server.Close() }() // a pipe's Close does not fail
			serve(p, n, server)
		}()
		return client, nil
	}
	p.Transport = &http.Transport{DialTLSContext: dial} // what it returns is taken for TLS
	t.Cleanup(p.CloseIdleConnections)
	return p
}

// readRequest reads one whole request.
func (p *pipes) readRequest(conn net.Conn) bool {
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return false
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return false
	}
	p.reads.Add(1)
	return true
}

const goodHTTP = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"a\":\"b\"}"

// What a real transport makes of a dial that fails, whatever its error is: the proof is in the hooks.
func TestTraceDialFails(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{
		"dial": &net.OpError{Op: "dial", Err: errors.New("refused")}, "other": errors.New("the proxy says no"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var dials atomic.Int64
				transport := &http.Transport{DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
					dials.Add(1)
					return nil, failure
				}}
				_, err := wire.Do[value](t.Context(), newClient(transport), new(post))
				require.ErrorIs(t, err, failure)
				require.NotErrorIs(t, err, wire.ErrOutcomeUnknown)
				assert.EqualValues(t, 3, dials.Load())
			})
		})
	}
}

func TestTraceHandshakeFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var dials atomic.Int64
		transport := &http.Transport{DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
			dials.Add(1)
			return nil, &tls.CertificateVerificationError{Err: errors.New("expired")}
		}}
		_, err := wire.Do[value](t.Context(), newClient(transport), new(post))
		require.Error(t, err)
		require.NotErrorIs(t, err, wire.ErrOutcomeUnknown)
		assert.EqualValues(t, 1, dials.Load())
	})
}

func TestTraceLostReply(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(*pipes, net.Conn){
		"closed after the request": func(p *pipes, conn net.Conn) { p.readRequest(conn) },
		"closed at once":           func(*pipes, net.Conn) {},
		"closed in the header": func(p *pipes, conn net.Conn) {
			if p.readRequest(conn) {
				_, _ = io.WriteString(conn, goodHTTP[:20])
			}
		},
		"closed in the body": func(p *pipes, conn net.Conn) {
			if p.readRequest(conn) {
				_, _ = io.WriteString(conn, goodHTTP[:len(goodHTTP)-3])
			}
		},
	} {
		for _, req := range []wire.Request{post, get} {
			t.Run(name+"/"+req.Method, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					p := newPipes(t, func(p *pipes, _ int64, conn net.Conn) { serve(p, conn) })
					_, err := wire.Do[value](t.Context(), newClient(p), new(req))
					f := failure(t, err)
					require.ErrorIs(t, f, wire.ErrOutcomeUnknown)
					assert.Equal(t, wire.Unreachable, f.Code)
					want := int64(1)
					if req.Repeatable {
						want = 3
					}
					assert.Equal(t, want, p.dials.Load())
				})
			})
		}
	}
}

// A connection that was kept open may have been closed by the server in between; a POST on it is not sent twice, though
// the transport, left alone, sends a GET again.
func TestTraceReusedConnection(t *testing.T) {
	t.Parallel()
	for _, req := range []wire.Request{post, get} {
		t.Run(req.Method, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPipes(t, func(p *pipes, n int64, conn net.Conn) {
					if p.readRequest(conn) {
						_, _ = io.WriteString(conn, goodHTTP)
					}
					if n == 1 {
						p.readRequest(conn) // and not a word
					}
				})
				c := newClient(p)
				_, err := wire.Do[value](t.Context(), c, new(req))
				require.NoError(t, err)
				_, err = wire.Do[value](t.Context(), c, new(req))
				if req.Repeatable {
					require.NoError(t, err)
					assert.EqualValues(t, 3, p.reads.Load())
					return
				}
				require.ErrorIs(t, failure(t, err), wire.ErrOutcomeUnknown)
				assert.EqualValues(t, 2, p.reads.Load())
				assert.EqualValues(t, 1, p.dials.Load())
			})
		})
	}
}

// A dial that takes too long has sent nothing.
func TestTraceSlowDial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var dials atomic.Int64
		end := make(chan struct{}) // the transport goes on dialing when the request has been given up
		defer close(end)
		transport := &http.Transport{DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
			dials.Add(1)
			<-end
			return nil, net.ErrClosed
		}}
		_, err := wire.Do[value](t.Context(), newClient(transport), new(post))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, wire.ErrOutcomeUnknown)
		assert.EqualValues(t, 3, dials.Load())
	})
}
