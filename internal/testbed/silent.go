package testbed

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// Promptly is how long after the end of its context a call may return, and tries how often one may be late, on a machine with
// other work to do. UnlockPromptly is the limit of an unlock after the end of its context, which happens once: without that end it
// takes 2 s in silence.
const (
	Promptly       = 100 * time.Millisecond
	UnlockPromptly = 1500 * time.Millisecond
	tries          = 5
)

// RequirePrompt requires that call returns promptly after the end of its context, by a deadline and by a cancellation.
func RequirePrompt(t *testing.T, what string, ctx context.Context, call func(ctx context.Context) error) { //nolint:revive // t first, as in testify
	t.Helper()
	const life = 50 * time.Millisecond
	for name, end := range map[string]func() (context.Context, context.CancelFunc){
		"deadline": func() (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, life) },
		"cancellation": func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			timer := time.AfterFunc(life, cancel)
			return ctx, func() { timer.Stop(); cancel() }
		},
	} {
		var late time.Duration
		for range tries {
			ctx, cancel := end()
			start := time.Now()
			err := call(ctx) //nolint:contextcheck // it is of the ctx that was given
			late = time.Since(start) - life
			if late < 0 { // a Ring says after some time that all of it is down
				require.Error(t, err)
			} else {
				<-ctx.Done() // its timer may be a little late
				require.Equal(t, ctx.Err(), err, "%s, %s: the context's error as it is", what, name)
			}
			cancel()
			if late < Promptly {
				break
			}
		}
		require.Less(t, late, Promptly, "%s, %s", what, name)
	}
}

type lockingStore interface {
	tcbauth.TokenStore
	tcbauth.Locker
}

// StoreCalls are the calls of a store. What it locks stays locked.
func StoreCalls(store lockingStore) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"Get":    func(ctx context.Context) error { _, err := store.Get(ctx, "key"); return err },
		"Set":    func(ctx context.Context) error { return store.Set(ctx, "key", []byte("value"), 0) },
		"Delete": func(ctx context.Context) error { return store.Delete(ctx, "key") },
		"Lock":   func(ctx context.Context) error { _, _, err := store.Lock(ctx, "key"); return err },
	}
}

// Hushed is a way to a server that can be made silent: it takes everything and answers nothing.
type Hushed struct {
	Addr   string
	silent atomic.Bool
}

// NewHushed returns one to the server at an address, until the test ends.
func NewHushed(t *testing.T, to string) *Hushed {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	h := &Hushed{Addr: listener.Addr().String()}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	t.Cleanup(func() {
		cancel()
		require.NoError(t, listener.Close())
	})
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := new(net.Dialer).DialContext(ctx, "tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			context.AfterFunc(ctx, func() { _, _ = in.Close(), out.Close() })
			go h.pass(out, in)
			go h.pass(in, out)
		}
	}()
	return h
}

// Silence has nothing come through any more.
func (h *Hushed) Silence() { h.silent.Store(true) }

func (h *Hushed) pass(to, from net.Conn) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buffer := make([]byte, 4<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if h.silent.Load() {
			_, _ = io.Copy(io.Discard, from)
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
