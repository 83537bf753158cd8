package service

import "sync"

// waits wakes those who wait for a message, a captcha or any change. A reset does not disturb them. It is safe for concurrent use.
type waits struct {
	mu  sync.Mutex
	all map[string]map[*Wait]struct{} // by what they wait for
}

// Wait is one call that waits.
type Wait struct {
	C     chan struct{} // receives when it is worth looking again
	waits *waits
	what  string
}

// What is waited for where no address is.
const (
	forCaptcha = "captcha"
	forChange  = "change"
)

// WaitFor is for whoever looks for messages to an address key, or to any for "", again and again: each look after the first
// comes after a receive from C. Leave ends it.
func (w *waits) WaitFor(key string) *Wait {
	wait := &Wait{C: make(chan struct{}, 1), waits: w, what: key}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = make(map[string]map[*Wait]struct{})
	}
	if w.all[key] == nil {
		w.all[key] = make(map[*Wait]struct{})
	}
	w.all[key][wait] = struct{}{}
	return wait
}

// WaitForCaptcha is WaitFor for captchas.
func (w *waits) WaitForCaptcha() *Wait { return w.WaitFor(forCaptcha) }

// WaitForChange is WaitFor for any change that a page shows.
func (w *waits) WaitForChange() *Wait { return w.WaitFor(forChange) }

// Changed wakes the waits for any change. It costs little, however many there are.
func (w *waits) Changed() { w.wake(forChange) }

// Leave ends the wait.
func (w *Wait) Leave() {
	w.waits.mu.Lock()
	defer w.waits.mu.Unlock()
	delete(w.waits.all[w.what], w)
	if len(w.waits.all[w.what]) == 0 {
		delete(w.waits.all, w.what)
	}
}

func (w *waits) wake(keys ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range keys {
		for wait := range w.all[key] {
			select {
			case wait.C <- struct{}{}:
			default: // it has not looked since the last time
			}
		}
	}
}
