// Package storetest has the tests that every [tcbauth.TokenStore] must pass:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) tcbauth.TokenStore { return NewMyStore(t.TempDir()) })
//	}
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// patience is how long a test goes on with a store that does not answer, before it calls that a failure.
var patience = 30 * time.Second

// Run tests the stores that open returns. open is called once for each subtest, with the subtest's t, from several
// goroutines at once; each call returns a new, empty store of its own, which t.Cleanup may close. Run returns when all
// subtests are done.
//
// A store that implements [tcbauth.Locker] has its locks tested too, one that implements [tcbauth.Reserver] that what it
// reserves can be used, and one that is [tcbauth.Interruptible] that it leaves off when a context ends; a store that does
// not skips those subtests.
func Run(t *testing.T, open func(t *testing.T) tcbauth.TokenStore) {
	t.Helper()
	run(t, "TokenStore", open, []subtest{
		{"NothingStored", testNothingStored},
		{"RoundTrip", testRoundTrip},
		{"Values", testValues},
		{"Copies", testCopies},
		{"Keys", testKeys},
		{"Delete", testDelete},
		{"TTL", testTTL},
		{"DoneContext", testDoneContext},
		{"WholeValues", testWholeValues},
		{"ManyKeys", testManyKeys},
	})
	run(t, "Locker", open, lockSubtests)
	run(t, "Reserver", open, reserveSubtests)
	run(t, "Interruptible", open, []subtest{{"EndsWithContext", testEndsWithContext}})
}

type subtest struct {
	name string
	test func(ctx context.Context, t *testing.T, store tcbauth.TokenStore)
}

// run puts the subtests into a group, which ends only when all of its parallel subtests have.
func run(t *testing.T, group string, open func(t *testing.T) tcbauth.TokenStore, subtests []subtest) {
	t.Helper()
	t.Run(group, func(t *testing.T) {
		for _, sub := range subtests {
			t.Run(sub.name, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				sub.test(ctx, t, open(t))
			})
		}
	})
}

func testNothingStored(ctx context.Context, t *testing.T, store tcbauth.TokenStore) {
	wantNothing(ctx, t, store, "credentials_env")
	set(ctx, t, store, "credentials_env", []byte("value"))
	wantNothing(ctx, t, store, "credentials_env.damaged")
	wantNothing(ctx, t, store, "device_id")
}

func testRoundTrip(ctx context.Context, t *testing.T, store tcbauth.TokenStore) {
	set(ctx, t, store, "key", []byte("first, and the longer one"))
	wantValue(ctx, t, store, "key", []byte("first, and the longer one"))
	set(ctx, t, store, "key", []byte("second"))
	wantValue(ctx, t, store, "key", []byte("second"))
	wantValue(ctx, t, store, "key", []byte("second"))
}

func testValues(ctx context.Context, t *testing.T, store tcbauth.TokenStore) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for name, value := range map[string][]byte{
		"nil":         nil,
		"empty":       {},
		"every byte":  every,
		"not UTF-8":   {0xff, 0xfe, 0x00, 0xc3, 0x28},
		"line breaks": []byte("\r\n\n \t{}\r"),
		"64 KiB":      bytes.Repeat(every, 64<<10/len(every)),
	} {
		set(ctx, t, store, "key "+name, value)
		wantValue(ctx, t, store, "key "+name, value)
		set(ctx, t, store, "one key", value)
		wantValue(ctx, t, store, "one key", value)
	}
}

func testCopies(ctx context.Context, t *testing.T, store tcbauth.TokenStore) {
	want := []byte("the value")
	given := bytes.Clone(want)
	set(ctx, t, store, "key", given)
	clear(given)
	got, err := store.Get(ctx, "key")
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("Set kept the caller's slice instead of a copy: Get returned %q, want %q", got, want)
	}
	clear(got)
	got, err = store.Get(ctx, "key")
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("Get returned the store's slice instead of a copy: it now returns %q, want %q", got, want)
	}
	_ = append(got[:0], "overwritten"...)
	wantValue(ctx, t, store, "key", want)
}

func testDelete(ctx context.Context, t *testing.T, store tcbauth.TokenStore) {
	if err := store.Delete(ctx, "key"); err != nil {
		t.Fatalf("Delete of nothing: %v", err)
	}
	set(ctx, t, store, "key", []byte("value"))
	set(ctx, t, store, "other", []byte("other value"))
	for range 2 {
		if err := store.Delete(ctx, "key"); err != nil {
			t.Fatalf("Delete: %v", err)
		}
		wantNothing(ctx, t, store, "key")
	}
	wantValue(ctx, t, store, "other", []byte("other value"))
	set(ctx, t, store, "key", []byte("again"))
	wantValue(ctx, t, store, "key", []byte("again"))
}

func testTTL(ctx context.Context, t *testing.T, store tcbauth.TokenStore) {
	setTTL := func(value string, ttl time.Duration) {
		t.Helper()
		if err := store.Set(ctx, "key", []byte(value), ttl); err != nil {
			t.Fatalf("Set with a ttl of %v: %v", ttl, err)
		}
	}
	setTTL("kept", 0)
	wantValue(ctx, t, store, "key", []byte("kept"))
	setTTL("a month", 31*24*time.Hour)
	wantValue(ctx, t, store, "key", []byte("a month"))
	setTTL("kept again", 0)
	wantValue(ctx, t, store, "key", []byte("kept again"))
	// A store may have dropped this one by the time of the Get, or not.
	setTTL("hardly there", time.Millisecond)
	if value, err := store.Get(ctx, "key"); err == nil && string(value) != "hardly there" ||
		err != nil && !errors.Is(err, tcbauth.ErrNotFound) {
		t.Errorf("Get around the end of the ttl: %q, %v; want the value or ErrNotFound", value, err)
	}
}

func testDoneContext(ctx context.Context, t *testing.T, store tcbauth.TokenStore) {
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	late, cancel := context.WithDeadline(ctx, time.Now().Add(-time.Second))
	defer cancel()
	set(ctx, t, store, "key", []byte("value"))
	for _, done := range []context.Context{cancelled, late} {
		want := done.Err()
		if value, err := store.Get(done, "key"); !errors.Is(err, want) || value != nil {
			t.Errorf("Get with a done context: %q, %v; want no value, %v", value, err, want)
		}
		if _, err := store.Get(done, "nothing"); !errors.Is(err, want) {
			t.Errorf("Get of nothing with a done context: %v, want %v", err, want)
		}
		if err := store.Set(done, "key", []byte("changed"), 0); !errors.Is(err, want) {
			t.Errorf("Set with a done context: %v, want %v", err, want)
		}
		if err := store.Set(done, "nothing", []byte("added"), 0); !errors.Is(err, want) {
			t.Errorf("Set of a new key with a done context: %v, want %v", err, want)
		}
		if err := store.Delete(done, "key"); !errors.Is(err, want) {
			t.Errorf("Delete with a done context: %v, want %v", err, want)
		}
		wantValue(ctx, t, store, "key", []byte("value"))
		wantNothing(ctx, t, store, "nothing")
	}
}

func set(ctx context.Context, t *testing.T, store tcbauth.TokenStore, key string, value []byte) {
	t.Helper()
	if err := store.Set(ctx, key, value, 0); err != nil {
		t.Fatalf("Set(%s): %v", short(key), err)
	}
}

func wantValue(ctx context.Context, t *testing.T, store tcbauth.TokenStore, key string, want []byte) {
	t.Helper()
	got, err := store.Get(ctx, key)
	if err != nil {
		t.Fatalf("Get(%s): %v", short(key), err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("Get(%s) = %s, want %s", short(key), short(string(got)), short(string(want)))
	}
}

func wantNothing(ctx context.Context, t *testing.T, store tcbauth.TokenStore, key string) {
	t.Helper()
	value, err := store.Get(ctx, key)
	if !errors.Is(err, tcbauth.ErrNotFound) {
		t.Fatalf("Get(%s), where nothing is stored: %s, %v; want ErrNotFound", short(key), short(string(value)), err)
	}
}

// short keeps long keys and values from flooding the log.
func short(s string) string {
	if len(s) <= 60 {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q... (%d bytes)", s[:60], len(s))
}
