package terminal

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestScreen(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ written, shown string }{
		"lines":                       {"one\r\ntwo\r\n", "one\ntwo"},
		"a line feed alone":           {"one\ntwo", "one\n   two"},
		"written over":                {"secret\r12", "12cret"},
		"the rest of a line erased":   {"secret\r12\x1b[K", "12"},
		"the rest of a screen erased": {"one\r\ntwo\r\nthree\x1b[2A\r\x1b[Jnew", "new"},
		"up and down":                 {"one\r\ntwo\x1b[A\rup\r\ndown", "upe\ndown"},
		"up beyond the top":           {"one\x1b[9A\rtop", "top"},
		"colours":                     {"\x1b[38;5;16ma\x1b[0mb", "ab"},
		"a row that is full":          {"12345678901", "1234567890\n1"},
		"a row that is just full":     {"1234567890\x1b[A\rx", "x234567890"},
		"wide characters":             {"123456789手机", "123456789\n手机"},
		"backspace":                   {"ab\b \b", "a"},
		"a character in parts":        {"\xe6", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScreen(10)
			for _, b := range []byte(test.written) { // in the smallest parts
				s.write([]byte{b})
			}
			assert.Equal(t, test.shown, s.text())
			assert.Empty(t, s.unknown)
		})
	}
}

func TestScreenNamesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	s := newScreen(10)
	s.write([]byte("\x1b[2Jok\x1b]0;title"))
	assert.Equal(t, "ok", s.text()[:2])
	assert.Contains(t, s.unknown, "\x1b[2J")
}
