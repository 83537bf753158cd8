package bench_test

import (
	"context"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestAllocations holds the ways that programs go most often to a number of pieces of memory.
//
//nolint:paralleltest // AllocsPerRun counts what every goroutine allocates
func TestAllocations(t *testing.T) {
	if testbed.RaceDetector() {
		t.Skip("SKIPPED: under the race detector sync.Pool drops what it is given, at random")
	}
	ctx, auth := t.Context(), signedInAuth(t)
	app := visitedApp(t, tcbauth.NewMemoryStore())
	firstUse, _ := visits(t)
	login, byHand := smsLogins(t, cannedEndpoint(t))
	observed, _ := smsLogins(t, cannedEndpoint(t), idle)
	allocations := map[string]float64{}
	for _, way := range []struct {
		name string
		most float64
		f    func() error
	}{
		{"GetAccessToken with a token at hand", 0, func() error { return needToken(ctx, auth) }},
		{"ForUser", 3, func() error { app.ForUser(visitor); return nil }},
		{"ForUser and GetAccessToken", 10, firstUse},
		{"SMS login", 202, login},
		{"observed SMS login", 204, observed},
		{"SMS login by hand", 1000, byHand}, // to be seen beside it
	} {
		allocs := testing.AllocsPerRun(1000, func() {
			if err := way.f(); err != nil {
				t.Error(err)
			}
		})
		t.Logf("%s: %.0f allocations", way.name, allocs)
		assert.LessOrEqual(t, allocs, way.most, way.name)
		allocations[way.name] = allocs
	}
	assert.LessOrEqual(t, allocations["observed SMS login"], allocations["SMS login"]+2, "an observer that does nothing")
}

// idle observes everything and does nothing.
var idle = tcbauth.WithObserver(tcbauth.Observer{
	CallStart:  func(ctx context.Context, _ tcbauth.CallStart) context.Context { return ctx },
	CallEnd:    func(context.Context, tcbauth.CallEnd) {},
	Refresh:    func(context.Context, tcbauth.RefreshEnd) {},
	Store:      func(context.Context, tcbauth.StoreOp) {},
	SessionEnd: func(context.Context, tcbauth.SessionEnd) {},
})

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
	if testbed.RaceDetector() {
		t.Skip("SKIPPED: no time budget is checked. The race detector slows what is compared by different factors.")
	}
	t.Run("GetAccessToken", tokenBudget)
	t.Run("GetAccessToken in parallel", parallelTokenBudget)
	t.Run("ForUser and GetAccessToken", visitorBudget)
	t.Run("ForToken", bareTokenBudget)
	t.Run("ForToken and GetUserInfo over loopback", func(t *testing.T) { personBudget(t, loopbackEndpoint(t), 5000) })
	t.Run("ForToken and GetUserInfo without a network", func(t *testing.T) { personBudget(t, cannedEndpoint(t), 20000) })
	t.Run("SMS login over loopback", func(t *testing.T) { loginBudget(t, loopbackEndpoint(t), 3000, 1.05) })
	t.Run("SMS login without a network", func(t *testing.T) { loginBudget(t, cannedEndpoint(t), 10000, 1.00) })
	t.Run("observed SMS login over loopback", func(t *testing.T) { observedBudget(t, loopbackEndpoint(t), 3000, 1.02) })
	t.Run("observed SMS login without a network", func(t *testing.T) { observedBudget(t, cannedEndpoint(t), 10000, 1.03) })
}

// tokenBudget: reading the clock is nearly all that a token at hand may cost. Whether a context is done costs what the
// context makes of it, so the budget is for one that cannot be cancelled; the others are logged beside it.
func tokenBudget(t *testing.T) {
	auth := signedInAuth(t)
	source := cachedSource()
	const batch = 2000
	tokens := func(ctx context.Context) func() error {
		return func() error { // without a call of a function value for each, which would count
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
	budget(t, 1.10, 2000, batch, token, clock)
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

// visitorBudget: what a server pays to learn a visitor's token, beside reading and decoding the stored session by hand.
func visitorBudget(t *testing.T) {
	firstUse, byHand := visits(t)
	within(t, 2*time.Microsecond, compared(t, 50000, firstUse, byHand))
}

func bareTokenBudget(t *testing.T) {
	app, err := tcbauth.NewApp(benchEnv)
	require.NoError(t, err)
	token := opaque(900)
	const batch = 20
	p := compared(t, 20000, times(batch, func() error { app.ForToken(token); return nil }), times(batch, clock))
	within(t, 600*time.Nanosecond, p.each(batch))
}

// personBudget: what a server pays to learn from the auth server whose token a request has brought.
func personBudget(t *testing.T, at endpoint, n int) {
	t.Helper()
	ofToken, byHand := persons(t, at)
	budget(t, 1.00, n, 1, ofToken, byHand)
}

func clock() error {
	if !readClock() {
		return errNoToken
	}
	return nil
}

func times(n int, f func() error) func() error {
	return func() error {
		for range n {
			if err := f(); err != nil {
				return err
			}
		}
		return nil
	}
}

func loginBudget(t *testing.T, at endpoint, n int, most float64) {
	t.Helper()
	login, byHand := smsLogins(t, at)
	budget(t, most, n, 1, login, byHand)
}

// observedBudget: an observer that does nothing costs little more than the clock that is read for it.
func observedBudget(t *testing.T, at endpoint, n int, most float64) {
	t.Helper()
	observed, _ := smsLogins(t, at, idle)
	alone, _ := smsLogins(t, at)
	budget(t, most, n, 1, observed, alone)
}

// budget fails if a takes more than most times as long as b. n is the number of pairs, batch that of operations in each.
func budget(t *testing.T, most float64, n, batch int, a, b func() error) {
	t.Helper()
	p := compared(t, n, a, b)
	p.log(t, batch, "measured")
	assert.LessOrEqual(t, p.ratio(), most, "the median of the ratios of %d pairs", n)
}

// within fails if the first of the two takes longer than most, by the median. What it is compared with tells how fast the
// machine is.
func within(t *testing.T, most time.Duration, p *pairs) {
	t.Helper()
	p.log(t, 1, "measured")
	assert.LessOrEqual(t, p.first(), float64(most), "nanoseconds, the median of %d", len(p.a))
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
