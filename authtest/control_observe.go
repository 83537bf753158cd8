package authtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxWait bounds how long the control API lets somebody wait for a message.
const maxWait = 5 * time.Minute

// controlInbox is GET inbox?to=&after=&wait=: the messages to an address, or all without to, newest first; with after, the
// sent_at of a message, those after it only. With wait, a Go duration of at most 5 minutes, it answers as soon as there is
// one, and with none when the time is over.
func (s *Server) controlInbox(w http.ResponseWriter, r *http.Request) {
	query, ok := controlQuery(w, r, "to", "after", "wait")
	if !ok {
		return
	}
	to := query.Get("to")
	if rest, ok := strings.CutPrefix(to, " "); ok { // a + that was not escaped
		to = "+" + rest
	}
	key := addressKey(to)
	if to != "" && key == "" {
		controlRefusal(w, http.StatusBadRequest, "to is neither a phone number nor an e-mail address")
		return
	}
	var wait time.Duration
	if text := query.Get("wait"); text != "" {
		var err error
		if wait, err = time.ParseDuration(text); err != nil || wait < 0 || wait > maxWait {
			controlRefusal(w, http.StatusBadRequest, "wait is not a duration between 0s and 5m")
			return
		}
	}
	var after time.Time
	if text := query.Get("after"); text != "" {
		var err error
		if after, err = time.Parse(time.RFC3339Nano, text); err != nil {
			controlRefusal(w, http.StatusBadRequest, "after is not a time, such as the sent_at of a message")
			return
		}
	}
	over := time.NewTimer(wait)
	defer over.Stop()
	found, changed := s.messagesAfter(key, after)
	for waiting := wait > 0; waiting && len(found) == 0; found, changed = s.messagesAfter(key, after) {
		select {
		case <-changed:
		case <-over.C:
			waiting = false
		case <-r.Context().Done():
			controlRefusal(w, http.StatusServiceUnavailable, "the emulator ends")
			return
		}
	}
	controlAnswer(w, map[string]any{"messages": append([]Message{}, found...)})
}

// messagesAfter is messagesTo for those sent after a time.
func (s *Server) messagesAfter(key string, after time.Time) (found []Message, changed <-chan struct{}) {
	found, changed = s.messagesTo(key)
	return slices.DeleteFunc(found, func(m Message) bool { return !m.SentAt.After(after) }), changed
}

// controlTime is GET clock: the server's time.
func (s *Server) controlTime(w http.ResponseWriter, r *http.Request) {
	if _, ok := controlQuery(w, r); ok {
		controlAnswer(w, map[string]any{"now": s.Now()})
	}
}

// controlUser is a User in the control API and in the file of WithSeed.
type controlUser struct {
	Sub        string            `json:"sub,omitempty"`
	Username   string            `json:"username,omitempty"`
	Password   string            `json:"password,omitempty"`
	Phone      string            `json:"phone_number,omitempty"`
	Email      string            `json:"email,omitempty"`
	Name       string            `json:"name,omitempty"`
	Picture    string            `json:"picture,omitempty"`
	Groups     []string          `json:"groups,omitempty"`
	Identities map[string]string `json:"identities,omitempty"`
	Blocked    bool              `json:"blocked,omitempty"`
	Pending    bool              `json:"pending,omitempty"`
}

// controlUsers is GET users: the accounts without their passwords, the oldest first.
func (s *Server) controlUsers(w http.ResponseWriter, r *http.Request) {
	if _, ok := controlQuery(w, r); !ok {
		return
	}
	s.mu.Lock()
	users := make([]controlUser, 0, len(s.state.users))
	for _, u := range s.oldestFirst() {
		shown := controlUser(u.User)
		shown.Password = ""
		users = append(users, shown)
	}
	answer := marshal(map[string]any{"users": users})
	s.mu.Unlock()
	controlAnswer(w, json.RawMessage(answer))
}

// oldestFirst returns the accounts in the order of their making. s.mu is held.
func (s *Server) oldestFirst() []*user {
	all := make([]*user, 0, len(s.state.users))
	for _, u := range s.state.users {
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b *user) int {
		if c := a.created.Compare(b.created); c != 0 {
			return c
		}
		return strings.Compare(a.Sub, b.Sub)
	})
	return all
}

// controlSession is a session in the control API, without its tokens.
type controlSession struct {
	Sub            string     `json:"sub"`
	ClientID       string     `json:"client_id"`
	Provider       string     `json:"provider_type"`
	Scope          string     `json:"scope"`
	Device         string     `json:"device_id,omitempty"`
	Began          time.Time  `json:"began_at"`
	AccessExpires  time.Time  `json:"access_token_expires_at"`            // of the newest one
	RefreshExpires *time.Time `json:"refresh_token_expires_at,omitempty"` // absent if there is none
	Refreshes      int        `json:"refreshes"`                          // tokens that were spent
}

// controlSessions is GET sessions: those that have not ended, the oldest first.
func (s *Server) controlSessions(w http.ResponseWriter, r *http.Request) {
	if _, ok := controlQuery(w, r); ok {
		controlAnswer(w, map[string]any{"sessions": s.openSessions()})
	}
}

func (s *Server) openSessions() []controlSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := make([]controlSession, 0, len(s.state.sessions))
	for n := range s.state.sessions {
		shown := controlSession{
			Sub: n.user.Sub, ClientID: n.clientID, Provider: n.provider, Scope: n.scope(), Device: n.device, Began: n.began,
			AccessExpires: n.expires, Refreshes: len(n.spent),
		}
		if expires := n.refreshExpires; n.refresh != "" {
			shown.RefreshExpires = &expires
		}
		open = append(open, shown)
	}
	slices.SortFunc(open, func(a, b controlSession) int {
		if c := a.Began.Compare(b.Began); c != 0 {
			return c
		}
		return strings.Compare(a.Sub, b.Sub)
	})
	return open
}

// controlRequests is GET requests?operation=: the log of Requests, or the part of one operation, the oldest first.
func (s *Server) controlRequests(w http.ResponseWriter, r *http.Request) {
	query, ok := controlQuery(w, r, "operation")
	if !ok {
		return
	}
	only := query.Get("operation")
	if only != "" && !knownOperation(only) {
		controlRefusal(w, http.StatusBadRequest, "operation is unknown")
		return
	}
	requests := slices.DeleteFunc(s.Requests(), func(r Request) bool { return only != "" && r.Operation != only })
	controlAnswer(w, map[string]any{"requests": requests})
}

// controlOperations is GET operations: all that the server answers, with the number of calls so far.
func (s *Server) controlOperations(w http.ResponseWriter, r *http.Request) {
	if _, ok := controlQuery(w, r); !ok {
		return
	}
	type entry struct {
		Operation
		Calls int `json:"calls"`
	}
	all := Operations()
	counted := make([]entry, 0, len(all))
	s.mu.Lock()
	for _, op := range all {
		counted = append(counted, entry{op, s.state.calls[op.Method+" "+op.Name]})
	}
	s.mu.Unlock()
	controlAnswer(w, map[string]any{"operations": counted})
}

// controlCaptchas is GET captchas: the pictures that can still be tried, newest first, with what a person would read in
// them.
func (s *Server) controlCaptchas(w http.ResponseWriter, r *http.Request) {
	if _, ok := controlQuery(w, r); !ok {
		return
	}
	type entry struct {
		Token  string `json:"token"`
		Answer string `json:"answer"`
	}
	captchas := []entry{}
	s.mu.Lock()
	for _, p := range slices.Backward(s.state.pictures) {
		if s.picture(p.token) == p {
			captchas = append(captchas, entry{p.token, p.answer})
		}
	}
	s.mu.Unlock()
	controlAnswer(w, map[string]any{"captchas": captchas})
}

// controlTicketKey is GET ticket-key: TicketKey.
func (s *Server) controlTicketKey(w http.ResponseWriter, r *http.Request) {
	if _, ok := controlQuery(w, r); ok {
		controlAnswer(w, json.RawMessage(s.TicketKey()))
	}
}
