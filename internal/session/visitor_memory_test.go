package session_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// heapInUse is what the process holds on to.
func heapInUse() int64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // no heap has that many bytes
}

// answering is a transport that keeps nothing of what it was asked.
type answering func() (status int, body string)

func (f answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
	}
	status, body := f()
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1}, nil
}

// TestMemoryOfVisitorsWhoStayAway: what an App keeps for visitors does not grow with all who ever came. It is measured
// some weeks after they did, while others come and go.
//
//nolint:paralleltest // the heap is the whole process's
func TestMemoryOfVisitorsWhoStayAway(t *testing.T) {
	const visitors, kept = 4_000, 300 // bytes for each visitor, at most
	for name, test := range map[string]struct {
		opts    []tcbauth.Option
		op      string // of the store, fails once the server has answered
		refused bool   // by the server
	}{
		"a write that failed":             {nil, "Set", false},
		"a refresh ahead that failed":     {[]tcbauth.Option{tcbauth.WithRefreshAhead(24 * time.Hour)}, "", true},
		"a refresh ahead without a place": {[]tcbauth.Option{tcbauth.WithRefreshAhead(24 * time.Hour)}, "Set", false},
		"nothing":                         {nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				padding := strings.Repeat("x", 1000)
				refused := false
				n := 0
				wire := answering(func() (int, string) {
					if refused {
						return http.StatusInternalServerError, `{"error":"internal"}`
					}
					n++
					return http.StatusOK, fmt.Sprintf(`{"access_token":"a%d%s","refresh_token":"r%d%s","expires_in":7200}`, n, padding, n, padding)
				})
				store := testbed.NewLockingStore()
				app, err := tcbauth.NewApp(testbed.MethodEnv, append(test.opts, tcbauth.WithHTTPClient(testbed.HTTPClient(wire)), tcbauth.WithTokenStore(store))...)
				require.NoError(t, err)
				key := func(n int) string { return fmt.Sprint("visitor-", n) }
				sessionAt := func(n int) string { return testbed.VisitorKey("", testbed.MethodEnv, key(n)) }
				life := -time.Hour
				if len(test.opts) > 0 {
					life = 30 * time.Minute // of use, and in the second half of its life
				}
				session := func(n int) *tcbauth.Credentials {
					return &tcbauth.Credentials{
						AccessToken: "old", RefreshToken: fmt.Sprint("r", n), ExpiresIn: 7200, ExpiresAt: time.Now().Add(life), Sub: fmt.Sprint(n),
					}
				}
				visit := func(n int) {
					testbed.Put(t, store, sessionAt(n), session(n))
					refused = test.refused
					store.On(testbed.FailsWith(testbed.ErrDisk, test.op))
					_, _ = app.ForUser(key(n)).GetAccessToken(t.Context())
					synctest.Wait()
					store.On(nil)
					refused = false
					require.NoError(t, store.Delete(t.Context(), sessionAt(n))) // gone with its TTL, so that it does not count
					require.NoError(t, store.Delete(t.Context(), testbed.DeviceKey("", testbed.MethodEnv, key(n))))
				}
				visit(0)
				before := heapInUse()
				for n := range visitors {
					visit(n + 1)
				}
				later(32 * 24 * time.Hour) // longer than a session lasts
				for n := range 200 {
					visit(visitors + 1 + n)
				}
				grown := heapInUse() - before
				assert.Less(t, grown, int64(visitors*kept), "%d bytes for each visitor who does not come back", grown/visitors)
				runtime.KeepAlive(app)
			})
		})
	}
}
