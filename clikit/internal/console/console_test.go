package console_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/term"

	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/internal/testbed/terminal"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "browse" {
		if browse(os.Args[2:]) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	testbed.RunHelper(map[string]testbed.Helper{"asks": asks})
	testbed.HeedSignals()
	os.Exit(m.Run())
}

func TestCanAsk(t *testing.T) {
	t.Parallel()
	screen := terminal.Open(t, 40, 24)
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	for name, test := range map[string]struct {
		cfg  console.Config
		want bool
	}{
		"a user":                    {console.Config{In: screen.TTY, Err: screen.TTY}, true},
		"a dumb terminal":           {console.Config{In: screen.TTY, Err: screen.TTY, Env: environment("TERM=dumb")}, true},
		"answers of a pipe":         {console.Config{In: strings.NewReader("x\n"), Err: screen.TTY}, false},
		"answers of a file":         {console.Config{In: file, Err: screen.TTY}, false},
		"nobody may be asked":       {console.Config{In: screen.TTY, Err: screen.TTY, NoInput: true}, false},
		"a machine that builds":     {console.Config{In: screen.TTY, Err: screen.TTY, Env: environment("CI=true")}, false},
		"a machine that builds not": {console.Config{In: screen.TTY, Err: screen.TTY, Env: environment("CI=false")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.cfg.Env == nil {
				test.cfg.Env = environment()
			}
			assert.Equal(t, test.want, console.New(test.cfg).CanAsk())
		})
	}
}

// asks is a program that asks for a secret, and prints what came of it.
func asks([]string) error {
	c := console.New(console.Config{})
	secret, err := c.Hidden(context.Background(), "Password: ")
	fmt.Printf("can ask: %v, answer: %q, interrupted: %v\n", c.CanAsk(), secret, errors.Is(err, console.ErrInterrupted))
	return nil
}

// asking starts that program on a terminal. Its standard output is the one that is returned.
func asking(t *testing.T, on *terminal.Terminal) (cmd *exec.Cmd, output func() string) {
	t.Helper()
	answers := filepath.Join(t.TempDir(), "answers")
	file, err := os.Create(answers) //nolint:gosec // of this test
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	cmd = testbed.HelperCommand(t, "asks")
	cmd.Env = append(cmd.Env, "CI=")
	cmd.Stdout, cmd.Stderr = file, nil
	return cmd, func() string {
		_ = cmd.Wait()
		data, err := os.ReadFile(answers) //nolint:gosec // of this test
		require.NoError(t, err)
		return string(data)
	}
}

// A signal that ends a program in the middle of a question leaves the terminal as it was.
func TestSignals(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			screen := terminal.Open(t, 40, 24)
			before, err := term.GetState(int(screen.TTY.Fd()))
			require.NoError(t, err)
			cmd, output := asking(t, screen)
			screen.Start(cmd)
			screen.Wait("Password:")
			require.NoError(t, cmd.Process.Signal(sig))
			assert.Equal(t, "can ask: true, answer: \"\", interrupted: true\n", output())
			after, err := term.GetState(int(screen.TTY.Fd()))
			require.NoError(t, err)
			assert.Equal(t, before, after, "the terminal is as it was")
		})
	}
}

// A command whose output and errors are both caught asks on the terminal that it runs in.
func TestTerminalOfTheProcess(t *testing.T) {
	t.Parallel()
	screen := terminal.Open(t, 40, 24)
	cmd, output := asking(t, screen)
	cmd.Stderr = cmd.Stdout
	screen.Start(cmd)
	screen.Wait("Password:")
	screen.Type("secret" + enter)
	assert.Equal(t, "can ask: true, answer: \"secret\", interrupted: false\n", output())
}

// ctrl-Z gives the terminal back to the shell as it was, and the question is asked again when the program goes on.
func TestSuspend(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("SKIPPED: suspending is not checked. There is no shell: ", err)
	}
	screen := terminal.Open(t, 80, 24)
	helper := testbed.HelperCommand(t, "asks")
	cmd := exec.CommandContext(t.Context(), shell, "-i") //nolint:gosec // the system's
	cmd.Env = append(helper.Env, "CI=", "ENV=", "PS1=ready> ", "PROGRAM="+helper.Path)
	screen.Start(cmd)
	screen.Wait("ready>")
	screen.Type("\"$PROGRAM\"\n")
	screen.Wait("Password:")
	screen.Type("sec\x1a")
	screen.WaitUntil("the shell is back", func(text string) bool { return strings.Count(text, "ready>") == 2 })
	screen.Type("stty -a | grep -o ' -*echo ' | tr -d ' '\n")
	screen.Wait("\necho\n")
	screen.Type("fg\n")
	screen.WaitUntil("it is asked again", func(text string) bool { return strings.Count(text, "Password:") == 2 })
	screen.Type("ret" + enter)
	screen.Wait("answer: \"secret\", interrupted: false")
}
