package tcbauth

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
)

// Event names a change of a session, as the js-sdk's onAuthStateChange does.
type Event string

// The events.
const (
	EventInitialSession Event = "INITIAL_SESSION" // the first look at the store found a session
	EventSignedIn       Event = "SIGNED_IN"       // after the user was fetched
	EventSignedOut      Event = "SIGNED_OUT"
	EventTokenRefreshed Event = "TOKEN_REFRESHED"

	EventPasswordRecovery Event = "PASSWORD_RECOVERY" // a forgotten password was set anew
	EventUserUpdated      Event = "USER_UPDATED"
	EventBindIdentity     Event = "BIND_IDENTITY" // the end of LinkIdentity, good or bad
)

// AuthEvent is what a handler of [Auth.OnAuthStateChange] gets. Printed with fmt or slog it shows no token.
type AuthEvent struct {
	Event   Event
	Session *Credentials // a copy of the session after the event; nil if nobody is signed in

	Provider string // of EventBindIdentity: the third party
	Err      error  // of EventBindIdentity: why the account was not bound; nil: it was
}

// OnAuthStateChange calls handler for each [Event] of this Auth from now on, in order, one at a time, on a goroutine of its own that lives only while there is something to tell. A handler that panics or blocks
// holds up no call and no other handler. After unsubscribe no further call of handler begins; one that runs goes on.
//
// As in the js-sdk there is no event for SetCredentials, SignInCustom, Verify at v2 and anonymous sessions that are made anew,
// nor for a session that the server has ended: the call that finds out returns [ErrSessionExpired].
func (a *Auth) OnAuthStateChange(handler func(AuthEvent)) (unsubscribe func()) {
	return a.events.add(handler, a.app.warn)
}

// hub hands events to subscribers. The zero value is ready to use.
type hub struct {
	mu          sync.Mutex
	subscribers []*subscriber
}

func (h *hub) add(handler func(AuthEvent), log warner) func() {
	s := &subscriber{handler: handler, log: log}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subscribers = append(h.subscribers, s)
	return func() { h.remove(s) }
}

func (h *hub) remove(s *subscriber) {
	s.close()
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, other := range h.subscribers {
		if other == s {
			h.subscribers = append(h.subscribers[:i:i], h.subscribers[i+1:]...)
			return
		}
	}
}

// fire tells all subscribers, in one order.
//
//nolint:contextcheck // handlers run in goroutines of their own, after the call
func (h *hub) fire(e AuthEvent) {
	h.mu.Lock()
	defer h.mu.Unlock() // held over the pushes, so that all subscribers see one order
	for _, s := range h.subscribers {
		s.push(e)
	}
}

// warner is App.warn.
type warner func(ctx context.Context, text string, attrs ...slog.Attr)

// subscriber has the queue of one handler.
type subscriber struct {
	handler func(AuthEvent)
	log     warner

	mu      sync.Mutex
	queue   []AuthEvent
	running bool
	closed  bool
}

func (s *subscriber) push(e AuthEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if e.Session != nil {
		e.Session = e.Session.clone() // each handler may change its own
	}
	s.queue = append(s.queue, e)
	if !s.running {
		s.running = true
		go s.drain()
	}
}

func (s *subscriber) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.queue = true, nil
}

// drain ends when the queue is empty.
func (s *subscriber) drain() {
	for {
		s.mu.Lock()
		if len(s.queue) == 0 {
			s.running, s.queue = false, nil
			s.mu.Unlock()
			return
		}
		e := s.queue[0]
		s.queue = s.queue[1:]
		s.mu.Unlock()
		s.call(e)
	}
}

func (s *subscriber) call(e AuthEvent) {
	defer func() {
		if v := recover(); v != nil { // the value could hold a secret
			s.log(context.Background(), "an OnAuthStateChange handler panicked", slog.String("panic", fmt.Sprintf("%T", v)))
		}
	}()
	s.handler(e)
}
