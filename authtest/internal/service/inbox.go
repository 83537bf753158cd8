package service

import (
	"slices"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
)

// The limits of an inbox.
const (
	maxMessages    = 10_000
	maxMessageSize = 4 << 20
	messageSize    = 200 // bytes beside the texts, about
)

// message is a Message in the inbox.
type message struct {
	Message
	key string // of the address
}

// Inbox has the newest messages that were sent.
type Inbox struct {
	setting  *setting
	messages recent[*message]
	untaken  map[string]*message // the newest one by address key, unless it was taken
}

func newInbox(s *setting) *Inbox {
	b := &Inbox{setting: s, untaken: make(map[string]*message)}
	b.messages = recent[*message]{
		maxNumber: maxMessages, maxSize: maxMessageSize,
		sizeOf: func(m *message) int { return messageSize + len(m.To) + len(m.key) },
		dropped: func(m *message) {
			if b.untaken[m.key] == m {
				delete(b.untaken, m.key)
			}
		},
	}
	return b
}

// Deliver puts a message into the inbox and wakes the call that waits for it.
func (b *Inbox) Deliver(m Message) {
	in := &message{m, address.Key(m.To)}
	b.untaken[in.key] = in
	b.messages.add(in)
	b.setting.wake("", in.key)
}

// Take returns the newest code for an address key, unless it was taken before. Older ones count as taken.
func (b *Inbox) Take(key string) (code string, ok bool) {
	m, ok := b.untaken[key]
	if !ok {
		return "", false
	}
	delete(b.untaken, key)
	return m.Code, true
}

// To returns the messages to an address key, or all for "", that were sent after a time, newest first.
func (b *Inbox) To(key string, after time.Time) []Message {
	var found []Message
	for _, m := range slices.Backward(b.messages.all) {
		if !m.SentAt.After(after) {
			break // time does not go back
		}
		if key == "" || m.key == key {
			found = append(found, m.Message)
		}
	}
	return found
}
