package storetest

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// shortWait is how long a test waits for a lock that it must not get.
const shortWait = 50 * time.Millisecond

var lockSubtests = []subtest{
	{"Excludes", locking(testExcludes)},
	{"Counter", locking(testCounter)},
	{"OtherKeys", locking(testOtherKeys)},
	{"DoneContext", locking(testLockDoneContext)},
	{"WaitEndsWithContext", locking(testWaitEndsWithContext)},
	{"WaiterGetsIt", locking(testWaiterGetsIt)},
	{"UnlockTwice", locking(testUnlockTwice)},
	{"UnlockAfterContext", locking(testUnlockAfterContext)},
	{"Held", locking(testHeld)},
	{"NestedLocks", locking(testNestedLocks)},
	{"ValuesBesideLocks", locking(testValuesBesideLocks)},
}

type lockingStore interface {
	tcbauth.TokenStore
	tcbauth.Locker
}

func locking(test func(ctx context.Context, t *testing.T, store lockingStore)) func(context.Context, *testing.T, tcbauth.TokenStore) {
	return func(ctx context.Context, t *testing.T, store tcbauth.TokenStore) {
		locker, ok := store.(lockingStore)
		if !ok {
			t.Skipf("%T does not implement tcbauth.Locker: processes that share it do not take turns", store)
		}
		test(ctx, t, locker)
	}
}

func testExcludes(ctx context.Context, t *testing.T, store lockingStore) {
	for range 2 {
		_, unlock := lock(ctx, t, store, "key")
		wantLocked(ctx, t, store, "key")
		wantLocked(ctx, t, store, "key")
		unlock()
	}
}

// testCounter counts in the store, as tcbauth refreshes: read under the lock, write under the lock.
func testCounter(ctx context.Context, t *testing.T, store lockingStore) {
	const goroutines, rounds = 12, 5
	var inside atomic.Int32
	var wg sync.WaitGroup
	count := func() error {
		held, unlock, err := store.Lock(ctx, "key")
		if err != nil {
			return err
		}
		defer unlock()
		if n := inside.Add(1); n != 1 {
			t.Errorf("%d goroutines hold the lock", n)
		}
		defer inside.Add(-1)
		n := 0
		value, err := store.Get(held, "key")
		if err == nil {
			n, err = strconv.Atoi(string(value))
		}
		if err != nil && !errors.Is(err, tcbauth.ErrNotFound) {
			return err
		}
		runtime.Gosched()
		return store.Set(held, "key", strconv.AppendInt(nil, int64(n)+1, 10), 0)
	}
	for range goroutines {
		wg.Go(func() {
			for range rounds {
				if err := count(); err != nil {
					t.Errorf("counting: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	wantValue(ctx, t, store, "key", []byte(strconv.Itoa(goroutines*rounds)))
}

func testOtherKeys(ctx context.Context, t *testing.T, store lockingStore) {
	for _, key := range []string{"key", "KEY", "key.damaged", "key.lock", "users/1/key", "users/2/key"} {
		_, unlock := lock(ctx, t, store, key)
		defer unlock()
	}
}

func testLockDoneContext(ctx context.Context, t *testing.T, store lockingStore) {
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	late, cancel := context.WithDeadline(ctx, time.Now().Add(-time.Second))
	defer cancel()
	for _, done := range []context.Context{cancelled, late} {
		if err := tryLock(done, t, store, "key"); !errors.Is(err, done.Err()) {
			t.Errorf("Lock with a done context: %v, want %v", err, done.Err())
		}
	}
	_, unlock := lock(ctx, t, store, "key")
	unlock()
}

func testWaitEndsWithContext(ctx context.Context, t *testing.T, store lockingStore) {
	_, unlock := lock(ctx, t, store, "key")
	wantLocked(ctx, t, store, "key")

	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	defer time.AfterFunc(shortWait, cancel).Stop()
	if err := tryLock(waiting, t, store, "key"); !errors.Is(err, context.Canceled) {
		t.Errorf("Lock whose context is cancelled while it waits: %v, want %v", err, context.Canceled)
	}

	// Those who gave up must not have it now.
	unlock()
	_, unlock = lock(ctx, t, store, "key")
	unlock()
}

func testWaiterGetsIt(ctx context.Context, t *testing.T, store lockingStore) {
	_, unlock := lock(ctx, t, store, "key")
	const waiters = 3
	got := make(chan error, waiters)
	for range waiters {
		go func() {
			_, unlock, err := store.Lock(ctx, "key")
			if err == nil {
				unlock()
			}
			got <- err
		}()
	}
	timer := time.NewTimer(shortWait)
	defer timer.Stop()
	select {
	case err := <-got:
		t.Errorf("a waiter's Lock returned (%v) while another held the lock", err)
		unlock()
		return
	case <-timer.C:
	}
	unlock()
	for range waiters {
		select {
		case err := <-got:
			if err != nil {
				t.Errorf("a waiter did not get the lock that was given up: %v", err)
			}
		case <-ctx.Done():
			t.Fatal("a waiter did not get the lock that was given up")
		}
	}
}

func testUnlockTwice(ctx context.Context, t *testing.T, store lockingStore) {
	_, first := lock(ctx, t, store, "key")
	first()
	first()
	_, second := lock(ctx, t, store, "key")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(first)
	}
	wg.Wait()
	wantLocked(ctx, t, store, "key")
	second()
	_, third := lock(ctx, t, store, "key")
	third()
}

// testUnlockAfterContext: a holder whose caller went away must still be able to let others in.
func testUnlockAfterContext(ctx context.Context, t *testing.T, store lockingStore) {
	holding, cancel := context.WithCancel(ctx)
	defer cancel()
	held, unlock := lock(holding, t, store, "key")
	cancel()
	select {
	case <-held.Done():
	case <-ctx.Done():
		t.Error("the context of a held lock is not done though the one given to Lock is")
	}
	unlock()
	_, unlock = lock(ctx, t, store, "key")
	unlock()
}

func testHeld(ctx context.Context, t *testing.T, store lockingStore) {
	type contextKey struct{}
	held, unlock := lock(context.WithValue(ctx, contextKey{}, "carried"), t, store, "key")
	defer unlock()
	if got := held.Value(contextKey{}); got != "carried" {
		t.Errorf("held has %v of the context given to Lock, want its value", got)
	}
	if err := held.Err(); err != nil {
		t.Fatalf("held is done while the lock is held: %v", err)
	}
	wantNothing(held, t, store, "key")
	set(held, t, store, "key", []byte("value"))
	wantValue(held, t, store, "key", []byte("value"))
	// A session has more than one key, all written under one lock.
	set(held, t, store, "device_id", []byte("device"))
	wantValue(held, t, store, "device_id", []byte("device"))
	if err := store.Delete(held, "key"); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	wantNothing(held, t, store, "key")
}

// testNestedLocks takes a lock with the context of another. Each holds until it is given up, and both contexts are good for
// the keys of both.
func testNestedLocks(ctx context.Context, t *testing.T, store lockingStore) {
	outer, unlockOuter := lock(ctx, t, store, "key")
	inner, unlockInner := lock(outer, t, store, "users/1/key")
	for _, held := range []context.Context{inner, outer} {
		for _, key := range []string{"key", "users/1/key"} {
			set(held, t, store, key, []byte("value"))
			wantValue(held, t, store, key, []byte("value"))
		}
	}
	unlockInner()
	_, unlockAgain := lock(ctx, t, store, "users/1/key")
	unlockAgain()
	wantLocked(ctx, t, store, "key")
	set(outer, t, store, "key", []byte("another value"))
	unlockOuter()
	_, unlockAgain = lock(ctx, t, store, "key")
	unlockAgain()
	wantValue(ctx, t, store, "key", []byte("another value"))
}

// testValuesBesideLocks: a lock is not a value, and those who only read do not wait for it.
func testValuesBesideLocks(ctx context.Context, t *testing.T, store lockingStore) {
	_, unlock := lock(ctx, t, store, "key")
	wantNothing(ctx, t, store, "key")
	wantNothing(ctx, t, store, "key.lock")
	unlock()
	wantNothing(ctx, t, store, "key")

	set(ctx, t, store, "key", []byte("value"))
	held, unlock := lock(ctx, t, store, "key")
	wantValue(ctx, t, store, "key", []byte("value"))
	if err := store.Delete(held, "key"); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	wantLocked(ctx, t, store, "key")
	unlock()
	_, unlock = lock(ctx, t, store, "key")
	unlock()
}

// lock must get the lock of key.
func lock(ctx context.Context, t *testing.T, store tcbauth.Locker, key string) (held context.Context, unlock func()) {
	t.Helper()
	got := lockAside(ctx, store, key)
	select {
	case l := <-got:
		if l.err != nil {
			t.Fatalf("Lock(%s): %v", short(key), l.err)
		}
		return l.held, l.unlock
	case <-ctx.Done():
		t.Fatalf("Lock(%s) of a free lock does not return", short(key))
	}
	return nil, nil
}

// wantLocked must not get the lock of key.
func wantLocked(ctx context.Context, t *testing.T, store tcbauth.Locker, key string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, shortWait)
	defer cancel()
	if err := tryLock(ctx, t, store, key); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Lock(%s) of a held lock, with a deadline: %v, want %v", short(key), err, context.DeadlineExceeded)
	}
}

// tryLock returns Lock's error, and gives up a lock that it got. A Lock that goes on after ctx is a failure.
func tryLock(ctx context.Context, t *testing.T, store tcbauth.Locker, key string) error {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case l := <-lockAside(ctx, store, key):
		if l.err == nil {
			l.unlock()
		}
		return l.err
	case <-limit.C:
		t.Fatalf("Lock(%s) does not return though its context is done", short(key))
		return nil
	}
}

type lockResult struct {
	held   context.Context
	unlock func()
	err    error
}

// lockAside calls Lock in a goroutine, so that a Lock that never returns fails one test and does not stop them all.
func lockAside(ctx context.Context, store tcbauth.Locker, key string) <-chan lockResult {
	got := make(chan lockResult, 1)
	go func() {
		held, unlock, err := store.Lock(ctx, key)
		got <- lockResult{held, unlock, err}
	}()
	return got
}
