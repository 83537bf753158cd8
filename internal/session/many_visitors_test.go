package session_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
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

// everybody is a store that has a session for every visitor and keeps nothing. One visitor in ten has one that has expired.
type everybody struct{ now func() time.Time }

func (everybody) Interruptible() bool { return true }

func (s everybody) Get(_ context.Context, key string) ([]byte, error) {
	_, name, _ := strings.Cut(key, "users/")
	name, rest, _ := strings.Cut(name, "/")
	if !strings.HasPrefix(rest, "credentials_") {
		return nil, tcbauth.ErrNotFound
	}
	at := s.now().Add(time.Hour)
	if strings.HasSuffix(name, "0") {
		at = s.now().Add(-time.Hour)
	}
	return tcbauth.Credentials{AccessToken: "a-" + name, RefreshToken: "r-" + name, ExpiresIn: 7200, ExpiresAt: at, Sub: name}.MarshalJSON()
}

func (everybody) Set(context.Context, string, []byte, time.Duration) error { return nil }
func (everybody) Delete(context.Context, string) error                     { return nil }

// TestManyVisitors: of all the visitors who ever came nothing is left, neither in memory nor as a goroutine. With TCBAUTH_LOAD
// they are a million.
//
//nolint:paralleltest // the heap is the whole process's
func TestManyVisitors(t *testing.T) {
	visitors := 10_000
	if os.Getenv("TCBAUTH_LOAD") != "" {
		visitors = 1_000_000
	}
	synctest.Test(t, func(t *testing.T) {
		answers := 0
		wire := answering(func() (int, string) {
			answers++
			return http.StatusOK, fmt.Sprintf(`{"access_token":"n-%d","refresh_token":"s-%d","expires_in":7200}`, answers, answers)
		})
		app, err := tcbauth.NewApp(testbed.MethodEnv, tcbauth.WithHTTPClient(testbed.HTTPClient(wire)),
			tcbauth.WithTokenStore(everybody{time.Now}), tcbauth.WithRefreshAhead(time.Minute))
		require.NoError(t, err)
		come := func(from, to int) {
			for n := from; n < to; n++ {
				token, err := app.ForUser(fmt.Sprint("visitor-", n)).GetAccessToken(t.Context())
				require.NoError(t, err)
				require.NotEmpty(t, token)
			}
		}
		come(0, 1000)               // what the first calls of a process make and keep
		<-time.After(2 * time.Hour) // on the clock of the bubble
		before, goroutines := heapInUse(), runtime.NumGoroutine()
		start := answers
		come(1000, visitors)
		synctest.Wait()
		during := heapInUse()
		assert.Equal(t, (visitors-1000)/10, answers-start, "one in ten is refreshed")
		<-time.After(2 * time.Hour) // on the clock of the bubble
		synctest.Wait()
		after := heapInUse()
		assert.LessOrEqual(t, runtime.NumGoroutine(), goroutines)
		assert.Less(t, after-before, int64(256<<10), "bytes that are left of them")
		t.Logf("%d visitors: %d KiB more right after they came, %d KiB more two hours later, %d goroutines before and %d after",
			visitors, (during-before)>>10, (after-before)>>10, goroutines, runtime.NumGoroutine())
		runtime.KeepAlive(app)
	})
}
