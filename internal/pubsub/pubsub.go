// Package pubsub hands values to subscribers, in order and without ever waiting for one.
package pubsub

import (
	"sync"
)

// Topic has subscribers, each with a queue of its own. The zero value is ready to use.
type Topic[T any] struct {
	mu          sync.Mutex
	subscribers []*subscriber[T]
}

// Subscribe has handle called for first, and for each value from now on, in order, one at a time, on a goroutine of its own that lives
// only while there is something to tell. If handle panics, panicked is told, and the next value is handled. After
// unsubscribe no further call of handle begins; one that runs goes on.
func (t *Topic[T]) Subscribe(handle func(T), panicked func(value any), first ...T) (unsubscribe func()) {
	s := &subscriber[T]{handle: handle, panicked: panicked}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.subscribers = append(t.subscribers, s)
	for _, value := range first {
		s.push(value)
	}
	return func() { t.remove(s) }
}

func (t *Topic[T]) remove(s *subscriber[T]) {
	s.close()
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, other := range t.subscribers {
		if other == s {
			t.subscribers = append(t.subscribers[:i:i], t.subscribers[i+1:]...)
			return
		}
	}
}

// Publish queues a value for every subscriber, all of whom see one order. each makes the value for one of them, so that none
// has what another one may change.
func (t *Topic[T]) Publish(each func() T) {
	t.mu.Lock()
	defer t.mu.Unlock() // held over the pushes, so that all subscribers see one order
	for _, s := range t.subscribers {
		s.push(each())
	}
}

// subscriber has the queue of one handler.
type subscriber[T any] struct {
	handle   func(T)
	panicked func(value any)

	mu      sync.Mutex
	queue   []T
	running bool
	closed  bool
}

func (s *subscriber[T]) push(value T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.queue = append(s.queue, value)
	if !s.running {
		s.running = true
		go s.drain()
	}
}

func (s *subscriber[T]) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.queue = true, nil
}

// drain ends when the queue is empty.
func (s *subscriber[T]) drain() {
	for {
		s.mu.Lock()
		if len(s.queue) == 0 {
			s.running, s.queue = false, nil
			s.mu.Unlock()
			return
		}
		value := s.queue[0]
		s.queue = s.queue[1:]
		s.mu.Unlock()
		s.call(value)
	}
}

func (s *subscriber[T]) call(value T) {
	defer func() {
		if v := recover(); v != nil {
			s.panicked(v)
		}
	}()
	s.handle(value)
}
