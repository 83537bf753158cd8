package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// commandGrace is how long a command may take to end after it was told to.
const commandGrace = 10 * time.Second

// runCommand runs a command for a server, and returns its exit code. When ctx ends, the command is interrupted, and killed if
// it goes on.
func runCommand(ctx context.Context, args []string, srv *authtest.Server, stdout, stderr io.Writer) (code int, err error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // G204: whoever runs the emulator names the command
	if cmd.Err != nil {
		return 0, cmd.Err
	}
	cmd.Env = append(os.Environ(), "TCB_ENV="+srv.Env, "TCB_BASE_URL="+srv.URL)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	cmd.Cancel = func() error { return interrupt(cmd.Process) }
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

// interrupt asks a process to end, where the system has a way to.
func interrupt(p *os.Process) error {
	if err := p.Signal(os.Interrupt); err != nil {
		return p.Kill()
	}
	return nil
}
