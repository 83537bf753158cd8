package service

import "sync"

// waits wakes those who wait for a code or a captcha. A reset does not disturb them. It is safe for concurrent use.
type waits struct {
	mu      sync.Mutex
	changed chan struct{}
}

// Changed returns a channel that is closed when it is worth looking again.
func (w *waits) Changed() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed == nil {
		w.changed = make(chan struct{})
	}
	return w.changed
}

func (w *waits) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}
