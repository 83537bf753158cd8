package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

func TestMain(m *testing.M) {
	testbed.RunHelper(map[string]testbed.Helper{"command": command, "child": asChild, "told": told})
	os.Exit(m.Run())
}

// command runs the command of its arguments with a token, in its own place.
func command(args []string) error {
	code, err := Command(args, "TOKEN=secret", "TCBAUTH_TEST_HELPER=told")
	if err == nil {
		os.Exit(code)
	}
	return err
}

// asChild is command with a child, on every system.
func asChild(args []string) error {
	code, err := child(args[0], args, with(os.Environ(), []string{"TOKEN=secret", "TCBAUTH_TEST_HELPER=told"}), syscall.SIGTERM)
	if err == nil {
		os.Exit(code)
	}
	return err
}

// told says what it was run with, and ends with the exit code that it is told, or with that of its end by a signal.
func told(args []string) error {
	fmt.Printf("%q %s %v\n", args, os.Getenv("TOKEN"), len(strings.Split(strings.Join(os.Environ(), "\n"), "TOKEN=")))
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	code, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	os.Exit(code)
	return nil
}

func TestCommand(t *testing.T) {
	t.Parallel()
	binary, err := os.Executable()
	require.NoError(t, err)
	for _, helper := range []string{"command", "child"} {
		t.Run(helper, func(t *testing.T) {
			t.Parallel()
			cmd := testbed.HelperCommand(t, helper, binary, "a b", "$HOME;", "--")
			cmd.Env = append(cmd.Env, "TOKEN=before")
			cmd.Stdin = strings.NewReader("7\n")
			out, err := cmd.Output()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			assert.Equal(t, 7, exit.ExitCode())
			assert.Equal(t, "[\"a b\" \"$HOME;\" \"--\"] secret 2\n", string(out), "the arguments as they are, and one token")
			assert.NotContains(t, strings.Join(cmd.Args, " "), "secret")
		})
	}
}

// A signal to the process ends the command.
func TestSignal(t *testing.T) {
	t.Parallel()
	binary, err := os.Executable()
	require.NoError(t, err)
	for _, helper := range []string{"command", "child"} {
		t.Run(helper, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" {
				t.Skip("SKIPPED: Windows has no signals to send")
			}
			p := testbed.StartProcess(t, helper, binary)
			assert.Equal(t, "[] secret 2", p.MustHear(t))
			p.Signal(t, syscall.SIGTERM)
			_, err := p.Hear()
			assert.Equal(t, io.EOF, err)
		})
	}
}

func TestCommandThatIsNotThere(t *testing.T) {
	t.Parallel()
	for _, command := range [][]string{nil, {""}, {"no-such-command-anywhere"}} {
		_, err := Command(command, "TOKEN=secret")
		require.ErrorIs(t, err, exec.ErrNotFound)
		assert.NotContains(t, err.Error(), "secret")
	}
	_, err := Command([]string{t.TempDir()}, "TOKEN=secret")
	require.Error(t, err)
	assert.Equal(t, runtime.GOOS == "windows", errors.Is(err, exec.ErrNotFound), "where a directory is no command at all")
}

func TestWith(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"A=1", "TOKENS=3", "=C:=C:\\x", "broken", "TOKEN=new=", "B="},
		with([]string{"A=1", "TOKEN=2", "TOKENS=3", "=C:=C:\\x", "broken", "TOKEN=4", "B=5"}, []string{"TOKEN=new=", "B="}))
}
