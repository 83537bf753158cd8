package service

import (
	"fmt"
	"sync"
	"time"
)

// clock is the process's clock (inside a synctest bubble the bubble's) and an offset that only grows. It is safe for
// concurrent use.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

// Now is the server's time.
func (c *clock) Now() time.Time { return time.Now().Round(0).Add(c.Ahead()) }

// maxAhead keeps times far from where their texts and sums end.
const maxAhead = 100 * 365 * 24 * time.Hour

// advance moves the clock forward.
func (c *clock) advance(d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d < 0 || d > maxAhead-c.offset {
		return fmt.Errorf("the clock goes forward only, and 100 years at most: not by %v", d)
	}
	c.offset += d
	return nil
}

// Ahead is how far the clock was moved.
func (c *clock) Ahead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

func (c *clock) rewind() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = 0
}
