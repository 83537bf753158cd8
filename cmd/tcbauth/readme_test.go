//go:build unix

package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

// The README's first lines about the command work as they are written, and the token that they print verifies.
func TestREADME(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("SKIPPED: the README's lines are not run. There is no bash: ", err)
	}
	const install, address = "go install github.com/cloudbase-community/tcbauth/cmd/tcbauth@latest\n", "127.0.0.1:8791"
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	_, lines, found := strings.Cut(string(readme), install)
	require.True(t, found)
	lines, _, _ = strings.Cut(lines, "```")
	require.Contains(t, lines, address)
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "cli.md"))
	require.NoError(t, err)
	require.Contains(t, string(page), lines, "the page about the command has them too")

	own := freeAddress(t) // 8791 may be taken here
	dir := t.TempDir()
	binary, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(binary, filepath.Join(dir, "tcbauth")))
	require.Equal(t, 1, strings.Count(lines, "&\n"))
	host, port, err := net.SplitHostPort(own)
	require.NoError(t, err)
	lines = strings.ReplaceAll(lines, address, own)
	// A slow machine starts the emulator later than the client gives up.
	lines = strings.Replace(lines, "&\n", "&\nuntil (echo >/dev/tcp/"+host+"/"+port+") 2>/dev/null; do sleep 0.1; done\n", 1)
	cmd := exec.CommandContext(t.Context(), bash, "-c", `trap 'kill %1; wait' EXIT; `+lines+ //nolint:gosec // G702: the README's own
		`[ $? = 0 ] && read -r || true`) // until the token was verified
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asCommand+"=1", "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"),
		"TCBAUTH_CONFIG_DIR="+filepath.Join(dir, "config"), "TCBAUTH_STORE=file", "GORACE=atexit_sleep_ms=0")
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout := &firstToken{found: make(chan string, 1)}
	stderr := &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var token string
	select {
	case token = <-stdout.found:
	case err := <-ended:
		require.FailNow(t, "no token was printed", "%v: %s", err, stderr)
	case <-time.After(5 * time.Minute):
		require.FailNow(t, "no token was printed in time", stderr)
	}
	verifier, err := accesstoken.NewVerifier("authtest", accesstoken.WithBaseURL("http://"+own), accesstoken.WithIssuer("http://"+own))
	require.NoError(t, err)
	_, err = verifier.Verify(t.Context(), token)
	assert.NoError(t, err, stderr)
	require.NoError(t, stdin.Close())
	assert.NoError(t, <-ended, stderr)
}

// firstToken finds a line that is a token among what several programs write.
type firstToken struct {
	written bytes.Buffer
	found   chan string
}

func (f *firstToken) Write(p []byte) (int, error) {
	f.written.Write(p)
	for line := range strings.Lines(f.written.String()) {
		if strings.HasPrefix(line, "eyJ") && strings.HasSuffix(line, "\n") {
			select {
			case f.found <- strings.TrimSpace(line):
			default:
			}
		}
	}
	return len(p), nil
}
