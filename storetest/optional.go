package storetest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// promptly is how long a call may go on after its context has ended. It leaves room for a machine with other work to do.
var promptly = 2 * time.Second

var reserveSubtests = []subtest{
	{"Reserve", reserving(testReserve)},
	{"UnusedIsGivenBack", reserving(testUnusedIsGivenBack)},
	{"DoneContext", reserving(testReserveDoneContext)},
}

type reservingStore interface {
	lockingStore
	tcbauth.Reserver
}

func reserving(test func(ctx context.Context, t *testing.T, store reservingStore)) func(context.Context, *testing.T, tcbauth.TokenStore) {
	return func(ctx context.Context, t *testing.T, store tcbauth.TokenStore) {
		reserver, ok := store.(reservingStore)
		if !ok {
			t.Skipf("%T does not implement tcbauth.Reserver: a token may be spent though there is no room for the next one", store)
		}
		test(ctx, t, reserver)
	}
}

// testReserve: what was reserved can be used, for a value of the size or a shorter one, and only its Set changes the value.
func testReserve(ctx context.Context, t *testing.T, store reservingStore) {
	const size = 10_000
	for _, length := range []int{size, size / 2, 0} {
		held, unlock := lock(ctx, t, store, "key")
		wantNothing(ctx, t, store, "key")
		reserve(held, t, store, "key", size)
		reserve(held, t, store, "device_id", 40)
		wantNothing(held, t, store, "key")
		value := bytes.Repeat([]byte("v"), length)
		set(held, t, store, "key", value)
		wantValue(held, t, store, "key", value)
		wantNothing(held, t, store, "device_id")

		// A second one, over a value that is there, and asked for twice.
		reserve(held, t, store, "key", 1)
		reserve(held, t, store, "key", size)
		wantValue(held, t, store, "key", value)
		other := bytes.Repeat([]byte("o"), length)
		set(held, t, store, "key", other)
		wantValue(held, t, store, "key", other)
		set(held, t, store, "key", value)

		reserve(held, t, store, "key", size)
		if err := store.Delete(held, "key"); err != nil {
			t.Fatalf("Delete: %v", err)
		}
		wantNothing(held, t, store, "key")
		unlock()
		wantNothing(ctx, t, store, "key")
	}
}

// testUnusedIsGivenBack: nobody has to use what was reserved.
func testUnusedIsGivenBack(ctx context.Context, t *testing.T, store reservingStore) {
	const rounds, size = 20, 10_000
	set(ctx, t, store, "key", []byte("value"))
	for range rounds {
		held, unlock := lock(ctx, t, store, "key")
		reserve(held, t, store, "key", size)
		unlock()
		wantValue(ctx, t, store, "key", []byte("value"))
	}
	set(ctx, t, store, "key", []byte("another value"))
	wantValue(ctx, t, store, "key", []byte("another value"))
}

func testReserveDoneContext(ctx context.Context, t *testing.T, store reservingStore) {
	holding, cancel := context.WithCancel(ctx)
	defer cancel()
	held, unlock := lock(holding, t, store, "key")
	defer unlock()
	cancel()
	if err := store.Reserve(held, "key", 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Reserve with a done context: %v, want %v", err, context.Canceled)
	}
}

func reserve(held context.Context, t *testing.T, store tcbauth.Reserver, key string, size int) {
	t.Helper()
	if err := store.Reserve(held, key, size); err != nil {
		t.Fatalf("Reserve(%s) of %d bytes: %v", short(key), size, err)
	}
}

const interruptedKey = "interrupted"

// testEndsWithContext ends the context of calls at moments from before their beginning to after their end.
func testEndsWithContext(ctx context.Context, t *testing.T, store tcbauth.TokenStore) {
	if claims, ok := store.(tcbauth.Interruptible); !ok || !claims.Interruptible() {
		t.Skipf("%T does not say that it is tcbauth.Interruptible: it is called in goroutines of their own", store)
	}
	value := bytes.Repeat([]byte("v"), 10_000)
	calls := map[string]func(ctx context.Context) error{
		"Get": func(ctx context.Context) error {
			got, err := store.Get(ctx, interruptedKey)
			if err == nil && !bytes.Equal(got, value) {
				t.Errorf("Get returned a value of %d bytes that nobody stored", len(got))
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
			if !endsWithContext(ctx, t, name, time.Duration(round*round)*step, call) {
				return
			}
		}
	}
	// What was interrupted must not come after what is done later.
	set(ctx, t, store, interruptedKey, []byte("last"))
	wantValue(ctx, t, store, interruptedKey, []byte("last"))
}

func endsWithContext(ctx context.Context, t *testing.T, name string, delay time.Duration, call func(context.Context) error) bool {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- call(ctx) }()
	ending := time.NewTimer(delay)
	defer ending.Stop()
	var err error
	select {
	case err = <-done:
	case <-ending.C:
		cancel()
		limit := time.NewTimer(promptly)
		defer limit.Stop()
		select {
		case err = <-done:
		case <-limit.C:
			t.Errorf("%s goes on for more than %v after its context has ended", name, promptly)
			return false
		}
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("%s whose context ends: %v; want what it does without that, or %v", name, err, context.Canceled)
	}
	return true
}
