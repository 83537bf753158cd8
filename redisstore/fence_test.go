package redisstore_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

// rival makes a second holder of the lock of key: what holds it now is gone from Redis as if its lease were over.
func rival(t *testing.T, client *redis.Client, prefix, key string) (held context.Context, unlock func()) {
	t.Helper()
	require.NoError(t, client.Del(t.Context(), one(t, client, prefix+"*hold:"+key)).Err())
	held, unlock, err := newStore(t, client, prefix).Lock(t.Context(), key)
	require.NoError(t, err)
	t.Cleanup(unlock)
	return held, unlock
}

// requireLost: all that is done with held is refused, and the value stays.
func requireLost(held context.Context, t *testing.T, store tcbauth.TokenStore, key, value string) {
	t.Helper()
	for range 2 { // the second time the context says so
		got, err := store.Get(held, key)
		require.ErrorIs(t, err, redisstore.ErrLockLost)
		assert.Nil(t, got)
		require.ErrorIs(t, store.Set(held, key, []byte("older"), 0), redisstore.ErrLockLost)
		require.ErrorIs(t, store.Delete(held, key), redisstore.ErrLockLost)
	}
	require.ErrorIs(t, held.Err(), context.Canceled)
	require.ErrorIs(t, context.Cause(held), redisstore.ErrLockLost)
	require.ErrorIs(t, store.Set(held, key, []byte("older"), 0), context.Canceled)
	got, err := store.Get(context.WithoutCancel(t.Context()), key)
	require.NoError(t, err)
	require.Equal(t, value, string(got))
}

// TestLostLock: a holder whose lock was taken must do nothing, whichever call it makes first, while the next one holds the
// lock and when nobody does any more.
func TestLostLock(t *testing.T) {
	t.Parallel()
	first := map[string]func(ctx context.Context, store tcbauth.TokenStore) error{
		"get": func(ctx context.Context, store tcbauth.TokenStore) error { _, err := store.Get(ctx, "key"); return err },
		"set": func(ctx context.Context, store tcbauth.TokenStore) error {
			return store.Set(ctx, "key", []byte("older"), 0)
		},
		"delete": func(ctx context.Context, store tcbauth.TokenStore) error { return store.Delete(ctx, "key") },
		"set of another key of the session": func(ctx context.Context, store tcbauth.TokenStore) error {
			return store.Set(ctx, "device_id", []byte("older"), 0)
		},
	}
	for name, call := range first {
		for _, gone := range []bool{false, true} {
			t.Run(name+", next one gone "+strconv.FormatBool(gone), func(t *testing.T) {
				t.Parallel()
				eachRedis(t, func(t *testing.T, addr, prefix string) {
					client := connect(t, addr)
					store := newStore(t, client, prefix)
					held, unlock, err := store.Lock(t.Context(), "key")
					require.NoError(t, err)
					defer unlock()
					require.NoError(t, store.Set(held, "key", []byte("old"), 0))
					next, unlockNext := rival(t, client, prefix, "key")
					require.NoError(t, store.Set(t.Context(), "key", []byte("newer"), 0))
					if gone {
						unlockNext()
					}
					require.ErrorIs(t, call(held, store), redisstore.ErrLockLost)
					requireLost(held, t, store, "key", "newer")
					if !gone {
						require.NoError(t, next.Err())
						unlock() // must leave the lock of the next one alone
						requireHeld(t, newStore(t, client, prefix), "key", 50*time.Millisecond)
					}
				})
			})
		}
	}
}

// TestForgottenLock: where Redis has forgotten a lock, as in a failover to a replica that lagged behind, its holder may go on,
// since what it wants to keep may have no other copy. Whoever comes next is newer all the same.
func TestForgottenLock(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(ctx context.Context, client *redis.Client, key string, old map[string]string) error{
		"nothing is left": func(ctx context.Context, client *redis.Client, key string, _ map[string]string) error {
			return client.Del(ctx, key).Err()
		},
		"what was before is back": func(ctx context.Context, client *redis.Client, key string, old map[string]string) error {
			return errors.Join(client.Del(ctx, key).Err(), client.HSet(ctx, key, old).Err())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachRedis(t, func(t *testing.T, addr, prefix string) {
				client := connect(t, addr)
				store := newStore(t, client, prefix)
				_, unlock, err := store.Lock(t.Context(), "key")
				require.NoError(t, err)
				key := one(t, client, prefix+"*hold:key")
				old, err := client.HGetAll(t.Context(), key).Result() // held by one that is about to give it up
				require.NoError(t, err)
				unlock()
				held, unlock, err := store.Lock(t.Context(), "key")
				require.NoError(t, err)
				defer unlock()
				require.NoError(t, forget(t.Context(), client, key, old))
				_, err = store.Get(held, "key")
				require.ErrorIs(t, err, tcbauth.ErrNotFound)
				require.NoError(t, store.Set(held, "key", []byte("fresh"), 0))
				requireHeld(t, newStore(t, client, prefix), "key", 50*time.Millisecond)

				next, _ := rival(t, client, prefix, "key")
				require.NoError(t, store.Set(t.Context(), "key", []byte("newer"), 0))
				requireLost(held, t, store, "key", "newer")
				require.NoError(t, next.Err())
			})
		})
	}
}

// TestFencesGoUp: also when Redis has lost the last one, and when its clock was ahead.
func TestFencesGoUp(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		client := connect(t, addr)
		store := newStore(t, client, prefix)
		var last int64
		fence := func() (name string) {
			_, unlock, err := store.Lock(t.Context(), "key")
			require.NoError(t, err)
			unlock()
			name = one(t, client, prefix+"*hold:key")
			n, err := client.HGet(t.Context(), name, "fence").Int64()
			require.NoError(t, err)
			require.Greater(t, n, last)
			last = n
			return name
		}
		fence()
		name := fence()
		require.NoError(t, client.Del(t.Context(), name).Err())
		fence()
		ahead := last + time.Hour.Microseconds()
		require.NoError(t, client.HSet(t.Context(), name, "fence", ahead).Err())
		fence()
		require.Equal(t, ahead+1, last)
	})
}

// TestForgottenForLong: a holder that has not heard of Redis for longer than its lease does not know who has had the lock since.
// Where Redis does not know either, it has lost it.
func TestForgottenForLong(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		l := newLate(t, addr, prefix, redisstore.WithLockLease(lease))
		held, unlock, err := l.store.Lock(t.Context(), "key")
		require.NoError(t, err)
		defer unlock()
		l.post.keepNext(1000)
		requireFree(t, l.other, "key")
		require.NoError(t, l.other.Set(t.Context(), "key", []byte("newer"), 0))
		require.NoError(t, l.client.Del(t.Context(), one(t, l.client, prefix+"*hold:key")).Err())
		l.post.keepNext(0)
		requireLost(held, t, l.store, "key", "newer")
	})
}

// TestOlderState: what an earlier state of this package left in Redis for its locks does no harm, and stays as it is.
func TestOlderState(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		client := connect(t, addr)
		store := newStore(t, client, prefix)
		require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
		session, _, _ := strings.Cut(one(t, client, prefix+"*value:key"), "value:")
		ahead := strconv.FormatInt(time.Now().Add(time.Hour).UnixMicro(), 10)
		for name, value := range map[string]string{"lock:key": "TOKEN", "fence:key": ahead + "-TOKEN"} {
			require.NoError(t, client.Set(t.Context(), session+name, value, time.Minute).Err())
		}
		held, unlock, err := store.Lock(t.Context(), "key")
		require.NoError(t, err)
		value, err := store.Get(held, "key")
		require.NoError(t, err)
		assert.Equal(t, "value", string(value))
		require.NoError(t, store.Set(held, "key", []byte("newer"), 0))
		unlock()
		assert.Equal(t, "TOKEN", client.Get(t.Context(), session+"lock:key").Val())
	})
}
