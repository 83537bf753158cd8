package authtest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// maxRequests bounds the log of a server that runs for long.
const maxRequests = 10_000

// mask stands in the log for what is not shown.
const mask = "***"

// Request is one entry of the request log. Nothing in it signs anybody in or says who it was, but for the device id, by which
// anonymous users are known: of the Authorization header there is the scheme, and of body and query the names of fields, with
// the values of grant_type, target, usage and known client ids only; every other value is "***". The path has the operation's
// name where an id stands in it, and no digits if it is no operation's. What is overlong is cut, or left out.
type Request struct {
	Time      time.Time      `json:"time"`      // by the server's clock
	Operation string         `json:"operation"` // "" if the path and method are no operation's
	Method    string         `json:"method"`
	Path      string         `json:"path"`
	Query     url.Values     `json:"query"`
	Header    http.Header    `json:"header"` // Authorization, Accept-Language, Content-Type, User-Agent, X-Device-Id, X-Request-Id, X-Sdk-Version
	Body      map[string]any `json:"body"`   // nil if it was not a JSON object
	Status    int            `json:"status"` // of the answer; 0 while there is none, and for ever if a Fault closed the connection instead
}

func (r *Request) clone() Request {
	c := *r
	c.Query = url.Values(http.Header(r.Query).Clone())
	c.Header = r.Header.Clone()
	c.Body = maps.Clone(r.Body)
	return c
}

// WithOnRequest calls f with each request of the auth API once it has been answered, or its connection closed. f is called
// by the goroutine that serves the request, and so by several at a time; it must not call Close.
func WithOnRequest(f func(Request)) Option {
	return func(c *config) error {
		c.onRequest = f
		return nil
	}
}

// Requests returns the requests so far, in the order of their arrival, those that were refused or hit by a [Fault]
// too. It holds the newest 10000. The result is the caller's.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Request, len(s.state.requests))
	for i, r := range s.state.requests {
		all[i] = r.clone()
	}
	return all
}

// Count returns how many calls of an operation have arrived so far, those that were refused or hit by a [Fault] too. An
// unknown operation fails the test (which goes on), or panics if the server was made by Listen.
func (s *Server) Count(operation string) int {
	s.helper()
	if !knownOperation(operation) {
		if s.tb == nil {
			s.fatalf("Count: unknown operation %q", operation)
		}
		s.tb.Errorf("authtest: Count: unknown operation %q", operation)
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.counts[operation]
}

// arrive logs and counts a call, and finds the fault that hits it. op is nil for what is no operation.
func (s *Server) arrive(op *operation, c *call) (*Request, Fault) {
	r := c.request
	entry := &Request{Method: cut(r.Method), Path: loggedPath(op, r.URL.Path), Query: url.Values{}, Header: http.Header{}}
	for name, values := range r.URL.Query() {
		if len(entry.Query) < maxNames && len(values) > 0 {
			entry.Query.Set(cut(name), s.masked(name, values[0]))
		}
	}
	for _, name := range []string{"Accept-Language", "Content-Type", "User-Agent", "X-Device-Id", "X-Request-Id", "X-Sdk-Version"} {
		if values := r.Header.Values(name); len(values) > 0 {
			entry.Header.Set(name, cut(values[0]))
		}
	}
	if value := r.Header.Get("Authorization"); value != "" {
		scheme := mask
		for _, known := range []string{"Bearer", "Basic"} {
			if first, _, ok := strings.Cut(value, " "); ok && strings.EqualFold(first, known) {
				scheme = known + " " + mask
			}
		}
		entry.Header.Add("Authorization", scheme)
	}
	if c.body != nil {
		entry.Body = make(map[string]any, len(c.body))
		for name, raw := range c.body {
			if len(entry.Body) == maxNames {
				break
			}
			var value string
			if json.Unmarshal(raw, &value) != nil {
				value = mask
			}
			entry.Body[cut(name)] = s.masked(name, value)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	entry.Time = s.Now()
	s.state.requests = append(s.state.requests, entry)
	if extra := len(s.state.requests) - maxRequests; extra > 0 {
		s.state.requests = append([]*Request(nil), s.state.requests[extra:]...)
	}
	if op == nil {
		return entry, Fault{}
	}
	entry.Operation = op.Name
	s.state.counts[op.Name]++
	s.state.calls[op.Method+" "+op.Name]++
	return entry, s.takeFault(op.Name, c)
}

// The limits of an entry, so that the log of a server that is flooded stays small.
const (
	maxNames = 64  // of fields
	maxText  = 200 // bytes of a name, a path or a header
)

func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + "..."
}

func loggedPath(op *operation, path string) string {
	if op == nil {
		return cut(digits.ReplaceAllString(path, "*"))
	}
	if _, name, ok := strings.Cut(op.Name, "{"); ok && name != "" {
		prefix := "/auth/v1/"
		if strings.HasPrefix(op.Name, "v2/") {
			prefix = "/auth/"
		}
		return prefix + op.Name
	}
	return path
}

var digits = regexp.MustCompile(`[0-9]{3,}`)

// harmless has no digits, so that no code, phone number or token passes in a field it does not belong to.
var harmless = regexp.MustCompile(`^[A-Za-z_:-]{0,64}$`)

// masked returns a value as the log may show it. What is not known to be harmless is not shown.
func (s *Server) masked(name, value string) string {
	switch name {
	case "grant_type", "target", "usage":
		if harmless.MatchString(value) {
			return value
		}
	case "client_id":
		if _, known := s.cfg.clients[value]; known {
			return value
		}
	}
	return mask
}
