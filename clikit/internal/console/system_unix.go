//go:build !windows

package console

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// terminalPath is the terminal of the process.
const terminalPath = "/dev/tty"

// enableEscapes does nothing: terminals of Unix understand escape sequences.
func enableEscapes(int) {}

// signals are those that would leave a raw terminal behind.
type signals struct {
	end, resumed chan os.Signal
}

// notify catches signals until stop. What was ignored stays so: a program under nohup outlives its terminal.
func notify() *signals {
	s := &signals{make(chan os.Signal, 1), make(chan os.Signal, 1)}
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(sig) {
			signal.Notify(s.end, sig)
		}
	}
	signal.Notify(s.resumed, syscall.SIGCONT)
	return s
}

func (s *signals) stop() {
	signal.Stop(s.end)
	signal.Stop(s.resumed)
}

// suspendAll stops this program and those that run with it in the foreground, as the terminal does at ctrl-Z, and returns
// when the program goes on. The system does not stop programs that nobody could wake up, which is found out by waiting.
//
// SIGTSTP is never caught: Go does not give it back what it does by itself.
func (s *signals) suspendAll() {
	_ = syscall.Kill(0, syscall.SIGTSTP)
	select {
	case <-s.resumed:
	case <-time.After(200 * time.Millisecond):
	}
}

// detach lets a program live on when the terminal interrupts or closes.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
