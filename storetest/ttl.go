package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

func setTTL(ctx context.Context, b *bench, store tcbauth.TokenStore, key, value string, ttl time.Duration) {
	b.Helper()
	if err := store.Set(ctx, key, []byte(value), ttl); err != nil {
		b.Fatalf("Set with a ttl of %v: %v", ttl, err)
	}
}

func testTTL(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	setTTL(ctx, b, store, "key", "kept", 0)
	wantValue(ctx, b, store, "key", []byte("kept"))
	setTTL(ctx, b, store, "key", "a month", 31*24*time.Hour)
	wantValue(ctx, b, store, "key", []byte("a month"))
	setTTL(ctx, b, store, "key", "a century", 100*365*24*time.Hour)
	wantValue(ctx, b, store, "key", []byte("a century"))
	setTTL(ctx, b, store, "key", "kept again", 0)
	wantValue(ctx, b, store, "key", []byte("kept again"))
	// A store may have dropped this one by the time of the Get, or not.
	setTTL(ctx, b, store, "key", "hardly there", time.Millisecond)
	if value, err := store.Get(ctx, "key"); err == nil && string(value) != "hardly there" ||
		err != nil && !errors.Is(err, tcbauth.ErrNotFound) {
		b.Errorf("Get around the end of the ttl: %q, %v; want the value or ErrNotFound", value, err)
	}
}

// testKeptSoLong waits for most of a ttl. The lives are chosen so that a store that takes seconds for milliseconds, or counts
// in whole seconds, drops a value too early.
func testKeptSoLong(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	const tries, wait, some = 3, 1200 * time.Millisecond, 1900 * time.Millisecond
	for range tries {
		start := time.Now()
		setTTL(ctx, b, store, "a minute", "value", time.Minute)
		setTTL(ctx, b, store, "some time", "value", some)
		b.moment(ctx, wait)
		wantValue(ctx, b, store, "a minute", []byte("value"))
		got, err := store.Get(ctx, "some time")
		if time.Since(start) >= some { // on a busy machine
			continue
		}
		if err != nil || string(got) != "value" {
			b.Errorf("Get after %v of a ttl of %v: %q, %v", wait, some, got, err)
		}
		return
	}
	b.Logf("this machine is too busy for a ttl of %v", some)
}

// testForEver: each Set has its own ttl.
func testForEver(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	const brief = 300 * time.Millisecond
	second := map[string]time.Duration{"for ever": 0, "for longer": time.Hour, "after it was deleted": 0}
	for key := range second {
		setTTL(ctx, b, store, key, "gone soon", brief)
	}
	remove(ctx, b, store, "after it was deleted")
	setTTL(ctx, b, store, "from the beginning", "kept", 0)
	for key, ttl := range second {
		setTTL(ctx, b, store, key, "kept", ttl)
	}
	b.moment(ctx, 2*brief)
	wantValue(ctx, b, store, "from the beginning", []byte("kept"))
	for key := range second {
		wantValue(ctx, b, store, key, []byte("kept"))
	}
}
