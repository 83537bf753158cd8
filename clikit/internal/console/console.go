// Package console talks with the user at a terminal: it asks, counts down, draws pictures and opens a browser.
//
// What is asked and shown goes to the standard error, never to the standard output, which is for answers. Where the standard
// error is no terminal, it goes to the terminal of the process (/dev/tty, CONOUT$), so that a command whose whole output is
// caught can still ask.
package console

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

var (
	// ErrInterrupted is for a user who presses ctrl-C, a signal that ends the program, and a context that is cancelled, whose
	// cause is wrapped too. A context whose time is over is context.DeadlineExceeded, without ErrInterrupted.
	ErrInterrupted = errors.New("interrupted")

	// ErrTooLong is for an answer of more than 8 KiB. Nothing of it is kept.
	ErrTooLong = errors.New("the answer is too long")

	// ErrNoTerminal is for what nobody would see.
	ErrNoTerminal = errors.New("no terminal shows it")
)

// Config has what a Console talks through. The zero value of a field means what the operating system has.
type Config struct {
	In          io.Reader
	Err         io.Writer
	Env         func(name string) (value string, set bool)
	NoInput     bool // nobody may be asked, whatever there is
	Now         func() time.Time
	OpenBrowser func(url string) error // instead of the system's browser
}

// Console is one terminal, or what stands in its place. Its methods can be used by several goroutines; they ask one question
// at a time.
type Console struct {
	in         *source
	inTerminal bool
	inFd       int // of a terminal
	screen     func() screen
	env        func(string) (string, bool)
	noInput    bool
	now        func() time.Time
	browser    func(string) error
	turn       chan struct{} // holds one value while a question is open
}

// New finds out which of In and Err are terminals. A reader or writer that is no *os.File is none.
func New(cfg Config) *Console {
	if cfg.In == nil {
		cfg.In = os.Stdin
	}
	if cfg.Err == nil {
		cfg.Err = os.Stderr
	}
	if cfg.Env == nil {
		cfg.Env = os.LookupEnv
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &Console{
		in: newSource(cfg.In), env: cfg.Env, noInput: cfg.NoInput, now: cfg.Now, browser: cfg.OpenBrowser,
		turn: make(chan struct{}, 1),
	}
	c.inFd, c.inTerminal = terminalOf(cfg.In)
	c.screen = sync.OnceValue(func() screen { return openScreen(cfg.Err, c.inTerminal) })
	return c
}

// CanAsk reports whether a user is there who sees a question and can answer it: In is a terminal, the question can be
// shown, NoInput is not set, and the variable CI is neither.
func (c *Console) CanAsk() bool {
	if c.noInput || !c.inTerminal || c.flag("CI") {
		return false
	}
	return c.screen().terminal
}

// flag reports whether an environment variable is set to anything but a no.
func (c *Console) flag(name string) bool {
	switch strings.ToLower(c.variable(name)) {
	case "", "0", "false", "no":
		return false
	default:
		return true
	}
}

// variable is an environment variable's value, "" when it is not set.
func (c *Console) variable(name string) string {
	value, _ := c.env(name)
	return value
}

// dumb reports whether the terminal only prints: no colours, and the cursor cannot be moved.
func (c *Console) dumb() bool { return c.variable("TERM") == "dumb" }

// begin waits until nobody else asks. end lets the next one.
func (c *Console) begin(ctx context.Context) (end func(), err error) {
	if ctx.Err() != nil {
		return nil, interrupted(ctx)
	}
	select {
	case c.turn <- struct{}{}:
		return func() { <-c.turn }, nil
	case <-ctx.Done():
		return nil, interrupted(ctx)
	}
}

// screen is the output that the user reads.
type screen struct {
	io.Writer
	fd       int // of a terminal
	terminal bool
}

// openScreen takes the standard error, or else the terminal from which the user types.
func openScreen(stderr io.Writer, user bool) screen {
	if fd, ok := terminalOf(stderr); ok {
		enableEscapes(fd)
		return screen{stderr, fd, true}
	}
	if user {
		// It stays open as long as the program runs, like the standard error.
		if file, err := os.OpenFile(terminalPath, os.O_WRONLY, 0); err == nil {
			if fd, ok := terminalOf(file); ok {
				enableEscapes(fd)
				return screen{file, fd, true}
			}
			_ = file.Close()
		}
	}
	return screen{Writer: stderr}
}

const (
	fallbackColumns = 80
	fallbackRows    = 24
)

// size is the terminal's, or the usual one where it does not say.
func (s screen) size() (columns, rows int) {
	if s.terminal {
		if columns, rows, err := term.GetSize(s.fd); err == nil && columns > 0 && rows > 0 {
			return columns, rows
		}
	}
	return fallbackColumns, fallbackRows
}

// terminalOf returns the descriptor of a file that is a terminal.
func terminalOf(stream any) (fd int, ok bool) {
	file, ok := stream.(*os.File)
	if !ok || file == nil {
		return 0, false
	}
	fd = int(file.Fd())
	return fd, term.IsTerminal(fd)
}
