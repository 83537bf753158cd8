package wholefile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/wholefile"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	for _, text := range []string{"first, and longer", "second"} {
		require.NoError(t, wholefile.Write(name, []byte(text)))
		found, err := os.ReadFile(name) //nolint:gosec // G304: this test's own
		require.NoError(t, err)
		assert.Equal(t, text, string(found))
	}
	info, err := os.Stat(name)
	require.NoError(t, err)
	if runtime.GOOS != "windows" { // which has no such modes
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
}

// A file that cannot take its place leaves nothing behind.
func TestWriteFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.Error(t, wholefile.Write(filepath.Join(dir, "nothing", "file"), nil))
	taken := filepath.Join(dir, "taken")
	require.NoError(t, os.MkdirAll(filepath.Join(taken, "sub"), 0o700))
	require.Error(t, wholefile.Write(taken, nil))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

// A device or a pipe is written to: a file in the place of /dev/null would harm every program.
func TestWriteToADevice(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" { // whose devices are no files
		t.Skip("no devices in the file system")
	}
	dir := t.TempDir()
	link := filepath.Join(dir, "null")
	require.NoError(t, os.Symlink(os.DevNull, link))
	require.NoError(t, wholefile.Write(link, []byte("text")))
	info, err := os.Stat(link)
	require.NoError(t, err)
	assert.False(t, info.Mode().IsRegular())
}
