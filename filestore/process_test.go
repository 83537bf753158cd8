package filestore

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

func TestProcessesTakeTurns(t *testing.T) {
	t.Parallel()
	const processes = 8
	store := newStore(t)
	commands := make([]*exec.Cmd, processes)
	for i := range commands {
		commands[i] = testbed.HelperCommand(t, "count", store.dir)
		require.NoError(t, commands[i].Start())
	}
	for _, cmd := range commands {
		assert.NoError(t, cmd.Wait())
	}
	value, err := store.Get(t.Context(), helperKey)
	require.NoError(t, err)
	assert.Equal(t, strconv.Itoa(processes*countTo), string(value))
}

// TestKilledWhileSaving kills a process that saves, at some moment: one of the two values must be there, whole, and the
// lock must be free.
func TestKilledWhileSaving(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	for range 30 {
		kill := startHelper(t, "save", store.dir)
		// The moment is what the test is about, and nothing tells it: anywhere in the few milliseconds that a save takes.
		testbed.Moment(t, rand.N(15*time.Millisecond)) //nolint:gosec // no secret depends on it
		kill()

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, unlock, err := store.Lock(ctx, helperKey)
		cancel()
		require.NoError(t, err, "the lock of a process that is dead")
		unlock()
		value, err := store.Get(t.Context(), helperKey)
		require.NoError(t, err)
		require.True(t, bytes.Equal(value, valueA) || bytes.Equal(value, valueB),
			"a value of %d bytes that nobody saved", len(value))
	}

	left := list(t, store.dir, tempPrefix)
	t.Logf("%d temporary files left behind", len(left))
	old := time.Now().Add(-2 * tempAge)
	for _, name := range left {
		require.NoError(t, os.Chtimes(filepath.Join(store.dir, name), old, old))
	}
	_, err := New(store.dir)
	require.NoError(t, err)
	assert.Empty(t, list(t, store.dir, tempPrefix))
}

func TestLockOfAnotherProcess(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	kill := startHelper(t, "hold", store.dir)

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, _, err := store.Lock(ctx, helperKey)
	require.Equal(t, context.DeadlineExceeded, err, "ctx's error as it is")

	ctx, cancel = context.WithCancel(t.Context())
	defer time.AfterFunc(50*time.Millisecond, cancel).Stop()
	_, _, err = store.Lock(ctx, helperKey)
	require.Equal(t, context.Canceled, err, "ctx's error as it is")

	_, unlock, err := store.Lock(t.Context(), "another key")
	require.NoError(t, err)
	unlock()

	got := make(chan error, 1)
	go func() {
		_, unlock, err := store.Lock(t.Context(), helperKey)
		if err == nil {
			unlock()
		}
		got <- err
	}()
	select {
	case err := <-got:
		require.Fail(t, "the lock of another process was got", "error: %v", err)
	case <-time.After(2 * lastPoll): // long enough for the waiter to have asked
	}
	kill()
	require.NoError(t, <-got)
}

func TestLockOfAnotherStore(t *testing.T) {
	t.Parallel()
	first := newStore(t)
	second, err := New(first.dir)
	require.NoError(t, err)

	_, unlock, err := first.Lock(t.Context(), "key")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err = second.Lock(ctx, "key")
	require.Equal(t, context.DeadlineExceeded, err)

	unlock()
	_, unlock, err = second.Lock(t.Context(), "key")
	require.NoError(t, err)
	unlock()
}
