package pubsub_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth/internal/pubsub"
)

func give(n int) func() int { return func() int { return n } }

// TestOrder: every subscriber gets what is published from its subscription on, in order, and holds up nobody.
func TestOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var topic pubsub.Topic[int]
		topic.Publish(give(0)) // nobody is there
		gate := make(chan struct{})
		var slow, quick, late []int
		topic.Subscribe(func(n int) { <-gate; slow = append(slow, n) }, nil)
		topic.Subscribe(func(n int) { quick = append(quick, n) }, nil)
		topic.Publish(give(1))
		topic.Publish(give(2))
		synctest.Wait()
		assert.Equal(t, []int{1, 2}, quick)
		assert.Empty(t, slow)
		topic.Subscribe(func(n int) { late = append(late, n) }, nil, 7)
		topic.Publish(give(3))
		close(gate)
		synctest.Wait()
		assert.Equal(t, []int{1, 2, 3}, slow)
		assert.Equal(t, []int{1, 2, 3}, quick)
		assert.Equal(t, []int{7, 3}, late, "its own first value, then those of all")
	})
}

// TestUnsubscribe: no further call begins, not even for what waits already.
func TestUnsubscribe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var topic pubsub.Topic[int]
		gate := make(chan struct{})
		var got, other []int
		unsubscribe := topic.Subscribe(func(n int) { <-gate; got = append(got, n) }, nil)
		topic.Subscribe(func(n int) { other = append(other, n) }, nil)
		topic.Publish(give(1))
		topic.Publish(give(2))
		synctest.Wait()
		unsubscribe()
		unsubscribe()
		topic.Publish(give(3))
		close(gate)
		synctest.Wait()
		assert.Equal(t, []int{1}, got, "the one that ran goes on")
		assert.Equal(t, []int{1, 2, 3}, other)
	})
}

// TestPanic: it is told, and the next value is handled.
func TestPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var topic pubsub.Topic[int]
		var got []int
		var panicked []any
		topic.Subscribe(func(n int) {
			if n == 1 {
				panic("boom")
			}
			got = append(got, n)
		}, func(value any) { panicked = append(panicked, value) })
		topic.Publish(give(1))
		topic.Publish(give(2))
		synctest.Wait()
		assert.Equal(t, []int{2}, got)
		assert.Equal(t, []any{"boom"}, panicked)
	})
}
