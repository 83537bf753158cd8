package storetest

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

func interrupting(test tester) tester {
	return func(ctx context.Context, b *bench, store tcbauth.TokenStore) {
		if claims, ok := store.(tcbauth.Interruptible); !ok || !claims.Interruptible() {
			b.Skipf("%T does not say that it is tcbauth.Interruptible: it is called in goroutines of their own", store)
		}
		test(ctx, b, store)
	}
}

const interruptedKey = "interrupted"

// testEndsAtAnyMoment ends the context of calls at moments from before their beginning to after their end.
func testEndsAtAnyMoment(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	value := bytes.Repeat([]byte("v"), 10_000)
	inner, leave := b.detached()
	defer leave()
	calls := map[string]func(ctx context.Context) error{
		"Get": func(ctx context.Context) error {
			got, err := store.Get(ctx, interruptedKey)
			if err == nil && !bytes.Equal(got, value) {
				inner.Errorf("Get returned a value of %d bytes that nobody stored", len(got))
			}
			if errors.Is(err, tcbauth.ErrNotFound) {
				return nil
			}
			return err
		},
		"Set":    func(ctx context.Context) error { return store.Set(ctx, interruptedKey, value, 0) },
		"Delete": func(ctx context.Context) error { return store.Delete(ctx, interruptedKey) },
	}
	const rounds, step = 30, 20 * time.Microsecond
	for round := range rounds {
		for name, call := range calls {
			ending, cancel := context.WithCancel(ctx)
			timer := time.AfterFunc(time.Duration(round*round)*step, cancel)
			_, err := b.ended(ending, name, call)
			timer.Stop()
			cancel()
			if err != nil && !errors.Is(err, context.Canceled) {
				b.Errorf("%s whose context ends: %v; want what it does without that, or %v", name, err, context.Canceled)
			}
			if b.Failed() {
				return
			}
		}
	}
	// What was interrupted must not come after what is done later.
	set(ctx, b, store, interruptedKey, []byte("last"))
	wantValue(ctx, b, store, interruptedKey, []byte("last"))
}

// ended makes a call whose context ends, and returns how long after that the call went on. That has a limit.
func (b *bench) ended(ctx context.Context, name string, call func(context.Context) error) (late time.Duration, err error) {
	b.Helper()
	done := make(chan error, 1)
	go func() { done <- call(ctx) }()
	select {
	case err = <-done:
		return 0, err
	case <-ctx.Done():
	}
	start := time.Now()
	limit := time.NewTimer(b.limits.promptly)
	defer limit.Stop()
	select {
	case err = <-done:
		return time.Since(start), err
	case <-limit.C:
		b.Errorf("%s goes on for more than %v after its context has ended", name, b.limits.promptly)
		return time.Since(start), nil
	}
}

// unlockPatience is how long an unlock may take: some seconds.
const unlockPatience = 15 * time.Second

// testEndsWhileHanging ends the contexts of all calls, by cancelling and by deadlines, while the store gets no answer.
func testEndsWhileHanging(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	if b.Hang == nil {
		b.Skip("NOT TESTED: the Suite has no Hang, so no call waits for long")
	}
	set(ctx, b, store, interruptedKey, []byte("value"))
	calls := map[string]func(ctx context.Context) error{
		"Get":    func(ctx context.Context) error { _, err := store.Get(ctx, interruptedKey); return err },
		"Set":    func(ctx context.Context) error { return store.Set(ctx, interruptedKey, []byte("another"), 0) },
		"Delete": func(ctx context.Context) error { return store.Delete(ctx, interruptedKey) },
	}
	// A store may look at nothing but the deadline, so there is none.
	endless, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer context.AfterFunc(ctx, end)()
	giveUp := func() {}
	if locker, ok := store.(lockingStore); ok {
		// A lock that is held already, and one that nobody holds.
		held, unlock := lock(endless, b, locker, interruptedKey)
		giveUp = unlock
		withFence := func(ctx context.Context) (context.Context, context.CancelFunc) {
			both, cancel := context.WithCancel(held)
			stop := context.AfterFunc(ctx, cancel)
			return both, func() { stop(); cancel() }
		}
		calls["Get with the context of a lock"] = func(ctx context.Context) error {
			ctx, cancel := withFence(ctx)
			defer cancel()
			_, err := store.Get(ctx, interruptedKey)
			return err
		}
		calls["Set with the context of a lock"] = func(ctx context.Context) error {
			ctx, cancel := withFence(ctx)
			defer cancel()
			return store.Set(ctx, interruptedKey, []byte("another"), 0)
		}
		calls["Lock of a lock that is held"] = lockAndUnlock(locker, interruptedKey)
		calls["Lock"] = lockAndUnlock(locker, interruptedKey+" too")
		if reserver, ok := store.(tcbauth.Reserver); ok {
			calls["Reserve"] = func(ctx context.Context) error {
				ctx, cancel := withFence(ctx)
				defer cancel()
				return reserver.Reserve(ctx, interruptedKey, 1000)
			}
		}
	}
	well := b.Hang(b.t, store, interruptedKey)
	defer well()
	var latest time.Duration
	for name, call := range calls {
		cancelled, cancel := context.WithCancel(endless)
		timer := time.AfterFunc(shortWait, cancel)
		deadline, cancelDeadline := context.WithTimeout(ctx, shortWait)
		for _, ending := range []context.Context{cancelled, deadline} {
			late, err := b.ended(ending, name, call)
			if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, ending.Err()) {
				b.Errorf("%s while the store hangs: %v; want %v", name, err, ending.Err())
			}
			isNotFound(b, name+" while the store hangs", err)
			latest = max(latest, late)
		}
		timer.Stop()
		cancel()
		cancelDeadline()
	}
	b.Logf("the slowest call returned %v after its context had ended", latest.Round(time.Millisecond))
	if b.Failed() {
		return
	}
	start := time.Now()
	within, cancel := context.WithTimeout(ctx, unlockPatience)
	defer cancel()
	b.aside(within, "unlock, while the store hangs,", func(*bench) { giveUp() })
	b.Logf("unlock took %v", time.Since(start).Round(time.Millisecond))
	well()
	b.aside(ctx, "a call after the store hung", func(b *bench) {
		set(ctx, b, store, interruptedKey, []byte("well again"))
		if locker, ok := store.(lockingStore); ok {
			_, unlock := lock(ctx, b, locker, interruptedKey)
			unlock()
		}
	})
}

func lockAndUnlock(store lockingStore, key string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, unlock, err := store.Lock(ctx, key)
		if err == nil {
			unlock()
		}
		return err
	}
}

// testNoLateWrite: a holder's write that was given up while the store hung does not come after what the holder writes later,
// nor after the next holder's.
func testNoLateWrite(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	locker, ok := store.(lockingStore)
	if b.Hang == nil || !ok {
		b.Skip("NOT TESTED: the Suite has no Hang, or the store no locks")
	}
	held, unlock := lock(ctx, b, locker, interruptedKey)
	well := b.Hang(b.t, store, interruptedKey)
	defer well()
	ending, cancel := context.WithTimeout(held, shortWait)
	_, err := b.ended(ending, "Set", func(ctx context.Context) error {
		return store.Set(ctx, interruptedKey, []byte("older"), 0)
	})
	cancel()
	if err == nil {
		b.Log("a Set was done though the store hangs")
	}
	well()
	b.aside(ctx, "a holder's Set after the store hung", func(b *bench) { set(held, b, store, interruptedKey, []byte("newer")) })
	b.moment(ctx, 10*shortWait)
	wantValue(held, b, store, interruptedKey, []byte("newer"))
	unlock()
	held, unlock = lock(ctx, b, locker, interruptedKey)
	defer unlock()
	set(held, b, store, interruptedKey, []byte("newest"))
	b.moment(ctx, shortWait)
	wantValue(ctx, b, store, interruptedKey, []byte("newest"))
}
