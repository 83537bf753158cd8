package redisstore_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
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
