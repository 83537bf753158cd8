package detach_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/detach"
)

// contexts are one that can end and one that cannot.
func contexts(t *testing.T) map[string]context.Context {
	t.Helper()
	return map[string]context.Context{"can end": t.Context(), "cannot end": context.WithoutCancel(t.Context())}
}

func TestRun(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, ctx := range contexts(t) {
		value, err := detach.Run(ctx, func() (int, error) { return 1, broken })
		assert.Equal(t, 1, value, name)
		require.ErrorIs(t, err, broken, name)
	}
}

func TestRunPanics(t *testing.T) {
	t.Parallel()
	for name, ctx := range contexts(t) {
		_, err := detach.Run(ctx, func() (int, error) { panic("a secret") })
		require.EqualError(t, err, "panic (string)", name)
	}
}

// What f calls may end the goroutine, as a test's FailNow does.
func TestRunExits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := detach.Run(ctx, func() (int, error) { runtime.Goexit(); return 1, nil })
		require.EqualError(t, err, "the goroutine has ended")
		assert.Zero(t, time.Since(start))
	})
}

func TestRunIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		on := make(chan struct{})
		start := time.Now()
		_, err := detach.Run(ctx, func() (int, error) { <-on; return 1, nil })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))
		close(on)
	})
}
