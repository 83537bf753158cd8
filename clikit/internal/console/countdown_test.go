package console_test

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
	"github.com/cloudbase-community/tcbauth/internal/testbed/terminal"
)

// clocked is a Console on a terminal, with a clock that a test moves.
func clocked(t *testing.T) (c *console.Console, screen *terminal.Terminal, began time.Time, passed *atomic.Int64) {
	t.Helper()
	screen, began, passed = terminal.Open(t, 40, 24), time.Now(), new(atomic.Int64)
	now := func() time.Time { return began.Add(time.Duration(passed.Load())) }
	return console.New(console.Config{In: screen.TTY, Err: screen.TTY, Env: environment(), Now: now}), screen, began, passed
}

// A countdown on a terminal shows each second in the place of the one before, and goes away.
func TestCountdown(t *testing.T) {
	t.Parallel()
	c, screen, began, passed := clocked(t)
	done := during(func() (string, error) {
		return "", c.Countdown(t.Context(), began.Add(1500*time.Millisecond), func(left time.Duration) string {
			return fmt.Sprintf("请等待 %v, which is more than there is room for", left)
		})
	})
	screen.WaitUntil("as much is shown as one row holds", func(text string) bool { return text == "请等待 2s, which is more than there is" })
	passed.Store(int64(time.Second))
	screen.WaitUntil("the next second is", func(text string) bool { return text == "请等待 1s, which is more than there is" })
	passed.Store(int64(1500 * time.Millisecond))
	require.NoError(t, (<-done).err)
	_, _ = screen.TTY.WriteString("|")
	screen.Wait("|")
	assert.Equal(t, "|", screen.Screen())
}

func TestCountdownIsInterrupted(t *testing.T) {
	t.Parallel()
	c, screen := person(t)
	done := during(func() (string, error) {
		return "", c.Countdown(t.Context(), time.Now().Add(time.Hour), func(left time.Duration) string { return "left: " + left.String() })
	})
	screen.Wait("left: 1h0m0s")
	screen.Type("impatient" + enter + ctrlC)
	require.ErrorIs(t, (<-done).err, console.ErrInterrupted)
	assert.NotContains(t, screen.Screen(), "impatient")
}

// A wait that is over at once shows nothing.
func TestCountdownThatIsOver(t *testing.T) {
	t.Parallel()
	c, screen := person(t)
	require.NoError(t, c.Countdown(t.Context(), time.Now().Add(-time.Hour), func(time.Duration) string { return "never" }))
	_, _ = screen.TTY.WriteString("|")
	screen.Wait("|")
	assert.NotContains(t, screen.Raw(), "never")
}

// Where nobody sees it, a countdown says once what it waits for, waits, and leaves a script's answers alone.
func TestCountdownWithoutATerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var shown strings.Builder
		c := console.New(console.Config{In: strings.NewReader("12\n"), Err: &shown})
		began := time.Now()
		require.NoError(t, c.Countdown(t.Context(), began.Add(time.Minute), func(left time.Duration) string { return left.String() }))
		assert.Equal(t, time.Minute, time.Since(began))
		assert.Equal(t, "1m0s\n", shown.String())
		line, err := c.Line(t.Context(), "")
		require.NoError(t, err)
		assert.Equal(t, "12", line)
	})
}

// The time goes on above a question while an answer is typed, and the answer stays as it is.
func TestLineOrWait(t *testing.T) {
	t.Parallel()
	c, screen, began, passed := clocked(t)
	done := during(func() (string, error) {
		return c.LineOrWait(t.Context(), "Sent.\nCode: ", began.Add(30*time.Second), func(left time.Duration) string {
			if left == 0 {
				return "r: send again"
			}
			return fmt.Sprintf("%d seconds left", left/time.Second)
		})
	})
	screen.WaitUntil("the time stands above the question", func(text string) bool { return text == "Sent.\n30 seconds left\nCode:" })
	screen.Type(strings.Repeat("1", 50))
	screen.Wait("Code: " + strings.Repeat("1", 34) + "\n" + strings.Repeat("1", 16))
	passed.Store(int64(30 * time.Second))
	screen.Wait("r: send again")
	screen.Type(ctrlU + "12" + enter)
	assert.Equal(t, answer{line: "12"}, <-done)
	_, _ = screen.TTY.WriteString("|")
	screen.Wait("|")
	assert.Equal(t, "Sent.\nCode: 12\n|", screen.Screen())
	assert.Empty(t, screen.Unknown())
}

// The end of what a script gives is the end of a wait with a question too.
func TestLineOrWaitWithoutATerminal(t *testing.T) {
	t.Parallel()
	c := console.New(console.Config{In: strings.NewReader("12\n"), Err: io.Discard})
	text := func(time.Duration) string { return "" }
	line, err := c.LineOrWait(t.Context(), "Code: ", time.Now().Add(time.Hour), text)
	require.NoError(t, err)
	assert.Equal(t, "12", line)
	_, err = c.LineOrWait(t.Context(), "Code: ", time.Now().Add(time.Hour), text)
	assert.Equal(t, io.EOF, err)
}
