package storetest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
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

// plain is a store without locks that obeys every rule but those that it is told to break.
type plain struct {
	keepGiven, keepReturned, ignoreContext bool
	key                                    func(string) string

	mu     sync.Mutex
	values map[string][]byte
}

func (p *plain) Get(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil && !p.ignoreContext {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	value, ok := p.values[p.name(key)]
	if !ok {
		return nil, tcbauth.ErrNotFound
	}
	if p.keepReturned {
		return value, nil
	}
	return bytes.Clone(value), nil
}

func (p *plain) Set(ctx context.Context, key string, value []byte, _ time.Duration) error {
	if err := ctx.Err(); err != nil && !p.ignoreContext {
		return err
	}
	if !p.keepGiven {
		value = bytes.Clone(value)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.values == nil {
		p.values = make(map[string][]byte)
	}
	p.values[p.name(key)] = value
	return nil
}

func (p *plain) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil && !p.ignoreContext {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.values, p.name(key))
	return nil
}

func (p *plain) name(key string) string {
	if p.key == nil {
		return key
	}
	return p.key(key)
}

// torn lets readers in between the two halves of a write.
type torn struct{ plain }

func (s *torn) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := s.plain.Set(ctx, key, value[:len(value)/2], ttl); err != nil {
		return err
	}
	for range 100 {
		runtime.Gosched()
	}
	return s.plain.Set(ctx, key, value, ttl)
}

// noErrNotFound returns nothing for nothing.
type noErrNotFound struct{ *plain }

func (s noErrNotFound) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := s.plain.Get(ctx, key)
	if ctx.Err() == nil {
		err = nil
	}
	return value, err
}

type neverDeletes struct{ *plain }

func (s neverDeletes) Delete(ctx context.Context, _ string) error { return ctx.Err() }

type free struct{ lockingStore }

func (s free) Lock(ctx context.Context, _ string) (context.Context, func(), error) {
	return ctx, func() {}, ctx.Err()
}

type oneLock struct{ lockingStore }

func (s oneLock) Lock(ctx context.Context, _ string) (context.Context, func(), error) {
	return s.lockingStore.Lock(ctx, "the one")
}

// deafLock waits however long it takes.
type deafLock struct{ lockingStore }

func (s deafLock) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	_, unlock, err := s.lockingStore.Lock(context.WithoutCancel(ctx), key)
	return ctx, unlock, err
}

// looseUnlock gives up whatever lock there is, as a lock that is just a deleted row or file does.
type looseUnlock struct {
	lockingStore
	mu      sync.Mutex
	current map[string]func()
}

func (s *looseUnlock) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	held, unlock, err := s.lockingStore.Lock(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		s.current = make(map[string]func())
	}
	s.current[key] = unlock
	return held, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.current[key]()
	}, nil
}

// fragileUnlock uses the caller's context to give the lock up.
type fragileUnlock struct{ lockingStore }

func (s fragileUnlock) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	held, unlock, err := s.lockingStore.Lock(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	return held, func() {
		if ctx.Err() == nil {
			unlock()
		}
	}, nil
}

type bareHeld struct{ lockingStore }

func (s bareHeld) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	_, unlock, err := s.lockingStore.Lock(ctx, key)
	return context.Background(), unlock, err
}

// lockIsValue keeps its locks among the values.
type lockIsValue struct{ lockingStore }

func (s lockIsValue) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	held, unlock, err := s.lockingStore.Lock(ctx, key)
	if err == nil {
		err = s.Set(held, key+".lock", nil, 0)
	}
	return held, unlock, err
}

// reservesValue puts something where the value will be.
type reservesValue struct{ lockingStore }

func (s reservesValue) Reserve(ctx context.Context, key string, size int) error {
	return s.Set(ctx, key, make([]byte, size), 0)
}

// full promises room that it does not have.
type full struct{ lockingStore }

func (s full) Reserve(ctx context.Context, _ string, _ int) error { return ctx.Err() }

func (s full) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if len(value) > 1<<10 {
		return errors.New("no space left on the device")
	}
	return s.lockingStore.Set(ctx, key, value, ttl)
}

type deafReserve struct{ lockingStore }

func (deafReserve) Reserve(context.Context, string, int) error { return nil }

// reservesOnce does not get back what was not used.
type reservesOnce struct {
	lockingStore
	taken atomic.Bool
}

func (s *reservesOnce) Reserve(ctx context.Context, _ string, _ int) error {
	if ctx.Err() == nil && s.taken.Swap(true) {
		return errors.New("no space left on the device")
	}
	return ctx.Err()
}

// slow answers after a while, whatever becomes of the context meanwhile.
type slow struct{ lockingStore }

func (slow) Interruptible() bool { return true }

func (s slow) Get(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if key == interruptedKey {
		<-time.After(2 * promptly)
	}
	return s.lockingStore.Get(ctx, key)
}
