package redisstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// ended is ctx's error, joined with ErrLockLost if the lost lock ended ctx.
func ended(ctx context.Context) error {
	err := ctx.Err()
	if err != nil && errors.Is(context.Cause(ctx), ErrLockLost) {
		return lostError{err}
	}
	return err
}

// lostError is ErrLockLost as the cause of a context.
type lostError struct{ ended error }

func (e lostError) Error() string   { return ErrLockLost.Error() }
func (e lostError) Unwrap() []error { return []error{ErrLockLost, e.ended} }

// failed wraps an error of the client for a caller of this package.
func failed(ctx context.Context, what string, err error) error {
	if end := ended(ctx); end != nil {
		return end
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		select {
		case <-ctx.Done(): // its timer was a little late
			return ended(ctx)
		case <-time.After(time.Second):
			return context.DeadlineExceeded
		}
	}
	if errors.Is(err, ErrLockLost) {
		return err
	}
	return fmt.Errorf("redisstore: %s: %w", what, harmless(err))
}

// harmless returns err without any text that could be a key or a value. For example, a server that does not know a command
// answers with its arguments, and the client quotes an answer that it does not understand.
func harmless(err error) error {
	if text, _, cut := strings.Cut(err.Error(), ", with args"); cut {
		return errors.New(text)
	}
	for _, quotes := range []string{"redis: can't parse", "redis: can't read", "redis: invalid"} {
		if text, _, cut := strings.Cut(err.Error(), quotes); cut {
			return errors.New(text + "redis: an answer that is not understood")
		}
	}
	return err
}

// errAnswer means that the answer of a script has an unknown form.
var errAnswer = errors.New("redis: an answer that is not understood")

// answered reports whether err is an answer of Redis: then the command was not carried out and is not under way.
func answered(err error) bool {
	_, ok := errors.AsType[redis.Error](err)
	return ok
}

// passing reports whether err goes away by itself: Redis starts, fails over, moves a slot (the client follows a few
// redirections and then returns the last one), or cannot be reached.
func passing(err error) bool {
	if reply, ok := errors.AsType[redis.Error](err); ok {
		return inTransition(reply.Error())
	}
	if _, silent := errors.AsType[silentError](err); silent {
		return true
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, redis.ErrPoolTimeout)
}

// inTransition reports whether Redis says that it cannot do its work yet. Before version 7, the error of a command inside a
// script follows "-" in the middle of a text.
func inTransition(says string) bool {
	if _, inner, ok := strings.Cut(says, "@user_script: "); ok {
		if _, inner, ok := strings.Cut(inner, ": -"); ok {
			says = inner
		}
	}
	says = strings.TrimPrefix(says, "ERR ")
	for _, prefix := range []string{
		"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "ASK", "MOVED", "NOREPLICAS", "BUSY",
		"max number of clients reached",
	} {
		if strings.HasPrefix(says, prefix) {
			return true
		}
	}
	return false
}
