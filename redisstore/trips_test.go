package redisstore_test

import (
	"context"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestRoundTrips counts what is sent to Redis for a refresh and for a sign-out, once Redis knows the scripts. Sealed adds nothing.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	t.Run("plain", func(t *testing.T) {
		t.Parallel()
		countRoundTrips(t, func(store tcbauth.TokenStore) tcbauth.TokenStore { return store })
	})
	t.Run("sealed", func(t *testing.T) {
		t.Parallel()
		countRoundTrips(t, func(store tcbauth.TokenStore) tcbauth.TokenStore {
			sealed, err := tcbauth.Sealed(store, make([]byte, 32))
			require.NoError(t, err)
			return sealed
		})
	})
}

func countRoundTrips(t *testing.T, around func(store tcbauth.TokenStore) tcbauth.TokenStore) {
	t.Helper()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		needsMonths(t, prefix)
		srv := testbed.Emulator(t)
		client := connect(t, addr)
		var mu sync.Mutex
		var sent []string
		client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
			mu.Lock()
			sent = append(sent, cmd.Name())
			mu.Unlock()
			return next(ctx, cmd)
		}))
		count := func() []string {
			mu.Lock()
			defer mu.Unlock()
			out := sent
			sent = nil
			return out
		}
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(around(newStore(t, client, prefix))))
		leastRefresh, leastSignOut := 100, 100 // a busy machine has a lock renewed or asked for twice
		for round := range 4 {
			auth := app.ForUser("visitor")
			testbed.SignInAs(t, auth, testbed.Gopher)
			before, err := auth.GetAccessToken(t.Context())
			require.NoError(t, err)
			srv.Advance(testbed.TokenLifetime)
			refreshing := app.ForUser("visitor")
			count()
			after, err := refreshing.GetAccessToken(t.Context())
			require.NoError(t, err)
			require.NotEqual(t, before, after)
			requireFree(t, newStore(t, connect(t, addr), prefix), testbed.VisitorKey(srv.URL, srv.Env, "visitor")) // the flight is over
			refresh := count()
			require.NoError(t, app.ForUser("visitor").SignOut(t.Context()))
			signOut := count()
			if round > 0 { // Redis knows all scripts
				t.Logf("a refresh: %v; a sign-out: %v", refresh, signOut)
				leastRefresh, leastSignOut = min(leastRefresh, len(refresh)), min(leastSignOut, len(signOut))
			}
		}
		assert.LessOrEqual(t, leastRefresh, 4, "a refresh")
		assert.LessOrEqual(t, leastSignOut, 6, "a sign-out")
	})
}
