package redisstore_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

const budgetsEnv = "TCBAUTH_BUDGETS"

// TestBudgets holds Get, and what a server does to learn a visitor's token, to the time of a bare GET of the same value: pairs
// of many calls each, one after the other, judged by the median of their ratios.
//
//nolint:paralleltest // it measures times
func TestBudgets(t *testing.T) {
	addr := os.Getenv(redisEnv)
	if os.Getenv(budgetsEnv) == "" || addr == "" {
		t.Skipf("SKIPPED: no time budget is checked; %s=1 has it checked on the Redis that %s names", budgetsEnv, redisEnv)
	}
	const (
		budget  = 1.25
		env     = "budget-1a2b3c4d5e"
		visitor = "pFQ4xJ0s9Xc1m2cWZB3z5w0m7h8uE6yT4qKdRnVbLgA"
		key     = "users/" + visitor + "/credentials_" + env
	)
	client, prefix := connect(t, addr), fmt.Sprintf("budget-%d:", time.Now().UnixNano())
	store := newStore(t, client, prefix)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	app, err := tcbauth.NewApp(env, tcbauth.WithTokenStore(store), tcbauth.WithSessionTTL(time.Hour))
	require.NoError(t, err)
	require.NoError(t, app.ForUser(visitor).SetCredentials(ctx, &tcbauth.Credentials{
		AccessToken: strings.Repeat("eyJhbGciOi", 130), RefreshToken: strings.Repeat("refresh", 9), ExpiresIn: 7200,
	}))
	name := one(t, client, prefix+"*value:credentials_*")
	bare := func() error {
		_, err := client.Get(ctx, name).Bytes()
		return err
	}
	t.Logf("allocations: GET %.0f", allocs(t, bare))
	cancellable, cancel := context.WithCancel(context.WithoutCancel(ctx)) // without a deadline, as that of a server's request
	defer cancel()
	get := func(ctx context.Context) error { _, err := store.Get(ctx, key); return err }
	token := func(ctx context.Context) error { _, err := app.ForUser(visitor).GetAccessToken(ctx); return err }
	for _, way := range []struct {
		name string
		call func() error
	}{
		{"Get", func() error { return get(ctx) }},
		{"Get without a deadline", func() error { return get(cancellable) }},
		{"ForUser and GetAccessToken", func() error { return token(ctx) }},
		{"ForUser and GetAccessToken without a deadline", func() error { return token(cancellable) }},
	} {
		t.Logf("allocations: %s %.0f", way.name, allocs(t, way.call))
		for _, goroutines := range []int{8, 64} {
			ratio, each := throughput(t, goroutines, way.call, bare)
			t.Logf("%d goroutines: a GET takes %v, %s %.2f times that", goroutines, each, way.name, ratio)
			assert.LessOrEqual(t, ratio, budget, "%s, %d goroutines", way.name, goroutines)
		}
	}
}

// throughput makes many calls of both in turns, and returns how much longer those of a take, and how long one of b takes.
func throughput(t *testing.T, goroutines int, a, b func() error) (ratio float64, each time.Duration) {
	t.Helper()
	const pairs, calls = 25, 6400
	run := func(call func() error) time.Duration {
		start := time.Now()
		var wg sync.WaitGroup
		for range goroutines {
			wg.Go(func() {
				for range calls / goroutines {
					if err := call(); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		return time.Since(start)
	}
	run(b)
	run(a) // the connections are there now
	ratios, times := make([]float64, pairs), make([]time.Duration, pairs)
	for i := range ratios {
		var first time.Duration
		if i%2 == 0 {
			times[i] = run(b)
			first = run(a)
		} else {
			first = run(a)
			times[i] = run(b)
		}
		ratios[i] = float64(first) / float64(times[i])
	}
	slices.Sort(ratios)
	slices.Sort(times)
	return ratios[pairs/2], times[pairs/2] / calls
}

func allocs(t *testing.T, call func() error) float64 {
	t.Helper()
	return testing.AllocsPerRun(100, func() {
		if err := call(); err != nil {
			t.Error(err)
		}
	})
}
