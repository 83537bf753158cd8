package wire_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// An attempt's time limit is not the caller's; the end of the caller's context is, and nothing is sent after it.
func TestTimeLimits(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		req      wire.Request
		limit    time.Duration // of the caller
		requests int
		is       error
	}{
		"attempt of a POST":   {post, time.Hour, 1, wire.ErrOutcomeUnknown},
		"attempt of a GET":    {get, time.Hour, 3, context.DeadlineExceeded},
		"caller of a POST":    {post, 2 * time.Second, 1, wire.ErrOutcomeUnknown},
		"caller of a GET":     {get, 2 * time.Second, 1, context.DeadlineExceeded},
		"caller in 2nd trial": {get, 7 * time.Second, 2, context.DeadlineExceeded},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: []said{{silent: true}}}
				ctx, cancel := context.WithTimeout(t.Context(), tt.limit)
				defer cancel()
				start := time.Now()
				_, err := wire.Do[value](ctx, newClient(s), new(tt.req))
				f := failure(t, err)
				assert.Equal(t, wire.Unreachable, f.Code)
				require.ErrorIs(t, f, tt.is)
				require.ErrorIs(t, f, context.DeadlineExceeded)
				assert.Equal(t, tt.limit == time.Hour, strings.Contains(f.Err.Error(), "no answer within 5s (WithTimeout)"), "whose limit it was: %v", f.Err)
				assert.Equal(t, tt.limit != time.Hour, strings.Contains(f.Err.Error(), "context deadline exceeded"), f.Err)
				assert.Equal(t, context.DeadlineExceeded, f.Ended)
				assert.Len(t, s.sent(), tt.requests)
				assert.LessOrEqual(t, time.Since(start), min(tt.limit, wire.MaxDuration(5*time.Second, 3)))
			})
		})
	}
}

// stopped is the error of a transport whose own time limit has passed.
type stopped struct{ error }

func (stopped) Is(target error) bool { return target == context.DeadlineExceeded }

// The time limits of the caller's own HTTP client are not WithTimeout.
func TestTimeLimitsOfHTTPClient(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer said
		limit  time.Duration // http.Client.Timeout
	}{
		"client, before the header":    {said{silent: true}, time.Second},
		"client, in the body":          {said{status: 200, stuck: true}, time.Second},
		"transport, before the header": {fails(stopped{errors.New("timeout awaiting response headers")}), 0},
		"transport, in the body":       {said{status: 200, readErr: stopped{errors.New("timeout of the body")}}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: []said{tt.answer}}
				_, err := wire.Do[value](t.Context(), newClientOf(&http.Client{Transport: s, Timeout: tt.limit}), new(post))
				f := failure(t, err)
				require.ErrorIs(t, f, context.DeadlineExceeded)
				require.ErrorIs(t, f, wire.ErrOutcomeUnknown)
				assert.NotContains(t, f.Err.Error(), "WithTimeout")
				require.NoError(t, f.Ended, "neither the call's context nor WithTimeout")
				assert.Len(t, s.sent(), 1)
			})
		})
	}
}

// The answer's body hangs after its header: the time limit covers the reading too.
func TestTimeLimitOfBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []said{{status: 200, stuck: true}}}
		_, err := wire.Do[value](t.Context(), newClient(s), new(post))
		f := failure(t, err)
		require.ErrorIs(t, f, wire.ErrOutcomeUnknown)
		require.ErrorIs(t, f, context.DeadlineExceeded)
		require.ErrorContains(t, f.Err, "reading the answer: not complete within 5s (WithTimeout)")
		assert.Equal(t, context.DeadlineExceeded, f.Ended)
		assert.Equal(t, 200, f.StatusCode)
		assert.Len(t, s.sent(), 1)
	})
}
