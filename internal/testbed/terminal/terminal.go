// Package terminal has a terminal for tests, with the hands and the eyes of a person: it types, and waits until something
// stands on the screen.
package terminal

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// patience is how long something may take to appear on a machine that has much else to do.
const patience = time.Minute

// Terminal is a pseudo terminal. Its methods can be used by several goroutines.
type Terminal struct {
	TTY *os.File // the side of the program

	t       *testing.T
	person  *os.File
	mu      sync.Mutex
	screen  *screen
	raw     strings.Builder
	changed chan struct{} // closed at the next change
}

// Open makes a terminal of a size, which is closed at the end of the test. Where the system has none, the test is skipped.
func Open(t *testing.T, columns, rows uint16) *Terminal {
	t.Helper()
	person, tty, err := pty.Open()
	if errors.Is(err, pty.ErrUnsupported) {
		t.Skip("SKIPPED: nothing about terminals is checked. This system has no pseudo terminals.")
	}
	if err == nil {
		person, err = closable(person)
	}
	if err == nil {
		err = pty.Setsize(tty, &pty.Winsize{Cols: columns, Rows: rows})
	}
	if err != nil {
		t.Fatal("no terminal: ", err)
	}
	term := &Terminal{TTY: tty, t: t, person: person, screen: newScreen(int(columns)), changed: make(chan struct{})}
	read := make(chan struct{})
	go func() {
		defer close(read)
		term.read()
	}()
	t.Cleanup(func() {
		_ = person.Close()
		_ = tty.Close()
		<-read
		if t.Failed() {
			t.Logf("The screen at the end:\n%s", term.Screen())
		}
	})
	return term
}

// read follows what programs print until the terminal is closed.
func (term *Terminal) read() {
	data := make([]byte, 4096)
	for {
		n, err := term.person.Read(data)
		term.mu.Lock()
		term.screen.write(data[:n])
		term.raw.Write(data[:n])
		close(term.changed)
		term.changed = make(chan struct{})
		term.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Type types text as it is; Enter is "\r", ctrl-C "\x03".
func (term *Terminal) Type(text string) {
	term.t.Helper()
	if _, err := term.person.WriteString(text); err != nil {
		term.t.Fatal("typing: ", err)
	}
}

// HangUp closes the person's side.
func (term *Terminal) HangUp() { _ = term.person.Close() }

// Screen is what the terminal shows, without colours, as lines without the blanks at their ends. Nothing scrolls away.
func (term *Terminal) Screen() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.screen.text()
}

// Raw is all that has been printed, escape sequences too.
func (term *Terminal) Raw() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.raw.String()
}

// Unknown returns the escape sequences that the screen did not understand.
func (term *Terminal) Unknown() []string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.screen.unknown
}

// Wait waits until the screen shows text.
func (term *Terminal) Wait(text string) {
	term.t.Helper()
	term.WaitUntil("the screen shows "+text, func(screen string) bool { return strings.Contains(screen, text) })
}

// WaitUntil waits for a screen of which ok is true. what says it in words.
func (term *Terminal) WaitUntil(what string, ok func(screen string) bool) {
	term.t.Helper()
	timeout := time.After(patience)
	for {
		term.mu.Lock()
		text, changed := term.screen.text(), term.changed
		term.mu.Unlock()
		if ok(text) {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			term.t.Fatalf("It never came that %s. The screen:\n%s", what, text)
		}
	}
}

// Start runs a program in the terminal, as a shell does for the command in the foreground. It is killed at the end of the test.
func (term *Terminal) Start(cmd *exec.Cmd) {
	term.t.Helper()
	if cmd.Stdin == nil {
		cmd.Stdin = term.TTY
	}
	if cmd.Stdout == nil {
		cmd.Stdout = term.TTY
	}
	if cmd.Stderr == nil {
		cmd.Stderr = term.TTY
	}
	inForeground(cmd)
	if err := cmd.Start(); err != nil {
		term.t.Fatal("starting the program: ", err)
	}
	term.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
}
