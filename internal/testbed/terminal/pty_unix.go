//go:build !windows

package terminal

import (
	"os"
	"os/exec"
	"syscall"
)

// closable is a file of which a read ends when it is closed.
func closable(file *os.File) (*os.File, error) {
	defer func() { _ = file.Close() }()
	fd, err := syscall.Dup(int(file.Fd()))
	if err != nil {
		return nil, err
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), file.Name()), nil
}

// inForeground gives a program a session of its own, whose terminal is its standard input.
func inForeground(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
}
