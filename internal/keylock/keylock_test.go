package keylock

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLockExcludes(t *testing.T) {
	t.Parallel()
	var locks Locks
	var wg sync.WaitGroup
	count := 0 // the race detector watches it too
	for range 16 {
		wg.Go(func() {
			for range 100 {
				unlock, err := locks.Lock(t.Context(), "key")
				if !assert.NoError(t, err) {
					return
				}
				count++
				unlock()
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 1600, count)
	assert.Empty(t, locks.keys, "entries that nobody uses")
}

func TestLockOtherKeys(t *testing.T) {
	t.Parallel()
	var locks Locks
	first, err := locks.Lock(t.Context(), "a")
	require.NoError(t, err)
	second, err := locks.Lock(t.Context(), "b")
	require.NoError(t, err)
	assert.Len(t, locks.keys, 2)
	first()
	second()
	assert.Empty(t, locks.keys)
}

func TestLockDoneContext(t *testing.T) {
	t.Parallel()
	var locks Locks
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// The lock is free: the context alone decides, every time.
	for range 100 {
		unlock, err := locks.Lock(ctx, "key")
		require.ErrorIs(t, err, context.Canceled)
		require.Nil(t, unlock)
	}
	assert.Empty(t, locks.keys)
}

func TestLockWaitEndsWithContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var locks Locks
		unlock, err := locks.Lock(t.Context(), "key")
		require.NoError(t, err)

		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err = locks.Lock(ctx, "key")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 3*time.Second, time.Since(start))

		ctx, cancel = context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			_, err := locks.Lock(ctx, "key")
			failed <- err
		}()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-failed, context.Canceled)

		unlock()
		assert.Empty(t, locks.keys, "waiters that gave up must leave nothing behind")
		unlock, err = locks.Lock(t.Context(), "key")
		require.NoError(t, err)
		unlock()
	})
}

func TestUnlockLetsOneWaiterIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var locks Locks
		unlock, err := locks.Lock(t.Context(), "key")
		require.NoError(t, err)
		const waiters = 3
		got := make(chan func(), waiters)
		for range waiters {
			go func() {
				unlock, err := locks.Lock(t.Context(), "key")
				if assert.NoError(t, err) {
					got <- unlock
				}
			}()
		}
		for range waiters {
			synctest.Wait()
			require.Empty(t, got, "a second holder")
			unlock()
			unlock() // harmless, also now that the lock is somebody else's
			unlock = <-got
		}
		unlock()
		assert.Empty(t, locks.keys)
	})
}
