//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/term"

	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/internal/testbed/terminal"
)

// recording is what a person at a terminal does and then sees, in the lines since what was seen before.
type recording struct {
	*terminal.Terminal
	t      *testing.T
	srv    *authtest.Server
	cfg    clikit.Config
	passed atomic.Int64 // of the person's clock, beyond the real one
	hide   *strings.Replacer
	text   strings.Builder
	lines  int // of the screen that was seen last
	ended  chan int
}

func record(t *testing.T, locale string) *recording {
	t.Helper()
	srv, err := authtest.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	r := &recording{Terminal: terminal.Open(t, 200, 50), t: t, srv: srv, ended: make(chan int, 1)}
	dir := t.TempDir()
	r.hide = strings.NewReplacer(dir, "DIR")
	r.cfg = clikit.Config{
		Dir: dir, Env: srv.Env, BaseURL: srv.URL, Stdin: r.TTY, Stdout: r.TTY, Stderr: r.TTY,
		LookupEnv: func(name string) (string, bool) {
			value, ok := map[string]string{"LANG": locale, "NO_COLOR": "1", "TCBAUTH_STORE": "file"}[name]
			return value, ok
		},
		Now: func() time.Time { return time.Now().Add(time.Duration(r.passed.Load())) },
	}
	return r
}

// see waits until the lines since it saw last have these texts, the last of which is the end of all, and keeps them.
// There are more lines than before, unless only the time has changed.
func (r *recording) see(doing string, more bool, texts ...string) {
	r.t.Helper()
	var lines []string
	var since string
	r.WaitUntil(fmt.Sprintf("%q stands there", texts), func(screen string) bool {
		lines = strings.Split(screen, "\n")
		since = strings.Join(lines[min(max(0, r.lines-2), len(lines)):], "\n")
		for _, text := range texts {
			if !strings.Contains(since, text) {
				return false
			}
		}
		return strings.HasSuffix(since, texts[len(texts)-1]) && (!more || len(lines) > r.lines)
	})
	r.lines = len(lines)
	fmt.Fprintf(&r.text, "=== %s\n%s\n", doing, r.told(since))
}

// told is a screen without what is another one each time.
func (r *recording) told(screen string) string {
	screen = picture.ReplaceAllString(r.hide.Replace(screen), "\nPICTURE\n")
	screen = regexp.MustCompile(`[0-9]+( s|\sseconds| 秒)`).ReplaceAllString(screen, "N$1")
	return regexp.MustCompile(`\(request id [^)]*\)`).ReplaceAllString(screen, "(request id ID)")
}

// types types a line.
func (r *recording) types(line string, texts ...string) {
	r.t.Helper()
	r.Type(line + "\r")
	r.see("types "+r.hide.Replace(line), true, texts...)
}

// waits lets time go by for the person and for the server.
func (r *recording) waits(d time.Duration, texts ...string) {
	r.t.Helper()
	r.srv.Advance(d)
	r.passed.Add(int64(d))
	r.see("waits "+d.String(), false, texts...)
}

// runs begins a command.
func (r *recording) runs(args string, texts ...string) {
	r.t.Helper()
	_, err := r.TTY.WriteString("$ tcbauth " + args + "\n")
	require.NoError(r.t, err)
	go func() { r.ended <- run(r.t.Context(), r.cfg, strings.Fields(args)) }()
	r.see("runs tcbauth "+args, true, texts...)
}

// A person signs in with all that can come in the way. What stands on the screen after each step is kept, for people to judge.
func TestRecording(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ locale, account, captcha, wrongCaptcha, code, wrongCode, canResend, sent, done, limited, limitedEnd, sendNow string }{
		{
			"en_US.UTF-8", "address:", "in the picture:", "another picture.", "Code:", "wrong or too old", "sends a new code\n", "was sent to",
			"DIR/tcbauth.", "A code can be sent in", " s", "[y/N]",
		},
		{
			"zh_CN.UTF-8", "邮箱：", "中的字符：", "请看新的图片", "验证码：", "不正确或已过期", "可重新发送\n", "已发送至", "DIR/tcbauth。",
			"秒后可发送", "验证码", "[y/N]",
		},
	} {
		t.Run(tt.locale, func(t *testing.T) {
			t.Parallel()
			r := record(t, tt.locale)
			r.srv.FixCode("13800000000", "123456")
			r.srv.RequireCaptcha("verification")

			r.runs("login", tt.account)
			r.types("13800000000", tt.captcha)
			_, _, err := r.srv.WaitCaptcha(t.Context())
			require.NoError(t, err)
			r.types("XXXX", tt.wrongCaptcha, tt.captcha)
			_, answer, err := r.srv.WaitCaptcha(t.Context())
			require.NoError(t, err)
			r.hide = strings.NewReplacer(answer, "ANSWER", r.cfg.Dir, "DIR")
			r.types(answer, tt.sent, tt.code)
			r.types("000000", tt.wrongCode, tt.code)
			r.waits(time.Minute, tt.canResend, tt.code)
			r.types("r", tt.sent, tt.code)
			r.types("123456", strings.Replace(tt.done, "DIR", r.cfg.Dir, 1))
			assert.Equal(t, clikit.ExitOK, <-r.ended)

			r.runs("login --phone 13800000000", tt.limited, tt.limitedEnd)
			r.waits(time.Minute, tt.sendNow)
			r.Type("n\r")
			assert.Equal(t, clikit.ExitRateLimited, <-r.ended)
			_, err = r.TTY.WriteString("$ ")
			require.NoError(t, err)
			r.see("types n", true, "$")
			assert.Len(t, r.srv.Messages("13800000000"), 2, "nothing is sent unasked")
			assert.Empty(t, r.Unknown())
			golden(t, "recording-"+tt.locale+".golden", r.text.String())
		})
	}
}

// A password is on no screen. ctrl-C in the middle of it ends the command by the exit code that shells have for that, with the
// terminal as it was.
func TestPasswordAtATerminal(t *testing.T) {
	t.Parallel()
	m := newMachine(t, authtest.Rotating())
	screen := terminal.Open(t, 80, 24)
	before, err := term.GetState(int(screen.TTY.Fd()))
	require.NoError(t, err)
	start := func() *exec.Cmd {
		cmd := m.command(t.Context(), "login", "--user", "gopher_01")
		cmd.Env = append(cmd.Env, "TERM=xterm", "CI=")
		screen.Start(cmd)
		return cmd
	}
	cmd := start()
	screen.Wait("Password:")
	screen.Type("wrong-horse-1\r")
	screen.WaitUntil("it asks again", func(text string) bool { return strings.Count(text, "Password:") == 2 })
	screen.Type("correct-horse-1\r")
	screen.Wait("Signed in as gopher_01")
	require.NoError(t, cmd.Wait())

	cmd = start()
	screen.WaitUntil("it asks", func(text string) bool { return strings.Count(text, "Password:") == 3 })
	screen.Type("correct\x03")
	var exit *exec.ExitError
	require.True(t, errors.As(cmd.Wait(), &exit))
	assert.Equal(t, clikit.ExitInterrupted, exit.ExitCode())
	after, err := term.GetState(int(screen.TTY.Fd()))
	require.NoError(t, err)
	assert.Equal(t, before, after, "the terminal is as it was")
	assert.NotContains(t, screen.Raw(), "horse")
	assert.NotContains(t, screen.Raw(), "correct")
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
