//go:build !unix

package clikit

import (
	"context"
	"errors"
	"os"
	"os/exec"
)

// run runs the command as a child, whose exit code it returns.
func run(ctx context.Context, command, env []string) error {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return &UsageError{Err: err}
	}
	child := exec.CommandContext(ctx, path, command[1:]...) //nolint:gosec // G204: the command that the user has typed
	child.Env, child.Stdin, child.Stdout, child.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	err = child.Run()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return ExitStatus(ended.ExitCode())
	}
	return err
}
