package redisstore_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/redisstore"
)

// requireHeld: nobody else gets the lock of key for a while.
func requireHeld(t *testing.T, store *redisstore.Store, key string, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	_, _, err := store.Lock(ctx, key)
	require.ErrorIs(t, err, context.DeadlineExceeded, "two have the lock")
}

// TestClockForward: Redis's clock jumps on, and nobody else gets the lock of a holder that lives.
func TestClockForward(t *testing.T) {
	t.Parallel()
	mini := miniredis.RunT(t)
	client := connect(t, mini.Addr())
	store := newStore(t, client, "", redisstore.WithLockLease(3*time.Second))
	held, unlock, err := store.Lock(t.Context(), "key")
	require.NoError(t, err)
	defer unlock()
	for _, jump := range []time.Duration{time.Minute, 25 * time.Hour} {
		mini.SetTime(time.Now().Add(jump))
		mini.FastForward(jump)
		requireHeld(t, newStore(t, client, ""), "key", 100*time.Millisecond)
	}
	require.NoError(t, store.Set(held, "key", []byte("value"), 0))
}

// TestClockBack: Redis's clock is put back, so that what was to expire does not. A dead holder's lock is free after its lease all
// the same.
func TestClockBack(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		gone := redis.NewClient(&redis.Options{Addr: addr})
		_, unlock, err := newStore(t, gone, prefix, redisstore.WithLockLease(lease)).Lock(t.Context(), "key")
		require.NoError(t, err)
		require.NoError(t, gone.Close()) // no renewal gets through, nor a release
		unlock()
		client := connect(t, addr)
		for _, key := range all(t, client, prefix+"*") {
			require.NoError(t, client.Persist(t.Context(), key).Err())
		}
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		_, unlockNext, err := newStore(t, client, prefix).Lock(ctx, "key")
		require.NoError(t, err)
		assert.GreaterOrEqual(t, time.Since(start), lease)
		unlockNext()
	})
}

// TestClockBackFences: with a clock that was put back, whoever comes next has a greater fence all the same.
func TestClockBackFences(t *testing.T) {
	t.Parallel()
	mini := miniredis.RunT(t)
	client := connect(t, mini.Addr())
	store := newStore(t, client, "")
	held, unlock, err := store.Lock(t.Context(), "key")
	require.NoError(t, err)
	defer unlock()
	require.NoError(t, store.Set(held, "key", []byte("old"), 0))
	mini.SetTime(time.Now().Add(-time.Hour))
	// Redis has lost the lock, as when it starts again, and what it made of it has a lower number.
	lost := context.WithoutCancel(t.Context())
	for _, key := range all(t, client, "*") {
		if !strings.Contains(key, "value:") {
			require.NoError(t, client.Del(lost, key).Err())
		}
	}
	_, unlockNext, err := newStore(t, client, "").Lock(t.Context(), "key")
	require.NoError(t, err)
	require.NoError(t, store.Set(t.Context(), "key", []byte("newer"), 0))
	unlockNext()
	requireLost(held, t, store, "key", "newer")
}

// TestEviction: a Redis that is full evicts what has a time to live, but not a lock that is held.
func TestEviction(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"volatile-ttl", "volatile-lru", "volatile-random"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, "--maxmemory", "3mb", "--maxmemory-policy", policy, "--appendonly", "no", "--save", "")
			client := connect(t, srv.addr())
			store := newStore(t, client, "")
			held, unlock, err := store.Lock(t.Context(), "key")
			require.NoError(t, err)
			defer unlock()
			require.NoError(t, store.Set(held, "key", []byte("value"), 0))
			filler := strings.Repeat("x", 10_000)
			for i := range 1000 {
				require.NoError(t, client.Set(t.Context(), "filler"+string(rune('0'+i)), filler, time.Hour).Err())
			}
			requireHeld(t, newStore(t, client, ""), "key", 200*time.Millisecond)
			require.NoError(t, held.Err())
		})
	}
}

// TestLongOutage: Redis is away for longer than a lease, while one holds a lock and another waits for it. The holder has it
// still, and keeps what it has to keep.
func TestLongOutage(t *testing.T) {
	t.Parallel()
	srv := startServer(t, "--appendonly", "yes", "--appendfsync", "always")
	const lease = 3 * time.Second // Redis starts within two
	store := newStore(t, connect(t, srv.addr()), "", redisstore.WithLockLease(lease))
	held, unlock, err := store.Lock(t.Context(), "key")
	require.NoError(t, err)
	defer unlock()
	got := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	waiter := connect(t, srv.addr())
	asked := make(chan struct{}, 1)
	waiter.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		err := next(ctx, cmd)
		if cmd.Name() == "evalsha" && err == nil {
			select {
			case asked <- struct{}{}:
			default:
			}
		}
		return err
	}))
	go func() {
		_, unlock, err := newStore(t, waiter, "", redisstore.WithLockLease(lease)).Lock(ctx, "key")
		if err == nil {
			unlock()
		}
		got <- err
	}()
	<-asked
	srv.stop(t, os.Kill)
	set := make(chan error, 1)
	go func() { set <- store.Set(held, "key", []byte("value"), 0) }()
	<-time.After(lease * 4 / 3)
	srv.start(t)
	require.NoError(t, <-set)
	select {
	case err := <-got:
		require.Fail(t, "two have the lock", "error: %v", err)
	case <-time.After(2 * lease):
	}
	require.NoError(t, held.Err())
	unlock()
	require.NoError(t, <-got)
}
