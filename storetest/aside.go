package storetest

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
)

// detachable takes what is found in other goroutines than the test's own, as long as the test is there.
type detachable struct {
	testing.TB
	mu   sync.Mutex
	gone bool
}

// detached returns a bench for other goroutines. leave is called when the test does not wait for them any more.
func (b *bench) detached() (inner *bench, leave func()) {
	d := &detachable{TB: b.TB}
	return &bench{TB: d, Suite: b.Suite, t: b.t}, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.gone = true
	}
}

func (d *detachable) Error(args ...any) { d.Errorf("%s", fmt.Sprint(args...)) }

func (d *detachable) Errorf(format string, args ...any) {
	d.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.gone {
		d.TB.Errorf(format, args...)
	}
}

func (d *detachable) Fatal(args ...any) { d.Fatalf("%s", fmt.Sprint(args...)) }

func (d *detachable) Fatalf(format string, args ...any) {
	d.Helper()
	d.Errorf(format, args...)
	runtime.Goexit() // of this goroutine, which is not the test's
}

// aside calls f in a goroutine, and fails if it does not return or finds something wrong.
func (b *bench) aside(ctx context.Context, what string, f func(b *bench)) {
	b.Helper()
	inner, leave := b.detached()
	defer leave()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(inner)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		b.Fatalf("%s does not return", what)
	}
	if b.Failed() {
		b.FailNow()
	}
}
