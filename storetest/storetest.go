// Package storetest has the tests that every [tcbauth.TokenStore] must pass, one for each number of the contracts of
// [tcbauth.TokenStore] and [tcbauth.Locker]:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) tcbauth.TokenStore { return NewMyStore(t.TempDir()) })
//	}
//
// Some numbers can only be tested with help: a second store on the same place, a process that is killed, a place that fails
// or hangs. [Suite] has a field for each.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// Run tests the stores that open returns: it is [Suite.Run] with no more than that.
func Run(t *testing.T, open func(t *testing.T) tcbauth.TokenStore) {
	t.Helper()
	Suite{Open: open}.Run(t)
}

// Suite is what the tests need of a store. Only Open must be given; a test that lacks something is skipped and says what.
// The functions are called from several goroutines at once. What they start ends with their t at the latest.
type Suite struct {
	// Open is called once for each subtest, with the subtest's t. It returns a new, empty store on a place of its own, which
	// t.Cleanup may close.
	Open func(t *testing.T) tcbauth.TokenStore
	// Again returns another store on the place of one that Open has returned, as another process would have it: the two
	// share nothing but the place.
	Again func(t *testing.T, store tcbauth.TokenStore) tcbauth.TokenStore
	// Process starts another process, which calls [Work] for key with a store on the same place, and returns when Work has
	// called begun. kill ends that process at once, as kill -9 does, and returns when it is gone.
	Process func(t *testing.T, store tcbauth.TokenStore, key string) (kill func())

	// Lease is how long a lock of these stores outlives a holder that does not renew it, 0 if locks need no renewal. The tests
	// hold a lock for several leases, so it should be short, such as half a second.
	Lease time.Duration
	// Lose has the holder of key's lock lose it, unknown to the store that holds it, so that others can take it: as the end of
	// a lease, a failover or a clean-up would.
	Lose func(t *testing.T, store tcbauth.TokenStore, key string)

	// Break makes the place fail for every call of any of its stores, until mend is called, with all values still there.
	Break func(t *testing.T, store tcbauth.TokenStore) (mend func())
	// Hang makes what the store needs for key wait, such as for a server that does not answer, until well is called, which
	// may happen more than once. Calls that are under way may hang too.
	Hang func(t *testing.T, store tcbauth.TokenStore, key string) (well func())
	// HangsWhole says that Hang holds up other keys too, as where all of them are on one server.
	HangsWhole bool

	limits *limits // nil: the usual ones
}

// limits are how long the tests wait. They leave room for a machine with other work to do.
type limits struct {
	patience time.Duration // for a store that does not answer, before that is a failure
	promptly time.Duration // for a call after its context has ended
}

var usual = &limits{patience: 30 * time.Second, promptly: 2 * time.Second}

// Run runs all tests, and returns when they are done. A store that implements [tcbauth.Locker] has its locks tested too, one
// that implements [tcbauth.Reserver] that what it reserves can be used, one with [tcbauth.StringGetter] that it agrees with Get, and
// one that is [tcbauth.Interruptible] that it leaves off when a context ends; a store that does not skips those tests.
func (s Suite) Run(t *testing.T) {
	t.Helper()
	for _, group := range contract {
		t.Run(group.name, func(t *testing.T) { // a group ends only when all of its parallel subtests have
			for _, number := range group.numbers {
				t.Run(number.name, func(t *testing.T) {
					t.Parallel()
					for _, part := range number.parts {
						t.Run(part.name, func(t *testing.T) {
							t.Parallel()
							s.run(t, t, part)
						})
					}
				})
			}
		})
	}
}

// run runs a part of a number. What it finds goes to tb; what the Suite's functions start belongs to t.
func (s Suite) run(tb testing.TB, t *testing.T, part part) {
	tb.Helper()
	if s.limits == nil {
		s.limits = usual
	}
	ctx, cancel := context.WithTimeout(tb.Context(), s.limits.patience)
	defer cancel()
	part.test(ctx, &bench{TB: tb, Suite: s, t: t}, s.Open(t))
}

// bench is where a part of a number is tested: it takes what is found, and has the functions of the Suite.
type bench struct {
	testing.TB
	Suite
	t *testing.T
}

// again returns another store on the place of store.
func (b *bench) again(store tcbauth.TokenStore) tcbauth.TokenStore {
	b.Helper()
	if b.Again == nil {
		b.Skip("NOT TESTED: the Suite has no Again, so there is no second store on the same place")
	}
	return b.Again(b.t, store)
}

// moment lets some time go by.
func (b *bench) moment(ctx context.Context, d time.Duration) {
	b.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		b.Fatalf("the test was not over within %v", b.limits.patience)
	}
}

func set(ctx context.Context, t testing.TB, store tcbauth.TokenStore, key string, value []byte) {
	t.Helper()
	if err := store.Set(ctx, key, value, 0); err != nil {
		t.Fatalf("Set(%s): %v", short(key), err)
	}
}

func remove(ctx context.Context, t testing.TB, store tcbauth.TokenStore, key string) {
	t.Helper()
	if err := store.Delete(ctx, key); err != nil {
		t.Fatalf("Delete(%s): %v", short(key), err)
	}
}

func wantValue(ctx context.Context, t testing.TB, store tcbauth.TokenStore, key string, want []byte) {
	t.Helper()
	got, err := store.Get(ctx, key)
	if err != nil {
		t.Fatalf("Get(%s): %v", short(key), err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("Get(%s) = %s, want %s", short(key), short(string(got)), short(string(want)))
	}
}

func wantNothing(ctx context.Context, t testing.TB, store tcbauth.TokenStore, key string) {
	t.Helper()
	value, err := store.Get(ctx, key)
	if !errors.Is(err, tcbauth.ErrNotFound) {
		t.Fatalf("Get(%s), where nothing is stored: %s, %v; want ErrNotFound", short(key), short(string(value)), err)
	}
}

// short keeps long keys and values from flooding the log.
func short(s string) string {
	if len(s) <= 60 {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q... (%d bytes)", s[:60], len(s))
}
