package storetest

import (
	"bytes"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// brokenEnv names the broken store for which this process runs the suite.
const brokenEnv = "STORETEST_BROKEN"

func TestRun(t *testing.T) {
	t.Parallel()
	Run(t, func(*testing.T) tcbauth.TokenStore { return tcbauth.NewMemoryStore() })
}

// TestRunEndsWithItsSubtests: what the caller of Run closes after it must not be needed any more.
func TestRunEndsWithItsSubtests(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	opened, closed := 0, 0
	Run(t, func(t *testing.T) tcbauth.TokenStore {
		mu.Lock()
		defer mu.Unlock()
		opened++
		t.Cleanup(func() {
			mu.Lock()
			defer mu.Unlock()
			closed++
		})
		return tcbauth.NewMemoryStore()
	})
	assert.Equal(t, 25, opened)
	assert.Equal(t, opened, closed)
}

// TestRunRefuses runs the suite on stores that break one rule each, in a process of its own, since a failure there is
// what is wanted here.
func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]struct {
		open func() tcbauth.TokenStore
		fail []string // subtests that must fail
		pass []string // and some that must not
	}{
		"KeepsTheSlice": {
			func() tcbauth.TokenStore { return &plain{keepGiven: true} },
			[]string{"TokenStore/Copies"}, []string{"TokenStore/RoundTrip"},
		},
		"ReturnsItsSlice": {
			func() tcbauth.TokenStore { return &plain{keepReturned: true} },
			[]string{"TokenStore/Copies"}, []string{"TokenStore/RoundTrip"},
		},
		"TornWrites": {
			func() tcbauth.TokenStore { return &torn{} },
			[]string{"TokenStore/WholeValues"}, []string{"TokenStore/RoundTrip"},
		},
		"NoErrNotFound": {
			func() tcbauth.TokenStore { return noErrNotFound{&plain{}} },
			[]string{"TokenStore/NothingStored", "TokenStore/Delete"}, []string{"TokenStore/RoundTrip"},
		},
		"MixesCase": {
			func() tcbauth.TokenStore {
				return &plain{key: func(s string) string { return string(bytes.ToLower([]byte(s))) }}
			},
			[]string{"TokenStore/Keys"}, []string{"TokenStore/RoundTrip"},
		},
		"CutsKeys": {
			func() tcbauth.TokenStore { return &plain{key: func(s string) string { return s[:min(len(s), 255)] }} },
			[]string{"TokenStore/Keys"}, []string{"TokenStore/RoundTrip"},
		},
		"IgnoresContext": {
			func() tcbauth.TokenStore { return &plain{ignoreContext: true} },
			[]string{"TokenStore/DoneContext"}, []string{"TokenStore/RoundTrip"},
		},
		"NeverDeletes": {
			func() tcbauth.TokenStore { return neverDeletes{&plain{}} },
			[]string{"TokenStore/Delete", "TokenStore/Keys", "TokenStore/ManyKeys"}, []string{"TokenStore/RoundTrip"},
		},
		"LockDoesNotExclude": {
			func() tcbauth.TokenStore { return free{memory()} },
			[]string{"Locker/Excludes", "Locker/WaiterGetsIt", "Locker/UnlockTwice"}, []string{"TokenStore/RoundTrip"},
		},
		"OneLockForAll": {
			func() tcbauth.TokenStore { return oneLock{memory()} },
			[]string{"Locker/OtherKeys", "Locker/NestedLocks"}, []string{"Locker/Excludes"},
		},
		"LockIgnoresContext": {
			func() tcbauth.TokenStore { return deafLock{memory()} },
			[]string{"Locker/DoneContext", "Locker/WaitEndsWithContext"}, []string{"TokenStore/RoundTrip"},
		},
		"UnlockReleasesOthers": {
			func() tcbauth.TokenStore { return &looseUnlock{lockingStore: memory()} },
			[]string{"Locker/UnlockTwice"}, []string{"Locker/Excludes"},
		},
		"UnlockNeedsContext": {
			func() tcbauth.TokenStore { return fragileUnlock{memory()} },
			[]string{"Locker/UnlockAfterContext"}, []string{"Locker/Excludes"},
		},
		"HeldIsBare": {
			func() tcbauth.TokenStore { return bareHeld{memory()} },
			[]string{"Locker/Held", "Locker/UnlockAfterContext"}, []string{"Locker/Excludes"},
		},
		"LockIsAValue": {
			func() tcbauth.TokenStore { return lockIsValue{memory()} },
			[]string{"Locker/ValuesBesideLocks"}, []string{"Locker/Excludes"},
		},
		"ReservesAValue": {
			func() tcbauth.TokenStore { return reservesValue{memory()} },
			[]string{"Reserver/Reserve"}, []string{"Locker/Excludes"},
		},
		"ReservedButFull": {
			func() tcbauth.TokenStore { return full{memory()} },
			[]string{"Reserver/Reserve"}, []string{"Locker/Excludes"},
		},
		"ReserveIgnoresContext": {
			func() tcbauth.TokenStore { return deafReserve{memory()} },
			[]string{"Reserver/DoneContext"}, []string{"Reserver/Reserve"},
		},
		"ReservesOnce": {
			func() tcbauth.TokenStore { return &reservesOnce{lockingStore: memory()} },
			[]string{"Reserver/UnusedIsGivenBack"}, []string{"Reserver/DoneContext"},
		},
		"ClaimsToBeInterruptible": {
			func() tcbauth.TokenStore { return slow{memory()} },
			[]string{"Interruptible/EndsWithContext"}, []string{"TokenStore/RoundTrip", "TokenStore/DoneContext"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if os.Getenv(brokenEnv) == name {
				patience, promptly = time.Second, 100*time.Millisecond
				Run(t, func(*testing.T) tcbauth.TokenStore { return broken.open() })
				return
			}
			output, err := runSuite(t, name)
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "the suite passes:\n%s", output)
			for _, sub := range broken.fail {
				assert.Contains(t, output, "--- FAIL: TestRunRefuses/"+name+"/"+sub+" (")
			}
			for _, sub := range broken.pass {
				assert.Contains(t, output, "--- PASS: TestRunRefuses/"+name+"/"+sub+" (")
			}
			assert.NotContains(t, output, "DATA RACE", "the suite must find it, not the race detector")
			assert.NotContains(t, output, "panic:")
		})
	}
}

// TestRunSkipsLocks: a store without locks passes, and says which tests it did not have.
func TestRunSkipsLocks(t *testing.T) {
	t.Parallel()
	if os.Getenv(brokenEnv) == "no locks" {
		Run(t, func(*testing.T) tcbauth.TokenStore { return &plain{} })
		return
	}
	output, err := runTest(t, "^TestRunSkipsLocks$", "no locks")
	require.NoError(t, err, output)
	assert.Contains(t, output, "--- PASS: TestRunSkipsLocks/TokenStore/RoundTrip (")
	assert.Contains(t, output, "--- SKIP: TestRunSkipsLocks/Locker/Excludes (")
	assert.Contains(t, output, "*storetest.plain does not implement tcbauth.Locker")
	assert.Contains(t, output, "*storetest.plain does not implement tcbauth.Reserver")
	assert.Contains(t, output, "*storetest.plain does not say that it is tcbauth.Interruptible")
}

func runSuite(t *testing.T, name string) (output string, err error) {
	t.Helper()
	return runTest(t, "^TestRunRefuses$/^"+name+"$", name)
}

func runTest(t *testing.T, pattern, env string) (output string, err error) {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), binary, "-test.run="+pattern, "-test.v") //nolint:gosec // this test binary
	// The race detector has a process sleep for a second before it exits, and there are many here.
	cmd.Env = append(os.Environ(), brokenEnv+"="+env, "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func memory() lockingStore { return tcbauth.NewMemoryStore().(lockingStore) }
