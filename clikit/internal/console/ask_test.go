package console_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/term"

	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
	"github.com/cloudbase-community/tcbauth/internal/testbed/terminal"
)

const (
	enter = "\r"
	ctrlC = "\x03"
	ctrlD = "\x04"
	ctrlU = "\x15"
	ctrlW = "\x17"
	erase = "\x7f"
)

// environment is a set of variables and no others.
func environment(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, pair := range pairs {
			if n, value, _ := strings.Cut(pair, "="); n == name {
				return value, true
			}
		}
		return "", false
	}
}

// person returns a Console on a terminal, and the terminal.
func person(t *testing.T, variables ...string) (*console.Console, *terminal.Terminal) {
	t.Helper()
	term := terminal.Open(t, 40, 24)
	return console.New(console.Config{In: term.TTY, Err: term.TTY, Env: environment(variables...)}), term
}

// answer is what a question came to.
type answer struct {
	line string
	err  error
}

// during asks in another goroutine.
func during(ask func() (string, error)) <-chan answer {
	done := make(chan answer, 1)
	go func() {
		line, err := ask()
		done <- answer{line, err}
	}()
	return done
}

func TestLine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		typed, line, shown string
		err                error
	}{
		"a line":                {"12345" + enter, "12345", "Code: 12345", nil},
		"nothing":               {enter, "", "Code:", nil},
		"blanks stay":           {" 1 " + enter, " 1 ", "Code:  1", nil},
		"erased":                {"19" + erase + "2" + enter, "12", "Code: 12", nil},
		"erased Chinese":        {"张三四" + erase + erase + "五" + enter, "张五", "Code: 张五", nil},
		"erased beyond":         {"1" + erase + erase + erase + "2" + enter, "2", "Code: 2", nil},
		"erased line":           {"wrong 错" + ctrlU + "right" + enter, "right", "Code: right", nil},
		"erased word":           {"one 二 three " + ctrlW + "x" + enter, "one 二 x", "Code: one 二 x", nil},
		"keys without meaning":  {"1\x1b[A\x1b[1;5C\x1bOP\x1bb\t\x01\u009b2" + enter, "12", "Code: 12", nil},
		"longer than a row":     {strings.Repeat("12345", 10) + erase + enter, strings.Repeat("12345", 10)[:49], "Code: " + strings.Repeat("12345", 10)[:34] + "\n" + strings.Repeat("12345", 10)[34:49], nil},
		"no UTF-8":              {"\xb0\xa1" + enter, "\xb0\xa1", "Code: \uFFFD\uFFFD", nil},
		"a direction turned":    {"1\u202e2" + enter, "1\u202e2", "Code: 1\uFFFD2", nil},
		"the end":               {ctrlD, "", "Code:", io.EOF},
		"no end within a line":  {"1" + ctrlD + "2" + enter, "12", "Code: 12", nil},
		"interrupted":           {"12" + ctrlC, "", "Code: 12", console.ErrInterrupted},
		"as long as may be":     {strings.Repeat("x", 8192) + enter, strings.Repeat("x", 8192), "", nil},
		"longer than may be":    {strings.Repeat("x", 8193) + enter, "", "", console.ErrTooLong},
		"too long and then not": {strings.Repeat("x", 8193) + ctrlU + "12" + enter, "12", "Code: 12", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, screen := person(t)
			before, err := term.GetState(int(screen.TTY.Fd()))
			require.NoError(t, err)
			done := during(func() (string, error) { return c.Line(t.Context(), "Code: ") })
			screen.Wait("Code:")
			screen.Type(test.typed)
			got := <-done
			assert.Equal(t, test.line, got.line)
			assert.Equal(t, test.err, got.err)
			if test.shown != "" {
				_, _ = screen.TTY.WriteString("|")
				screen.Wait("|")
				assert.Equal(t, test.shown+"\n|", screen.Screen())
			}
			after, err := term.GetState(int(screen.TTY.Fd()))
			require.NoError(t, err)
			assert.Equal(t, before, after, "the terminal is as it was")
			assert.Empty(t, screen.Unknown())
		})
	}
}

// A secret is not on the screen, not even its length, and neither while it is typed nor afterwards.
func TestHidden(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"TERM=xterm", "TERM=dumb"} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			c, screen := person(t, variable)
			done := during(func() (string, error) { return c.Hidden(t.Context(), "密码: ") })
			screen.Wait("密码:")
			screen.Type("secret密" + erase + "1" + enter)
			assert.Equal(t, answer{line: "secret1"}, <-done)
			_, _ = screen.TTY.WriteString("|")
			screen.Wait("|")
			assert.Equal(t, "密码:\n|", screen.Screen())
			assert.NotContains(t, screen.Raw(), "s")
		})
	}
}

// What is pasted in one go answers one question after the other, also when the answers are typed before they are asked.
func TestPaste(t *testing.T) {
	t.Parallel()
	c, screen := person(t)
	done := during(func() (string, error) { return c.Line(t.Context(), "Phone: ") })
	screen.Wait("Phone:")
	screen.Type("13800000000\r\nsecret\r123456\r")
	assert.Equal(t, answer{line: "13800000000"}, <-done)
	password, err := c.Hidden(t.Context(), "Password: ")
	require.NoError(t, err)
	code, err := c.Line(t.Context(), "Code: ")
	require.NoError(t, err)
	assert.Equal(t, []string{"secret", "123456"}, []string{password, code})
	screen.Wait("Code: 123456")
	assert.NotContains(t, screen.Screen(), "secret")
}

// A question ends with its context, and leaves what is typed afterwards to the next one.
func TestContextEndsAQuestion(t *testing.T) {
	t.Parallel()
	c, screen := person(t)
	before, err := term.GetState(int(screen.TTY.Fd()))
	require.NoError(t, err)
	why := errors.New("the time is over")
	ctx, cancel := context.WithCancelCause(t.Context())
	done := during(func() (string, error) { return c.Hidden(ctx, "First: ") })
	screen.Wait("First:")
	cancel(why)
	got := <-done
	require.ErrorIs(t, got.err, console.ErrInterrupted)
	require.ErrorIs(t, got.err, why)
	after, err := term.GetState(int(screen.TTY.Fd()))
	require.NoError(t, err)
	assert.Equal(t, before, after, "the terminal is as it was")

	_, err = c.Line(ctx, "Not asked: ")
	require.ErrorIs(t, err, console.ErrInterrupted)

	over, stop := context.WithTimeout(t.Context(), 0)
	defer stop()
	_, err = c.Line(over, "Not asked: ")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, console.ErrInterrupted)

	done = during(func() (string, error) { return c.Line(t.Context(), "Second: ") })
	screen.Wait("Second:")
	screen.Type("12" + enter)
	assert.Equal(t, answer{line: "12"}, <-done)
	assert.NotContains(t, screen.Screen(), "Not asked")
}

// A panic while something is asked leaves the terminal as it was.
func TestPanicRestoresTheTerminal(t *testing.T) {
	t.Parallel()
	c, screen := person(t)
	before, err := term.GetState(int(screen.TTY.Fd()))
	require.NoError(t, err)
	assert.Panics(t, func() {
		_ = c.Countdown(t.Context(), time.Now().Add(time.Hour), func(time.Duration) string { panic("text") })
	})
	after, err := term.GetState(int(screen.TTY.Fd()))
	require.NoError(t, err)
	assert.Equal(t, before, after, "the terminal is as it was")
}

// A terminal that has gone is an end, not a failure that nobody knows.
func TestHangUp(t *testing.T) {
	t.Parallel()
	c, screen := person(t)
	done := during(func() (string, error) { return c.Line(t.Context(), "Code: ") })
	screen.Wait("Code:")
	screen.HangUp()
	assert.Equal(t, io.EOF, (<-done).err)
}

// A terminal that can only print edits lines itself, and shows them itself.
func TestDumbTerminal(t *testing.T) {
	t.Parallel()
	c, screen := person(t, "TERM=dumb")
	done := during(func() (string, error) {
		return c.LineOrWait(t.Context(), "Code: ", time.Now().Add(time.Hour), func(time.Duration) string { return "Wait." })
	})
	screen.Wait("Code:")
	screen.Type("13" + erase + "2" + enter)
	assert.Equal(t, answer{line: "12"}, <-done)
	_, _ = screen.TTY.WriteString("|")
	screen.Wait("|")
	assert.Equal(t, "Wait.\nCode: 12\n|", screen.Screen())
	assert.NotContains(t, screen.Raw(), "\x1b")
}

// What is no terminal is read line by line, as it is.
func TestLinesOfAScript(t *testing.T) {
	t.Parallel()
	var shown strings.Builder
	c := console.New(console.Config{In: strings.NewReader("one\r\n\x03\x15\x1b[A\n\n" + strings.Repeat("x", 9000) + "\nlast"), Err: &shown})
	var got []answer
	for range 6 {
		line, err := c.Line(t.Context(), "")
		got = append(got, answer{line, err})
	}
	assert.Equal(t, []answer{
		{"one", nil}, {"\x03\x15\x1b[A", nil}, {"", nil}, {"", console.ErrTooLong}, {"last", nil}, {"", io.EOF},
	}, got)
	assert.Empty(t, shown.String())
}

func TestQuestionsOfAScriptAreWritten(t *testing.T) {
	t.Parallel()
	var shown strings.Builder
	c := console.New(console.Config{In: strings.NewReader("1380\nsecret\n"), Err: &shown})
	for _, ask := range []func(context.Context, string) (string, error){c.Line, c.Hidden} {
		_, err := ask(t.Context(), "What?\nAnswer: ")
		require.NoError(t, err)
	}
	assert.Equal(t, "What?\nAnswer: \nWhat?\nAnswer: \n", shown.String())
}
