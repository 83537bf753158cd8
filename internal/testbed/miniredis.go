package testbed

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// Miniredis starts a Redis in this process and returns its address. Its keys expire as time goes by; a miniredis by itself
// has no clock. After a stall of the machine they have most of it left, so that the holder of a lease can still extend it. It ends
// with the test.
func Miniredis(t testing.TB) (addr string) {
	t.Helper()
	mini := miniredis.RunT(t)
	const step = 5 * time.Millisecond
	ticker := time.NewTicker(step)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		last := time.Now()
		for {
			select {
			case <-ticker.C:
				now := time.Now()
				mini.FastForward(min(now.Sub(last), 10*step))
				last = now
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() {
		ticker.Stop()
		close(stop)
		<-stopped
	})
	return mini.Addr()
}
