// Package run runs another command with more environment variables, such as one that holds a token. No shell sees the command,
// and nothing but the command sees the variables.
package run

import (
	"os"
	"os/exec"
	"strings"
)

// Command runs a command, a name and its arguments, with variables ("NAME=value") besides this process's own, of which it
// replaces those of the same name. Standard streams are passed on.
//
// On Unix the command takes the place of this process, so that Command returns only if it cannot be run. Elsewhere it is a
// child, of which code is the exit code; err is nil then, whatever the code. What ends a child by the terminal (ctrl-C) is left
// to the child.
//
// A command that is not there is the error of [exec.LookPath], which wraps [exec.ErrNotFound] or [exec.ErrDot].
func Command(command []string, variables ...string) (code int, err error) {
	if len(command) == 0 {
		return 0, &exec.Error{Err: exec.ErrNotFound}
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return 0, err
	}
	return start(path, command, with(os.Environ(), variables))
}

// with returns an environment with other variables in place of those of the same name.
func with(environment, variables []string) []string {
	var out []string
	for _, old := range environment {
		replaced := false
		for _, variable := range variables {
			replaced = replaced || sameName(name(old), name(variable))
		}
		if !replaced {
			out = append(out, old)
		}
	}
	return append(out, variables...)
}

// name is what stands before the = of a variable. Windows has names that begin with one.
func name(variable string) string {
	if i := strings.IndexByte(variable[min(1, len(variable)):], '='); i >= 0 {
		return variable[:i+1]
	}
	return variable
}
