package authtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Message is one SMS or e-mail with a code.
type Message struct {
	To      string    `json:"to"`      // in the server's form
	Channel string    `json:"channel"` // "sms" or "email"
	Code    string    `json:"code"`
	SentAt  time.Time `json:"sent_at"` // by the server's clock
}

// message is a Message in the inbox.
type message struct {
	Message
	taken bool // by WaitCode
}

// WithOnMessage calls f with each message once it has been sent. f is called by the goroutine that serves the request, and
// so by several at a time; it must not call Close.
func WithOnMessage(f func(Message)) Option {
	return func(c *config) error {
		c.onMessage = f
		return nil
	}
}

// maxMessages bounds the inbox of a server that runs for long.
const maxMessages = 10_000

// WaitCode returns the newest code sent to a phone number or an e-mail address that no WaitCode has returned before;
// older ones are of no use any more and count as returned. If there is none, it waits for the next message, for two minutes
// at most. A phone number may be written with or without spaces and hyphens, and one of China without +86.
//
// It returns an error that wraps ctx's when ctx is done first, [context.DeadlineExceeded] when the time is over, or
// [net/http.ErrServerClosed] when the server is closed. It says what became of the calls of verification.
func (s *Server) WaitCode(ctx context.Context, to string) (string, error) {
	key := addressKey(to)
	if key == "" {
		return "", fmt.Errorf("authtest: WaitCode: %q is neither a phone number nor an e-mail address", to)
	}
	ctx, cancel := context.WithTimeout(ctx, waitLimit)
	defer cancel()
	for {
		code, ok, changed := s.takeCode(key)
		if ok {
			return code, nil
		}
		select {
		case <-changed:
		case <-s.closed:
			return "", fmt.Errorf("authtest: WaitCode: no code was sent: %s: %w", s.sends(), http.ErrServerClosed)
		case <-ctx.Done():
			return "", fmt.Errorf("authtest: WaitCode: no code was sent: %s: %w", s.sends(), ctx.Err())
		}
	}
}

// waitLimit ends the wait of a test whose client has not reached the server.
const waitLimit = 2 * time.Minute

// sends says what became of the calls that send codes, for a test that waits in vain.
func (s *Server) sends() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range slices.Backward(s.state.requests) {
		if r.Operation == "verification" {
			return fmt.Sprintf("%d calls of verification arrived, and the last one was answered with %d", s.state.counts["verification"], r.Status)
		}
	}
	return "no call of verification arrived (does the client use Server.URL and Server.Client?)"
}

// FixCode makes the server send this code, of six digits, to that address from now on, instead of a random one. Its
// life and the limits stay. An empty code ends this. It is forgotten by Reset.
func (s *Server) FixCode(to, code string) {
	s.helper()
	if err := s.fixCode(to, code); err != nil {
		s.fatalf("FixCode: %v", err)
	}
}

func (s *Server) fixCode(to, code string) error {
	key := addressKey(to)
	switch {
	case key == "":
		return fmt.Errorf("%q is neither a phone number nor an e-mail address", to)
	case code != "" && !codePattern.MatchString(code):
		return errors.New("a code has six digits")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if code == "" {
		delete(s.state.fixed, key)
	} else {
		s.state.fixed[key] = code
	}
	return nil
}

var codePattern = regexp.MustCompile(`^[0-9]{6}$`)

// takeCode returns the code for WaitCode, or a channel that is closed when it is worth trying again.
func (s *Server) takeCode(key string) (code string, ok bool, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range slices.Backward(s.state.messages) {
		if addressKey(m.To) != key {
			continue
		}
		if m.taken {
			break
		}
		if !ok {
			code, ok = m.Code, true
		}
		m.taken = true
	}
	return code, ok, s.changed
}

// deliver puts a message into the inbox and wakes who waits for one. s.mu is held.
func (s *Server) deliver(m Message) {
	s.state.messages = append(s.state.messages, &message{Message: m})
	if extra := len(s.state.messages) - maxMessages; extra > 0 {
		s.state.messages = slices.Clone(s.state.messages[extra:])
	}
	s.wake()
}

// wake makes who waits look again. s.mu is held.
func (s *Server) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Messages returns the messages sent to a phone number or an e-mail address so far, or all for "", newest first. It looks at
// the newest 10000. A phone number may be written as for WaitCode; what is no address has no messages.
func (s *Server) Messages(to string) []Message {
	key := addressKey(to)
	if to != "" && key == "" {
		return nil
	}
	found, _ := s.messagesTo(key)
	return found
}

// messagesTo is Messages by an address key, with a channel that is closed when there are more.
func (s *Server) messagesTo(key string) (found []Message, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range slices.Backward(s.state.messages) {
		if key == "" || addressKey(m.To) == key {
			found = append(found, m.Message)
		}
	}
	return found, s.changed
}

var (
	keyPattern  = regexp.MustCompile(`^\+[0-9]{5,24}$`)
	chinaMobile = regexp.MustCompile(`^1[0-9]{10}$`)
)

// addressKey writes an address as people write it in the one way that the inbox compares; "" if it is none.
func addressKey(to string) string {
	if to == "" {
		return ""
	}
	if strings.Contains(to, "@") {
		return emailKey(to)
	}
	digits := strings.Map(func(r rune) rune {
		if r == '-' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, to)
	if chinaMobile.MatchString(digits) {
		digits = "+86" + digits
	}
	if !keyPattern.MatchString(digits) {
		return ""
	}
	return digits
}

// emailKey makes e-mail addresses comparable, which the server does without regard to case.
func emailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
