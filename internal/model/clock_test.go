package model_test

import (
	"sync"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest"
)

const (
	slow, fast = 3, 12 // virtual seconds in a real one

	// tokenLife is virtual. Clients use a token until 30 s before its end, so for 6 s: two real ones, or half of one.
	tokenLife = 36 * time.Second
)

// clock is a fast clock that all processes of a run agree on: each tells the time by the machine's clock and the real
// moment at which the run began.
type clock struct {
	began time.Time
	speed time.Duration // slow or fast
}

func (c clock) at(moment time.Time) time.Time { return c.began.Add(moment.Sub(c.began) * c.speed) }

func (c clock) now() time.Time { return c.at(time.Now().Round(0)) }

// drive keeps a server's time with the clock, a little behind it, until stop is called.
func (c clock) drive(srv *authtest.Server) (stop func()) {
	const step = 3 * time.Millisecond
	ticker := time.NewTicker(step)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-ticker.C:
				if behind := c.now().Sub(srv.Now()); behind > 0 {
					srv.Advance(behind)
				}
			case <-done:
				return
			}
		}
	})
	return func() {
		ticker.Stop()
		close(done)
		wg.Wait()
	}
}
