package session

import (
	"sync"
)

// flights are the exchanges that are under way. The zero value is ready to use.
type flights struct {
	mu  sync.Mutex
	all map[flightKey]*flight
}

// flightKey names an exchange by what it spends, so that who has read another pair cannot join it.
type flightKey struct {
	session string // the key of the session
	token   digest // of the refresh token, or of the access token of a session without one
	ahead   bool   // the access token may still be used, so that a refusal ends nothing
}

// flight is one exchange.
type flight struct {
	done    chan struct{} // closed when outcome is there
	outcome outcome
	once    sync.Once
}

// outcome is what an exchange has come to. It is the same for all callers, who must not change it.
type outcome struct {
	session *Credentials
	fresh   bool // the server has just given it
	goesOn  bool // it is the same session as the one that was spent
	mark    Mark // of a session that was taken over, for the leader
	again   bool // what is stored has changed: every caller has to look for itself
	err     error
	looking bool // err is of a look at the store, and the leader's alone
	locking bool // err is of the lock: the session that is there may serve all the same
}

func (fs *flights) enter(key flightKey) (f *flight, mine bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f, ok := fs.all[key]; ok {
		return f, false
	}
	if fs.all == nil {
		fs.all = make(map[flightKey]*flight)
	}
	f = &flight{done: make(chan struct{})}
	fs.all[key] = f
	return f, true
}

// land tells all callers of a flight, and lets the next one begin.
func (fs *flights) land(key flightKey, f *flight, o outcome) {
	f.once.Do(func() {
		fs.mu.Lock()
		if delete(fs.all, key); len(fs.all) == 0 {
			fs.all = nil // a map does not shrink
		}
		fs.mu.Unlock()
		f.outcome = o
		close(f.done)
	})
}
