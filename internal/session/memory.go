package session

import (
	"sync"
	"sync/atomic"
	"time"
)

// memory remembers values for a time. What is over is dropped by a timer, which runs only while there is something to
// drop, and the memory that it took is given back. The zero value is ready to use.
type memory[K comparable, V any] struct {
	limit int         // the most that is remembered; what comes after that takes the place of something else
	some  atomic.Bool // something is remembered; while nothing is, which is most of the time, looking takes no lock

	mu      sync.Mutex
	entries map[K]remembered[V]
	sweeper *time.Timer // nil: nothing is remembered
	next    time.Time   // when the sweeper wakes
}

type remembered[V any] struct {
	value V
	until time.Time
}

// put remembers value for a time.
func (m *memory[K, V]) put(key K, value V, life time.Duration) {
	m.update(key, func(V, bool) (V, time.Duration, bool) { return value, life, true })
}

// update remembers for a time what f makes of the value that is remembered, if it says so, and reports whether it has.
func (m *memory[K, V]) update(key K, f func(value V, known bool) (next V, life time.Duration, ok bool)) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	old, known := m.entries[key]
	value, life, ok := f(old.value, known && now.Before(old.until))
	if !ok {
		return false
	}
	if m.entries == nil {
		m.entries = make(map[K]remembered[V])
	}
	if !known && m.limit > 0 && len(m.entries) >= m.limit {
		for other := range m.entries {
			delete(m.entries, other)
			break
		}
	}
	m.entries[key] = remembered[V]{value, now.Add(life)}
	m.some.Store(true)
	m.sweepAfter(now, life)
	return true
}

func (m *memory[K, V]) get(key K) (value V, ok bool) {
	if !m.some.Load() {
		return value, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	entry, ok := m.entries[key]
	if !ok || !time.Now().Before(entry.until) {
		return value, false
	}
	return entry.value, true
}

// all returns what is remembered.
func (m *memory[K, V]) all() map[K]V {
	m.mu.Lock()
	defer m.mu.Unlock()
	values := make(map[K]V, len(m.entries))
	for key, entry := range m.entries {
		values[key] = entry.value
	}
	return values
}

func (m *memory[K, V]) forget(key K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if delete(m.entries, key); len(m.entries) == 0 {
		m.rest()
	}
}

// sweepAfter has the sweeper wake after a time, if it would not by then. The mutex is held.
func (m *memory[K, V]) sweepAfter(now time.Time, life time.Duration) {
	at := now.Add(life)
	switch {
	case m.sweeper == nil:
		m.sweeper = time.AfterFunc(life, m.sweep)
	case at.Before(m.next):
		m.sweeper.Reset(life)
	default:
		return
	}
	m.next = at
}

// rest gives the map's memory back. The mutex is held.
func (m *memory[K, V]) rest() {
	m.entries = nil
	m.some.Store(false)
	m.stop()
}

// stop ends the sweeper. The mutex is held.
func (m *memory[K, V]) stop() {
	if m.sweeper != nil {
		m.sweeper.Stop()
		m.sweeper = nil
	}
}

// sweep drops what is over. A map does not shrink, so the rest moves to a new one.
func (m *memory[K, V]) sweep() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	kept := make(map[K]remembered[V])
	var next time.Time
	for key, entry := range m.entries {
		if now.Before(entry.until) {
			kept[key] = entry
			if next.IsZero() || entry.until.Before(next) {
				next = entry.until
			}
		}
	}
	if len(kept) == 0 {
		m.rest()
		return
	}
	m.stop()
	m.entries = kept
	m.sweepAfter(now, max(next.Sub(now), sweepPause)) // not for each one by itself
}

// sweepPause is the least time between two sweeps.
const sweepPause = time.Second
