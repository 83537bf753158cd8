package wire_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// Frames of HTTP/2 (RFC 9113, 6), as far as a server needs them that says no.
const (
	frameData, frameHeaders, frameReset, frameSettings, framePushPromise, framePing, frameGoAway byte = 0, 1, 3, 4, 5, 6, 7

	flagEndStream, flagAck, flagEndHeaders byte = 1, 1, 4
)

// h2 is a transport whose connections are pipes with TLS to a server that speaks HTTP/2 by hand.
type h2 struct {
	*http.Transport
	dials, headers, complete atomic.Int64 // connections, requests begun, requests that arrived whole
}

// newH2 answers each complete request by reply. A reply that is false ends the connection.
func newH2(t *testing.T, reply func(c *h2Conn, stream uint32) bool) *h2 {
	t.Helper()
	certificate, roots := serverCertificate()
	h := &h2{}
	h.Transport = &http.Transport{ForceAttemptHTTP2: true, DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		h.dials.Add(1)
		client, server := net.Pipe()
		t.Cleanup(func() { _ = server.Close() }) // a pipe's Close does not fail
		go func() {
			conn := tls.Server(server, &tls.Config{
				Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519},
			})
			defer func() { _ = server.Close() }()
			h.serve(&h2Conn{Conn: conn}, reply)
		}()
		conn := tls.Client(client, &tls.Config{
			RootCAs: roots, ServerName: "example.com", NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519},
		})
		return conn, conn.HandshakeContext(ctx)
	}}
	t.Cleanup(h.CloseIdleConnections)
	return h
}

// serverCertificate is one for example.com, and who vouches for it.
var serverCertificate = sync.OnceValues(func() (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{ // the clock of synctest begins in 2000
		SerialNumber: big.NewInt(1), DNSNames: []string{"example.com"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
})

type h2Conn struct{ net.Conn }

func (c *h2Conn) frame(kind, flags byte, stream uint32, payload ...byte) {
	f := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind)) //nolint:gosec // payloads are short
	f = binary.BigEndian.AppendUint32(append(f, flags), stream)
	_, _ = c.Write(append(f, payload...)) // the client may have gone
}

func (c *h2Conn) answer(stream uint32) {
	c.frame(frameHeaders, flagEndHeaders, stream, 0x88) // :status 200
	c.frame(frameData, flagEndStream, stream, []byte(`{"a":"b"}`)...)
}

func (c *h2Conn) reset(stream, code uint32) {
	c.frame(frameReset, 0, stream, binary.BigEndian.AppendUint32(nil, code)...)
}

func (c *h2Conn) goAway(last, code uint32) {
	payload := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, last), code)
	c.frame(frameGoAway, 0, 0, append(payload, "planted-token"...)...)
}

type h2Frame struct {
	kind, flags byte
	stream      uint32
	payload     []byte
}

// frames reads what the client sends, whatever the server is doing: on a pipe, both would wait for each other.
func (c *h2Conn) frames() <-chan h2Frame {
	frames := make(chan h2Frame, 100) // more than a client sends here
	go func() {
		defer close(frames)
		in := bufio.NewReader(c)
		if _, err := io.CopyN(io.Discard, in, int64(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))); err != nil {
			return
		}
		for {
			var head [9]byte
			if _, err := io.ReadFull(in, head[:]); err != nil {
				return
			}
			f := h2Frame{head[3], head[4], binary.BigEndian.Uint32(head[5:]), make([]byte, binary.BigEndian.Uint32(head[:4])>>8)}
			if _, err := io.ReadFull(in, f.payload); err != nil {
				return
			}
			frames <- f
		}
	}()
	return frames
}

func (h *h2) serve(c *h2Conn, reply func(*h2Conn, uint32) bool) {
	frames := c.frames()
	c.frame(frameSettings, 0, 0)
	for f := range frames {
		switch {
		case f.kind == frameSettings && f.flags&flagAck == 0:
			c.frame(frameSettings, flagAck, 0)
		case f.kind == framePing && f.flags&flagAck == 0:
			c.frame(framePing, flagAck, 0, f.payload...)
		case f.kind == frameHeaders:
			h.headers.Add(1)
		}
		if (f.kind == frameHeaders || f.kind == frameData) && f.flags&flagEndStream != 0 {
			if h.complete.Add(1) > 10 {
				continue // or a client that replays at once would go on for ever, in no time
			}
			if !reply(c, f.stream) {
				return
			}
		}
	}
}

// onceRequests are requests that cost, in every form.
func onceRequests() map[string]wire.Request {
	requests := make(map[string]wire.Request)
	for _, method := range []string{http.MethodPost, http.MethodPatch, http.MethodDelete, http.MethodGet} {
		req := post
		req.Method = method
		requests[method] = req
		req.Body = nil
		requests[method+" without body"] = req
	}
	return requests
}

// exampleClient reaches the server that has serverCertificate.
func exampleClient(rt http.RoundTripper) *wire.Client {
	return wire.New(wire.Config{
		BaseURL: "https://example.com", ClientID: "env", HTTPClient: &http.Client{Transport: rt}, Timeout: 5 * time.Second, SDKVersion: "tcbauth/test",
	})
}

// A request that may not be repeated reaches the server once, however the server ends its stream or the connection.
// net/http, left alone, sends it again after some of these.
func TestOnceOnHTTP2(t *testing.T) {
	t.Parallel()
	replies := map[string]func(*h2Conn, uint32) bool{
		"cut":              func(*h2Conn, uint32) bool { return false },
		"not a word":       func(*h2Conn, uint32) bool { return true },
		"header, then cut": func(c *h2Conn, s uint32) bool { c.frame(frameHeaders, flagEndHeaders, s, 0x88); return false },
		"header, then reset": func(c *h2Conn, s uint32) bool {
			c.frame(frameHeaders, flagEndHeaders, s, 0x88)
			c.reset(s, 2)
			return true
		},
		"push": func(c *h2Conn, s uint32) bool {
			c.frame(framePushPromise, flagEndHeaders, s, 0, 0, 0, 2, 0x82)
			return true
		},
		"garbage": func(c *h2Conn, _ uint32) bool {
			_, _ = io.WriteString(c, "HTTP/1.1 400 planted-token\r\n\r\n")
			return false
		},
		"header garbage": func(c *h2Conn, s uint32) bool {
			c.frame(frameHeaders, flagEndHeaders|flagEndStream, s, []byte("\x40\x0dplanted-token\x01!")...)
			return true
		},
		"only informational": func(c *h2Conn, s uint32) bool {
			c.frame(frameHeaders, flagEndHeaders, s, 0x08, 0x03, '1', '0', '3')
			return false
		},
	}
	for code := range uint32(0xe) {
		replies[fmt.Sprintf("reset %#x", code)] = func(c *h2Conn, s uint32) bool { c.reset(s, code); return true }
		replies[fmt.Sprintf("go away %#x below", code)] = func(c *h2Conn, s uint32) bool { c.goAway(s-1, code); return true }
		replies[fmt.Sprintf("go away %#x below, then cut", code)] = func(c *h2Conn, s uint32) bool { c.goAway(s-1, code); return false }
		replies[fmt.Sprintf("go away %#x at", code)] = func(c *h2Conn, s uint32) bool { c.goAway(s, code); return true }
		replies[fmt.Sprintf("go away %#x at, then cut", code)] = func(c *h2Conn, s uint32) bool { c.goAway(s, code); return false }
	}
	for name, reply := range replies {
		for kind, req := range onceRequests() {
			for _, reused := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/reused %v", name, kind, reused), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						var good atomic.Bool
						h := newH2(t, func(c *h2Conn, s uint32) bool {
							if good.Load() {
								c.answer(s)
								return true
							}
							return reply(c, s)
						})
						client := exampleClient(h)
						if reused {
							good.Store(true)
							_, err := wire.Do[value](t.Context(), client, &req)
							require.NoError(t, err)
							good.Store(false)
							h.headers.Store(0)
							h.complete.Store(0)
						}
						_, err := wire.Do[value](t.Context(), client, &req)
						f := failure(t, err)
						require.ErrorIs(t, f, wire.ErrOutcomeUnknown)
						assert.Equal(t, wire.Unreachable, f.Code)
						assert.EqualValues(t, 1, h.headers.Load(), "requests begun")
						assert.EqualValues(t, 1, h.complete.Load(), "whole requests")
						assert.EqualValues(t, 1, h.dials.Load(), "connections")
					})
				})
			}
		}
	}
}

// Calls that may be repeated are repeated by nobody but Do.
func TestOnlyDoRepeats(t *testing.T) {
	t.Parallel()
	for code := range uint32(0xe) {
		t.Run(fmt.Sprintf("reset %#x", code), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := newH2(t, func(c *h2Conn, s uint32) bool { c.reset(s, code); return true })
				_, err := wire.Do[value](t.Context(), exampleClient(h), &get)
				require.ErrorIs(t, failure(t, err), wire.ErrOutcomeUnknown)
				assert.EqualValues(t, 3, h.complete.Load())
			})
		})
	}
}

// The same on a kept HTTP/1.1 connection that the server closes before it answers.
func TestOnceOnHTTP1(t *testing.T) {
	t.Parallel()
	endings := map[string]func(*pipes, net.Conn){
		"after the request": func(p *pipes, conn net.Conn) { p.readRequest(conn) },
		"in the answer": func(p *pipes, conn net.Conn) {
			if p.readRequest(conn) {
				_, _ = io.WriteString(conn, goodHTTP[:10])
			}
		},
		"in the request": func(p *pipes, conn net.Conn) {
			p.reads.Add(1)
			_, _ = io.ReadFull(conn, make([]byte, 10))
		},
		"after 100": func(p *pipes, conn net.Conn) {
			if p.readRequest(conn) {
				_, _ = io.WriteString(conn, "HTTP/1.1 100 Continue\r\n\r\n")
			}
		},
		"with 408": func(p *pipes, conn net.Conn) { // net/http takes one for an idle connection's end
			if p.readRequest(conn) {
				_, _ = io.WriteString(conn, "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
			}
		},
	}
	for name, end := range endings {
		for kind, req := range onceRequests() {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					p := newPipes(t, func(p *pipes, n int64, conn net.Conn) {
						if n == 1 && p.readRequest(conn) {
							_, _ = io.WriteString(conn, goodHTTP)
						}
						end(p, conn)
					})
					c := newClient(p)
					_, err := wire.Do[value](t.Context(), c, &req)
					require.NoError(t, err)
					_, err = wire.Do[value](t.Context(), c, &req)
					f := failure(t, err)
					if f.StatusCode == 0 {
						require.ErrorIs(t, f, wire.ErrOutcomeUnknown)
					}
					assert.EqualValues(t, 2, p.reads.Load())
					assert.EqualValues(t, 1, p.dials.Load())
				})
			})
		}
	}
}

// A transport of the user's that wants to replay a request finds nothing to do it with.
func TestTransportCannotReplay(t *testing.T) {
	t.Parallel()
	requests := onceRequests()
	requests["repeatable"] = get
	for kind, req := range requests {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := &script{answers: []said{{status: 200, body: `{"a":"b"}`, heard: func(r *http.Request) {
				assert.Nil(t, r.GetBody)
				assert.NotNil(t, r.Body)
				assert.NotEqual(t, http.NoBody, r.Body)
			}}}}
			_, err := wire.Do[value](t.Context(), newClient(s), &req)
			require.NoError(t, err)
		})
	}
}

// A redirect with the method and the body of the request is not followed.
func TestOnceWithRedirect(t *testing.T) {
	t.Parallel()
	for kind, req := range onceRequests() {
		for _, status := range []int{301, 302, 303, 307, 308} {
			t.Run(fmt.Sprintf("%s/%d", kind, status), func(t *testing.T) {
				t.Parallel()
				s := &script{answers: []said{says(status, "", "Location", "https://api.example.com/again")}}
				_, err := wire.Do[value](t.Context(), newClient(s), &req)
				require.ErrorIs(t, failure(t, err), wire.ErrInvalidResponse)
				assert.Len(t, s.sent(), 1)
			})
		}
	}
}
