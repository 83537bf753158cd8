package testbed

import (
	"testing"
	"time"
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
