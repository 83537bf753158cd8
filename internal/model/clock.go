package model

import (
	"sync"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest"
)

const (
	slow, fast     = 3, 12  // virtual seconds in a real one
	slower, faster = 20, 60 // and in one of a bubble, where waiting costs nothing

	// tokenLifetime is virtual. Clients use a token until 30 s before its end.
	tokenLifetime = usable + 30*time.Second
	usable        = 6 * time.Second
)

// clock is a fast clock that all processes of a run agree on: each tells the time by the machine's clock, or the bubble's,
// and the moment at which the run began.
type clock struct {
	began time.Time
	speed time.Duration // virtual seconds in one
}

func (c clock) at(moment time.Time) time.Time { return c.began.Add(moment.Sub(c.began) * c.speed) }

func (c clock) now() time.Time { return c.at(time.Now().Round(0)) }

// drive keeps a server's time with the clock, a little behind it, until stop is called. lag returns by how much it has been
// behind at most.
func (c clock) drive(srv *authtest.Server) (stop func(), lag func() time.Duration) {
	const step = 3 * time.Millisecond
	ticker := time.NewTicker(step)
	done := make(chan struct{})
	var mu sync.Mutex
	var longest time.Duration
	var wg sync.WaitGroup
	wg.Go(func() {
		last := c.now()
		for {
			select {
			case <-ticker.C:
				now := c.now()
				if behind := now.Sub(srv.Now()); behind > 0 {
					srv.Advance(behind)
				}
				mu.Lock()
				longest = max(longest, c.now().Sub(last))
				mu.Unlock()
				last = now
			case <-done:
				return
			}
		}
	})
	stop = func() {
		ticker.Stop()
		close(done)
		wg.Wait()
	}
	lag = func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return longest
	}
	return stop, lag
}

// stopwatch tells the nanoseconds since it began, later at each call: what came after something else is seen to have done so
// also where time stands still.
type stopwatch struct {
	began time.Time

	mu   sync.Mutex
	last int64
}

func (s *stopwatch) moment() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = max(s.last+1, int64(time.Since(s.began)))
	return s.last
}
