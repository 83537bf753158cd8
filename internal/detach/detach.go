// Package detach runs work that may take longer than its caller can wait.
package detach

import (
	"context"
	"errors"
	"fmt"
)

var errExit = errors.New("the goroutine has ended")

// Run calls f in a goroutine of its own and returns what f returns, or ctx's error if ctx ends before. The goroutine lasts as
// long as f. With a ctx that cannot end it calls f directly.
//
// A panic of f is an error, which has its type and not its value: that could hold a secret. In a goroutine nobody else could
// recover from it. If f ends its goroutine, that is an error too, unless f was called directly.
func Run[T any](ctx context.Context, f func() (T, error)) (T, error) {
	if ctx.Done() == nil {
		return safely(f)
	}
	type result struct {
		value T
		err   error
	}
	got := make(chan result, 1)
	go func() {
		r := result{err: errExit}
		defer func() { got <- r }()
		r.value, r.err = safely(f)
	}()
	select {
	case r := <-got:
		return r.value, r.err
	case <-ctx.Done():
	}
	select {
	case r := <-got: // what is known counts
		return r.value, r.err
	default:
		var none T
		return none, ctx.Err()
	}
}

func safely[T any](f func() (T, error)) (value T, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic (%T)", v)
		}
	}()
	return f()
}
