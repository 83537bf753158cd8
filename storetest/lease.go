package storetest

import (
	"bytes"
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// testLockLasts holds a lock for longer than it would last without renewal.
func testLockLasts(ctx context.Context, b *bench, store lockingStore) {
	other := store
	if b.Again != nil {
		other = b.againLocking(store)
	}
	held, unlock := lock(ctx, b, store, "key")
	set(held, b, store, "key", []byte("before"))
	b.moment(ctx, 3*b.Lease+shortWait)
	wantLocked(ctx, b, other, "key")
	if err := held.Err(); err != nil {
		b.Fatalf("the context of a lock has ended after %v: %v, %v", 3*b.Lease, err, context.Cause(held))
	}
	wantValue(held, b, store, "key", []byte("before"))
	set(held, b, store, "key", []byte("after"))
	unlock()
	_, unlock = lock(ctx, b, other, "key")
	unlock()
	wantValue(ctx, b, other, "key", []byte("after"))
}

// testStaysGivenUp: what renews a lock must not take it again, and the next holder's lock is its own.
func testStaysGivenUp(ctx context.Context, b *bench, store lockingStore) {
	other := store
	if b.Again != nil {
		other = b.againLocking(store)
	}
	const rounds = 20
	for i := range rounds {
		held, unlock := lock(ctx, b, store, "key")
		want := strconv.AppendInt(nil, int64(i), 10)
		set(held, b, store, "key", want)
		unlock()
		heldByOther, unlockOther := lock(ctx, b, other, "key")
		wantValue(heldByOther, b, other, "key", want)
		unlockOther()
	}
	if b.Lease == 0 {
		return
	}
	// A late renewal keeps the lock for most of a lease after unlock. A busy machine can make one Lock as slow as that.
	const tries = 3
	var took time.Duration
	for range tries {
		_, unlock := lock(ctx, b, store, "key")
		b.moment(ctx, b.Lease) // so that it was renewed
		unlock()
		b.moment(ctx, b.Lease/4) // for a renewal that is late
		start := time.Now()
		_, unlock = lock(ctx, b, other, "key")
		took = time.Since(start)
		unlock()
		if took <= b.Lease/2 {
			return
		}
	}
	b.Errorf("Lock of a lock that was given up took %v, each of %d times, with a lease of %v", took.Round(time.Millisecond), tries, b.Lease)
}

// late makes store lose its lock after it has stored a value, and lets another store take it.
func (b *bench) late(ctx context.Context, store lockingStore) (
	held context.Context, unlock func(), other lockingStore, heldByOther context.Context, unlockOther func(),
) {
	b.Helper()
	if b.Lose == nil {
		b.Skip("NOT TESTED: the Suite has no Lose, so no holder loses its lock")
	}
	other = b.againLocking(store)
	held, unlock = lock(ctx, b, store, "key")
	set(held, b, store, "key", []byte("written with a lost lock"))
	set(held, b, store, "device_id", []byte("written with a lost lock"))
	b.Lose(b.t, store, "key")
	heldByOther, unlockOther = lock(ctx, b, other, "key")
	return held, unlock, other, heldByOther, unlockOther
}

func testLostLock(ctx context.Context, b *bench, store lockingStore) {
	held, unlock, other, heldByOther, unlockOther := b.late(ctx, store)
	defer unlock()
	refused := func(when string) {
		b.Helper()
		// A call that is told first must not stop the others from being told, so each gets a context that has not ended.
		fence := context.WithoutCancel(held)
		if err := store.Set(fence, "key", []byte("older"), 0); err == nil {
			b.Errorf("Set by a holder that has lost its lock, %s: no error", when)
		}
		if err := store.Set(fence, "device_id", []byte("older"), 0); err == nil {
			b.Errorf("Set of another key by a holder that has lost its lock, %s: no error", when)
		}
		if err := store.Delete(fence, "key"); err == nil {
			b.Errorf("Delete by a holder that has lost its lock, %s: no error", when)
		}
		_, err := store.Get(fence, "key")
		if err == nil {
			b.Errorf("Get by a holder that has lost its lock, %s: no error", when)
		}
		isNotFound(b, "Get by a holder that has lost its lock", err)
	}
	refused("while another holds it")
	select {
	case <-held.Done():
	case <-ctx.Done():
		b.Error("the context of a lock that was lost does not end")
		return
	}
	wantValue(ctx, b, other, "key", []byte("written with a lost lock"))
	set(heldByOther, b, other, "key", []byte("newer"))
	set(heldByOther, b, other, "device_id", []byte("newer"))
	refused("after another has written")
	unlockOther()
	refused("after another has given it up")
	for _, s := range []tcbauth.TokenStore{store, other} {
		wantValue(ctx, b, s, "key", []byte("newer"))
		wantValue(ctx, b, s, "device_id", []byte("newer"))
	}
	unlock()
	heldAgain, unlockAgain := lock(ctx, b, store, "key")
	set(heldAgain, b, store, "key", []byte("newest"))
	unlockAgain()
	wantValue(ctx, b, other, "key", []byte("newest"))
}

func testLateUnlock(ctx context.Context, b *bench, store lockingStore) {
	_, unlock, other, heldByOther, unlockOther := b.late(ctx, store)
	unlock()
	unlock()
	wantLocked(ctx, b, store, "key")
	wantLocked(ctx, b, b.againLocking(store), "key")
	set(heldByOther, b, other, "key", []byte("newer"))
	unlockOther()
	_, unlock = lock(ctx, b, store, "key")
	unlock()
}

func testDiscreetLoss(ctx context.Context, b *bench, store lockingStore) {
	held, unlock, _, _, unlockOther := b.late(ctx, store)
	defer unlock()
	defer unlockOther()
	for what, err := range allCalls(held, store, "key") {
		if what != "Lock" {
			b.discreet(what+" by a holder that has lost its lock", err)
		}
	}
}

// testManyHolders has many holders do their work when all of them have their locks: a store that needs one connection for a
// lock and another one for a value would wait for itself.
func testManyHolders(ctx context.Context, b *bench, store lockingStore) {
	const holders = 64
	var all, locked sync.WaitGroup
	all.Add(holders)
	start := make(chan struct{})
	var failed sync.Once
	inner, leave := b.detached()
	defer leave()
	for i := range holders {
		locked.Go(func() {
			key := "users/" + strconv.Itoa(i) + "/credentials_env"
			held, unlock, err := store.Lock(ctx, key)
			all.Done()
			if err != nil {
				failed.Do(func() { inner.Errorf("Lock, for %d holders of different keys at once: %v", holders, err) })
				return
			}
			defer unlock()
			select {
			case <-start:
			case <-ctx.Done():
				return
			}
			want := []byte(key)
			err = store.Set(held, key, want, 0)
			if err == nil {
				var got []byte
				if got, err = store.Get(held, key); err == nil && !bytes.Equal(got, want) {
					inner.Errorf("Get(%s) = %q", key, got)
				}
			}
			if err == nil {
				err = store.Delete(held, key)
			}
			if err != nil {
				failed.Do(func() { inner.Errorf("a call of one of %d holders of different keys: %v", holders, err) })
			}
		})
	}
	b.aside(ctx, "Lock, for some of the holders of different keys,", func(*bench) { all.Wait() })
	close(start)
	b.aside(ctx, "a call of a holder, while there are many,", func(*bench) { locked.Wait() })
}
