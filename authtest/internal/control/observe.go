package control

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/ops"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
	"github.com/cloudbase-community/tcbauth/authtest/internal/snippets"
)

// maxWait bounds how long a call of the control API may wait for a message.
const maxWait = 5 * time.Minute

// getInbox is GET inbox?to=&after=&wait=: the messages to an address, or all without to, newest first; with after, the
// sent_at of a message, those after it only. With wait, a Go duration of at most 5 minutes, it answers as soon as there is
// one, and with none when the time is over.
func (s control) getInbox(w http.ResponseWriter, r *http.Request) {
	query, ok := readQuery(w, r, "to", "after", "wait")
	if !ok {
		return
	}
	to := query.Get("to")
	if rest, ok := strings.CutPrefix(to, " "); ok { // a + that was not escaped
		to = "+" + rest
	}
	key := address.Key(to)
	if to != "" && key == "" {
		refuse(w, http.StatusBadRequest, "to is neither a phone number nor an email address")
		return
	}
	var wait time.Duration
	if text := query.Get("wait"); text != "" {
		var err error
		if wait, err = time.ParseDuration(text); err != nil || wait < 0 || wait > maxWait {
			refuse(w, http.StatusBadRequest, "wait is not a duration between 0s and 5m")
			return
		}
	}
	var after time.Time
	if text := query.Get("after"); text != "" {
		var err error
		if after, err = time.Parse(time.RFC3339Nano, text); err != nil {
			refuse(w, http.StatusBadRequest, "after is not a time, such as the sent_at of a message")
			return
		}
	}
	over := time.NewTimer(wait)
	defer over.Stop()
	arrival := s.WaitFor(key)
	defer arrival.Leave()
	found := s.messages(key, after)
	for waiting := wait > 0; waiting && len(found) == 0; found = s.messages(key, after) {
		select {
		case <-arrival.C:
		case <-over.C:
			waiting = false
		case <-r.Context().Done():
			refuse(w, http.StatusServiceUnavailable, "the emulator ends")
			return
		}
	}
	reply(w, map[string]any{"messages": append([]service.Message{}, found...)})
}

// messages returns those to an address key that were sent after a time, newest first.
func (s control) messages(key string, after time.Time) []service.Message {
	s.Lock()
	defer s.Unlock()
	return s.Inbox.To(key, after)
}

// getClock is GET clock: the server's time.
func (s control) getClock(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); ok {
		reply(w, map[string]any{"now": s.Now()})
	}
}

// getUsers is GET users: the accounts without their passwords, the oldest first.
func (s control) getUsers(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); !ok {
		return
	}
	s.Lock()
	all := s.People.OldestFirst()
	users := make([]service.Person, len(all))
	for i, u := range all {
		users[i] = u.Person
	}
	s.Unlock()
	reply(w, map[string]any{"users": users})
}

// sessionView is a session in the control API, without its tokens.
type sessionView struct {
	ID             string     `json:"id"`
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

// getSessions is GET sessions: those that have not ended, the oldest first.
func (s control) getSessions(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); ok {
		reply(w, map[string]any{"sessions": s.openSessions()})
	}
}

func (s control) openSessions() []sessionView {
	s.Lock()
	defer s.Unlock()
	all := s.Sessions.OldestFirst()
	open := make([]sessionView, len(all))
	for i, n := range all {
		open[i] = sessionView{
			ID: n.ID(), Sub: n.User.Sub, ClientID: n.ClientID, Provider: n.Provider, Scope: n.Scope(), Device: n.Device, Began: n.Began,
			AccessExpires: n.Expires, Refreshes: n.Refreshes(),
		}
		if expires := n.RefreshExpires(); !expires.IsZero() {
			open[i].RefreshExpires = &expires
		}
	}
	return open
}

// getRequests is GET requests?operation=: the log of Requests, or the part of one operation, the oldest first.
func (s control) getRequests(w http.ResponseWriter, r *http.Request) {
	query, ok := readQuery(w, r, "operation")
	if !ok {
		return
	}
	only := query.Get("operation")
	if only != "" && !ops.Known(only) {
		refuse(w, http.StatusBadRequest, "operation is unknown")
		return
	}
	s.Lock()
	logged := s.Log.All()
	s.Unlock()
	requests := []service.Request{}
	for i := range logged {
		if only == "" || logged[i].Operation == only {
			requests = append(requests, logged[i].Request())
		}
	}
	reply(w, map[string]any{"requests": requests})
}

// getOperations is GET operations: all that the server answers, with the number of calls so far.
func (s control) getOperations(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); !ok {
		return
	}
	type entry struct {
		ops.Operation
		Calls int `json:"calls"`
	}
	all := ops.All()
	counted := make([]entry, 0, len(all))
	s.Lock()
	for _, op := range all {
		counted = append(counted, entry{op, s.Log.Calls(op.Method, op.Name)})
	}
	s.Unlock()
	reply(w, map[string]any{"operations": counted})
}

// getCaptchas is GET captchas: the pictures that can still be tried, newest first, with the text that each shows.
func (s control) getCaptchas(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); !ok {
		return
	}
	type entry struct {
		Token  string `json:"token"`
		Answer string `json:"answer"`
	}
	captchas := []entry{}
	s.Lock()
	for _, p := range s.Captchas.Pictures() {
		captchas = append(captchas, entry{p.Token, p.Answer})
	}
	s.Unlock()
	reply(w, map[string]any{"captchas": captchas})
}

// getTicketKey is GET ticket-key: TicketKey.
func (s control) getTicketKey(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); ok {
		reply(w, json.RawMessage(s.TicketFile()))
	}
}

// getSnippets is GET snippets: the lines that point a client at the server.
func (s control) getSnippets(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); ok {
		reply(w, map[string]any{"snippets": snippets.For(s.Env, s.URL)})
	}
}
