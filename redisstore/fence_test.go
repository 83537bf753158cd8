package redisstore_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

// rival makes a second holder of the lock of key: what holds it now is gone from Redis as if its lease were over.
func rival(t *testing.T, client *redis.Client, prefix, key string) (held context.Context, unlock func()) {
	t.Helper()
	require.NoError(t, client.Del(t.Context(), one(t, client, prefix+"*lock:"+key)).Err())
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
						assert.Len(t, all(t, client, prefix+"*lock:key"), 1)
					}
				})
			})
		}
	}
}

// TestExpiredLock: as long as nobody else has had the lock, its holder may go on, since what it wants to keep may have no
// other copy. Whoever comes next is newer all the same.
func TestExpiredLock(t *testing.T) {
	t.Parallel()
	for name, forgotten := range map[string]string{
		"lock":           "*lock:key",
		"lock and fence": "*key", // as after a failover to a replica that had neither
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachRedis(t, func(t *testing.T, addr, prefix string) {
				client := connect(t, addr)
				store := newStore(t, client, prefix)
				held, unlock, err := store.Lock(t.Context(), "key")
				require.NoError(t, err)
				defer unlock()
				require.NoError(t, client.Del(t.Context(), all(t, client, prefix+forgotten)...).Err())
				_, err = store.Get(held, "key")
				require.ErrorIs(t, err, tcbauth.ErrNotFound)
				require.NoError(t, store.Set(held, "key", []byte("fresh"), 0))

				next, unlockNext, err := newStore(t, client, prefix).Lock(t.Context(), "key")
				require.NoError(t, err)
				defer unlockNext()
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
			name = one(t, client, prefix+"*fence:key")
			text, err := client.Get(t.Context(), name).Result()
			require.NoError(t, err)
			number, _, _ := strings.Cut(text, "-")
			n, err := strconv.ParseInt(number, 10, 64)
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
		require.NoError(t, client.Set(t.Context(), name, strconv.FormatInt(ahead, 10)+"-token", 0).Err())
		fence()
		require.Equal(t, ahead+1, last)
	})
}

// TestForgottenFence: a holder that was stopped for so long that the fences of all who came after it are forgotten.
func TestForgottenFence(t *testing.T) {
	t.Parallel()
	client := connect(t, testbed.Miniredis(t))
	store := newStore(t, client, "")
	const day = 24 * time.Hour
	// A fence of a day ago, as Redis would have given it out then.
	old := strconv.FormatInt(time.Now().Add(-day).UnixMicro(), 10)
	require.NoError(t, store.Set(t.Context(), "key", []byte("newer"), 0))
	client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		err := next(ctx, cmd)
		if script, ok := cmd.(*redis.Cmd); ok {
			if fence, ok := script.Val().(string); ok {
				_, token, _ := strings.Cut(fence, "-")
				script.SetVal(old + "-" + token)
			}
		}
		return err
	}))
	held, unlock, err := store.Lock(t.Context(), "key")
	require.NoError(t, err)
	defer unlock()
	require.NoError(t, client.Del(t.Context(), all(t, client, "*lock:key")...).Err())
	require.NoError(t, client.Del(t.Context(), all(t, client, "*fence:key")...).Err())
	requireLost(held, t, store, "key", "newer")
}
