package session

import "time"

// Stopwatch measures how long something takes, for an Observer. It reads the monotonic clock alone, at half the price of
// time.Now.
type Stopwatch time.Duration

var started = time.Now()

// StartWatch begins to measure.
func StartWatch() Stopwatch { return Stopwatch(time.Since(started)) }

// Took is the time since then.
func (w Stopwatch) Took() time.Duration { return time.Since(started) - time.Duration(w) }
