package redisstore_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// goSilent makes the commands of a client hang, whatever their contexts, until the test ends.
func goSilent(t *testing.T, client *redis.Client) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	t.Cleanup(cancel)
	client.AddHook(hook(func(_ context.Context, cmd redis.Cmder, _ redis.ProcessHook) error {
		<-ctx.Done()
		cmd.SetErr(ctx.Err())
		return ctx.Err()
	}))
}

// TestSilentWhileHeld: a lock whose holder's context has ended is given up within a limit, and others wait no longer than
// their contexts.
func TestSilentWhileHeld(t *testing.T) {
	t.Parallel()
	client := connect(t, testbed.Miniredis(t))
	store := newStore(t, client, "")
	ctx, cancel := context.WithCancel(t.Context())
	held, unlock, err := store.Lock(ctx, "key")
	require.NoError(t, err)
	goSilent(t, client)
	cancel()
	start := time.Now()
	require.ErrorIs(t, store.Set(held, "key", nil, 0), context.Canceled)
	_, err = store.Get(held, "key")
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, store.Delete(held, "key"), context.Canceled)
	assert.Less(t, time.Since(start), time.Second)
	unlock()
	unlock()
	assert.Less(t, time.Since(start), 10*time.Second)
	for _, key := range []string{"key", "other"} {
		waiting, cancel := context.WithCancel(t.Context())
		defer time.AfterFunc(50*time.Millisecond, cancel).Stop()
		start = time.Now()
		_, _, err = store.Lock(waiting, key)
		require.Equal(t, context.Canceled, err, "ctx's error as it is")
		assert.Less(t, time.Since(start), 2*time.Second)
	}
}

// TestDeadlineOfASilentRedis: one that accepts and does not answer keeps nobody beyond a deadline, if the store says so.
func TestDeadlineOfASilentRedis(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0") // nobody accepts what the system takes
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	store := newStore(t, connect(t, listener.Addr().String()), "")
	require.True(t, store.Interruptible())
	for name, call := range map[string]func(ctx context.Context) error{
		"get":    func(ctx context.Context) error { _, err := store.Get(ctx, "key"); return err },
		"set":    func(ctx context.Context) error { return store.Set(ctx, "key", nil, 0) },
		"delete": func(ctx context.Context) error { return store.Delete(ctx, "key") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			start := time.Now()
			require.ErrorIs(t, call(ctx), context.DeadlineExceeded)
			assert.Less(t, time.Since(start), 2*time.Second)
		})
	}
}

func TestInterruptible(t *testing.T) {
	t.Parallel()
	type embedding struct{ *redis.Client }
	for _, minds := range []bool{false, true} {
		universal := redis.UniversalOptions{Addrs: []string{"127.0.0.1:1"}, ContextTimeoutEnabled: minds}
		cluster, sentinel, nearest := universal, universal, universal
		cluster.Addrs = []string{"127.0.0.1:1", "127.0.0.1:2"}
		sentinel.MasterName = "sessions"
		nearest.MasterName, nearest.RouteByLatency = "sessions", true
		for name, client := range map[string]redis.UniversalClient{
			"one node":         redis.NewUniversalClient(&universal),
			"cluster":          redis.NewUniversalClient(&cluster),
			"sentinel":         redis.NewUniversalClient(&sentinel),
			"sentinel nearest": redis.NewUniversalClient(&nearest),
			"ring": redis.NewRing(&redis.RingOptions{
				Addrs: map[string]string{"one": "127.0.0.1:1"}, ContextTimeoutEnabled: minds,
			}),
			"a user's own": embedding{redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", ContextTimeoutEnabled: minds})},
		} {
			t.Cleanup(func() { require.NoError(t, client.Close()) })
			assert.Equal(t, minds, newStore(t, client, "").Interruptible(), name)
		}
	}
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", ContextTimeoutEnabled: true})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	assert.False(t, newStore(t, struct{ redis.UniversalClient }{client}, "").Interruptible(), "one of an unknown type")
}
