package redisstore_test

import (
	"bytes"
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

const (
	// lease is for tests that wait until it is over. On a busy machine a living holder can lose such a lock too.
	lease = 300 * time.Millisecond
	// heldLease is for tests that wait for renewals, whose holder must keep its lock.
	heldLease = 2 * time.Second
	// longLease is for tests of what must not wait until it is over, and early is before that.
	longLease = time.Minute
	early     = 30 * time.Second
)

// TestNothingPilesUp: what a session leaves behind beside its values expires.
func TestNothingPilesUp(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		client := connect(t, addr)
		store := newStore(t, client, prefix)
		held, unlock, err := store.Lock(t.Context(), "key")
		require.NoError(t, err)
		require.NoError(t, store.Set(held, "key", []byte("v"), 0))
		require.NoError(t, store.Delete(held, "key"))
		unlock()
		name := one(t, client, prefix+"*")
		left, err := client.PTTL(t.Context(), name).Result()
		require.NoError(t, err)
		assert.Positive(t, left)
		assert.LessOrEqual(t, left, time.Hour)
		size := func() int64 { return client.HLen(t.Context(), name).Val() }
		fields := size()
		for range 3 {
			held, unlock, err := store.Lock(t.Context(), "key")
			require.NoError(t, err)
			require.NoError(t, store.Set(held, "key", []byte("v"), 0))
			unlock()
		}
		assert.Equal(t, fields, size(), "it does not grow")
	})
}

// TestGivenUpTokens: only so many of them are remembered.
func TestGivenUpTokens(t *testing.T) {
	t.Parallel()
	l := newLate(t, testbed.Miniredis(t), "")
	for range 70 {
		l.post.keepNext(1)
		_, unlock, err := l.store.Lock(t.Context(), "key")
		require.NoError(t, err)
		unlock()
	}
	gone := l.client.HGet(t.Context(), one(t, l.client, "*hold:key"), "gone").Val()
	assert.Len(t, gone, 64*26)
}

// TestRenewal: a lock outlives its lease as long as its holder lives, and no longer.
func TestRenewal(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		client := connect(t, addr)
		store := newStore(t, client, prefix, redisstore.WithLockLease(heldLease))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		held, unlock, err := store.Lock(ctx, "key")
		require.NoError(t, err)
		defer unlock()

		other := newStore(t, client, prefix)
		waiting, stop := context.WithTimeout(t.Context(), 2*heldLease)
		defer stop()
		_, _, err = other.Lock(waiting, "key")
		require.Equal(t, context.DeadlineExceeded, err, "ctx's error as it is")
		require.NoError(t, held.Err())
		require.NoError(t, store.Set(held, "key", []byte("v"), 0))

		// Whoever gave up, and cannot use the lock any more, must not keep it for ever.
		cancel()
		_, unlockOther, err := other.Lock(t.Context(), "key")
		require.NoError(t, err)
		unlockOther()
	})
}

// TestLossIsNoticed: a holder that makes no call learns of its loss from the next renewal.
func TestLossIsNoticed(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		client := connect(t, addr)
		store := newStore(t, client, prefix, redisstore.WithLockLease(heldLease))
		held, unlock, err := store.Lock(t.Context(), "key")
		require.NoError(t, err)
		defer unlock()
		rival(t, client, prefix, "key")
		select {
		case <-held.Done():
		case <-time.After(eventuallyLimit):
			require.Fail(t, "held goes on though the lock is another's")
		}
		require.ErrorIs(t, context.Cause(held), redisstore.ErrLockLost)
	})
}

// TestRenewalHeals: a lock that Redis has lost, and nobody has taken, is there again after the next renewal.
func TestRenewalHeals(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		client := connect(t, addr)
		store := newStore(t, client, prefix, redisstore.WithLockLease(3*time.Second))
		held, unlock, err := store.Lock(t.Context(), "key")
		require.NoError(t, err)
		defer unlock()
		require.NoError(t, client.Del(t.Context(), all(t, client, prefix+"*")...).Err())
		eventually(t.Context(), t, "the lock is renewed", func() bool { return len(all(t, client, prefix+"*")) == 1 })
		require.NoError(t, held.Err())
	})
}

// TestRenewingEnds: with the lock, with its context, and when it is lost, though nobody may call unlock then. It is not
// parallel, or it would see the goroutines of others.
func TestRenewingEnds(t *testing.T) { //nolint:paralleltest // see above
	client := connect(t, testbed.Miniredis(t))
	store := newStore(t, client, "", redisstore.WithLockLease(lease))
	renewing := func() bool {
		stacks := make([]byte, 1<<20)
		return bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("redisstore.(*hold).keep("))
	}
	for name, finish := range map[string]func(cancel, unlock func()){
		"unlock":  func(_, unlock func()) { unlock() },
		"context": func(cancel, _ func()) { cancel() },
		"loss": func(func(), func()) {
			_, unlock := rival(t, client, "", "loss")
			unlock()
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		_, unlock, err := store.Lock(ctx, name)
		require.NoError(t, err)
		eventually(t.Context(), t, "the lock is renewed", renewing)
		finish(cancel, unlock)
		eventually(t.Context(), t, "nothing renews it any more: "+name, func() bool { return !renewing() })
		cancel()
		unlock()
	}
}

// TestAway: Redis starts again while a lock is held and waited for. The holder keeps what it has to keep, and the next
// one gets its turn.
func TestAway(t *testing.T) {
	t.Parallel()
	mini := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: mini.Addr(), MaxRetries: -1, DialerRetries: 1})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	store := newStore(t, client, "")
	held, unlock, err := store.Lock(t.Context(), "key")
	require.NoError(t, err)
	got := make(chan error, 1)
	go func() {
		_, unlock, err := newStore(t, client, "").Lock(t.Context(), "key")
		if err == nil {
			unlock()
		}
		got <- err
	}()
	asked := func(n int) func() bool { return func() bool { return mini.CommandCount() > n } }
	eventually(t.Context(), t, "both have asked", asked(mini.CommandCount()+3))
	mini.Close()
	set := make(chan error, 1)
	go func() { set <- store.Set(held, "key", []byte("fresh"), 0) }()
	select {
	case err := <-set:
		require.Fail(t, "the holder gave up", "error: %v", err)
	case err := <-got:
		require.Fail(t, "the waiter gave up", "error: %v", err)
	case <-time.After(lease): // no time of a lease, which is 10 s here
	}
	require.NoError(t, mini.Restart())
	require.NoError(t, <-set)
	require.NoError(t, held.Err())
	value, err := store.Get(held, "key")
	require.NoError(t, err)
	assert.Equal(t, "fresh", string(value))
	unlock()
	require.NoError(t, <-got)
}

// TestGone: Redis does not come back. The holder gives up after three leases.
func TestGone(t *testing.T) {
	t.Parallel()
	mini := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: mini.Addr(), MaxRetries: -1, DialerRetries: 1})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	store := newStore(t, client, "", redisstore.WithLockLease(lease))
	held, unlock, err := store.Lock(t.Context(), "key")
	require.NoError(t, err)
	mini.Close()
	start := time.Now()
	require.ErrorContains(t, store.Set(held, "key", []byte("fresh"), 0), "redisstore: write: ")
	assert.GreaterOrEqual(t, time.Since(start), 3*lease)
	assert.Less(t, time.Since(start), early)
	unlock()
	unlock()
}

// TestTakeover: the lock of a holder that is gone is free when its lease is over.
func TestTakeover(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		gone := redis.NewClient(&redis.Options{Addr: addr})
		_, unlock, err := newStore(t, gone, prefix, redisstore.WithLockLease(lease)).Lock(t.Context(), "key")
		require.NoError(t, err)
		require.NoError(t, gone.Close()) // no renewal gets through, nor a release
		start := time.Now()
		next := newStore(t, connect(t, addr), prefix, redisstore.WithLockLease(longLease)) // which has nothing to do with it
		_, unlockNext, err := next.Lock(t.Context(), "key")
		require.NoError(t, err)
		assert.Less(t, time.Since(start), early)
		unlock()
		unlockNext()
	})
}

// TestAnswerLost: the client asks again when it got no answer, though it has the lock already.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		client := connect(t, addr)
		client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
			if err := next(ctx, cmd); err != nil {
				return err
			}
			return next(ctx, cmd)
		}))
		store := newStore(t, client, prefix, redisstore.WithLockLease(longLease))
		ctx, cancel := context.WithTimeout(t.Context(), early)
		defer cancel()
		held, unlock, err := store.Lock(ctx, "key")
		require.NoError(t, err)
		require.NoError(t, store.Set(held, "key", []byte("v"), 0))
		unlock()
		requireFree(t, newStore(t, client, prefix), "key")
	})
}

// A caller who gives up while Redis answers leaves no lock behind.
func TestLockIsNotLeftBehind(t *testing.T) {
	t.Parallel()
	addr := testbed.Miniredis(t)
	client := connect(t, addr)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client.AddHook(hook(func(c context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		err := next(c, cmd)
		if cmd.Name() == "eval" && ctx.Err() == nil { // it was carried out
			cancel()
			cmd.SetErr(context.Canceled)
			return context.Canceled
		}
		return err
	}))
	_, _, err := newStore(t, client, "", redisstore.WithLockLease(longLease)).Lock(ctx, "key")
	require.ErrorIs(t, err, context.Canceled)
	requireFree(t, newStore(t, connect(t, addr), ""), "key")
}
