package console_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
)

const page = "https://example.com/activate?code=secret"

func TestOpenOnlyPages(t *testing.T) {
	t.Parallel()
	var opened []string
	failure := errors.New("failure")
	c := console.New(console.Config{OpenBrowser: func(url string) error {
		opened = append(opened, url)
		return failure
	}})
	assert.Equal(t, failure, c.Open(page))
	for _, address := range []string{"", "secret", "-secret", "file:///secret", "javascript:secret()", "/secret", "https:secret", "https://secret\x7f"} {
		err := c.Open(address)
		require.Error(t, err)
		assert.NotErrorIs(t, err, failure, address)
		assert.NotContains(t, err.Error(), "secret")
	}
	assert.Equal(t, []string{page}, opened)
}

// browse is a browser: it notes the address.
func browse(args []string) error {
	_, _ = os.Stdout.WriteString("noise")
	return os.WriteFile(args[0], []byte(args[1]), 0o600) //nolint:gosec // a file of the test's
}

func TestOpenRunsTheBrowserOfTheEnvironment(t *testing.T) {
	t.Parallel()
	binary, err := os.Executable()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "opened")
	c := console.New(console.Config{Env: environment("BROWSER="+binary+" browse "+file, "SSH_TTY=/dev/pts/1")})
	require.NoError(t, c.Open(page))
	require.Eventually(t, func() bool { // it lives on by itself
		opened, err := os.ReadFile(file) //nolint:gosec // of this test
		return err == nil && string(opened) == page
	}, time.Minute, 10*time.Millisecond)

	c = console.New(console.Config{Env: environment("BROWSER=no-such-browser-anywhere")})
	require.ErrorIs(t, c.Open(page), console.ErrNoBrowser)
}

func TestNoBrowser(t *testing.T) {
	t.Parallel()
	c := console.New(console.Config{Env: environment("SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22", "DISPLAY=:10")})
	require.ErrorIs(t, c.Open(page), console.ErrNoBrowser)
}
