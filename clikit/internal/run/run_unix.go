//go:build unix

package run

import (
	"fmt"
	"syscall"
)

// start puts a command in the place of this process: signals, the terminal and the exit code are the command's own.
func start(path string, command, environment []string) (code int, err error) {
	err = syscall.Exec(path, command, environment) //nolint:gosec // the user typed it
	return 0, fmt.Errorf("run %s: %w", path, err)
}

func sameName(a, b string) bool { return a == b }
