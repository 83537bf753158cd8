package authtest

import (
	"sync"
	"time"
)

// clock is the process's clock (inside a synctest bubble the bubble's) and an offset that only grows.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Round(0).Add(c.offset)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

func (c *clock) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = 0
}

// Now is the server's time: that of the process, or of the synctest bubble, plus what Advance has added. The method
// value srv.Now is made for a client's clock option, so that both sides agree. It is safe for concurrent use.
func (s *Server) Now() time.Time { return s.clock.now() }

// Advance moves the server's clock forward by d; nothing waits for it and no timer fires because of it. A negative d
// fails the test, or panics if the server was made by Listen. It is safe for concurrent use.
func (s *Server) Advance(d time.Duration) {
	if d < 0 {
		s.helper()
		s.fatalf("Advance: the clock cannot go back by %v", -d)
		return
	}
	s.clock.advance(d)
}
