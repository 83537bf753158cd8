package redisstore_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

// TestMoving: a Redis that answers that it is in the middle of something is waited for.
func TestMoving(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{
		"a slot moves":          "TRYAGAIN Multiple keys request during rehashing of slot",
		"asking":                "ASK 3999 127.0.0.1:6381",
		"moved":                 "MOVED 3999 127.0.0.1:6381",
		"no master":             "CLUSTERDOWN The cluster is down",
		"starting":              "LOADING Redis is loading the dataset in memory",
		"a replica now":         "READONLY You can't write against a read only replica. script: 2c6a5d, on @user_script:9.",
		"a replica now, old":    "ERR Error running script (call to f_2c6a5d): @user_script:9: @user_script: 9: -READONLY You can't write against a read only replica.",
		"too few replicas":      "NOREPLICAS Not enough good replicas to write.",
		"too few replicas, old": "ERR Error running script (call to f_2c6a5d): @user_script:9: @user_script: 9: -NOREPLICAS Not enough good replicas to write.",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := testbed.Miniredis(t)
			client := connect(t, addr)
			var refused atomic.Int32
			client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
				if refused.Add(-1) >= 0 {
					cmd.SetErr(reply(says))
					return reply(says)
				}
				return next(ctx, cmd)
			}))
			store := newStore(t, client, "")
			const times = 6 // more often than a client repeats
			refused.Store(times)
			held, unlock, err := store.Lock(t.Context(), "key")
			require.NoError(t, err)
			defer unlock()
			refused.Store(times)
			require.NoError(t, store.Set(held, "key", []byte("value"), 0))
			refused.Store(times)
			value, err := store.Get(held, "key")
			require.NoError(t, err)
			assert.Equal(t, "value", string(value))
			refused.Store(times)
			require.NoError(t, store.Delete(held, "key"))
			assert.Negative(t, refused.Load())
		})
	}
}

// reloading is a client of a Cluster that counts how often it is to find out again which node has which slot.
type reloading struct {
	redis.UniversalClient
	times *atomic.Int32
}

func (r reloading) ReloadState(context.Context) { r.times.Add(1) }

// TestLooksForTheNewMaster: a client of a Cluster by itself goes on asking a master that has died, for a minute. So whatever call
// gets no answer has it look who has the slot by now.
func TestLooksForTheNewMaster(t *testing.T) {
	t.Parallel()
	client := connect(t, testbed.Miniredis(t))
	var dead atomic.Bool
	client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		if dead.Load() {
			err := &net.OpError{Op: "dial", Err: net.ErrClosed}
			cmd.SetErr(err)
			return err
		}
		return next(ctx, cmd)
	}))
	times := new(atomic.Int32)
	store := newStore(t, reloading{client, times}, "", redisstore.WithLockLease(lease))
	held, unlock, err := store.Lock(t.Context(), "other")
	require.NoError(t, err)
	defer unlock()
	require.NoError(t, store.Set(held, "key", nil, 0))
	require.NoError(t, store.Set(t.Context(), "key", nil, 0))
	_, err = store.Get(t.Context(), "missing")
	require.ErrorIs(t, err, tcbauth.ErrNotFound)
	require.Zero(t, times.Load())
	dead.Store(true)
	for what, call := range testbed.StoreCalls(store) {
		for name, ctx := range map[string]context.Context{"": t.Context(), " by a holder": held} {
			times.Store(0)
			require.Error(t, call(ctx), what+name)
			assert.Positive(t, times.Load(), what+name)
		}
	}
}
