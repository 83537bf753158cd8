package redisstore

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cloudbase-community/tcbauth/internal/detach"
)

// attemptLimit limits one attempt to run a script. The caller repeats the script itself, so a lost answer costs no more
// than this.
const attemptLimit = 2 * time.Second

// aside is [detach.Run], with the reason why ctx has ended.
func aside[T any](ctx context.Context, f func() (T, error)) (T, error) {
	value, err := detach.Run(ctx, f)
	if err != nil && ctx.Err() != nil {
		err = ended(ctx)
	}
	return value, err
}

// once is a command that the client does not repeat. The client would not report a repetition, and the caller must know
// whether a copy of the command may still be under way.
type once struct{ *redis.Cmd }

// NoRetry tells the client not to repeat the command.
func (once) NoRetry() bool { return true }

// silentError means that no answer came within the limit of an attempt.
type silentError struct{ limit time.Duration }

func (e silentError) Error() string { return fmt.Sprintf("no answer within %v", e.limit) }

// run makes one attempt to run a script on the node of its first key. It returns when ctx ends, and after limit.
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

// heard reports whether Redis has answered an attempt that returned err. If not, another node may have the slot by now. The
// client of a Cluster looks for it in the background; by itself it does so only once a minute.
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
