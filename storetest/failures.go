package storetest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// endedContexts returns contexts that have ended in each of the two ways.
func endedContexts(ctx context.Context) (all []context.Context, cancel func()) {
	cancelled, cancel1 := context.WithCancel(ctx)
	cancel1()
	late, cancel2 := context.WithDeadline(ctx, time.Now().Add(-time.Second))
	return []context.Context{cancelled, late}, cancel2
}

func testNotFoundEndedContext(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	set(ctx, b, store, "key", []byte("value"))
	all, cancel := endedContexts(ctx)
	defer cancel()
	for _, ended := range all {
		for _, key := range []string{"key", "nothing"} {
			_, err := store.Get(ended, key)
			isNotFound(b, "Get with a context that has ended", err)
			if err == nil {
				b.Errorf("Get with a context that has ended: no error")
			}
		}
	}
}

// testBrokenPlace: a place that cannot be asked says nothing about what is stored.
func testBrokenPlace(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	if b.Break == nil {
		b.Skip("NOT TESTED: the Suite has no Break, so no call fails")
	}
	set(ctx, b, store, "key", []byte("value"))
	mend := b.Break(b.t, store)
	for range 2 {
		for _, key := range []string{"key", "nothing"} {
			for what, err := range allCalls(ctx, store, key) {
				isNotFound(b, what+" of a broken storage", err)
				if err == nil {
					b.Errorf("%s of a broken storage: no error", what)
				}
			}
		}
	}
	mend()
	wantValue(ctx, b, store, "key", []byte("value"))
	set(ctx, b, store, "key", []byte("another value"))
	wantValue(ctx, b, store, "key", []byte("another value"))
	wantNothing(ctx, b, store, "nothing")
	if locker, ok := store.(lockingStore); ok {
		held, unlock := lock(ctx, b, locker, "key")
		defer unlock()
		remove(held, b, store, "key")
		wantNothing(held, b, store, "key")
	}
}

// allCalls makes every call that a store has, and returns their errors. A lock that it gets is given up.
func allCalls(ctx context.Context, store tcbauth.TokenStore, key string) map[string]error {
	errs := make(map[string]error)
	_, errs["Get"] = store.Get(ctx, key)
	errs["Set"] = store.Set(ctx, key, []byte(planted), time.Hour)
	errs["Delete"] = store.Delete(ctx, key)
	if locker, ok := store.(tcbauth.Locker); ok {
		var unlock func()
		if _, unlock, errs["Lock"] = locker.Lock(ctx, key); unlock != nil {
			unlock()
		}
	}
	return errs
}

func testDoneContext(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	set(ctx, b, store, "key", []byte("value"))
	all, cancel := endedContexts(ctx)
	defer cancel()
	for _, done := range all {
		want := done.Err()
		if value, err := store.Get(done, "key"); !errors.Is(err, want) || value != nil {
			b.Errorf("Get with a done context: %q, %v; want no value, %v", value, err, want)
		}
		if _, err := store.Get(done, "nothing"); !errors.Is(err, want) {
			b.Errorf("Get of nothing with a done context: %v, want %v", err, want)
		}
		if err := store.Set(done, "key", []byte("changed"), 0); !errors.Is(err, want) {
			b.Errorf("Set with a done context: %v, want %v", err, want)
		}
		if err := store.Set(done, "nothing", []byte("added"), 0); !errors.Is(err, want) {
			b.Errorf("Set of a new key with a done context: %v, want %v", err, want)
		}
		if err := store.Delete(done, "key"); !errors.Is(err, want) {
			b.Errorf("Delete with a done context: %v, want %v", err, want)
		}
		wantValue(ctx, b, store, "key", []byte("value"))
		wantNothing(ctx, b, store, "nothing")
	}
}

// testLockedKey: whoever holds a lock, or waits for one, is in nobody's way who has to do with another key, nor in the way of
// those who read and write the same key.
func testLockedKey(ctx context.Context, b *bench, store lockingStore) {
	const waiters = 40
	_, unlock := lock(ctx, b, store, "key")
	waiting, leave := context.WithCancel(ctx)
	defer leave()
	var all []<-chan lockResult
	for range waiters {
		all = append(all, lockAside(waiting, store, "key"))
	}
	for _, key := range []string{"key", "other"} {
		b.aside(ctx, "a call while others wait for a lock", func(b *bench) {
			set(ctx, b, store, key, []byte("value"))
			wantValue(ctx, b, store, key, []byte("value"))
			remove(ctx, b, store, key)
		})
	}
	_, unlockOther := lock(ctx, b, store, "other")
	unlockOther()
	leave()
	unlock()
	for _, got := range all {
		if l := <-got; l.err == nil {
			l.unlock()
		}
	}
}

// testHangingKey: a key whose calls hang holds up no other, however many there are.
func testHangingKey(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	if b.Hang == nil || b.HangsWhole {
		b.Skip("NOT TESTED: the Suite has no Hang, or one that holds up all keys")
	}
	set(ctx, b, store, "hangs", []byte("value"))
	set(ctx, b, store, "other", []byte("value"))
	well := b.Hang(b.t, store, "hangs")
	defer well()
	const callers = 40
	hanging, leave := context.WithCancel(ctx)
	defer leave()
	done := make(chan struct{}, 2*callers)
	for range callers {
		go func() {
			_, _ = store.Get(hanging, "hangs")
			done <- struct{}{}
		}()
		go func() {
			_ = store.Set(hanging, "hangs", []byte("value"), 0)
			done <- struct{}{}
		}()
	}
	b.moment(ctx, 20*time.Millisecond) // so that they hang
	b.aside(ctx, "a call about another key than the one that hangs", func(b *bench) {
		for i := range 5 {
			want := bytes.Repeat([]byte("v"), i)
			set(ctx, b, store, "other", want)
			wantValue(ctx, b, store, "other", want)
			if locker, ok := store.(lockingStore); ok {
				held, unlock := lock(ctx, b, locker, "other")
				set(held, b, store, "other", []byte("held"))
				unlock()
			}
			remove(ctx, b, store, "other")
			wantNothing(ctx, b, store, "other")
		}
	})
	leave()
	well()
	for range 2 * callers {
		select {
		case <-done:
		case <-ctx.Done():
			b.Fatal("a call that hung does not end though its storage works again")
		}
	}
}

// planted is a value that no error may have in it.
const planted = "eyJhbGciOiJSUzI1NiJ9.a-token-that-nobody-may-see"

func (b *bench) discreet(what string, err error) {
	b.Helper()
	if err != nil && strings.Contains(err.Error(), "may-see") {
		b.Errorf("the error of %s has a value in it: %s", what, short(err.Error()))
	}
}

func testDiscreetRefusals(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	set(ctx, b, store, "key", []byte(planted))
	all, cancel := endedContexts(ctx)
	defer cancel()
	for _, ended := range all {
		for _, key := range []string{"key", "nothing"} {
			for what, err := range allCalls(ended, store, key) {
				b.discreet(what+" with a context that has ended", err)
			}
		}
	}
	_, err := store.Get(ctx, "nothing")
	b.discreet("Get of nothing", err)
	b.discreet("Set of a huge value", store.Set(ctx, "key", bytes.Repeat([]byte(planted), 1+4<<20/len(planted)), 0))
	b.discreet("Set with a negative ttl", store.Set(ctx, "key", []byte(planted), -time.Hour))
}

func testDiscreetBreak(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	if b.Break == nil {
		b.Skip("NOT TESTED: the Suite has no Break, so no call fails")
	}
	set(ctx, b, store, "key", []byte(planted))
	mend := b.Break(b.t, store)
	defer mend()
	for what, err := range allCalls(ctx, store, "key") {
		b.discreet(what+" of a broken storage", err)
	}
}
