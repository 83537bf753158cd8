package testbed

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/cloudbase-community/tcbauth"
)

// Watch keeps what an Observer is told.
type Watch struct {
	mu       sync.Mutex
	started  []tcbauth.CallStart
	calls    []tcbauth.CallEnd
	refresh  []tcbauth.RefreshEnd
	stored   []tcbauth.StoreOp
	sessions []tcbauth.SessionEnd
}

// Option has a client tell w.
func (w *Watch) Option() tcbauth.Option {
	return tcbauth.WithObserver(tcbauth.Observer{
		CallStart: func(ctx context.Context, c tcbauth.CallStart) context.Context {
			keep(w, &w.started, c)
			return ctx
		},
		CallEnd:    func(_ context.Context, c tcbauth.CallEnd) { keep(w, &w.calls, c) },
		Refresh:    func(_ context.Context, r tcbauth.RefreshEnd) { keep(w, &w.refresh, r) },
		Store:      func(_ context.Context, op tcbauth.StoreOp) { keep(w, &w.stored, op) },
		SessionEnd: func(_ context.Context, end tcbauth.SessionEnd) { keep(w, &w.sessions, end) },
	})
}

func keep[T any](w *Watch, to *[]T, v T) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*to = append(*to, v)
}

func take[T any](w *Watch, from *[]T) []T {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := *from
	*from = nil
	return all
}

// Started returns the calls that have begun, each once.
func (w *Watch) Started() []tcbauth.CallStart { return take(w, &w.started) }

// Calls returns the calls that are over, each once.
func (w *Watch) Calls() []tcbauth.CallEnd { return take(w, &w.calls) }

// Refreshes returns the refreshes that are over, each once.
func (w *Watch) Refreshes() []tcbauth.RefreshEnd { return take(w, &w.refresh) }

// Stored returns the calls of the store, each once.
func (w *Watch) Stored() []tcbauth.StoreOp { return take(w, &w.stored) }

// Sessions returns the sessions that have ended, each once.
func (w *Watch) Sessions() []tcbauth.SessionEnd { return take(w, &w.sessions) }

// String is what was told and not returned yet, as text.
func (w *Watch) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%+v %+v %+v %+v %+v", w.started, w.calls, w.refresh, w.stored, w.sessions) // a Builder takes all
	return b.String()
}
