package redisstore

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cloudbase-community/tcbauth/internal/detach"
)

// attemptLimit is how long one attempt of a script waits for its answer. Whoever asks repeats it himself, so that an answer which
// is lost costs no more than that.
const attemptLimit = 2 * time.Second

// aside is [detach.Run], and tells why ctx has ended.
func aside[T any](ctx context.Context, f func() (T, error)) (T, error) {
	value, err := detach.Run(ctx, f)
	if err != nil && ctx.Err() != nil {
		err = ended(ctx)
	}
	return value, err
}

// once is a command that the client does not repeat: it would not say so, and who asks has to know whether a copy of what he has
// asked may still be under way.
type once struct{ *redis.Cmd }

// NoRetry is what the client asks.
func (once) NoRetry() bool { return true }

// silentError: there was no answer within the limit of an attempt.
type silentError struct{ limit time.Duration }

func (e silentError) Error() string { return fmt.Sprintf("no answer within %v", e.limit) }

// run makes one attempt to run a script, of which the first key decides where. It returns when ctx ends, and after limit.
func (s *Store) run(ctx context.Context, limit time.Duration, script script, keys []string, args ...any) ([]any, error) {
	attempt, cancel := context.WithTimeoutCause(ctx, limit, silentError{limit})
	defer cancel()
	reply, err := aside(attempt, func() ([]any, error) {
		cmd := s.eval(attempt, "evalsha", script.hash, keys, args)
		if redis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") {
			cmd = s.eval(attempt, "eval", script.source, keys, args)
		}
		return cmd.Slice()
	})
	if err != nil && ctx.Err() == nil {
		if silent, ok := context.Cause(attempt).(silentError); ok { //nolint:errorlint // as it was given above
			err = silent
		}
	}
	if s.heard(ctx, err) && !s.spoken.Load() { // or all would write to the same place
		s.spoken.Store(true)
	}
	return reply, err
}

// heard reports whether Redis has answered an attempt that came to err. Where it has not, another node may have the slot by now:
// the client of a Cluster looks for it in the background, which it does by itself once a minute only.
func (s *Store) heard(ctx context.Context, err error) bool {
	if err == nil || answered(err) {
		return true
	}
	if cluster, ok := s.client.(interface{ ReloadState(ctx context.Context) }); ok {
		cluster.ReloadState(ctx)
	}
	return false
}

func (s *Store) eval(ctx context.Context, command, script string, keys []string, args []any) *redis.Cmd {
	all := make([]any, 0, 3+len(keys)+len(args))
	all = append(all, command, script, len(keys))
	for _, key := range keys {
		all = append(all, key)
	}
	cmd := redis.NewCmd(ctx, append(all, args...)...)
	cmd.SetFirstKeyPos(3)                // decides on the node of a Cluster
	_ = s.client.Process(ctx, once{cmd}) // the command has the error
	return cmd
}
