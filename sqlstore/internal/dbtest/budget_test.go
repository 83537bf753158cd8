package dbtest

import (
	"context"
	"database/sql"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/sqlstore"
)

const budgetsEnv = "TCBAUTH_BUDGETS"

// TestBudgets holds Get, and what a server does to learn a visitor's token, to the time of a bare SELECT of the same row: pairs
// of many calls each, one after the other, judged by the median of their ratios.
//
//nolint:paralleltest // it measures times
func TestBudgets(t *testing.T) {
	source := os.Getenv(postgresEnv)
	if os.Getenv(budgetsEnv) == "" || source == "" {
		t.Skipf("SKIPPED: no time budget is checked; %s=1 has it checked on the PostgreSQL that %s names", budgetsEnv, postgresEnv)
	}
	const (
		budget  = 1.35
		env     = "budget-1a2b3c4d5e"
		visitor = "pFQ4xJ0s9Xc1m2cWZB3z5w0m7h8uE6yT4qKdRnVbLgA"
		key     = "users/" + visitor + "/credentials_" + env
	)
	p := place{Driver: "pgx", Dialect: sqlstore.PostgreSQL, Source: source, Lease: 10 * time.Second}.fresh()
	store := p.newStore(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	app, err := tcbauth.NewApp(env, tcbauth.WithTokenStore(store), tcbauth.WithSessionTTL(time.Hour))
	require.NoError(t, err)
	require.NoError(t, app.ForUser(visitor).SetCredentials(ctx, &tcbauth.Credentials{
		AccessToken: strings.Repeat("eyJhbGciOi", 130), RefreshToken: strings.Repeat("refresh", 9), ExpiresIn: 7200,
	}))
	db, err := p.openDB(t)
	require.NoError(t, err)
	var name string
	require.NoError(t, db.QueryRowContext(ctx, p.tables("SELECT name FROM {values} WHERE name LIKE '%credentials_%'")).Scan(&name))
	bare := func() error {
		var value sql.RawBytes
		rows, err := db.QueryContext(ctx, p.tables("SELECT value FROM {values} WHERE name = $1"), name)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			err = rows.Scan(&value)
		}
		if err != nil {
			return err
		}
		return rows.Err()
	}
	for _, way := range []struct {
		name string
		call func() error
	}{
		{"Get", func() error { _, err := store.Get(ctx, key); return err }},
		{"ForUser and GetAccessToken", func() error { _, err := app.ForUser(visitor).GetAccessToken(ctx); return err }},
	} {
		for _, goroutines := range []int{8, 64} {
			ratio, each := throughput(t, goroutines, way.call, bare)
			t.Logf("%d goroutines: a SELECT takes %v, %s %.2f times that", goroutines, each, way.name, ratio)
			assert.LessOrEqual(t, ratio, budget, "%s, %d goroutines", way.name, goroutines)
		}
	}
}

// throughput makes many calls of both in turns, and returns how much longer those of a take, and how long one of b takes.
func throughput(t *testing.T, goroutines int, a, b func() error) (ratio float64, each time.Duration) {
	t.Helper()
	const pairs, calls = 15, 6400
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
