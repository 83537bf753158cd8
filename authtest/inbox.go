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

// Message is an SMS or email with a code.
type Message struct {
	To      string    `json:"to"`      // in the server's form
	Channel string    `json:"channel"` // "sms" or "email"
	Code    string    `json:"code"`
	SentAt  time.Time `json:"sent_at"` // by the server's clock
}

// WithOnMessage calls f with each message after it was sent. The goroutine that serves the request calls f, so several
// calls may run at a time. f must not call Close.
func WithOnMessage(f func(Message)) Option {
	return func(c *config) error {
		c.OnMessage = nil
		if f != nil {
			c.OnMessage = func(m service.Message) { f(Message(m)) }
		}
		return nil
	}
}

// WaitCode returns the newest code for a phone number or an email address that no WaitCode has returned before. Older codes
// are invalid and count as returned. If there is no code, it waits for the next message, for at most two minutes. A phone
// number may be written with or without spaces and hyphens, and a number of China without +86.
//
// It returns an error that wraps ctx's error if ctx ends first, [context.DeadlineExceeded] after the two minutes, or
// [net/http.ErrServerClosed] if the server is closed. The error describes the calls of verification so far.
func (s *Server) WaitCode(ctx context.Context, to string) (string, error) {
	key := address.Key(to)
	if key == "" {
		return "", fmt.Errorf("authtest: WaitCode: %q is neither a phone number nor an email address", to)
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

// waitLimit ends the wait of a test whose client does not reach the server.
const waitLimit = 2 * time.Minute

// sends describes the calls that send codes, for a test that waits in vain.
func (s *Server) sends() string {
	calls := s.Requests()
	for _, last := range slices.Backward(calls) {
		if last.Operation == "verification" {
			return fmt.Sprintf("%d calls of verification arrived, and the last one was answered with %d", s.Count("verification"), last.Status)
		}
	}
	return "no call of verification arrived (does the client use Server.URL and Server.Client?)"
}

// FixCode makes the server send this code, of six digits, to that address from now on, instead of a random one. The code's
// lifetime and the limits do not change. An empty code ends this, and so does Reset.
func (s *Server) FixCode(to, code string) {
	s.helper()
	if err := s.service.FixCode(to, code); err != nil {
		s.fatalf("FixCode: %v", err)
	}
}

// Messages returns the messages to a phone number or an email address, or all messages for "", newest first. It searches
// the newest 10000. A phone number may be written as for WaitCode. An invalid address has no messages.
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
