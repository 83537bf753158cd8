package session_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// endless is a context that never ends. It counts what waits for its end.
type endless struct {
	context.Context
	done    chan struct{}
	waiting atomic.Int64
}

func (c *endless) Done() <-chan struct{} { return c.done }

// AfterFunc is what the context package calls, where a context has it.
func (c *endless) AfterFunc(func()) (stop func() bool) {
	c.waiting.Add(1)
	once := sync.OnceFunc(func() { c.waiting.Add(-1) })
	return func() bool { once(); return true }
}

// TestPendingLeavesNothingBehind: a context that lives as long as a program is left as it was, whatever the store does.
func TestPendingLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"Lock", "Get", "Set", "none"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			store := testbed.NewLockingStore()
			withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
				waiting(t, srv, app)
				store.On(testbed.FailsWith(testbed.ErrDisk, op))
				ctx := &endless{Context: context.WithoutCancel(t.Context()), done: make(chan struct{})}
				for range 3 {
					require.Error(t, finishStored(ctx, app.ForUser(pendingVisitor), wrongCode))
				}
				assert.Zero(t, ctx.waiting.Load())
			})
		})
	}
}
