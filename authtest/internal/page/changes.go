package page

import (
	"net/http"
	"time"
)

const (
	maxStreams   = 32                     // that are open at a time
	changePause  = 250 * time.Millisecond // between two changes that are told
	changeTick   = 20 * time.Second       // without a change: what waits may have expired
	writeTimeout = 10 * time.Second       // for a reader who is slow
)

// changes is GET changes: a stream of server-sent events, one whenever there is something new to see, and one now and then. They have
// no content. The stream ends with the server.
func (p *pages) changes(w http.ResponseWriter, r *http.Request) {
	select {
	case p.streams <- struct{}{}:
		defer func() { <-p.streams }()
	default:
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too many pages follow the changes", http.StatusServiceUnavailable)
		return
	}
	stream := http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")

	wait := p.WaitForChange()
	defer wait.Leave()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select { // no sooner than the pause allows
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
		_ = stream.SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := w.Write([]byte("data:\n\n")); err != nil || stream.Flush() != nil {
			return
		}
		timer.Reset(p.tick)
		select {
		case <-wait.C:
			timer.Reset(changePause)
		case <-timer.C:
			timer.Reset(0)
		case <-r.Context().Done():
			return
		}
	}
}
