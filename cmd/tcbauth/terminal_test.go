package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/internal/testbed/terminal"
)

// A person signs in at a real terminal, with a captcha and a wrong code on the way, then wants another code too early, is told to
// wait, and leaves with ctrl-C. What the screen shows is kept in both languages.
func TestAtATerminal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ locale, account, captcha, code, wrong, done, wait string }{
		{
			"en_US.UTF-8", "Phone number or e-mail address:", "Characters in the picture:", "Code:", "wrong or too old",
			"Signed in as", "a code can be sent in",
		},
		{"zh_CN.UTF-8", "手机号或邮箱：", "图片中的字符：", "验证码：", "不正确或已过期", "已登录", "秒后可发送验证码"},
	} {
		t.Run(tt.locale, func(t *testing.T) {
			t.Parallel()
			term := terminal.Open(t, 100, 200)
			m := newMachine(t, authtest.Rotating())
			m.srv.FixCode("13800000000", "123456")
			m.srv.RequireCaptcha("verification")
			start := func(args ...string) *exec.Cmd {
				cmd := m.command(t.Context(), args...)
				cmd.Env = append(cmd.Env, "LC_ALL="+tt.locale, "TERM=xterm", "NO_COLOR=1", "CI=", "COLUMNS=")
				term.Start(cmd)
				return cmd
			}

			cmd := start("login")
			term.Wait(tt.account)
			term.Type("13800000000\r")
			term.Wait(tt.captcha)
			_, answer, err := m.srv.WaitCaptcha(t.Context())
			require.NoError(t, err)
			term.Type(answer + "\r")
			term.Wait(tt.code)
			term.Type("000000\r")
			term.Wait(tt.wrong)
			term.WaitUntil("it asks again", func(screen string) bool { return strings.Count(screen, tt.code) > 1 })
			term.Type("123456\r")
			term.Wait(tt.done)
			require.NoError(t, cmd.Wait())

			m.srv.RequireCaptcha()
			cmd = start("login", "--phone", "13800000000")
			term.Wait(tt.wait)
			term.Type("\x03")
			var ended *exec.ExitError
			require.ErrorAs(t, cmd.Wait(), &ended)
			assert.Equal(t, clikit.ExitInterrupted, ended.ExitCode())
			assert.Equal(t, 1, len(m.srv.Messages("13800000000")))
			term.Wait("tcbauth: ")
			assert.Empty(t, term.Unknown())

			screen := strings.NewReplacer(answer, "ANSWER", m.dir, "DIR").Replace(term.Screen())
			screen = picture.ReplaceAllString(screen, "\nPICTURE\n")
			screen = regexp.MustCompile(`[0-9]+( s|\sseconds| 秒)`).ReplaceAllString(screen, "N$1")
			golden(t, "screen-"+tt.locale+".golden", screen)
		})
	}
}

// picture is some lines of half blocks, with the empty ones around them.
var picture = regexp.MustCompile(`\n[\s▀▄█]*[▀▄█][\s▀▄█]*\n`)

// golden compares a text with a file. UPDATE=1 writes the file.
func golden(t *testing.T, name, text string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	want, err := os.ReadFile(name) //nolint:gosec // G304: this test's own
	require.NoError(t, err)
	assert.Equal(t, string(want), text)
}
