package session

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestMemoryForgets: what is over is dropped without anybody's help, and nothing is left of it.
func TestMemoryForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m memory[int, string]
		m.put(1, "long", time.Hour)
		for n := range 1000 {
			m.put(100+n, "short", time.Minute)
		}
		value, ok := m.get(100)
		assert.True(t, ok)
		assert.Equal(t, "short", value)

		<-time.After(time.Minute + time.Second) // on the clock of the bubble
		_, ok = m.get(100)
		assert.False(t, ok)
		assert.Len(t, m.all(), 1, "the short ones are gone, though nobody has asked for one")
		value, ok = m.get(1)
		assert.True(t, ok)
		assert.Equal(t, "long", value)

		<-time.After(time.Hour) // on the clock of the bubble
		synctest.Wait()
		m.mu.Lock()
		defer m.mu.Unlock()
		assert.Nil(t, m.entries)
		assert.Nil(t, m.sweeper)
	})
}

func TestMemoryHasALimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := memory[int, int]{limit: 10}
		for n := range 1000 {
			m.put(n, n, time.Hour)
		}
		assert.Len(t, m.all(), 10)
		_, ok := m.get(999)
		assert.True(t, ok, "the last one is there")
		m.put(999, 1, time.Hour)
		assert.Len(t, m.all(), 10, "one that is known takes nobody's place")
		for n := range m.all() {
			m.forget(n)
		}
		assert.Nil(t, m.entries)
	})
}

// TestMemoryIsOverOnTime: also where the sweeper has not come by yet.
func TestMemoryIsOverOnTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m memory[string, int]
		m.put("a", 1, time.Millisecond)
		m.put("b", 2, time.Millisecond)
		<-time.After(time.Millisecond) // on the clock of the bubble
		_, ok := m.get("b")
		assert.False(t, ok)
		assert.True(t, m.update("b", func(_ int, known bool) (int, time.Duration, bool) { return 3, time.Hour, !known }))
	})
}
