package redisstore_test

import (
	"context"
	"crypto/rand"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

// redisEnv is the address of a real Redis for these tests. They leave nothing there but keys that expire.
const redisEnv = "TCBAUTH_REDIS"

// miniPrefix is that of tests on miniredis.
const miniPrefix = "mini:"

// eachRedis runs test on miniredis and on a real Redis. The address serves other processes too, and the prefix is the
// test's own.
func eachRedis(t *testing.T, test func(t *testing.T, addr, prefix string)) {
	t.Helper()
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, testbed.Miniredis(t), miniPrefix)
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		addr := os.Getenv(redisEnv)
		if addr == "" {
			t.Skipf("NOT TESTED on a real Redis: %s does not say where there is one; scripts/with-redis.sh starts one", redisEnv)
		}
		test(t, addr, "test-"+rand.Text()+":")
	})
}

// needsMonths skips a test whose values are kept for a month where miniredis cannot: it counts milliseconds in an int.
func needsMonths(t *testing.T, prefix string) {
	t.Helper()
	if strconv.IntSize == 32 && prefix == miniPrefix {
		t.Skip("NOT TESTED on miniredis: on a 32-bit machine it keeps nothing for longer than 24 days")
	}
}

func connect(t *testing.T, addr string) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

func newStore(t *testing.T, client redis.UniversalClient, prefix string, opts ...redisstore.Option) *redisstore.Store {
	t.Helper()
	store, err := redisstore.New(client, append([]redisstore.Option{redisstore.WithPrefix(prefix)}, opts...)...)
	require.NoError(t, err)
	return store
}

// one returns the one key in Redis that matches.
func one(t *testing.T, client *redis.Client, pattern string) string {
	t.Helper()
	keys := all(t, client, pattern)
	require.Len(t, keys, 1, pattern)
	return keys[0]
}

func all(t *testing.T, client *redis.Client, pattern string) (keys []string) {
	t.Helper()
	scan := client.Scan(t.Context(), 0, pattern, 1000).Iterator()
	for scan.Next(t.Context()) {
		keys = append(keys, scan.Val())
	}
	require.NoError(t, scan.Err())
	return keys
}

// eventuallyLimit is long since the machine may be slow: it is the time for nothing to happen at all.
const eventuallyLimit = time.Minute

// eventually waits until ok.
func eventually(ctx context.Context, t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, eventuallyLimit)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !ok() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			require.Fail(t, "waited in vain until "+what)
		}
	}
}

// hook changes what becomes of a client's commands.
type hook func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error

func (hook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { return h(ctx, cmd, next) }
}

func (hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
