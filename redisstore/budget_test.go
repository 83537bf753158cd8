package redisstore_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

const budgetsEnv = "TCBAUTH_BUDGETS"

// TestBudgets holds Get to the time of a bare GET of the same value: pairs of many calls each, one after the other, judged
// by the median of their ratios.
//
//nolint:paralleltest // it measures times
func TestBudgets(t *testing.T) {
	addr := os.Getenv(redisEnv)
	if os.Getenv(budgetsEnv) == "" || addr == "" {
		t.Skipf("SKIPPED: no time budget is checked; %s=1 has it checked on the Redis that %s names", budgetsEnv, redisEnv)
	}
	const (
		budget = 1.25
		pairs  = 15
		calls  = 6400
		key    = "users/0123456789abcdef/credentials_env"
	)
	client, prefix := connect(t, addr), fmt.Sprintf("budget-%d:", time.Now().UnixNano())
	var store tcbauth.TokenStore = newStore(t, client, prefix)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	require.NoError(t, store.Set(ctx, key, make([]byte, 1500), time.Hour))
	name := one(t, client, prefix+"*")
	bare := func() error {
		_, err := client.Get(ctx, name).Bytes()
		return err
	}
	get := func() error {
		_, err := store.Get(ctx, key)
		return err
	}
	t.Logf("allocations: GET %.0f, Get %.0f", allocs(t, bare), allocs(t, get))
	for _, goroutines := range []int{8, 64} {
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
		run(bare)
		run(get) // the connections are there now
		ratios, times := make([]float64, pairs), make([]time.Duration, pairs)
		for i := range ratios {
			times[i] = run(bare)
			ratios[i] = float64(run(get)) / float64(times[i])
		}
		slices.Sort(ratios)
		slices.Sort(times)
		ratio := ratios[pairs/2]
		t.Logf("%d goroutines: a GET takes %v, a Get %.2f times that", goroutines, times[pairs/2]/calls, ratio)
		assert.LessOrEqual(t, ratio, budget, "%d goroutines", goroutines)
	}
}

func allocs(t *testing.T, call func() error) float64 {
	t.Helper()
	return testing.AllocsPerRun(100, func() {
		if err := call(); err != nil {
			t.Error(err)
		}
	})
}
