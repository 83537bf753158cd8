package console_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
)

func TestPrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain 手机号 é 🙂\u3000!":    "plain 手机号 é 🙂\u3000!",
		"two\r\nlines\tand\u2028": "two  lines and ",
		"\x1b]0;title\a\x1b[2J":   "\uFFFD]0;title\uFFFD\uFFFD[2J",
		"C1 \u009b2J":             "C1 \uFFFD2J",
		"turned \u202etxt\u2066":  "turned \uFFFDtxt\uFFFD",
		"unseen \u200b\ufeff":     "unseen \uFFFD\uFFFD",
		"broken \xff\xfe\x1b":     "broken \uFFFD\uFFFD\uFFFD",
	} {
		assert.Equal(t, want, console.Printable(text), "%q", text)
	}
}
