package accesstoken_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

// The paths of a verifier's two requests.
const (
	onCerts      = "/auth/v1/certs"
	onIntrospect = "/auth/v1/token/introspect"
)

// failsOn is an endpoint with signingKey whose requests for path end as answer says.
func failsOn(tb testing.TB, path string, answer func(*http.Request) (*http.Response, error)) *endpoint {
	tb.Helper()
	keys := jwks(tb, jwk(keyID, signingKey()))
	return &endpoint{answer: func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == path {
			return answer(r)
		}
		return response(http.StatusOK, keys), nil
	}}
}

// A request ends with its timeout even where the transport or the body of an answer does not, and the next one may succeed.
func TestTransportHangs(t *testing.T) {
	t.Parallel()
	for name, hang := range map[string]func(on chan struct{}) (*http.Response, error){
		"transport": func(on chan struct{}) (*http.Response, error) { <-on; return nil, io.EOF },
		"body": func(on chan struct{}) (*http.Response, error) {
			resp := response(http.StatusOK, "")
			resp.Body = blockingBody{on}
			return resp, nil
		},
	} {
		for _, path := range []string{onCerts, onIntrospect} {
			t.Run(name+" of "+path, func(t *testing.T) {
				t.Parallel()
				bubbled(t, func(t *testing.T) {
					on := make(chan struct{})
					defer close(on)
					var released atomic.Bool
					v := verifierAt(t, failsOn(t, path, func(*http.Request) (*http.Response, error) {
						if !released.Load() {
							return hang(on)
						}
						return response(http.StatusOK, jwks(t, jwk(keyID, signingKey()))), nil
					}))
					start := time.Now()
					_, err := v.Introspect(t.Context(), goodToken(t, nil))
					require.ErrorIs(t, err, accesstoken.ErrUnavailable)
					assert.Equal(t, 10*time.Second, time.Since(start))
					released.Store(true)
					pass(10 * time.Second)
					require.NoError(t, verify(t, v, goodToken(t, nil)))
				})
			})
		}
	}
}

// blockingBody is a body that knows no context.
type blockingBody struct{ on chan struct{} }

func (b blockingBody) Read([]byte) (int, error) { <-b.on; return 0, io.EOF }
func (blockingBody) Close() error               { return nil }

// An answer that switches protocols has the connection itself as its body, which is closed and not read.
func TestServerSwitchesProtocols(t *testing.T) {
	t.Parallel()
	bubbled(t, func(t *testing.T) {
		left := make(chan struct{})
		transport := &http.Transport{DialTLSContext: pipe(func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
			_, _ = io.Copy(io.Discard, conn) // until the client leaves
			close(left)
		})}
		start := time.Now()
		require.ErrorIs(t, verify(t, verifierAt(t, transport), goodToken(t, nil)), accesstoken.ErrUnavailable)
		<-left
		assert.Zero(t, time.Since(start))
	})
}

// A connection is used again after an answer that is no success, unless the rest of the answer is too much to read.
func TestIntrospectKeepsTheConnection(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer string
		dials  int64
		want   error
	}{
		"ended session": {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}", 1, accesstoken.ErrInactive},
		"outage":        {"HTTP/1.1 503 Down\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 1, accesstoken.ErrUnavailable},
		"large":         {"HTTP/1.1 503 Down\r\nContent-Length: 1000000\r\n\r\n" + strings.Repeat("x", 1e6), 3, accesstoken.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubbled(t, func(t *testing.T) {
				var dials atomic.Int64
				transport := &http.Transport{DialTLSContext: pipe(func(conn net.Conn) {
					dials.Add(1)
					for {
						if _, err := io.WriteString(conn, test.answer); err != nil {
							return
						}
						if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
							return
						}
					}
				})}
				defer transport.CloseIdleConnections()
				v := verifierAt(t, failsOn(t, onIntrospect, transport.RoundTrip))
				for range 3 {
					_, err := v.Introspect(t.Context(), goodToken(t, nil))
					require.ErrorIs(t, err, test.want)
				}
				assert.Equal(t, test.dials, dials.Load(), "connections")
			})
		})
	}
}

// An answer without a body is one with an empty body, as it is to an http.Client.
func TestIntrospectWithoutABody(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{http.StatusUnauthorized: accesstoken.ErrInactive, http.StatusOK: accesstoken.ErrUnavailable} {
		_, err := verifierAt(t, failsOn(t, onIntrospect, func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status}, nil
		})).Introspect(t.Context(), goodToken(t, nil))
		require.ErrorIs(t, err, want, status)
	}
}

// pipe dials pipes to serve.
func pipe(serve func(conn net.Conn)) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer func() { _ = server.Close() }() // a pipe's Close does not fail
			if _, err := http.ReadRequest(bufio.NewReader(server)); err == nil {
				serve(server)
			}
		}()
		return client, nil
	}
}

// brokenError is an error whose methods need more than a nil pointer.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return e.err.Error() }

func TestIntrospectTransportBreaks(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(*http.Request) (*http.Response, error){
		"nothing":           func(*http.Request) (*http.Response, error) { return nil, nil }, //nolint:nilnil // what is tried
		"typed nil":         func(*http.Request) (*http.Response, error) { return nil, (*brokenError)(nil) },
		"typed nil of net":  func(*http.Request) (*http.Response, error) { return nil, (*net.OpError)(nil) },
		"typed nil inside":  func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("x: %w", (*net.OpError)(nil)) },
		"an answer of zero": func(*http.Request) (*http.Response, error) { return &http.Response{}, nil },
		"typed nil in the body": func(*http.Request) (*http.Response, error) {
			resp := response(http.StatusOK, "")
			resp.Body = io.NopCloser(iotest.ErrReader((*net.OpError)(nil)))
			return resp, nil
		},
		"panic":              func(r *http.Request) (*http.Response, error) { panic(r.Header.Get("Authorization")) },
		"the goroutine ends": func(*http.Request) (*http.Response, error) { runtime.Goexit(); panic("unreachable") },
		"quotes": func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("malformed HTTP response %q", r.Header.Get("Authorization"))
		},
		"quotes in the body": func(r *http.Request) (*http.Response, error) {
			resp := response(http.StatusOK, "")
			resp.Body = io.NopCloser(iotest.ErrReader(errors.New(r.Header.Get("Authorization"))))
			return resp, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := goodToken(t, nil)
			_, err := verifierAt(t, failsOn(t, onIntrospect, answer)).Introspect(t.Context(), token)
			require.ErrorIs(t, err, accesstoken.ErrUnavailable)
			for _, verb := range []string{"%v", "%+v", "%#v"} {
				assertHoldsNothingOf(t, fmt.Sprintf(verb, err), token)
			}
		})
	}
}

// What is known of a failed request is said, as far as the transport cannot have quoted the token in it.
func TestIntrospectSaysWhy(t *testing.T) {
	t.Parallel()
	for want, cause := range map[string]error{
		"lookup auth.example: no such host": &net.DNSError{Err: "no such host", Name: "auth.example"},
		syscall.ECONNREFUSED.Error():        &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
		"the connection failed, or":         io.ErrUnexpectedEOF,
		"context deadline exceeded":         context.DeadlineExceeded,
	} {
		v := verifierAt(t, failsOn(t, onIntrospect, func(*http.Request) (*http.Response, error) { return nil, cause }))
		_, err := v.Introspect(t.Context(), goodToken(t, nil))
		require.ErrorIs(t, err, cause)
		require.ErrorContains(t, err, want)
	}
}

// TestTransportReturnsBrokenError: an error whose methods panic, a nil pointer, ends neither the process nor the call.
func TestTransportReturnsBrokenError(t *testing.T) {
	t.Parallel()
	for _, path := range []string{onCerts, onIntrospect} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			v := verifierAt(t, failsOn(t, path, func(*http.Request) (*http.Response, error) { return nil, (*url.Error)(nil) }))
			_, err := v.Introspect(t.Context(), goodToken(t, nil))
			require.ErrorIs(t, err, accesstoken.ErrUnavailable)
			assert.NotEmpty(t, err.Error())
			assert.NotErrorIs(t, err, io.EOF)
		})
	}
}

// What a transport returns says nothing of the token, not even if it is an error of this package: the transport may have a
// verifier, or an authorization, of its own.
func TestForeignErrorsDecideNothing(t *testing.T) {
	t.Parallel()
	for _, foreign := range []error{
		accesstoken.ErrNoToken, accesstoken.ErrInvalidRequest, accesstoken.ErrInvalidToken, accesstoken.ErrExpired,
		accesstoken.ErrInactive, accesstoken.ErrInsufficientScope,
	} {
		for _, path := range []string{onCerts, onIntrospect} {
			t.Run(foreign.Error()+" on "+path, func(t *testing.T) {
				t.Parallel()
				cause := &net.DNSError{Err: "no such host"}
				v := verifierAt(t, failsOn(t, path, func(*http.Request) (*http.Response, error) {
					return nil, fmt.Errorf("proxy: %w: %w", foreign, cause)
				}))
				_, err := v.Introspect(t.Context(), goodToken(t, nil))
				require.ErrorIs(t, err, accesstoken.ErrUnavailable)
				require.NotErrorIs(t, err, foreign)
				require.ErrorIs(t, err, cause)
				found, ok := errors.AsType[*net.DNSError](err)
				assert.True(t, ok && found == cause)
				assert.Equal(t, http.StatusServiceUnavailable, accesstoken.StatusCode(err))
				assert.Empty(t, v.Challenge(err))
				if path != onCerts {
					return
				}
				for _, guard := range []func(http.Handler) http.Handler{v.Middleware, v.Optional} {
					r, w := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), httptest.NewRecorder()
					r.Header.Set("Authorization", "Bearer "+goodToken(t, nil))
					guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the token was not verified") })).ServeHTTP(w, r)
					assert.Equal(t, http.StatusServiceUnavailable, w.Code)
				}
			})
		}
	}
}
