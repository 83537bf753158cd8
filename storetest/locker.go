package storetest

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// shortWait is how long a test waits for a lock that it must not get.
const shortWait = 30 * time.Millisecond

type lockingStore interface {
	tcbauth.TokenStore
	tcbauth.Locker
}

func locking(test func(ctx context.Context, b *bench, store lockingStore)) tester {
	return func(ctx context.Context, b *bench, store tcbauth.TokenStore) {
		locker, ok := store.(lockingStore)
		if !ok {
			b.Skipf("%T does not implement tcbauth.Locker: processes that share it do not take turns", store)
		}
		test(ctx, b, locker)
	}
}

// againLocking returns another store on the place of store, which has locks too.
func (b *bench) againLocking(store lockingStore) lockingStore {
	b.Helper()
	again := b.again(store)
	locker, ok := again.(lockingStore)
	if !ok {
		b.Fatalf("Again returns a %T, which has no locks, for a %T", again, store)
	}
	return locker
}

func testExcludes(ctx context.Context, b *bench, store lockingStore) {
	for range 2 {
		_, unlock := lock(ctx, b, store, "key")
		wantLocked(ctx, b, store, "key")
		wantLocked(ctx, b, store, "key")
		unlock()
	}
}

func testCounter(ctx context.Context, b *bench, store lockingStore) { counter(ctx, b, store) }

func testCounterOfTwoStores(ctx context.Context, b *bench, store lockingStore) {
	counter(ctx, b, store, b.againLocking(store))
}

// counter counts in the stores, which are on one place, as tcbauth refreshes: read under the lock, write under the lock.
func counter(ctx context.Context, b *bench, stores ...lockingStore) {
	const goroutines, rounds = 12, 5
	var inside atomic.Int32
	var wg sync.WaitGroup
	count := func(store lockingStore) error {
		held, unlock, err := store.Lock(ctx, "key")
		if err != nil {
			return err
		}
		defer unlock()
		if n := inside.Add(1); n != 1 {
			b.Errorf("%d goroutines hold the lock", n)
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
	for g := range goroutines {
		wg.Go(func() {
			for range rounds {
				if err := count(stores[g%len(stores)]); err != nil {
					b.Errorf("counting: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	for _, store := range stores {
		wantValue(ctx, b, store, "key", []byte(strconv.Itoa(goroutines*rounds)))
	}
}

// testOtherKeys holds the locks of all keys at once.
func testOtherKeys(ctx context.Context, b *bench, store lockingStore) {
	for _, key := range keys {
		_, unlock := lock(ctx, b, store, key)
		defer unlock()
	}
	for _, key := range []string{keys[0], keys[len(keys)-1]} {
		wantLocked(ctx, b, store, key)
	}
}

func testExcludesAnotherStore(ctx context.Context, b *bench, store lockingStore) {
	other := b.againLocking(store)
	for _, stores := range [][2]lockingStore{{store, other}, {other, store}} {
		held, unlock := lock(ctx, b, stores[0], "key")
		wantLocked(ctx, b, stores[1], "key")
		set(held, b, stores[0], "key", []byte("value"))
		wantLocked(ctx, b, stores[1], "key")
		unlock()
		held, unlock = lock(ctx, b, stores[1], "key")
		wantValue(held, b, stores[1], "key", []byte("value"))
		wantLocked(ctx, b, stores[0], "key")
		unlock()
	}
}

func testWaiterOfAnotherStore(ctx context.Context, b *bench, store lockingStore) {
	other := b.againLocking(store)
	_, unlock := lock(ctx, b, store, "key")
	got := lockAside(ctx, other, "key")
	b.moment(ctx, 4*shortWait) // so that it waits
	unlock()
	select {
	case l := <-got:
		if l.err != nil {
			b.Fatalf("a waiter of another store did not get the lock that was given up: %v", l.err)
		}
		l.unlock()
	case <-ctx.Done():
		b.Fatal("a waiter of another store did not get the lock that was given up")
	}
}

func testLockDoneContext(ctx context.Context, b *bench, store lockingStore) {
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	late, cancel := context.WithDeadline(ctx, time.Now().Add(-time.Second))
	defer cancel()
	for _, done := range []context.Context{cancelled, late} {
		if err := tryLock(done, b, store, "key"); !errors.Is(err, done.Err()) {
			b.Errorf("Lock with a done context: %v, want %v", err, done.Err())
		}
	}
	_, unlock := lock(ctx, b, store, "key")
	unlock()
}

func testWaitEndsWithContext(ctx context.Context, b *bench, store lockingStore) {
	_, unlock := lock(ctx, b, store, "key")
	wantLocked(ctx, b, store, "key")

	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	defer time.AfterFunc(shortWait, cancel).Stop()
	if err := tryLock(waiting, b, store, "key"); !errors.Is(err, context.Canceled) {
		b.Errorf("Lock whose context is cancelled while it waits: %v, want %v", err, context.Canceled)
	}

	// Those who gave up must not have it now.
	unlock()
	_, unlock = lock(ctx, b, store, "key")
	unlock()
}

func testWaiterGetsIt(ctx context.Context, b *bench, store lockingStore) {
	_, unlock := lock(ctx, b, store, "key")
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
		b.Errorf("a waiter's Lock returned (%v) while another held the lock", err)
		unlock()
		return
	case <-timer.C:
	}
	unlock()
	for range waiters {
		select {
		case err := <-got:
			if err != nil {
				b.Errorf("a waiter did not get the lock that was given up: %v", err)
			}
		case <-ctx.Done():
			b.Fatal("a waiter did not get the lock that was given up")
		}
	}
}

func testUnlockTwice(ctx context.Context, b *bench, store lockingStore) {
	_, first := lock(ctx, b, store, "key")
	first()
	first()
	_, second := lock(ctx, b, store, "key")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(first)
	}
	wg.Wait()
	wantLocked(ctx, b, store, "key")
	second()
	_, third := lock(ctx, b, store, "key")
	third()
}

// testUnlockAfterContext: a holder whose caller went away must still be able to let others in.
func testUnlockAfterContext(ctx context.Context, b *bench, store lockingStore) {
	holding, cancel := context.WithCancel(ctx)
	defer cancel()
	held, unlock := lock(holding, b, store, "key")
	cancel()
	select {
	case <-held.Done():
	case <-ctx.Done():
		b.Error("the context of a held lock is not done though the one given to Lock is")
	}
	unlock()
	_, unlock = lock(ctx, b, store, "key")
	unlock()
}

func testHeld(ctx context.Context, b *bench, store lockingStore) {
	type contextKey struct{}
	held, unlock := lock(context.WithValue(ctx, contextKey{}, "carried"), b, store, "key")
	defer unlock()
	if got := held.Value(contextKey{}); got != "carried" {
		b.Errorf("held has %v of the context given to Lock, want its value", got)
	}
	if err := held.Err(); err != nil {
		b.Fatalf("held is done while the lock is held: %v", err)
	}
	wantNothing(held, b, store, "key")
	set(held, b, store, "key", []byte("value"))
	wantValue(held, b, store, "key", []byte("value"))
	// A session has more than one key, all written under one lock.
	set(held, b, store, "device_id", []byte("device"))
	wantValue(held, b, store, "device_id", []byte("device"))
	if err := store.Delete(held, "key"); err != nil {
		b.Fatalf("Delete: %v", err)
	}
	wantNothing(held, b, store, "key")
}

// testNestedLocks takes a lock with the context of another. Each holds until it is given up, and both contexts are good for
// the keys of both.
func testNestedLocks(ctx context.Context, b *bench, store lockingStore) {
	outer, unlockOuter := lock(ctx, b, store, "key")
	inner, unlockInner := lock(outer, b, store, "users/1/key")
	for _, held := range []context.Context{inner, outer} {
		for _, key := range []string{"key", "users/1/key"} {
			set(held, b, store, key, []byte("value"))
			wantValue(held, b, store, key, []byte("value"))
		}
	}
	unlockInner()
	_, unlockAgain := lock(ctx, b, store, "users/1/key")
	unlockAgain()
	wantLocked(ctx, b, store, "key")
	set(outer, b, store, "key", []byte("another value"))
	unlockOuter()
	_, unlockAgain = lock(ctx, b, store, "key")
	unlockAgain()
	wantValue(ctx, b, store, "key", []byte("another value"))
}

// testValuesBesideLocks: a lock is not a value, and those who only read do not wait for it.
func testValuesBesideLocks(ctx context.Context, b *bench, store lockingStore) {
	_, unlock := lock(ctx, b, store, "key")
	wantNothing(ctx, b, store, "key")
	wantNothing(ctx, b, store, "key.lock")
	unlock()
	wantNothing(ctx, b, store, "key")

	set(ctx, b, store, "key", []byte("value"))
	held, unlock := lock(ctx, b, store, "key")
	wantValue(ctx, b, store, "key", []byte("value"))
	if err := store.Delete(held, "key"); err != nil {
		b.Fatalf("Delete: %v", err)
	}
	wantLocked(ctx, b, store, "key")
	unlock()
	_, unlock = lock(ctx, b, store, "key")
	unlock()
}

// lock must get the lock of key.
func lock(ctx context.Context, b *bench, store tcbauth.Locker, key string) (held context.Context, unlock func()) {
	b.Helper()
	got := lockAside(ctx, store, key)
	select {
	case l := <-got:
		if l.err != nil {
			b.Fatalf("Lock(%s): %v", short(key), l.err)
		}
		return l.held, l.unlock
	case <-ctx.Done():
		b.Fatalf("Lock(%s) of a free lock does not return", short(key))
	}
	return nil, nil
}

// wantLocked must not get the lock of key.
func wantLocked(ctx context.Context, b *bench, store tcbauth.Locker, key string) {
	b.Helper()
	const tries = 3 // on a busy machine a context can end before Lock has looked at the lock
	for range tries {
		ending, cancel := context.WithTimeout(ctx, shortWait)
		err := tryLock(ending, b, store, key)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			b.Fatalf("Lock(%s) of a held lock, with a deadline: %v, want %v", short(key), err, context.DeadlineExceeded)
		}
	}
}

// tryLock returns Lock's error, and gives up a lock that it got. A Lock that goes on after ctx is a failure.
func tryLock(ctx context.Context, b *bench, store tcbauth.Locker, key string) error {
	b.Helper()
	limit := time.NewTimer(b.limits.patience)
	defer limit.Stop()
	select {
	case l := <-lockAside(ctx, store, key):
		if l.err == nil {
			l.unlock()
		}
		return l.err
	case <-limit.C:
		b.Fatalf("Lock(%s) does not return though its context is done", short(key))
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
