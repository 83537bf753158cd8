package everymethod_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// slow is a server whose every answer comes a moment before an attempt is given up.
type slow struct {
	answer   func() testbed.Answer // nil: none comes at all
	limit    time.Duration
	attempts int
}

func (s *slow) RoundTrip(r *http.Request) (*http.Response, error) {
	s.attempts++
	if s.answer == nil {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	<-time.After(s.limit - time.Millisecond)
	peer := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return s.answer() }}
	return peer.RoundTrip(r)
}

// unconnected is a network on which every connection takes for ever.
type unconnected struct{ attempts int }

func (u *unconnected) RoundTrip(r *http.Request) (*http.Response, error) {
	u.attempts++
	<-r.Context().Done()
	return nil, &net.OpError{Op: "dial", Err: r.Context().Err()}
}

func patient() testbed.Answer {
	return testbed.Reply(http.StatusServiceUnavailable, testbed.Page, "Retry-After", "8")
}

// harmless is a call that may be repeated, costly one that may not.
func harmless(ctx context.Context, auth *tcbauth.Auth) error {
	_, err := auth.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
	return err
}

func costly(ctx context.Context, auth *tcbauth.Auth) error {
	_, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: testbed.PlantedPhone})
	return err
}

// TestHowLongACallTakes is what the comment of WithMaxAttempts and docs/operations.md say of it. Pauses vary by up to a half, so that
// a call may be a little faster.
func TestHowLongACallTakes(t *testing.T) {
	t.Parallel()
	ms := time.Millisecond
	for name, tt := range map[string]struct {
		opts     []tcbauth.Option
		call     func(context.Context, *tcbauth.Auth) error
		answer   func() testbed.Answer
		attempts int
		from, to time.Duration
	}{
		"harmless, no answer":               {nil, harmless, nil, 3, 46500 * ms, 48 * time.Second},
		"harmless, told to wait":            {nil, harmless, patient, 3, 60 * time.Second, 61 * time.Second},
		"costly, no answer":                 {nil, costly, nil, 1, 15 * time.Second, 15 * time.Second},
		"costly, told to wait":              {nil, costly, patient, 1, 14 * time.Second, 15 * time.Second},
		"harmless, never repeated":          {[]tcbauth.Option{tcbauth.WithMaxAttempts(1)}, harmless, nil, 1, 15 * time.Second, 15 * time.Second},
		"harmless, never repeated, 503":     {[]tcbauth.Option{tcbauth.WithMaxAttempts(1)}, harmless, patient, 1, 14 * time.Second, 15 * time.Second},
		"harmless, once more":               {[]tcbauth.Option{tcbauth.WithMaxAttempts(2)}, harmless, nil, 2, 30500 * ms, 31 * time.Second},
		"harmless, ten times":               {[]tcbauth.Option{tcbauth.WithMaxAttempts(10)}, harmless, nil, 10, 177 * time.Second, 205 * time.Second},
		"costly, ten times":                 {[]tcbauth.Option{tcbauth.WithMaxAttempts(10)}, costly, nil, 1, 15 * time.Second, 15 * time.Second},
		"harmless, a shorter limit":         {[]tcbauth.Option{tcbauth.WithTimeout(2 * time.Second)}, harmless, nil, 3, 7500 * ms, 9 * time.Second},
		"harmless, all of it, told to wait": {[]tcbauth.Option{tcbauth.WithMaxAttempts(10)}, harmless, patient, 10, 221 * time.Second, 222 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := &slow{answer: tt.answer, limit: 15 * time.Second}
				opts := append([]tcbauth.Option{
					tcbauth.WithHTTPClient(&http.Client{Transport: server}), tcbauth.WithTokenStore(testbed.SessionStore(t)),
				}, tt.opts...)
				app, err := tcbauth.NewApp(testbed.MethodEnv, opts...)
				require.NoError(t, err)
				start := time.Now()
				require.Error(t, tt.call(t.Context(), app.Auth()))
				took := time.Since(start)
				assert.Equal(t, tt.attempts, server.attempts)
				assert.GreaterOrEqual(t, took, tt.from)
				assert.LessOrEqual(t, took, tt.to)
			})
		})
	}
}

// TestHowOftenAConnectionIsTried: nothing was sent, so that the limit holds for calls that cost as well.
func TestHowOftenAConnectionIsTried(t *testing.T) {
	t.Parallel()
	for attempts := 1; attempts <= 10; attempts++ {
		t.Run(fmt.Sprint(attempts), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := new(unconnected)
				auth, err := tcbauth.New(testbed.MethodEnv, tcbauth.WithMaxAttempts(attempts), tcbauth.WithHTTPClient(&http.Client{Transport: network}))
				require.NoError(t, err)
				require.NotErrorIs(t, costly(t.Context(), auth), tcbauth.ErrOutcomeUnknown)
				assert.Equal(t, attempts, network.attempts)
			})
		})
	}
}

// The page on operations has the figures that TestHowLongACallTakes has measured.
func TestOperationsHasTheFigures(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	for _, row := range []string{"| 3 | 48 s | 61 s |", "| 1 | 15 s | 15 s |", "| 3 | 48 s | it cannot |"} {
		assert.Contains(t, string(page), row)
	}
}
