package authtest

import (
	"net/http"
	"net/url"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/ops"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// Request is one entry of the request log. Nothing in it signs a user in or says who the user was, but for the device id, by which
// anonymous users are known: of the Authorization header there is the scheme, and of body and query the names of fields, with
// the values of grant_type, target, usage and known client ids only; every other value is "***", and so is a name that no field
// can have, such as one with digits. The path has the operation's name where an id stands in it; of a path that is no
// operation's there are the parts that operations have, and "*" for every other one. What is overlong is cut, or left out.
type Request struct {
	Time      time.Time      `json:"time"`      // by the server's clock
	Operation string         `json:"operation"` // "" if the path and method are no operation's
	Method    string         `json:"method"`
	Path      string         `json:"path"`
	Query     url.Values     `json:"query"`
	Header    http.Header    `json:"header"` // Authorization, Accept-Language, Content-Type, User-Agent, X-Device-Id, X-Request-Id, X-Sdk-Version
	Body      map[string]any `json:"body"`   // nil if it was not a JSON object
	Status    int            `json:"status"` // of the answer; 0 while there is none, and for ever if a Fault closed the connection instead

	Error       string        `json:"error,omitempty"`             // the error code of an answer that refuses
	Description string        `json:"error_description,omitempty"` // of that answer
	Rule        string        `json:"rule,omitempty"`              // the rule that refused, by its name in [WithSeed]; "" if none did
	Fault       string        `json:"fault,omitempty"`             // what a [Fault] did, such as "delay=1s close=after_commit"; "" if none hit
	Duration    time.Duration `json:"duration_ns"`                 // from the arrival until the answer was ready, by the process's clock; 0 while there is none
}

// Relaxable reports whether a rule has refused the request that [Relaxed] makes milder.
func (r Request) Relaxable() bool { return service.IsRelaxed(r.Rule) }

// WithOnRequest calls f with each request of the auth API once it has been answered, or its connection closed. f is called
// by the goroutine that serves the request, and so by several at a time; it must not call Close.
func WithOnRequest(f func(Request)) Option {
	return func(c *config) error {
		c.OnRequest = nil
		if f != nil {
			c.OnRequest = func(r service.Request) { f(Request(r)) }
		}
		return nil
	}
}

// Requests returns the requests so far, in the order of their arrival, those that were refused or hit by a [Fault]
// too. It holds the newest 10000, fewer where they are long. The result is the caller's.
func (s *Server) Requests() []Request {
	s.service.Lock()
	logged := s.service.Log.All()
	s.service.Unlock()
	all := make([]Request, len(logged))
	for i := range logged {
		all[i] = Request(logged[i].Request())
	}
	return all
}

// Count returns how many calls of an operation have arrived so far, those that were refused or hit by a [Fault] too. An
// unknown operation fails the test (which goes on), or panics if the server was made by Listen.
func (s *Server) Count(operation string) int {
	s.helper()
	if !ops.Known(operation) {
		if s.tb == nil {
			s.fatalf("Count: unknown operation %q", operation)
		}
		s.tb.Errorf("authtest: Count: unknown operation %q", operation)
		return 0
	}
	s.service.Lock()
	defer s.service.Unlock()
	return s.service.Log.Count(operation)
}
