// Package storetest has the tests that every [tcbauth.TokenStore] must pass, one for each number of the contracts of
// [tcbauth.TokenStore] and [tcbauth.Locker]:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) tcbauth.TokenStore { return NewMyStore(t.TempDir()) })
//	}
//
// Some numbers need help to be tested: a second store on the same storage, a process that is killed, a storage that fails
// or does not answer. [Suite] has a field for each.
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

// Run tests the stores that open returns. It is [Suite.Run] with only that field.
func Run(t *testing.T, open func(t *testing.T) tcbauth.TokenStore) {
	t.Helper()
	Suite{Open: open}.Run(t)
}

// Suite describes a store to the tests. Only Open is required; a test that needs a missing field is skipped and says which.
// The functions are called from several goroutines at once. Whatever they start must end with their t.
type Suite struct {
	// Open is called once for each subtest, with the subtest's t. It returns a new, empty store on a storage of its own,
	// which t.Cleanup may close.
	Open func(t *testing.T) tcbauth.TokenStore
	// Again returns another store on the storage of a store that Open has returned, as another process would have it: the
	// two share only the storage.
	Again func(t *testing.T, store tcbauth.TokenStore) tcbauth.TokenStore
	// Process starts another process, which calls [Work] for key with a store on the same storage. It returns when Work has
	// called begun. kill ends that process at once, as kill -9 does, and returns when the process is gone.
	Process func(t *testing.T, store tcbauth.TokenStore, key string) (kill func())

	// Lease is how long a lock lasts when nobody renews it; 0 if locks need no renewal. The tests hold a lock for several
	// leases, so it should be short, for example half a second.
	Lease time.Duration
	// Lose takes the lock of key away without telling the store that has it, so that others can take it: as the end of a
	// lease, a failover or a clean-up would.
	Lose func(t *testing.T, store tcbauth.TokenStore, key string)

	// Break makes every call on the storage fail, for all stores, until mend is called. The values must still be there
	// afterwards.
	Break func(t *testing.T, store tcbauth.TokenStore) (mend func())
	// Hang makes calls for key wait, as for a server that does not answer, until well is called. well may be called more
	// than once. Calls that are running may hang too.
	Hang func(t *testing.T, store tcbauth.TokenStore, key string) (well func())
	// HangsWhole says that Hang also stops calls for other keys, for example if all keys are on one server.
	HangsWhole bool

	limits *limits // nil: the usual ones
}

// limits are how long the tests wait. They leave room for a busy machine.
type limits struct {
	patience time.Duration // for a store that does not answer, before that is a failure
	promptly time.Duration // for a call after its context has ended
}

var usual = &limits{patience: 30 * time.Second, promptly: 2 * time.Second}

// Run runs all tests, and returns when they are done. It also tests the locks of a [tcbauth.Locker], that a
// [tcbauth.Reserver] keeps its promise, that a [tcbauth.StringGetter] agrees with Get, and that a [tcbauth.Interruptible]
// store returns when a context ends. For a store without one of these it skips those tests.
func (s Suite) Run(t *testing.T) {
	t.Helper()
	for _, group := range contract {
		t.Run(group.name, func(t *testing.T) { // a group ends only when all of its parallel subtests have
			for _, number := range group.numbers {
				t.Run(number.name, func(t *testing.T) {
					t.Parallel()
					skipped := 0
					for _, part := range number.parts { // one after the other, so that the number can say what has become of them
						t.Run(part.name, func(t *testing.T) {
							defer func() {
								if t.Skipped() {
									skipped++
								}
							}()
							s.run(t, t, part)
						})
					}
					if skipped == len(number.parts) {
						t.Skip("NOT TESTED: all of its tests were skipped")
					}
				})
			}
		})
	}
}

// run runs a part of a number. Its failures go to tb; whatever the Suite's functions start belongs to t.
func (s Suite) run(tb testing.TB, t *testing.T, part part) {
	tb.Helper()
	if s.limits == nil {
		s.limits = usual
	}
	ctx, cancel := context.WithTimeout(tb.Context(), s.limits.patience)
	defer cancel()
	part.test(ctx, &bench{TB: tb, Suite: s, t: t}, s.Open(t))
}

// bench is the environment of a part: it collects failures and has the functions of the Suite.
type bench struct {
	testing.TB
	Suite
	t *testing.T
}

// again returns another store on the storage of store.
func (b *bench) again(store tcbauth.TokenStore) tcbauth.TokenStore {
	b.Helper()
	if b.Again == nil {
		b.Skip("NOT TESTED: the Suite has no Again, so there is no second store on the same storage")
	}
	return b.Again(b.t, store)
}

// moment waits for some time.
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

// short shortens keys and values for the log.
func short(s string) string {
	if len(s) <= 60 {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q... (%d bytes)", s[:60], len(s))
}
