package wire_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

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
		BaseURL: "https://example.com", ClientID: "env", HTTPClient: &http.Client{Transport: rt}, Timeout: 5 * time.Second, MaxAttempts: 3,
		SDKVersion: "tcbauth/test",
	})
}

// A request that may not be repeated reaches the server once, however the server ends its stream or the connection.
// net/http, left alone, sends it again after some of these.
func TestOnceOnHTTP2(t *testing.T) {
	t.Parallel()
	replies := map[string]func(*testbed.HTTP2Conn, uint32) bool{
		"cut":        func(*testbed.HTTP2Conn, uint32) bool { return false },
		"not a word": func(*testbed.HTTP2Conn, uint32) bool { return true },
		"header, then cut": func(c *testbed.HTTP2Conn, s uint32) bool {
			c.Frame(testbed.FrameHeaders, testbed.FlagEndHeaders, s, 0x88)
			return false
		},
		"header, then reset": func(c *testbed.HTTP2Conn, s uint32) bool {
			c.Frame(testbed.FrameHeaders, testbed.FlagEndHeaders, s, 0x88)
			c.Reset(s, 2)
			return true
		},
		"push": func(c *testbed.HTTP2Conn, s uint32) bool {
			c.Frame(testbed.FramePushPromise, testbed.FlagEndHeaders, s, 0, 0, 0, 2, 0x82)
			return true
		},
		"garbage": func(c *testbed.HTTP2Conn, _ uint32) bool {
			_, _ = io.WriteString(c, "HTTP/1.1 400 planted-token\r\n\r\n")
			return false
		},
		"header garbage": func(c *testbed.HTTP2Conn, s uint32) bool {
			c.Frame(testbed.FrameHeaders, testbed.FlagEndHeaders|testbed.FlagEndStream, s, []byte("\x40\x0dplanted-token\x01!")...)
			return true
		},
		"only informational": func(c *testbed.HTTP2Conn, s uint32) bool {
			c.Frame(testbed.FrameHeaders, testbed.FlagEndHeaders, s, 0x08, 0x03, '1', '0', '3')
			return false
		},
	}
	for code := range uint32(0xe) {
		replies[fmt.Sprintf("reset %#x", code)] = func(c *testbed.HTTP2Conn, s uint32) bool { c.Reset(s, code); return true }
		replies[fmt.Sprintf("go away %#x below", code)] = func(c *testbed.HTTP2Conn, s uint32) bool { c.GoAway(s-1, code); return true }
		replies[fmt.Sprintf("go away %#x below, then cut", code)] = func(c *testbed.HTTP2Conn, s uint32) bool { c.GoAway(s-1, code); return false }
		replies[fmt.Sprintf("go away %#x at", code)] = func(c *testbed.HTTP2Conn, s uint32) bool { c.GoAway(s, code); return true }
		replies[fmt.Sprintf("go away %#x at, then cut", code)] = func(c *testbed.HTTP2Conn, s uint32) bool { c.GoAway(s, code); return false }
	}
	for name, reply := range replies {
		for kind, req := range onceRequests() {
			for _, reused := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/reused %v", name, kind, reused), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						var good atomic.Bool
						h := testbed.NewHTTP2(t, func(c *testbed.HTTP2Conn, s uint32) bool {
							if good.Load() {
								c.Answer(s, `{"a":"b"}`)
								return true
							}
							return reply(c, s)
						})
						client := exampleClient(h)
						if reused {
							good.Store(true)
							_, err := wire.Do[value](t.Context(), client, new(req))
							require.NoError(t, err)
							good.Store(false)
							h.Headers.Store(0)
							h.Complete.Store(0)
						}
						_, err := wire.Do[value](t.Context(), client, new(req))
						f := failure(t, err)
						require.ErrorIs(t, f, wire.ErrOutcomeUnknown)
						assert.Equal(t, wire.Unreachable, f.Code)
						assert.EqualValues(t, 1, h.Headers.Load(), "requests begun")
						assert.EqualValues(t, 1, h.Complete.Load(), "whole requests")
						assert.EqualValues(t, 1, h.Dials.Load(), "connections")
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
				h := testbed.NewHTTP2(t, func(c *testbed.HTTP2Conn, s uint32) bool { c.Reset(s, code); return true })
				_, err := wire.Do[value](t.Context(), exampleClient(h), new(get))
				require.ErrorIs(t, failure(t, err), wire.ErrOutcomeUnknown)
				assert.EqualValues(t, 3, h.Complete.Load())
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
					_, err := wire.Do[value](t.Context(), c, new(req))
					require.NoError(t, err)
					_, err = wire.Do[value](t.Context(), c, new(req))
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
			_, err := wire.Do[value](t.Context(), newClient(s), new(req))
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
				_, err := wire.Do[value](t.Context(), newClient(s), new(req))
				require.ErrorIs(t, failure(t, err), wire.ErrInvalidResponse)
				assert.Len(t, s.sent(), 1)
			})
		}
	}
}
