package testbed

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// Moment waits for a time that nothing tells, as when a process is to be killed at some point of its work. It is shorter
// where the test ends.
func Moment(t testing.TB, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}

// Outcome is what a call in another goroutine came to.
type Outcome struct {
	Token string
	Err   error
}

// Background makes a call in another goroutine, and returns once that goroutine waits for something or is done. It is for bubbles
// of synctest.
func Background(call func() (string, error)) <-chan Outcome {
	done := make(chan Outcome, 1)
	go func() {
		token, err := call()
		done <- Outcome{token, err}
	}()
	synctest.Wait()
	return done
}

// AccessTokenOf is the outcome of a call that gives a session.
func AccessTokenOf(c *tcbauth.Credentials, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return c.AccessToken, nil
}

// Forcing is a forced refresh, for Background.
func Forcing(ctx context.Context, auth *tcbauth.Auth) func() (string, error) {
	return func() (string, error) {
		return AccessTokenOf(auth.RefreshSession(ctx, tcbauth.RefreshSessionRequest{}))
	}
}

// Getting is GetAccessToken, for Background.
func Getting(ctx context.Context, auth *tcbauth.Auth) func() (string, error) {
	return func() (string, error) { return auth.GetAccessToken(ctx) }
}
