package authtest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// Message is one SMS or e-mail with a code.
type Message struct {
	To      string    `json:"to"`      // in the server's form
	Channel string    `json:"channel"` // "sms" or "email"
	Code    string    `json:"code"`
	SentAt  time.Time `json:"sent_at"` // by the server's clock
}

// WithOnMessage calls f with each message once it has been sent. f is called by the goroutine that serves the request, and
// so by several at a time; it must not call Close.
func WithOnMessage(f func(Message)) Option {
	return func(c *config) error {
		c.OnMessage = nil
		if f != nil {
			c.OnMessage = func(m service.Message) { f(Message(m)) }
		}
		return nil
	}
}

// WaitCode returns the newest code sent to a phone number or an e-mail address that no WaitCode has returned before;
// older ones are of no use any more and count as returned. If there is none, it waits for the next message, for two minutes
// at most. A phone number may be written with or without spaces and hyphens, and one of China without +86.
//
// It returns an error that wraps ctx's when ctx is done first, [context.DeadlineExceeded] when the time is over, or
// [net/http.ErrServerClosed] when the server is closed. It says what became of the calls of verification.
func (s *Server) WaitCode(ctx context.Context, to string) (string, error) {
	key := address.Key(to)
	if key == "" {
		return "", fmt.Errorf("authtest: WaitCode: %q is neither a phone number nor an e-mail address", to)
	}
	ctx, cancel := context.WithTimeout(ctx, waitLimit)
	defer cancel()
	arrival := s.service.WaitFor(key)
	defer arrival.Leave()
	for {
		if code, ok := s.takeCode(key); ok {
			return code, nil
		}
		select {
		case <-arrival.C:
		case <-s.closed:
			return "", fmt.Errorf("authtest: WaitCode: no code was sent: %s: %w", s.sends(), http.ErrServerClosed)
		case <-ctx.Done():
			return "", fmt.Errorf("authtest: WaitCode: no code was sent: %s: %w", s.sends(), ctx.Err())
		}
	}
}

func (s *Server) takeCode(key string) (code string, ok bool) {
	s.service.Lock()
	defer s.service.Unlock()
	return s.service.Inbox.Take(key)
}

// waitLimit ends the wait of a test whose client has not reached the server.
const waitLimit = 2 * time.Minute

// sends says what became of the calls that send codes, for a test that waits in vain.
func (s *Server) sends() string {
	calls := s.Requests()
	for _, last := range slices.Backward(calls) {
		if last.Operation == "verification" {
			return fmt.Sprintf("%d calls of verification arrived, and the last one was answered with %d", s.Count("verification"), last.Status)
		}
	}
	return "no call of verification arrived (does the client use Server.URL and Server.Client?)"
}

// FixCode makes the server send this code, of six digits, to that address from now on, instead of a random one. Its
// life and the limits stay. An empty code ends this. It is forgotten by Reset.
func (s *Server) FixCode(to, code string) {
	s.helper()
	if err := s.service.FixCode(to, code); err != nil {
		s.fatalf("FixCode: %v", err)
	}
}

// Messages returns the messages sent to a phone number or an e-mail address so far, or all for "", newest first. It looks at
// the newest 10000. A phone number may be written as for WaitCode; what is no address has no messages.
func (s *Server) Messages(to string) []Message {
	key := address.Key(to)
	if to != "" && key == "" {
		return nil
	}
	s.service.Lock()
	defer s.service.Unlock()
	var found []Message
	for _, m := range s.service.Inbox.To(key, time.Time{}) {
		found = append(found, Message(m))
	}
	return found
}
