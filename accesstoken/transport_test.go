package accesstoken_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

// on is the path of a request of each kind.
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
					hanging := true
					v := verifierAt(t, failsOn(t, path, func(*http.Request) (*http.Response, error) {
						if hanging {
							return hang(on)
						}
						return response(http.StatusOK, jwks(t, jwk(keyID, signingKey()))), nil
					}))
					start := time.Now()
					_, err := v.Introspect(t.Context(), goodToken(t, nil))
					require.ErrorIs(t, err, accesstoken.ErrUnavailable)
					assert.Equal(t, 10*time.Second, time.Since(start))
					hanging = false
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
