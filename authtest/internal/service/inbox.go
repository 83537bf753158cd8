package service

import (
	"slices"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
)

// message is a Message in the inbox.
type message struct {
	Message
	taken bool // by Take
}

// maxMessages bounds the inbox of a server that runs for long.
const maxMessages = 10_000

// Inbox has the messages that were sent.
type Inbox struct {
	setting  *setting
	messages []*message // oldest first
}

// Deliver puts a message into the inbox and wakes who waits for one.
func (b *Inbox) Deliver(m Message) {
	b.messages = append(b.messages, &message{Message: m})
	if extra := len(b.messages) - maxMessages; extra > 0 {
		b.messages = slices.Clone(b.messages[extra:])
	}
	b.setting.waits.wake()
}

// Take returns the newest code for an address key, unless it was taken before. Older ones count as taken.
func (b *Inbox) Take(key string) (code string, ok bool) {
	for _, m := range slices.Backward(b.messages) {
		if address.Key(m.To) != key {
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
	return code, ok
}

// To returns the messages to an address key, or all for "", newest first.
func (b *Inbox) To(key string) []Message {
	var found []Message
	for _, m := range slices.Backward(b.messages) {
		if key == "" || address.Key(m.To) == key {
			found = append(found, m.Message)
		}
	}
	return found
}
