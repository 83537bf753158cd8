package wire_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// printed is err in every way that a program may write it.
func printed(err error) string {
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		_, _ = fmt.Fprintf(&b, verb+"\n", err)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("x", "err", err, slog.Group("g", "err", err), "in", struct{ Err error }{err})
	}
	return b.String()
}

func requireClean(t *testing.T, f *wire.Failure) {
	t.Helper()
	require.NotContains(t, f.Error(), "planted")
	for _, err := range []error{f.Err, errors.Join(f.Err), fmt.Errorf("x: %w", f.Err)} {
		text := printed(err)
		require.NotContains(t, text, "planted", "%T", err)
		require.NotContains(t, text, fmt.Sprintf("%x", "planted"), "%T", err)
	}
}

// net/http quotes what it cannot read. What a server sends may be a token.
func TestErrorsDoNotQuoteTheAnswer(t *testing.T) {
	t.Parallel()
	const token = "planted-token"
	answers := map[string]string{
		"status line":            token + "\r\n\r\n",
		"protocol":               token + " 200 OK\r\n\r\n",
		"version":                "HTTP/" + token + " 200 OK\r\n\r\n",
		"status":                 "HTTP/1.1 " + token + "\r\n\r\n",
		"header without a colon": "HTTP/1.1 200 OK\r\n" + token + "\r\n\r\n",
		"header name":            "HTTP/1.1 200 OK\r\n" + token + " x: y\r\n\r\n",
		"header value":           "HTTP/1.1 200 OK\r\nX: " + token + "\x00\r\n\r\n",
		"folded first line":      "HTTP/1.1 200 OK\r\n " + token + "\r\n\r\n",
		"length":                 "HTTP/1.1 200 OK\r\nContent-Length: " + token + "\r\n\r\n",
		"two lengths":            "HTTP/1.1 200 OK\r\nContent-Length: 1" + token + "\r\nContent-Length: 2" + token + "\r\n\r\n",
		"encoding":               "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + token + "\r\n\r\n",
		"two encodings":          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: " + token + "\r\n\r\n",
		"chunk size":             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + token + "\r\n",
		"chunk end":              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n" + token + "\r\n",
		"trailer":                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + token + "\r\n\r\n",
		"gzip":                   "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 13\r\n\r\n" + token,
		"informational answers":  strings.Repeat("HTTP/1.1 103 "+token+"\r\nX: "+token+"\r\n\r\n", 100000),
		"huge header":            "HTTP/1.1 200 OK\r\nX: " + strings.Repeat(token, 1<<18) + "\r\n\r\n",
		"switching protocols":    "HTTP/1.1 101 " + token + "\r\nUpgrade: " + token + "\r\n\r\n",
		"HTTP/2":                 "\x00\x00\x20\x07\x00\x00\x00\x00\x00" + token,
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPipes(t, func(p *pipes, _ int64, conn net.Conn) {
					if p.readRequest(conn) {
						_, _ = io.WriteString(conn, answer) // a client that has read enough closes
					}
				})
				_, err := wire.Do[value](t.Context(), newClient(p), new(post))
				requireClean(t, failure(t, err))
			})
		})
	}
	for name, reply := range map[string]func(*testbed.HTTP2Conn, uint32) bool{
		"go away": func(c *testbed.HTTP2Conn, s uint32) bool { c.GoAway(s, 1); return false }, // with a text
		"field": func(c *testbed.HTTP2Conn, s uint32) bool {
			c.Frame(testbed.FrameHeaders, testbed.FlagEndHeaders|testbed.FlagEndStream, s, []byte("\x88\x40\x0dPlanted-token\x01!")...)
			return true
		},
		"status": func(c *testbed.HTTP2Conn, s uint32) bool {
			c.Frame(testbed.FrameHeaders, testbed.FlagEndHeaders|testbed.FlagEndStream, s, []byte("\x08\x0dplanted-token")...)
			return true
		},
		"HTTP/1.1": func(c *testbed.HTTP2Conn, _ uint32) bool {
			_, _ = io.WriteString(c, "HTTP/1.1 "+token+"\r\n\r\n")
			return false
		},
	} {
		t.Run("over HTTP 2/"+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, err := wire.Do[value](t.Context(), exampleClient(testbed.NewHTTP2(t, reply)), new(post))
				requireClean(t, failure(t, err))
			})
		})
	}
}

// A proxy's refusal is quoted by net/http too.
func TestErrorsDoNotQuoteTheProxy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := &http.Transport{
			Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.example.com"}),
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				client, server := net.Pipe()
				go func() {
					defer func() { _ = server.Close() }()
					if new(pipes).readRequest(server) {
						_, _ = io.WriteString(server, "HTTP/1.1 407 planted-token\r\nContent-Length: 0\r\n\r\n")
					}
				}()
				return client, nil
			},
		}
		_, err := wire.Do[value](t.Context(), newClient(transport), new(post))
		f := failure(t, err)
		requireClean(t, f)
		require.NotErrorIs(t, f, wire.ErrOutcomeUnknown)
	})
}

// A transport's error is there to be looked at, whatever becomes of its text.
func TestTransportErrors(t *testing.T) {
	t.Parallel()
	planted := errors.New("planted")
	tests := map[string]struct {
		err  error
		text string // that stays; "": a text of our own
	}{
		"dial":                {&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, "dial tcp: connect: connection refused"},
		"DNS":                 {&net.DNSError{Err: "no such host", Name: "x.example"}, "lookup x.example: no such host"},
		"closed":              {net.ErrClosed, net.ErrClosed.Error()},
		"errno":               {syscall.ECONNRESET, "connection reset by peer"},
		"EOF":                 {io.EOF, "EOF"},
		"unexpected EOF":      {io.ErrUnexpectedEOF, "unexpected EOF"},
		"deadline":            {os.ErrDeadlineExceeded, "i/o timeout"},
		"TLS record":          {tls.RecordHeaderError{Msg: "no TLS"}, "tls: no TLS"},
		"scheme":              {http.ErrSchemeMismatch, http.ErrSchemeMismatch.Error()},
		"certificate":         {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "signed by unknown authority"},
		"other":               {planted, ""},
		"wrapped":             {fmt.Errorf("planted: %w", io.EOF), ""},
		"dial, other":         {&net.OpError{Op: "dial", Net: "tcp", Err: planted}, ""},
		"syscall, other":      {&net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", planted)}, ""},
		"certificate, other":  {&tls.CertificateVerificationError{Err: planted}, ""},
		"joined":              {errors.Join(io.EOF, planted), ""},
		"time limit":          {&net.OpError{Op: "read", Err: timeoutError{}}, ""},
		"value with a secret": {secretError{"planted"}, ""},
	}
	for name, tt := range tests {
		for _, cut := range []bool{false, true} {
			if cut && tt.err == io.EOF { //nolint:errorlint // the good end of a body
				continue
			}
			t.Run(fmt.Sprintf("%s/%v", name, cut), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					answer := fails(tt.err)
					if cut {
						answer = said{status: 200, readErr: tt.err}
					}
					_, err := wire.Do[value](t.Context(), newClient(&script{answers: []said{answer}}), new(post))
					f := failure(t, err)
					requireClean(t, f)
					require.ErrorIs(t, f, tt.err)
					if tt.text != "" {
						assert.Contains(t, f.Err.Error(), tt.text)
					}
					if name == "time limit" {
						e, ok := errors.AsType[net.Error](f.Err)
						require.True(t, ok)
						assert.True(t, e.Timeout())
					}
				})
			})
		}
	}
}

type timeoutError struct{}

func (timeoutError) Error() string   { return "planted" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

type secretError struct{ Secret string }

func (e secretError) Error() string { return e.Secret }

// What a transport returns decides nothing: not even an error of our own, which another client made.
func TestForeignErrorsDecideNothing(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]said{
		"instead of an answer": fails(fmt.Errorf("x: %w", wire.ErrInvalidResponse)),
		"in the body":          {status: 200, readErr: fmt.Errorf("x: %w", wire.ErrInvalidResponse)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := wire.Do[value](t.Context(), newClient(&script{answers: []said{answer}}), new(post))
			f := failure(t, err)
			require.ErrorIs(t, f, wire.ErrOutcomeUnknown)
			assert.Equal(t, wire.Unreachable, f.Code)
		})
	}
}
