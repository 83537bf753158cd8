package service

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Of three hundred calls that each wait for a code of their own, only the one whose code is sent looks again.
func TestWaitsAreForOneAddress(t *testing.T) {
	t.Parallel()
	s, err := New(Defaults(), "http://127.0.0.1")
	require.NoError(t, err)
	woken := func(w *Wait) bool {
		select {
		case <-w.C:
			return true
		default:
			return false
		}
	}
	one, other, all, captcha := s.WaitFor("+8613800000000"), s.WaitFor("+8613900000000"), s.WaitFor(""), s.WaitForCaptcha()
	s.Inbox.Deliver(Message{To: "+86 13800000000"})
	s.Inbox.Deliver(Message{To: "+86 13800000000"})
	for name, want := range map[*Wait]bool{one: true, other: false, all: true, captcha: false} {
		assert.Equal(t, want, woken(name))
		assert.False(t, woken(name), "once, however many there were")
	}
	s.Captchas.Show()
	assert.True(t, woken(captcha))
	s.Reset()
	s.Inbox.Deliver(Message{To: "+86 13900000000"})
	assert.True(t, woken(other), "a reset does not disturb it")
	for _, w := range []*Wait{one, other, all, captcha} {
		w.Leave()
	}
	assert.Empty(t, s.all)
}

// A code is taken once, and older ones of the same address with it; what the inbox has no room for is no one's code.
func TestTake(t *testing.T) {
	t.Parallel()
	s, err := New(Defaults(), "http://127.0.0.1")
	require.NoError(t, err)
	s.Inbox.messages.maxNumber = 2
	for _, code := range []string{"1", "2"} {
		s.Inbox.Deliver(Message{To: "a@b.cn", Code: code})
	}
	code, ok := s.Inbox.Take("a@b.cn")
	assert.True(t, ok)
	assert.Equal(t, "2", code)
	_, ok = s.Inbox.Take("a@b.cn")
	assert.False(t, ok)
	for _, to := range []string{"c@b.cn", "d@b.cn", "e@b.cn"} {
		s.Inbox.Deliver(Message{To: to, Code: "3"})
	}
	_, ok = s.Inbox.Take("c@b.cn")
	assert.False(t, ok)
	assert.Len(t, s.Inbox.untaken, 2)
}
