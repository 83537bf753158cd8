package testbed

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// helperEnv names what a copy of the test binary is to be.
const helperEnv = "TCBAUTH_TEST_HELPER"

// Helper is what another process does. It gets the arguments that the test gave.
type Helper func(args []string) error

// RunHelper makes this process a helper if a test started it as one, and then does not return. TestMain calls it first.
func RunHelper(helpers map[string]Helper) {
	name := os.Getenv(helperEnv)
	help := helpers[name]
	if help == nil {
		return
	}
	if err := help(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// HeedSignals lets the processes that tests start be interrupted and hung up, although this process ignores both in the background of a
// script or under nohup. A process inherits which signals are ignored, but not which are caught.
func HeedSignals() {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if signal.Ignored(sig) {
			signal.Notify(make(chan os.Signal, 1), sig)
		}
	}
}

// ExitWithTest ends a helper whose test is gone: its standard input comes from the test.
func ExitWithTest() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// HelperCommand is a process that is to be a helper. It is killed when the test ends.
func HelperCommand(t testing.TB, helper string, args ...string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, args...) //nolint:gosec // this test binary
	// The race detector has a process sleep for a second before it exits, and there are many here.
	cmd.Env = append(os.Environ(), helperEnv+"="+helper, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	return cmd
}

// Process is a helper that runs, and talks in lines with its test.
type Process struct {
	Name string // for what is said of it
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
}

// StartProcess starts a helper, which is to end with its standard input. The test ends it by End or Kill.
func StartProcess(t testing.TB, helper string, args ...string) *Process {
	t.Helper()
	cmd := HelperCommand(t, helper, args...)
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		t.Fatalf("starting %s: %v", helper, err)
	}
	return &Process{Name: helper, cmd: cmd, in: in, out: bufio.NewReader(out)}
}

// Say sends a line to the helper.
func (p *Process) Say(t testing.TB, line string) {
	t.Helper()
	if _, err := fmt.Fprintln(p.in, line); err != nil {
		t.Fatalf("%s does not listen: %v", p.Name, err)
	}
}

// hearLimit is how long a helper may be silent. It is long since the machine may be slow; none of the tests lasts so long.
const hearLimit = 2 * time.Minute

// Hear returns the next line of the helper, io.EOF if it has ended.
func (p *Process) Hear() (string, error) {
	limit := time.AfterFunc(hearLimit, func() { _ = p.cmd.Process.Kill() })
	line, err := p.out.ReadString('\n')
	if !limit.Stop() {
		return "", fmt.Errorf("%s was silent for %v", p.Name, hearLimit)
	}
	return strings.TrimSuffix(line, "\n"), err
}

// MustHear returns the next line of the helper, which must not have ended.
func (p *Process) MustHear(t testing.TB) string {
	t.Helper()
	line, err := p.Hear()
	if err != nil {
		t.Fatalf("%s: %v", p.Name, err)
	}
	return line
}

// Kill ends the helper at once, as kill -9 does. It may have said something, which can be heard until Wait.
func (p *Process) Kill(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatalf("%s ended by itself: %v", p.Name, err)
	}
}

// Wait returns when a helper is gone that was killed.
func (p *Process) Wait(t testing.TB) {
	t.Helper()
	var exit *exec.ExitError
	killed := func() bool { return !exit.Exited() || runtime.GOOS == "windows" } // which gives the killed an exit code
	if err := p.cmd.Wait(); !errors.As(err, &exit) || !killed() {
		t.Fatalf("%s ended by itself: %v", p.Name, err)
	}
}

// Signal sends a signal to the helper.
func (p *Process) Signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatalf("%s: %v", p.Name, err)
	}
}

// End lets the helper end by itself.
func (p *Process) End(t testing.TB) {
	t.Helper()
	if err := errors.Join(p.in.Close(), p.cmd.Wait()); err != nil {
		t.Errorf("%s: %v", p.Name, err)
	}
}
