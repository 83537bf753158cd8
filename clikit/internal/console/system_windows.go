package console

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/windows"
)

// terminalPath is the terminal of the process.
const terminalPath = "CONOUT$"

// enableEscapes lets a console understand escape sequences. One of before Windows 10 cannot.
func enableEscapes(fd int) {
	var mode uint32
	handle := windows.Handle(fd) //nolint:gosec // it was a handle before
	if windows.GetConsoleMode(handle, &mode) == nil {
		_ = windows.SetConsoleMode(handle, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING)
	}
}

// signals are those that would leave a raw console behind.
type signals struct {
	end, resumed chan os.Signal // nothing suspends a program of Windows
}

// notify catches signals until stop.
func notify() *signals {
	s := &signals{end: make(chan os.Signal, 1)}
	signal.Notify(s.end, os.Interrupt, syscall.SIGTERM)
	return s
}

func (s *signals) stop() { signal.Stop(s.end) }

func (s *signals) suspendAll() {}

// detach lets a program live on when the console interrupts.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}
