//go:build unix

package main

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/clikit"
)

// machine is one user's sessions, and the emulator that they are of.
type machine struct {
	srv *authtest.Server
	dir string
}

// newMachine returns one on which somebody has signed in, whose access token has expired.
func newMachine(t *testing.T, policy authtest.RefreshPolicy) *machine {
	t.Helper()
	srv, err := authtest.Listen("127.0.0.1:0", authtest.WithRefreshPolicy(policy))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	srv.Seed(authtest.User{Username: "gopher_01", Password: "correct-horse-1"})
	m := &machine{srv, t.TempDir()}
	var stderr bytes.Buffer
	code := run(t.Context(), clikit.Config{
		Dir: m.dir, Env: srv.Env, BaseURL: srv.URL, Stdin: strings.NewReader("correct-horse-1"), Stdout: &stderr, Stderr: &stderr,
		Now: func() time.Time { return time.Now().Add(-3 * time.Hour) },
	}, []string{"--store", "file", "login", "--user", "gopher_01", "--password-stdin"})
	require.Equal(t, clikit.ExitOK, code, stderr.String())
	return m
}

// command is the command in a process of its own.
func (m *machine) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...) //nolint:gosec // G702: this test itself
	// The race detector has a process sleep for a second before it exits.
	cmd.Env = append(os.Environ(), asCommand+"=1", "TCBAUTH_CONFIG_DIR="+m.dir, "LANG=C", "GORACE=atexit_sleep_ms=0")
	return cmd
}

// What exec runs under nohup outlives the terminal, as it would without the tool.
func TestExecUnderNohup(t *testing.T) {
	t.Parallel()
	m := newMachine(t, authtest.Rotating())
	cmd := m.command(t.Context())
	cmd.Path = "/bin/sh"
	cmd.Args = []string{"sh", "-c", `trap "" HUP; exec "$0" exec -- sh -c 'kill -HUP $$; echo lived'`, os.Args[0]}
	out, err := cmd.Output()
	require.NoError(t, err)
	assert.Equal(t, "lived\n", string(out))
}

// However many processes find the session expired at once, one of them refreshes it, and all print its token.
func TestParallelTokens(t *testing.T) {
	t.Parallel()
	m := newMachine(t, authtest.Rotating().RevokingReuse())
	const processes = 20
	var printed [processes]string
	var all sync.WaitGroup
	for i := range processes {
		all.Go(func() {
			out, err := m.command(t.Context(), "token").Output()
			assert.NoError(t, err)
			printed[i] = string(out)
		})
	}
	all.Wait()
	assert.Equal(t, 1, m.srv.Count("token"))
	assert.True(t, strings.HasPrefix(printed[0], "eyJ"))
	for _, token := range printed {
		assert.Equal(t, printed[0], token)
	}
}

// The same under fire: processes that refresh are killed at any moment, and nobody is signed out.
func TestKilledTokens(t *testing.T) {
	t.Parallel()
	if os.Getenv("TCBAUTH_STRESS") == "" {
		t.Skip("SKIPPED: no process is killed while it refreshes. TCBAUTH_STRESS=1 runs it")
	}
	// A process that dies between the server's answer and its own write leaves a spent token, which only a grace mends.
	m := newMachine(t, authtest.RotatingWithGrace(time.Minute).RevokingReuse())
	const processes = 50
	var all sync.WaitGroup
	for range processes {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(1500))*time.Millisecond) //nolint:gosec // G404: any moment will do
			defer cancel()
			_ = m.command(ctx, "token", "--force").Run() // most are killed
		})
	}
	all.Wait()
	out, err := m.command(t.Context(), "token", "--force").CombinedOutput()
	require.NoError(t, err, string(out))
	t.Logf("%d refreshes", m.srv.Count("token"))
}

// The command that exec runs has the token and nothing else of ours; its exit code is passed on, and signals are its own.
func TestExec(t *testing.T) {
	t.Parallel()
	m := newMachine(t, authtest.Rotating().RevokingReuse())
	cmd := m.command(t.Context(), "exec", "--", "sh", "-c", `echo "$CLOUDBASE_ACCESS_TOKEN"; cat; echo "$0 $1" >&2; exit 42`, "--flag", "an argument")
	cmd.Env = append(cmd.Env, clikit.TokenVariable+"=old")
	cmd.Stdin = strings.NewReader("from standard input\n")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var ended *exec.ExitError
	require.ErrorAs(t, cmd.Run(), &ended)
	assert.Equal(t, 42, ended.ExitCode())
	assert.Regexp(t, `^eyJ\S+\nfrom standard input\n$`, stdout.String())
	assert.Equal(t, "--flag an argument\n", stderr.String())

	out, err := m.command(t.Context(), "exec", "no-such-command-anywhere").CombinedOutput()
	require.ErrorAs(t, err, &ended)
	assert.Equal(t, clikit.ExitUsage, ended.ExitCode(), string(out))
}

// A signal ends a command that waits, with the exit code of ctrl-C.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	m := newMachine(t, authtest.Rotating().RevokingReuse())
	cmd := m.command(t.Context(), "login", "--phone", "13800000000", "--code-stdin")
	_, err := cmd.StdinPipe() // which says nothing until Wait closes it
	require.NoError(t, err)
	stderr := &lockedBuffer{}
	cmd.Stderr = stderr
	require.NoError(t, cmd.Start())
	_, err = m.srv.WaitCode(t.Context(), "13800000000")
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	var ended *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &ended)
	assert.Equal(t, clikit.ExitInterrupted, ended.ExitCode())
	assert.Contains(t, stderr.String(), "tcbauth: interrupted\n")
}

// Where a session cannot be stored for lack of room, no message is paid for. The limit of a file's size stands for a full disk:
// files can be made, and nothing can be written to them.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	srv, err := authtest.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	m := &machine{srv, t.TempDir()}
	for _, start := range []string{"--code-stdin", "--start"} {
		cmd := m.command(t.Context())
		cmd.Path = "/bin/sh"
		cmd.Args = []string{"sh", "-c", `ulimit -f 0; exec "$0" --store file login --phone 13800000000 "$1"`, os.Args[0], start}
		cmd.Env = append(cmd.Env, "TCB_ENV="+srv.Env, "TCB_BASE_URL="+srv.URL)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		_ = cmd.Run()
		assert.Equal(t, clikit.ExitStorage, cmd.ProcessState.ExitCode(), stderr.String())
	}
	assert.Zero(t, srv.Count("verification"))
}
