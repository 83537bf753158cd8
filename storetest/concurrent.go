package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/cloudbase-community/tcbauth"
)

// testWholeValues lets goroutines overwrite one key with values of different lengths, each of which is one letter over
// and over, while others read it: whatever they see must be all of one value.
func testWholeValues(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	const writers, rounds, readers = 4, 20, 3
	whole := func(letter byte) []byte {
		return bytes.Repeat([]byte{letter}, 1000+int(letter-'a')*1999)
	}
	set(ctx, b, store, "key", whole('a'))
	writing, cancel := context.WithCancel(ctx)
	var writes, reads sync.WaitGroup
	for w := range writers {
		writes.Go(func() {
			for i := range rounds {
				if err := store.Set(ctx, "key", whole(byte('a'+(w*rounds+i)%26)), 0); err != nil {
					b.Errorf("Set: %v", err)
					return
				}
			}
		})
	}
	for range readers {
		reads.Go(func() {
			for writing.Err() == nil {
				got, err := store.Get(ctx, "key")
				if err != nil {
					b.Errorf("Get while others Set: %v", err)
					return
				}
				if len(got) == 0 || !bytes.Equal(got, whole(got[0])) {
					b.Errorf("Get while others Set returned a mixture of values or a part of one, of %d bytes", len(got))
					return
				}
				runtime.Gosched()
			}
		})
	}
	writes.Wait()
	cancel()
	reads.Wait()
}

func testManyKeys(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	const goroutines, rounds = 16, 4
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			key := fmt.Sprintf("users/%d/credentials_env", g)
			for i := range rounds {
				want := fmt.Appendf(nil, "value %d of %d", i, g)
				if err := store.Set(ctx, key, want, 0); err != nil {
					b.Errorf("Set: %v", err)
					return
				}
				if got, err := store.Get(ctx, key); err != nil || !bytes.Equal(got, want) {
					b.Errorf("Get(%s) = %q, %v, want %q", key, got, err, want)
					return
				}
				if i%2 == 0 {
					continue
				}
				if err := store.Delete(ctx, key); err != nil {
					b.Errorf("Delete: %v", err)
					return
				}
				if got, err := store.Get(ctx, key); !errors.Is(err, tcbauth.ErrNotFound) {
					b.Errorf("Get(%s) after Delete = %q, %v, want ErrNotFound", key, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
}
