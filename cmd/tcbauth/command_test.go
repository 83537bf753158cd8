//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/internal/testbed/terminal"
)

// A command behind -- is told of the emulator, has standard output for itself, and ends it.
func TestCommand(t *testing.T) {
	t.Parallel()
	script := `case $TCB_BASE_URL in http://127.0.0.1:*) echo "$TCB_ENV" "$1";; esac; exit 3`
	cmd := exec.CommandContext(t.Context(), os.Args[0], "emulator", "-addr", "127.0.0.1:0", "-env", "env-1", "--", "sh", "-c", script, "sh", "--flag") //nolint:gosec // G702: this test itself
	cmd.Env = append(os.Environ(), asCommand+"=1")
	stdout, err := cmd.Output()
	exit, ok := errors.AsType[*exec.ExitError](err)
	require.True(t, ok, err)
	assert.Equal(t, 3, exit.ExitCode())
	assert.Equal(t, "env-1 --flag\n", string(stdout))
	assert.Contains(t, string(exit.Stderr), "environment env-1, page and inbox at http://127.0.0.1:")
}

// Told to end, the emulator ends its command first.
func TestCommandIsInterrupted(t *testing.T) {
	t.Parallel()
	p := startProcess(t, nil, "-addr", "127.0.0.1:0", "--", "sh", "-c", `trap 'echo bye; exit 0' INT; echo started; while :; do sleep 0.1; done`)
	assert.Equal(t, "started", p.url)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.cmd.Wait())
}

// In the background of a script interrupts are ignored. There a command is told to end in another way.
func TestCommandInBackgroundIsTold(t *testing.T) {
	t.Parallel()
	p := startProcess(t, func(cmd *exec.Cmd) {
		cmd.Args = append([]string{"sh", "-c", `trap "" INT; exec "$0" "$@"`}, cmd.Args...)
		cmd.Path = "/bin/sh"
	}, "-addr", "127.0.0.1:0", "--", "sh", "-c", `trap 'exit 0' TERM; echo started; while :; do sleep 0.1; done`)
	assert.Equal(t, "started", p.url)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.cmd.Wait())
}

// Ctrl-C reaches the command from the terminal, once: here an emulator that saves its state before it ends.
func TestCommandAtTerminalIsInterruptedOnce(t *testing.T) {
	t.Parallel()
	state, screen := filepath.Join(t.TempDir(), "state.json"), terminal.Open(t, 200, 50)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "emulator", "-addr", "127.0.0.1:0", "--", //nolint:gosec // G702: this test itself
		os.Args[0], "emulator", "-addr", "127.0.0.1:0", "-env", "inner", "-state", state)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	screen.Start(cmd)
	screen.Wait("environment inner")
	screen.Type("\x03")
	require.NoError(t, cmd.Wait())
	assert.FileExists(t, state)
}

// A command that never ran has not succeeded.
func TestCommandThatNeverRan(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := try(t, "emulator", "-addr", "127.0.0.1:0", "--", "echo", "ran") // the context has ended
	assert.Equal(t, clikit.ExitError, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "run echo: ")
}

func TestCommandThatIsMissing(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := try(t, "emulator", "-addr", "127.0.0.1:0", "--", "no-such-command-anywhere")
	assert.Equal(t, clikit.ExitError, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "no-such-command-anywhere")
	code, _, stderr = try(t, "emulator", "--")
	assert.Equal(t, clikit.ExitUsage, code)
	assert.Contains(t, stderr, "Usage")
}
