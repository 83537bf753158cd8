package authtest

import (
	"fmt"
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

// maxAhead keeps times far from where their texts and sums end.
const maxAhead = 100 * 365 * 24 * time.Hour

func (c *clock) advance(d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d < 0 || d > maxAhead-c.offset {
		return fmt.Errorf("the clock goes forward only, and 100 years at most: not by %v", d)
	}
	c.offset += d
	return nil
}

func (c *clock) ahead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

func (c *clock) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = 0
}

// Now is the server's time: that of the process, or of the synctest bubble, plus what Advance has added. The method
// value srv.Now is made for a client's clock option, so that both sides agree. It is safe for concurrent use.
func (s *Server) Now() time.Time { return s.clock.now() }

// Advance moves the server's clock forward by d; nothing waits for it and no timer fires because of it. A negative d, or
// more than 100 years in all, fails the test, or panics if the server was made by Listen. It is safe for concurrent use.
func (s *Server) Advance(d time.Duration) {
	s.helper()
	if err := s.clock.advance(d); err != nil {
		s.fatalf("Advance: %v", err)
	}
}
