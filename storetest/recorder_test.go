package storetest

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
)

// recorder takes what a test says, in place of a testing.T that would fail.
type recorder struct {
	testing.TB // the real one, for the rest
	ctx        context.Context

	mu      sync.Mutex
	failed  []string
	skipped string
}

// record runs a part of a number on the store of a suite, and returns what it said.
func record(t *testing.T, s Suite, p part) *recorder {
	t.Helper()
	if s.limits == nil {
		s.limits = usual
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := &recorder{TB: t, ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.run(r, t, p)
	}()
	limit := time.NewTimer(3*s.limits.patience + unlockPatience)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
		t.Errorf("%s does not end with this store", p.name)
	}
	return r
}

func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) Helper() {}

func (r *recorder) Log(...any) {}

func (r *recorder) Logf(string, ...any) {}

func (r *recorder) Error(args ...any) { r.fail(fmt.Sprint(args...)) }

func (r *recorder) Errorf(format string, args ...any) { r.fail(fmt.Sprintf(format, args...)) }

func (r *recorder) Fatal(args ...any) {
	r.fail(fmt.Sprint(args...))
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.fail(fmt.Sprintf(format, args...))
	runtime.Goexit()
}

func (r *recorder) FailNow() { runtime.Goexit() }

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.failed) > 0
}

func (r *recorder) Skip(args ...any) { r.skip(fmt.Sprint(args...)) }

func (r *recorder) Skipf(format string, args ...any) { r.skip(fmt.Sprintf(format, args...)) }

func (r *recorder) skip(why string) {
	r.mu.Lock()
	r.skipped = why
	r.mu.Unlock()
	runtime.Goexit()
}

func (r *recorder) fail(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = append(r.failed, what)
}
