package storetest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/cloudbase-community/tcbauth"
)

type reservingStore interface {
	lockingStore
	tcbauth.Reserver
}

func reserving(test func(ctx context.Context, b *bench, store reservingStore)) tester {
	return func(ctx context.Context, b *bench, store tcbauth.TokenStore) {
		reserver, ok := store.(reservingStore)
		if !ok {
			b.Skipf("%T does not implement tcbauth.Reserver: a token may be spent though there is no room for the next one", store)
		}
		test(ctx, b, reserver)
	}
}

// testReserve: what was reserved can be used, for a value of the size or a shorter one, and only its Set changes the value.
func testReserve(ctx context.Context, b *bench, store reservingStore) {
	const size = 10_000
	for _, length := range []int{size, size / 2, 0} {
		held, unlock := lock(ctx, b, store, "key")
		wantNothing(ctx, b, store, "key")
		reserve(held, b, store, "key", size)
		reserve(held, b, store, "device_id", 40)
		wantNothing(held, b, store, "key")
		value := bytes.Repeat([]byte("v"), length)
		set(held, b, store, "key", value)
		wantValue(held, b, store, "key", value)
		wantNothing(held, b, store, "device_id")

		// A second one, over a value that is there, and asked for twice.
		reserve(held, b, store, "key", 1)
		reserve(held, b, store, "key", size)
		wantValue(held, b, store, "key", value)
		other := bytes.Repeat([]byte("o"), length)
		set(held, b, store, "key", other)
		wantValue(held, b, store, "key", other)
		set(held, b, store, "key", value)

		reserve(held, b, store, "key", size)
		if err := store.Delete(held, "key"); err != nil {
			b.Fatalf("Delete: %v", err)
		}
		wantNothing(held, b, store, "key")
		unlock()
		wantNothing(ctx, b, store, "key")
	}
}

// testUnusedIsGivenBack: nobody has to use what was reserved.
func testUnusedIsGivenBack(ctx context.Context, b *bench, store reservingStore) {
	const rounds, size = 20, 10_000
	set(ctx, b, store, "key", []byte("value"))
	for range rounds {
		held, unlock := lock(ctx, b, store, "key")
		reserve(held, b, store, "key", size)
		unlock()
		wantValue(ctx, b, store, "key", []byte("value"))
	}
	set(ctx, b, store, "key", []byte("another value"))
	wantValue(ctx, b, store, "key", []byte("another value"))
}

func testReserveDoneContext(ctx context.Context, b *bench, store reservingStore) {
	holding, cancel := context.WithCancel(ctx)
	defer cancel()
	held, unlock := lock(holding, b, store, "key")
	defer unlock()
	cancel()
	if err := store.Reserve(held, "key", 1); !errors.Is(err, context.Canceled) {
		b.Errorf("Reserve with a done context: %v, want %v", err, context.Canceled)
	}
}

func reserve(held context.Context, t testing.TB, store tcbauth.Reserver, key string, size int) {
	t.Helper()
	if err := store.Reserve(held, key, size); err != nil {
		t.Fatalf("Reserve(%s) of %d bytes: %v", short(key), size, err)
	}
}
