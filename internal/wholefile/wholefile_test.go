package wholefile_test

import (
	"fmt"
	"io"
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
		t.Skip("NOT TESTED: no devices in the file system")
	}
	dir := t.TempDir()
	link := filepath.Join(dir, "null")
	require.NoError(t, os.Symlink(os.DevNull, link))
	require.NoError(t, wholefile.Write(link, []byte("text")))
	info, err := os.Stat(link)
	require.NoError(t, err)
	assert.False(t, info.Mode().IsRegular())
}

// Check fails where Write does, and leaves everything as it was.
func TestCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sub := filepath.Join(dir, "sub")
	require.NoError(t, os.Mkdir(sub, 0o700))
	kept := filepath.Join(dir, "kept")
	require.NoError(t, os.WriteFile(kept, []byte("text"), 0o600))
	for name, writable := range map[string]bool{
		kept: true, filepath.Join(dir, "new"): true, sub: false, filepath.Join(dir, "nothing", "new"): false,
	} {
		err := wholefile.Check(name)
		entries, readErr := os.ReadDir(dir)
		require.NoError(t, readErr)
		assert.Len(t, entries, 2, name)
		if writable {
			require.NoError(t, err, name)
			require.NoError(t, wholefile.Write(name, []byte("text")), name)
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "new")))
		} else {
			require.Error(t, err, name)
			require.Error(t, wholefile.Write(name, []byte("text")), name)
		}
	}
}

// A directory is no file, under the name of a link to it either: the link stays.
func TestLinkToADirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Skip("NOT TESTED: no links in the file system: ", err)
	}
	require.Error(t, wholefile.Check(link))
	require.Error(t, wholefile.Write(link, nil))
	info, err := os.Stat(link)
	require.NoError(t, err)
	assert.True(t, info.IsDir())
}

// A pipe can be written to where no file can be made, such as one that a shell names for >(program).
func TestPipe(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" { // whose pipes are no files
		t.Skip("NOT TESTED: no pipes in the file system")
	}
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer func() { assert.NoError(t, read.Close()) }()
	name := fmt.Sprintf("/dev/fd/%d", write.Fd())
	require.NoError(t, wholefile.Check(name))
	require.NoError(t, wholefile.Write(name, []byte("text")))
	require.NoError(t, write.Close())
	text, err := io.ReadAll(read)
	require.NoError(t, err)
	assert.Equal(t, "text", string(text))
}
