package everymethod_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// counted notes each attempt that is handed to net/http, by the id of its call.
type counted struct {
	http.RoundTripper

	mu       sync.Mutex
	attempts map[string]int // by method, path and request id
	all      int64
}

func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.all++
	c.attempts[r.Method+" "+r.URL.Path+" "+r.Header.Get("X-Request-Id")]++
	c.mu.Unlock()
	return c.RoundTripper.RoundTrip(r)
}

// mayRepeat says whether a call has the same effect once or twice.
func mayRepeat(attempt string) bool {
	method, path, _ := strings.Cut(attempt, " ")
	path, _, _ = strings.Cut(path, " ")
	switch method {
	case http.MethodGet:
		return true
	case http.MethodDelete:
		return !strings.HasSuffix(path, "/user/me")
	}
	return strings.HasSuffix(path, "/revoke")
}

// TestMethodsSendOnce: whatever becomes of a request on HTTP/2, net/http does not send it again, and what costs is sent once.
// Each request of each method is the one that is refused.
func TestMethodsSendOnce(t *testing.T) {
	t.Parallel()
	refusals := map[string]func(c *testbed.HTTP2Conn, stream uint32) bool{
		"protocol error": func(c *testbed.HTTP2Conn, s uint32) bool { c.Reset(s, 1); return true },
		"refused stream": func(c *testbed.HTTP2Conn, s uint32) bool { c.Reset(s, 7); return true },
		"cancelled":      func(c *testbed.HTTP2Conn, s uint32) bool { c.Reset(s, 8); return true },
		"going away":     func(c *testbed.HTTP2Conn, s uint32) bool { c.GoAway(s-1, 0); return true },
		"gone":           func(*testbed.HTTP2Conn, uint32) bool { return false },
	}
	sends := func(row testbed.MethodRow) bool { return row.Sends() && !row.Polls }
	forEachMethod(t, sends, func(t *testing.T, name string, row testbed.MethodRow) {
		answer := row.Answer
		if answer == "" {
			answer = testbed.GoodAnswer
		}
		for refusal, refuse := range refusals {
			for good := range row.Needed() {
				var seen atomic.Int64
				h := testbed.NewHTTP2(t, func(c *testbed.HTTP2Conn, s uint32) bool {
					if seen.Add(1) <= int64(good) {
						c.Answer(s, answer)
						return true
					}
					return refuse(c, s)
				})
				wire := &counted{RoundTripper: h, attempts: make(map[string]int)}
				app, err := tcbauth.NewApp(testbed.MethodEnv, append(row.Opts[:len(row.Opts):len(row.Opts)],
					tcbauth.WithHTTPClient(testbed.HTTPClient(wire)), tcbauth.WithTokenStore(testbed.SessionStore(t)))...)
				require.NoError(t, err)
				_, err = testbed.CallMethod(t.Context(), app.Auth(), name, row)
				where := fmt.Sprintf("%s after %d answers", refusal, good)
				testbed.RequireError(t, err)
				assert.Equal(t, wire.all, h.Complete.Load(), "%s: attempts, and requests that arrived", where)
				for attempt, n := range wire.attempts {
					if !mayRepeat(attempt) {
						assert.Equal(t, 1, n, "%s: %s", where, attempt)
					}
				}
				h.CloseIdleConnections()
			}
		}
	})
}
