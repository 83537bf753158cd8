package bench_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

//nolint:paralleltest // AllocsPerRun counts what every goroutine allocates
func TestGetAccessTokenDoesNotAllocate(t *testing.T) {
	ctx, auth := t.Context(), signedInAuth(t)
	allocs := testing.AllocsPerRun(1000, func() {
		if !hasToken(ctx, auth) {
			t.Error("no token")
		}
	})
	assert.Zero(t, allocs, "allocations of a GetAccessToken with a token at hand")
}

const budgetsVariable = "TCBAUTH_BUDGETS"

// TestBudgets holds tcbauth to times relative to what somebody would write in its place. Compare as the benchmarks do:
// in turns, by medians.
//
//nolint:paralleltest // it measures times
func TestBudgets(t *testing.T) {
	if os.Getenv(budgetsVariable) == "" {
		t.Skip("SKIPPED: no time budget is checked. A machine that others use while this runs can miss them by accident; " +
			"set " + budgetsVariable + "=1 on one that is at rest.")
	}
	if withRaceDetector() {
		t.Skip("SKIPPED: no time budget is checked. The race detector slows what is compared by different factors.")
	}
	t.Run("GetAccessToken", tokenBudget)
	t.Run("GetAccessToken in parallel", parallelTokenBudget)
	t.Run("SignInWithSms over loopback", func(t *testing.T) { loginBudget(t, loopbackEndpoint(t), 3000, 1.3) })
	t.Run("SignInWithSms without a network", func(t *testing.T) { loginBudget(t, cannedEndpoint(t), 10000, 1.5) })
}

func withRaceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

var errNoToken = errors.New("no token")

// tokenBudget: reading the clock is nearly all that a token at hand may cost. Whether a context is done costs what the
// context makes of it, so the budget is for one that cannot be cancelled; the others are logged beside it.
func tokenBudget(t *testing.T) {
	auth := signedInAuth(t)
	source := cachedSource()
	const batch = 2000
	tokens := func(ctx context.Context) func() error {
		return func() error {
			for range batch {
				if !hasToken(ctx, auth) {
					return errNoToken
				}
			}
			return nil
		}
	}
	token, cancellable := tokens(context.Background()), tokens(t.Context())
	clock := func() error {
		for range batch {
			if !readClock() {
				return errNoToken
			}
		}
		return nil
	}
	reuse := func() error {
		for range batch {
			if !hasOAuth2Token(source) {
				return errNoToken
			}
		}
		return nil
	}
	budget(t, 1.15, 2000, batch, token, clock)
	compared(t, 2000, cancellable, clock).log(t, batch, "with a context that can be cancelled")
	compared(t, 2000, cancellable, reuse).log(t, batch, "with such a context, beside x/oauth2")
}

// parallelTokenBudget: callers do not wait for each other. Where cores are to be had, the time of one call goes down.
func parallelTokenBudget(t *testing.T) {
	ctx, auth := t.Context(), signedInAuth(t)
	const batch = 60000 // so that starting goroutines does not count
	calls := func(n int) error {
		for range n {
			if !hasToken(ctx, auth) {
				return errNoToken
			}
		}
		return nil
	}
	goroutines := runtime.GOMAXPROCS(0)
	parallel := func() error {
		var all errgroup.Group
		for range goroutines {
			all.Go(func() error { return calls(batch / goroutines) })
		}
		return all.Wait()
	}
	serial := func() error { return calls(batch) }
	budget(t, 1.1, 300, batch, parallel, serial)
}

func loginBudget(t *testing.T, at endpoint, n int, most float64) {
	t.Helper()
	login, byHand := smsLogins(t, at)
	budget(t, most, n, 1, login, byHand)
}

// budget fails if a takes more than most times as long as b. n is the number of pairs, batch that of operations in each.
func budget(t *testing.T, most float64, n, batch int, a, b func() error) {
	t.Helper()
	p := compared(t, n, a, b)
	p.log(t, batch, "measured")
	assert.LessOrEqual(t, p.ratio(), most, "the median of the ratios of %d pairs", n)
}

func compared(t *testing.T, n int, a, b func() error) *pairs {
	t.Helper()
	p := new(pairs)
	for range n {
		require.NoError(t, p.measure(a, b))
	}
	return p
}

func (p *pairs) log(t *testing.T, batch int, what string) {
	t.Helper()
	ops := float64(batch)
	t.Logf("%s: %.1f ns, compared with %.1f ns: ratio %.3f (medians of %d pairs)", what,
		p.first()/ops, p.second()/ops, p.ratio(), len(p.a))
}
