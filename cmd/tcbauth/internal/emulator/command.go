package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// commandGrace is how long a command may take to end after it was told to.
const commandGrace = 10 * time.Second

// runCommand runs a command for a server, and returns its exit code. When ctx ends, the command is interrupted, and killed if
// it goes on. Ctrl-C at a terminal has interrupted it already: a second interrupt would end it in the middle of its ending.
func runCommand(ctx context.Context, args []string, srv *authtest.Server, stdout, stderr io.Writer) (code int, err error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // G204: whoever runs the emulator names the command
	if cmd.Err != nil {
		return 0, cmd.Err
	}
	cmd.Env = append(os.Environ(), "TCB_ENV="+srv.Env, "TCB_BASE_URL="+srv.URL)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	interrupts := make(chan os.Signal, 1)
	if !signal.Ignored(os.Interrupt) {
		signal.Notify(interrupts, os.Interrupt)
		defer signal.Stop(interrupts)
	}
	cmd.Cancel = func() error {
		signal.Stop(interrupts) // waits for the signal that has ended ctx, if one has
		if len(interrupts) > 0 && atTerminal() {
			return nil
		}
		return interrupt(cmd.Process)
	}
	cmd.WaitDelay = commandGrace
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if code := exit.ExitCode(); code >= 0 {
			return code, nil
		}
		return 1, nil // a signal ended it
	}
	if err != nil && ctx.Err() != nil && cmd.Process != nil {
		return 0, nil // it ended well after it was told to
	}
	if err != nil {
		return 0, fmt.Errorf("run %s: %w", args[0], err)
	}
	return 0, nil
}

// atTerminal says whether this process is at a terminal, which interrupts it and its command together.
func atTerminal() bool {
	for _, stream := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
		if term.IsTerminal(int(stream.Fd())) {
			return true
		}
	}
	return false
}

// interrupt asks a process to end, where the system has a way to.
func interrupt(p *os.Process) error {
	ask := os.Interrupt
	if signal.Ignored(ask) { // as in the background of a script, for the commands of this process too
		ask = syscall.SIGTERM
	}
	if err := p.Signal(ask); err != nil {
		return p.Kill()
	}
	return nil
}
