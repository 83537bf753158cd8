package filestore

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// TestReadHangs: a file that cannot be read keeps its own readers until their contexts end, and nobody else.
func TestReadHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newStore(t)
		ctx := t.Context()
		require.NoError(t, store.Set(ctx, "hangs", []byte("value"), 0))
		require.NoError(t, store.Set(ctx, "other", []byte("other value"), 0))
		well := make(chan struct{})
		store.disk.read = func(dir folder, name string) ([]byte, error) {
			if name == fileName("hangs", valueSuffix) {
				<-well
			}
			return readValue(dir, name)
		}
		for i := range 3 * keyLimit { // more than may work at once
			ending, cancel := context.WithTimeout(ctx, time.Second)
			start := time.Now()
			value, err := store.Get(ending, "hangs")
			cancel()
			require.Equal(t, context.DeadlineExceeded, err, "ctx's error as it is")
			assert.Nil(t, value)
			assert.Equal(t, time.Second, time.Since(start), "Get %d", i)
		}
		assert.Len(t, store.lanes.slots, keyLimit)
		require.NoError(t, store.Set(ctx, "other", []byte("another value"), 0))
		value, err := store.Get(ctx, "other")
		require.NoError(t, err)
		assert.Equal(t, "another value", string(value))
		_, unlock, err := store.Lock(ctx, "hangs")
		require.NoError(t, err)
		unlock()

		close(well)
		value, err = store.Get(ctx, "hangs")
		require.NoError(t, err)
		assert.Equal(t, "value", string(value))
		synctest.Wait()
		assert.Empty(t, store.lanes.slots)
		assert.Empty(t, store.lanes.paths)
	})
}

// TestEverythingHangs: what a Store leaves behind is limited.
func TestEverythingHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newStore(t)
		well := make(chan struct{})
		working := make(chan struct{}, 2*storeLimit)
		store.disk.read = func(dir folder, name string) ([]byte, error) {
			working <- struct{}{}
			<-well
			return readValue(dir, name)
		}
		for i := range storeLimit + 10 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := store.Get(ctx, string(rune('a'+i)))
			cancel()
			require.Equal(t, context.DeadlineExceeded, err)
		}
		assert.Len(t, working, storeLimit)
		close(well)
		_, err := store.Get(t.Context(), "key")
		require.ErrorIs(t, err, tcbauth.ErrNotFound)
	})
}

// hangings are the keys of stores whose files hang.
var hangings sync.Map // of a hanging to a channel that is closed when it is over

type hanging struct {
	store *Store
	key   string
}

// hangable returns the store with a disk on which hang can have files hang.
func hangable(store *Store) *Store {
	wait := func(name string) {
		for at, well := range hangings.Range {
			at := at.(hanging)
			ofKey := []string{fileName(at.key, valueSuffix), fileName(at.key, lockSuffix), fileName(at.key+"\x00"+at.key, roomSuffix)}
			if at.store == store && slices.Contains(ofKey, name) {
				<-well.(chan struct{})
			}
		}
	}
	store.disk.read = func(dir folder, name string) ([]byte, error) {
		wait(name)
		return readValue(dir, name)
	}
	store.disk.rename = func(dir folder, from, to string) error {
		wait(to)
		return dir.Rename(from, to)
	}
	store.disk.remove = func(dir folder, name string) error {
		wait(name)
		return dir.Remove(name)
	}
	store.disk.tryLock = func(file *flock.Flock) (bool, error) {
		wait(filepath.Base(file.Path()))
		return file.TryLock()
	}
	return store
}

// hang has all work with the files of key hang until well is called.
func hang(t *testing.T, store *Store, key string) (well func()) {
	t.Helper()
	over := make(chan struct{})
	at := hanging{store, key}
	hangings.Store(at, over)
	well = sync.OnceFunc(func() {
		hangings.Delete(at)
		close(over)
	})
	t.Cleanup(well)
	return well
}

// hangingRename makes the next rename hang until well is called. begun is closed when it has begun.
func hangingRename(store *Store) (begun chan struct{}, well func()) {
	begun, done := make(chan struct{}), make(chan struct{})
	rename := store.disk.rename
	first := true
	store.disk.rename = func(dir folder, from, to string) error {
		if first {
			first = false
			close(begun)
			<-done
		}
		return rename(dir, from, to)
	}
	return begun, func() { close(done) }
}

// TestLateWrite: a write that its caller has left comes before those that begin later, or is not made at all.
func TestLateWrite(t *testing.T) {
	t.Parallel()
	for name, reserves := range map[string]bool{"in a new file": false, "in the room reserved": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := newStore(t)
				_, well := hangingRename(store)
				held, unlock, err := store.Lock(t.Context(), "key")
				require.NoError(t, err)
				for _, value := range []string{"first", "second"} {
					if reserves && value == "first" {
						require.NoError(t, store.Reserve(held, "key", 10))
					}
					ctx, cancel := context.WithTimeout(held, time.Second)
					require.Equal(t, context.DeadlineExceeded, store.Set(ctx, "key", []byte(value), 0))
					cancel()
				}
				ctx, cancel := context.WithTimeout(held, time.Second)
				require.Equal(t, context.DeadlineExceeded, store.Delete(ctx, "key"))
				require.Equal(t, context.DeadlineExceeded, store.Reserve(ctx, "key", 1))
				cancel()
				if !readersTakeTurns { // where they do, a read waits for the write too
					_, err = store.Get(held, "key")
					require.ErrorIs(t, err, tcbauth.ErrNotFound)
				}

				third := make(chan error, 1)
				go func() { third <- store.Set(held, "key", []byte("third"), 0) }()
				synctest.Wait()
				well()
				require.NoError(t, <-third)
				value, err := store.Get(held, "key")
				require.NoError(t, err)
				assert.Equal(t, "third", string(value))
				unlock()
				assert.Empty(t, list(t, store.dir, tempPrefix))
				assert.Len(t, list(t, store.dir, ""), 2, "value and lock")
			})
		})
	}
}

// TestUnlockWhileAWriteHangs: the next holder's write must not be replaced by an earlier one, and unlock has a limit.
func TestUnlockWhileAWriteHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newStore(t)
		other, err := New(store.dir)
		require.NoError(t, err)
		begun, well := hangingRename(store)
		held, unlock, err := store.Lock(t.Context(), "key")
		require.NoError(t, err)
		set := make(chan error, 1)
		go func() { set <- store.Set(held, "key", []byte("older"), 0) }()
		<-begun
		start := time.Now()
		unlock()
		assert.Equal(t, unlockLimit, time.Since(start))
		require.Equal(t, context.Canceled, <-set)
		require.ErrorIs(t, store.Set(held, "key", nil, 0), context.Canceled)
		for _, s := range []*Store{store, other} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, _, err := s.Lock(ctx, "key")
			cancel()
			require.Equal(t, context.DeadlineExceeded, err)
		}
		well()
		held, unlock, err = other.Lock(t.Context(), "key")
		require.NoError(t, err)
		require.NoError(t, other.Set(held, "key", []byte("newer"), 0))
		unlock()
		value, err := store.Get(t.Context(), "key")
		require.NoError(t, err)
		assert.Equal(t, "newer", string(value))
	})
}

// TestUnlockAfterTheContextEnded: held has ended, the lock is given up all the same, and at once.
func TestUnlockAfterTheContextEnded(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	held, unlock, err := store.Lock(ctx, "key")
	require.NoError(t, err)
	require.NoError(t, store.Set(held, "key", []byte("value"), 0))
	cancel()
	require.Equal(t, context.Canceled, store.Set(held, "key", []byte("older"), 0))
	// What must not be lost is written with a context that does not end.
	require.NoError(t, store.Set(context.WithoutCancel(held), "key", []byte("kept"), 0))
	unlock()
	require.ErrorIs(t, store.Set(context.WithoutCancel(held), "key", []byte("too late"), 0), context.Canceled)
	other, err := New(store.dir)
	require.NoError(t, err)
	_, unlock, err = other.Lock(t.Context(), "key")
	require.NoError(t, err)
	unlock()
	value, err := other.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, "kept", string(value))
}

// TestReserveLeavesNothing: what a killed process has reserved is used by the next one, and what nobody uses goes away.
func TestReserveLeavesNothing(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	require.ErrorContains(t, store.Reserve(t.Context(), "key", 1), "filestore: reserve: no lock is held")
	for range 3 {
		dead, err := New(store.dir) // its locks are given up below, as if the process had been killed
		require.NoError(t, err)
		held, unlock, err := dead.Lock(t.Context(), "key")
		require.NoError(t, err)
		require.ErrorContains(t, dead.Reserve(held, "key", maxValue+1), "1048577 bytes are over the limit of 1048576")
		require.NoError(t, dead.Reserve(held, "key", 4096))
		require.NoError(t, dead.Reserve(held, "device_id", 4096))
		rooms := list(t, store.dir, "")
		assert.Len(t, rooms, 3, "two files beside that of the lock")
		contents := make(map[string][]byte)
		for _, name := range rooms {
			contents[name], err = os.ReadFile(filepath.Join(dead.dir, name)) //nolint:gosec // the test's own directory
			require.NoError(t, err)
		}
		unlock()
		assert.Len(t, list(t, store.dir, ""), 1, "given back")
		for name, content := range contents {
			require.NoError(t, os.WriteFile(filepath.Join(store.dir, name), content, 0o600))
		}
	}
	old := time.Now().Add(-2 * tempAge)
	for _, name := range list(t, store.dir, "") {
		require.NoError(t, os.Chtimes(filepath.Join(store.dir, name), old, old))
	}
	_, err := New(store.dir)
	require.NoError(t, err)
	assert.Len(t, list(t, store.dir, ""), 1, "the lock stays")
}

// unlock looks at what was reserved while a Reserve may still be running in another goroutine. With the race detector this
// fails if the two touch it without a lock.
func TestReserveDuringUnlock(t *testing.T) {
	t.Parallel()
	store, err := New(t.TempDir())
	require.NoError(t, err)
	removing, both := make(chan struct{}, 2), make(chan struct{})
	remove := store.disk.remove
	held, unlock, err := store.Lock(t.Context(), "key")
	require.NoError(t, err)
	for _, key := range []string{"first", "second"} {
		require.NoError(t, store.Reserve(held, key, 1))
	}
	store.disk.remove = func(dir folder, name string) error {
		removing <- struct{}{}
		<-both
		return remove(dir, name)
	}
	var running sync.WaitGroup
	running.Go(unlock)
	<-removing // of the first room
	running.Go(func() {
		<-both
		assert.ErrorIs(t, store.Reserve(context.WithoutCancel(held), "third", 1), context.Canceled)
	})
	close(both)
	running.Wait()
	assert.Len(t, list(t, store.dir, ""), 1, "the lock stays")
}
