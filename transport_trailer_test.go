package tcbauth_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// trailing is a body that sets its request's trailer once it has been read, as net/http lets a caller do.
type trailing struct {
	io.Reader
	set func()
}

func (b *trailing) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		b.set()
	}
	return n, err
}

func (b *trailing) Close() error { return nil }

// TestTransportKeepsTrailers that a caller sets while the body is read, also where the request is sent a second time.
func TestTransportKeepsTrailers(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]int{"at once": 0, "after a refresh": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var sums, announced []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				mu.Lock()
				defer mu.Unlock()
				sums = append(sums, r.Trailer.Get("X-Sum"))
				announced = append(announced, r.Trailer.Get("X-Known"))
				if len(sums) <= refuse {
					w.WriteHeader(http.StatusUnauthorized)
				}
			}))
			defer server.Close()
			p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(http.StatusOK, testbed.GoodAnswer) }}
			auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore(), tcbauth.WithBaseURL(server.URL)).Auth()
			testbed.SignInAs(t, auth, testbed.Gopher)

			u, err := url.Parse(server.URL + "/v1/functions/hello")
			require.NoError(t, err)
			r := (&http.Request{
				Method: http.MethodPost, URL: u, Header: http.Header{}, ContentLength: -1,
				Trailer: http.Header{"X-Sum": nil, "X-Known": {"before"}},
			}).WithContext(t.Context())
			body := func() io.ReadCloser {
				return &trailing{strings.NewReader("hello"), func() { r.Trailer.Set("X-Sum", "42") }}
			}
			r.Body = body()
			r.GetBody = func() (io.ReadCloser, error) { return body(), nil }
			resp, err := auth.Transport(new(http.Transport)).RoundTrip(r)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, http.StatusOK, resp.StatusCode)
			mu.Lock()
			defer mu.Unlock()
			for i := range sums {
				assert.Equal(t, "42", sums[i])
				assert.Equal(t, "before", announced[i])
			}
			assert.Len(t, sums, refuse+1)
			assert.Empty(t, r.Header, "the caller's request is left as it is")
		})
	}
}
