//go:build unix

package clikit

import (
	"context"
	"os/exec"
	"syscall"
)

// run puts the command in place of this process, so that signals and the terminal are the command's own.
func run(_ context.Context, command, env []string) error {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return &UsageError{Err: err}
	}
	return syscall.Exec(path, command, env) //nolint:gosec // G204: the command that the user has typed
}
