package redisstore_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

// TestSilent: a Redis that accepts and does not answer keeps nobody for longer than he wants, whatever the client is.
func TestSilent(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0") // nobody accepts what the system takes
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	addr := listener.Addr().String()
	for _, minds := range []bool{false, true} {
		// Longer than promptly, and not for long after the test.
		const limit = 700 * time.Millisecond
		universal := redis.UniversalOptions{
			Addrs: []string{addr}, ContextTimeoutEnabled: minds, DialTimeout: limit, ReadTimeout: limit, DialerRetries: 1,
		}
		cluster, sentinel, nearest := universal, universal, universal
		cluster.Addrs = []string{addr, addr}
		sentinel.MasterName = "sessions"
		nearest.MasterName, nearest.RouteByLatency = "sessions", true
		for name, client := range map[string]redis.UniversalClient{
			"one node":         redis.NewUniversalClient(&universal),
			"cluster":          redis.NewUniversalClient(&cluster),
			"sentinel":         redis.NewUniversalClient(&sentinel),
			"sentinel nearest": redis.NewUniversalClient(&nearest),
			"ring": redis.NewRing(&redis.RingOptions{
				Addrs: map[string]string{"one": addr}, ContextTimeoutEnabled: minds, DialTimeout: limit, ReadTimeout: limit,
			}),
			"of an unknown type": struct{ redis.UniversalClient }{redis.NewUniversalClient(&universal)},
		} {
			if minds {
				name += ", minds deadlines"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() { require.NoError(t, client.Close()) })
				store := newStore(t, client, "")
				require.True(t, store.Interruptible())
				for what, call := range testbed.StoreCalls(store) {
					testbed.RequirePrompt(t, what, t.Context(), call)
				}
			})
		}
	}
}

// TestSilentWhileHeld: Redis goes silent while a lock is held. Nobody waits longer than he wants, its holder neither.
func TestSilentWhileHeld(t *testing.T) {
	t.Parallel()
	for name, minds := range map[string]bool{"client minds deadlines": true, "client minds nothing": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mini := testbed.Miniredis(t)
			proxy := testbed.NewHushed(t, mini)
			client := redis.NewClient(&redis.Options{Addr: proxy.Addr, ContextTimeoutEnabled: minds})
			t.Cleanup(func() { require.NoError(t, client.Close()) })
			store := newStore(t, client, "", redisstore.WithLockLease(longLease))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			held, unlock, err := store.Lock(ctx, "key")
			require.NoError(t, err)
			_, unlockOther, err := store.Lock(t.Context(), "other")
			require.NoError(t, err)
			proxy.Silence()
			for what, call := range testbed.StoreCalls(store) {
				testbed.RequirePrompt(t, what, held, call)
			}

			start := time.Now()
			unlockOther()
			unlockOther()
			assert.Less(t, time.Since(start), early, "unlock")

			go cancel()
			<-held.Done()
			start = time.Now()
			unlock()
			assert.Less(t, time.Since(start), testbed.UnlockPromptly, "unlock after the end of its context")
		})
	}
}

// TestAnswerLostOnce: one answer that does not come costs the time of an attempt, and not the call.
func TestAnswerLostOnce(t *testing.T) {
	t.Parallel()
	l := newLate(t, testbed.Miniredis(t), "")
	hung := make(chan struct{})
	t.Cleanup(func() { close(hung) })
	client := connect(t, l.client.Options().Addr)
	var hang atomic.Bool
	client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		if hang.Swap(false) {
			<-hung // whatever ctx says
		}
		return next(ctx, cmd)
	}))
	store := newStore(t, client, "")
	hang.Store(true)
	start := time.Now()
	held, unlock, err := store.Lock(t.Context(), "key")
	require.NoError(t, err)
	defer unlock()
	for range 2 {
		hang.Store(true)
		require.NoError(t, store.Set(held, "key", []byte("value"), 0))
	}
	assert.Less(t, time.Since(start), 20*time.Second)
	value, err := store.Get(held, "key")
	require.NoError(t, err)
	assert.Equal(t, "value", string(value))
}

// TestLeftBehind: a change whose caller has gone away comes before the next one.
func TestLeftBehind(t *testing.T) {
	t.Parallel()
	client := connect(t, testbed.Miniredis(t))
	begun, goOn := make(chan struct{}, 1), make(chan struct{})
	var once atomic.Bool
	client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		if !once.Swap(true) {
			begun <- struct{}{}
			<-goOn
			ctx = context.WithoutCancel(ctx) // it is on its way
		}
		return next(ctx, cmd)
	}))
	store := newStore(t, client, "")
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	value := []byte("older")
	go func() { first <- store.Set(ctx, "key", value, 0) }()
	<-begun
	cancel()
	require.ErrorIs(t, <-first, context.Canceled)
	clear(value) // its owner may
	later := make(chan error, 2)
	go func() { later <- store.Set(t.Context(), "key", []byte("newer"), 0) }()
	select {
	case err := <-later:
		require.Fail(t, "the later change did not wait", "error: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	require.NoError(t, store.Set(t.Context(), "other", []byte("value"), 0))
	close(goOn)
	require.NoError(t, <-later)
	got, err := store.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, "newer", string(got))
}
