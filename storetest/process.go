package storetest

import (
	"bytes"
	"context"
	"math/rand/v2"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// Work is the task of the process that [Suite.Process] starts. It takes the lock of key, if store has locks, and then
// writes one value after another until the process is killed. It calls begun when it has the lock and has stored a value.
// It returns only if something fails.
func Work(ctx context.Context, store tcbauth.TokenStore, key string, begun func()) error {
	if locker, ok := store.(tcbauth.Locker); ok {
		held, _, err := locker.Lock(ctx, key)
		if err != nil {
			return err
		}
		ctx = held
	}
	for i := 0; ; i++ {
		if err := store.Set(ctx, key, work(byte('a'+i%26)), 0); err != nil {
			return err
		}
		if i == 0 {
			begun()
		}
	}
}

// work is one of the values that Work writes. They differ in length.
func work(letter byte) []byte { return bytes.Repeat([]byte{letter}, 5000+int(letter-'a')*199) }

func wantWork(ctx context.Context, b *bench, store tcbauth.TokenStore, key string) {
	b.Helper()
	got := get(ctx, b, store, key)
	if len(got) == 0 || got[0] < 'a' || got[0] > 'z' || !bytes.Equal(got, work(got[0])) {
		b.Fatalf("Get(%s), which another process writes: %s, which it did not write", short(key), short(string(got)))
	}
}

func (b *bench) process(store tcbauth.TokenStore, key string) (kill func()) {
	b.Helper()
	if b.Process == nil {
		b.Skip("NOT TESTED: the Suite has no Process, so none is killed")
	}
	return b.Process(b.t, store, key)
}

func testAnotherProcess(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	wantNothing(ctx, b, store, "key")
	kill := b.process(store, "key")
	for range 20 {
		wantWork(ctx, b, store, "key")
	}
	kill()
	wantWork(ctx, b, store, "key")
}

// testKilledWriter kills a process that writes, at some moment.
func testKilledWriter(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	for range 4 {
		kill := b.process(store, "key")
		b.moment(ctx, rand.N(15*time.Millisecond)) //nolint:gosec // no secret depends on it
		kill()
		wantWork(ctx, b, store, "key")
		if locker, ok := store.(lockingStore); ok { // so that the next process finds it free
			_, unlock := lock(ctx, b, locker, "key")
			unlock()
		}
		set(ctx, b, store, "key", []byte("value"))
		wantValue(ctx, b, store, "key", []byte("value"))
	}
}

// testHolderKilled: the lock of a killed process becomes free after a while, and not before the process is dead.
func testHolderKilled(ctx context.Context, b *bench, store lockingStore) {
	kill := b.process(store, "key")
	wantLocked(ctx, b, store, "key")
	_, unlock := lock(ctx, b, store, "other")
	unlock()
	waiter := lockAside(ctx, store, "key")
	kill()
	start := time.Now()
	// A store with leases, such as Redis, may need some time beside the lease.
	limit := time.NewTimer(2*b.Lease + b.limits.patience/3)
	defer limit.Stop()
	select {
	case l := <-waiter:
		if l.err != nil {
			b.Fatalf("Lock after the holder's process was killed: %v", l.err)
		}
		b.Logf("the lock of a process that was killed is free after %v", time.Since(start).Round(time.Millisecond))
		set(l.held, b, store, "key", []byte("the next one's"))
		l.unlock()
		wantValue(ctx, b, store, "key", []byte("the next one's"))
	case <-limit.C:
		b.Errorf("the lock of a process that was killed is still held after %v", time.Since(start).Round(time.Millisecond))
	case <-ctx.Done():
		b.Error("the lock of a process that was killed is still held")
	}
}
