package filestore

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errBusy = errors.New("another process has the file open")

// busyDisk fails the first calls of each kind as Windows does while another process has a file open.
func busyDisk(store *Store, failures int) {
	isBusy := func(err error) bool { return errors.Is(err, errBusy) }
	store.disk.busy, store.disk.busyRename = isBusy, isBusy
	count := func() func() error {
		left := failures
		return func() error {
			if left == 0 {
				return nil
			}
			left--
			return errBusy
		}
	}
	reads, renames, removes := count(), count(), count()
	store.disk.read = func(dir folder, name string) ([]byte, error) {
		if err := reads(); err != nil {
			return nil, err
		}
		return readValue(dir, name)
	}
	store.disk.rename = func(dir folder, from, to string) error {
		if err := renames(); err != nil {
			return err
		}
		return dir.Rename(from, to)
	}
	store.disk.remove = func(dir folder, name string) error {
		if err := removes(); err != nil {
			return err
		}
		return dir.Remove(name)
	}
}

func TestBusyFiles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newStore(t)
		ctx := t.Context()
		busyDisk(store, 3)
		require.NoError(t, store.Set(ctx, "key", []byte("value"), 0))
		value, err := store.Get(ctx, "key")
		require.NoError(t, err)
		assert.Equal(t, "value", string(value))
		require.NoError(t, store.Delete(ctx, "key"))
		assert.Empty(t, list(t, store.dir, ""))

		// What does not pass ends in an error, and is whole.
		require.NoError(t, store.Set(ctx, "key", []byte("value"), 0))
		busyDisk(store, 1<<30)
		start := time.Now()
		require.ErrorIs(t, store.Set(ctx, "key", []byte("other"), 0), errBusy)
		_, err = store.Get(ctx, "key")
		require.ErrorIs(t, err, errBusy)
		require.ErrorIs(t, store.Delete(ctx, "key"), errBusy)
		assert.LessOrEqual(t, time.Since(start), 4*retryLimit, "Set has a file to rename and one to remove")
		assert.Greater(t, time.Since(start), retryLimit)

		ending, cancel := context.WithTimeout(ctx, retryLimit/10)
		defer cancel()
		start = time.Now()
		_, err = store.Get(ending, "key")
		require.Equal(t, context.DeadlineExceeded, err)
		assert.Equal(t, retryLimit/10, time.Since(start))
		synctest.Wait()
	})
}
