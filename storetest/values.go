package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/cloudbase-community/tcbauth"
)

func testRoundTrip(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	set(ctx, b, store, "key", []byte("first, and the longer one"))
	wantValue(ctx, b, store, "key", []byte("first, and the longer one"))
	set(ctx, b, store, "key", []byte("second"))
	wantValue(ctx, b, store, "key", []byte("second"))
	wantValue(ctx, b, store, "key", []byte("second"))
}

// testAnotherStore: what one store does, the other one sees at once, whatever it has seen before.
func testAnotherStore(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	stores := []tcbauth.TokenStore{store, b.again(store)}
	for i := range 6 {
		writer, reader := stores[i%2], stores[(i+1)%2]
		wantNothing(ctx, b, reader, "key")
		for _, value := range []string{"first", "second"} {
			want := fmt.Appendf(nil, "%s value of round %d", value, i)
			set(ctx, b, writer, "key", want)
			wantValue(ctx, b, reader, "key", want)
			wantValue(ctx, b, writer, "key", want)
		}
		set(ctx, b, reader, "key", []byte("the reader's"))
		wantValue(ctx, b, writer, "key", []byte("the reader's"))
		remove(ctx, b, writer, "key")
	}
}

// testOthersUpdates: a store that writes more than the one value would undo what the other has written meanwhile.
func testOthersUpdates(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	stores := []tcbauth.TokenStore{store, b.again(store)}
	key := func(i int) string { return fmt.Sprintf("users/%d/credentials_env", i) }
	for i := range 8 {
		for _, s := range stores {
			wantNothing(ctx, b, s, key(i))
		}
		set(ctx, b, stores[i%2], key(i), []byte(key(i)))
	}
	for i := range 8 {
		for _, s := range stores {
			wantValue(ctx, b, s, key(i), []byte(key(i)))
		}
	}
	remove(ctx, b, stores[0], key(0))
	set(ctx, b, stores[1], key(1), []byte("another"))
	for _, s := range stores {
		wantNothing(ctx, b, s, key(0))
		wantValue(ctx, b, s, key(1), []byte("another"))
		wantValue(ctx, b, s, key(2), []byte(key(2)))
	}
}

func testNothingStored(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	wantNothing(ctx, b, store, "credentials_env")
	set(ctx, b, store, "credentials_env", []byte("value"))
	wantNothing(ctx, b, store, "credentials_env.damaged")
	wantNothing(ctx, b, store, "device_id")
}

func testValues(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	for name, value := range map[string][]byte{
		"nil":            nil,
		"empty":          {},
		"every byte":     everyByte(256),
		"not UTF-8":      {0xff, 0xfe, 0x00, 0xc3, 0x28},
		"NUL at the end": []byte("value\x00"),
		"line breaks":    []byte("\r\n\n \t{}\r"),
		"blanks":         []byte("  value  "),
		"quotes":         []byte(`"va'lu\"e\\u0000`),
		"JSON":           []byte(`{"access_token":"a","b":1.0}` + "\n"),
		"null":           []byte("null"),
		"BOM":            []byte("\ufeffvalue"),
		"decomposed":     []byte("cafe\u0301"),
	} {
		set(ctx, b, store, "key "+name, value)
		wantValue(ctx, b, store, "key "+name, value)
		set(ctx, b, store, "one key", value)
		wantValue(ctx, b, store, "one key", value)
	}
}

// everyByte returns n bytes in which each is like no other nearby.
func everyByte(n int) []byte {
	value := make([]byte, n)
	for i := range value {
		value[i] = byte(i + i>>8)
	}
	return value
}

// mostBytes is how long a value may be at least.
const mostBytes = 256 << 10

func testLengths(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	for _, n := range []int{1, 255, 256, 4095, 4096, 4097, 65535, 65536, 65537, 100_000, mostBytes} {
		set(ctx, b, store, "key", everyByte(n))
		wantValue(ctx, b, store, "key", everyByte(n))
	}
	set(ctx, b, store, "key", []byte("short"))
	wantValue(ctx, b, store, "key", []byte("short"))
}

// testHugeValue: a store may have a limit, and must not store a part of what is over it.
func testHugeValue(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	set(ctx, b, store, "key", []byte("value"))
	huge := everyByte(4 << 20)
	if err := store.Set(ctx, "key", huge, 0); err != nil {
		b.Logf("a value of %d bytes is refused", len(huge))
		huge = []byte("value")
	}
	wantValue(ctx, b, store, "key", huge)
}

func testCopies(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	want := []byte("the value")
	given := bytes.Clone(want)
	set(ctx, b, store, "key", given)
	clear(given)
	got := get(ctx, b, store, "key")
	if !bytes.Equal(got, want) {
		b.Fatalf("Set kept the caller's slice instead of a copy: Get returned %q, want %q", got, want)
	}
	clear(got)
	got = get(ctx, b, store, "key")
	if !bytes.Equal(got, want) {
		b.Fatalf("Get returned the store's slice instead of a copy: it now returns %q, want %q", got, want)
	}
	_ = append(got[:0], "overwritten"...)
	wantValue(ctx, b, store, "key", want)
}

// testOneBuffer: what one call has returned, the next one leaves alone.
func testOneBuffer(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	set(ctx, b, store, "a", []byte("value of a"))
	set(ctx, b, store, "b", []byte("value of b"))
	first := get(ctx, b, store, "a")
	second := get(ctx, b, store, "b")
	set(ctx, b, store, "c", []byte("value of c"))
	if string(first) != "value of a" || string(second) != "value of b" {
		b.Fatalf("what Get has returned has changed since: %q, %q", first, second)
	}
	// Room after the value could be shared with another one.
	first = append(first, "overwritten"...)
	if string(second) != "value of b" {
		b.Fatalf("appending to %q, which Get returned, changed what another Get did: %q", first, second)
	}
	wantValue(ctx, b, store, "b", []byte("value of b"))
	wantValue(ctx, b, store, "c", []byte("value of c"))
}

func testDelete(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	if err := store.Delete(ctx, "key"); err != nil {
		b.Fatalf("Delete of nothing: %v", err)
	}
	set(ctx, b, store, "key", []byte("an older value"))
	set(ctx, b, store, "key", []byte("value"))
	set(ctx, b, store, "other", []byte("other value"))
	for range 2 {
		remove(ctx, b, store, "key")
		wantNothing(ctx, b, store, "key")
	}
	wantValue(ctx, b, store, "other", []byte("other value"))
	set(ctx, b, store, "key", []byte("again"))
	wantValue(ctx, b, store, "key", []byte("again"))
}

func get(ctx context.Context, t testing.TB, store tcbauth.TokenStore, key string) []byte {
	t.Helper()
	value, err := store.Get(ctx, key)
	if err != nil {
		t.Fatalf("Get(%s): %v", short(key), err)
	}
	return value
}

// testGetString: a store that has its values as strings says of them what Get says.
func testGetString(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	getter, ok := store.(tcbauth.StringGetter)
	if !ok {
		b.Skipf("%T does not implement tcbauth.StringGetter: what it returns is copied", store)
	}
	want := func(want string) {
		b.Helper()
		if got, err := getter.GetString(ctx, "key"); err != nil || got != want {
			b.Fatalf("GetString = %s, %v; want %s, as Get", short(got), err, short(want))
		}
		wantValue(ctx, b, store, "key", []byte(want))
	}
	nothing := func() {
		b.Helper()
		if got, err := getter.GetString(ctx, "key"); !errors.Is(err, tcbauth.ErrNotFound) || got != "" {
			b.Fatalf("GetString, where nothing is stored: %s, %v; want ErrNotFound", short(got), err)
		}
	}
	nothing()
	for _, value := range []string{"value", "", "\x00\xff", "another value", string(everyByte(mostBytes))} {
		set(ctx, b, store, "key", []byte(value))
		want(value)
	}
	remove(ctx, b, store, "key")
	nothing()
	set(ctx, b, store, "key", []byte("value"))
	all, cancel := endedContexts(ctx)
	defer cancel()
	for _, ended := range all {
		if got, err := getter.GetString(ended, "key"); !errors.Is(err, ended.Err()) || got != "" {
			b.Errorf("GetString with a done context: %s, %v; want %v", short(got), err, ended.Err())
		}
	}
}

// isNotFound reports an ErrNotFound that a call must not return.
func isNotFound(t testing.TB, what string, err error) {
	t.Helper()
	if errors.Is(err, tcbauth.ErrNotFound) {
		t.Errorf("%s: %v, which is ErrNotFound, as if it were known that nothing is stored", what, err)
	}
}
