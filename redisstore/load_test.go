package redisstore_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

// loadEnv is how long the load of the large test lasts, a duration such as 1m.
const loadEnv = "TCBAUTH_LOAD"

// load is what a server with many visitors does.
type load struct {
	users    int
	expired  int // of them, the first ones: their access tokens have expired, and their refresh tokens are good
	rate     int // requests a second
	duration time.Duration
	alone    bool // nothing else runs, so that memory is worth measuring
}

// A server asks for the tokens of random visitors, and nobody gets another one's. Those that have expired are refreshed
// once each. Neither memory nor goroutines grow.
func TestLoad(t *testing.T) {
	t.Parallel()
	small := load{users: 500, expired: 20, rate: 500, duration: time.Second}
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		needsMonths(t, miniPrefix)
		small.run(t, testbed.Miniredis(t), miniPrefix)
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		addr, text := os.Getenv(redisEnv), os.Getenv(loadEnv)
		if addr == "" || text == "" {
			t.Skipf("NOT LOADED: %s does not say where there is a Redis, or %s for how long", redisEnv, loadEnv)
		}
		duration, err := time.ParseDuration(text)
		require.NoError(t, err)
		load{users: 100_000, expired: 1000, rate: 1000, duration: duration, alone: true}.run(t, addr, "load:")
	})
}

func (l load) run(t *testing.T, addr, prefix string) {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true, PoolSize: 32})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	srv, app := l.serve(t, newStore(t, client, prefix))
	l.signIn(t, srv, app)

	before := measure()
	var halfway sample
	var mu sync.Mutex
	var took []time.Duration
	var wrong atomic.Int64
	var requests sync.WaitGroup
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	total, start := int(l.duration.Seconds()*float64(l.rate)), time.Now()
	for sent := 0; sent < total; {
		<-tick.C
		if halfway == (sample{}) && sent > total/2 {
			halfway = measure()
		}
		for due := min(total, int(time.Since(start).Seconds()*float64(l.rate))); sent < due; sent++ {
			user := rand.IntN(l.users) //nolint:gosec // no secret depends on it
			requests.Go(func() {
				begin := time.Now()
				token, err := app.ForUser(visitor(user)).GetAccessToken(t.Context())
				spent := time.Since(begin)
				if err != nil || !l.belongs(token, user) {
					wrong.Add(1)
				}
				mu.Lock()
				took = append(took, spent)
				mu.Unlock()
			})
		}
	}
	requests.Wait()
	after := measure()
	slices.Sort(took)
	t.Logf("%d users, %d requests in %v: median %v, 99%% %v, all %v; %d refreshes", l.users, len(took),
		time.Since(start).Round(time.Second), took[len(took)/2], took[len(took)*99/100], took[len(took)-1], srv.Count("token"))
	t.Logf("heap before %v, halfway %v, after %v; goroutines before %d, after %d", before.heap>>10, halfway.heap>>10, after.heap>>10,
		before.goroutines, after.goroutines)
	assert.Zero(t, wrong.Load(), "requests without the visitor's own token")
	assert.LessOrEqual(t, srv.Count("token"), l.expired)
	if l.alone {
		assert.Less(t, after.heap, halfway.heap+halfway.heap/4+4<<20, "memory grows")
	}
}

// serve returns a server and a client on store.
func (l load) serve(t *testing.T, store *redisstore.Store) (*authtest.Server, *tcbauth.App) {
	t.Helper()
	srv, err := authtest.Listen("127.0.0.1:0")
	require.NoError(t, err)
	transport := &http.Transport{MaxIdleConnsPerHost: 32}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		require.NoError(t, srv.Close())
	})
	app, err := tcbauth.NewApp(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(&http.Client{Transport: transport}),
		tcbauth.WithTokenStore(store), tcbauth.WithSessionTTL(time.Hour))
	require.NoError(t, err)
	return srv, app
}

func visitor(user int) string { return fmt.Sprintf("visitor-%06d", user) }

// size is about that of a real access token.
const size = 900

// signIn stores a session for everybody. Those that have expired are sessions of the server's.
func (l load) signIn(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
	t.Helper()
	for user := range l.expired {
		srv.Seed(authtest.User{Sub: visitor(user), Username: visitor(user), Password: "correct-horse-1"})
	}
	next := make(chan int)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for user := range next {
				assert.NoError(t, l.store(t, app.ForUser(visitor(user)), user))
			}
		})
	}
	for user := range l.users {
		next <- user
	}
	close(next)
	all.Wait()
}

func (l load) store(t *testing.T, auth *tcbauth.Auth, user int) error {
	if user >= l.expired {
		return auth.SetCredentials(t.Context(), &tcbauth.Credentials{
			AccessToken: visitor(user) + "." + strings.Repeat("x", size), RefreshToken: "refresh-" + visitor(user), ExpiresIn: 7200,
		})
	}
	state, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{
		Username: visitor(user), Password: "correct-horse-1",
	})
	if err != nil {
		return err
	}
	expired := *state.Credentials
	expired.ExpiresAt = time.Now().Add(-time.Hour)
	return auth.SetCredentials(t.Context(), &expired)
}

// belongs says whether a token is the visitor's.
func (l load) belongs(token string, user int) bool {
	if user >= l.expired {
		return strings.HasPrefix(token, visitor(user)+".")
	}
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	claims, err := base64.RawURLEncoding.DecodeString(payload)
	return err == nil && strings.Contains(string(claims), `"sub":"`+visitor(user)+`"`)
}

// sample is how much there is of what must not grow.
type sample struct {
	heap       uint64
	goroutines int
}

func measure() sample {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return sample{m.HeapAlloc, runtime.NumGoroutine()}
}
