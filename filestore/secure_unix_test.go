//go:build unix

package filestore

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// nobody is a user who is not root and owns nothing.
const nobody = 65534

// nobodyEnv tells a copy of this test binary to be nobody's, in the directory of a store.
const nobodyEnv = "FILESTORE_NOBODY"

func TestModes(t *testing.T) {
	t.Parallel()
	top := filepath.Join(t.TempDir(), "top")
	store, err := New(filepath.Join(top, "below"))
	require.NoError(t, err)
	require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
	_, unlock, err := store.Lock(t.Context(), "key")
	require.NoError(t, err)
	defer unlock()
	for path, want := range map[string]fs.FileMode{
		top:                            0o700 | fs.ModeDir,
		store.dir:                      0o700 | fs.ModeDir,
		store.path("key", valueSuffix): 0o600,
		store.path("key", lockSuffix):  0o600,
	} {
		assert.Equal(t, want, mode(t, path), path)
	}
}

func TestOpenDirectoryIsClosed(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
	_, unlock, err := store.Lock(t.Context(), "key")
	require.NoError(t, err)
	unlock()
	chmod(t, store.dir, 0o755)
	_, err = New(store.dir)
	require.NoError(t, err)
	assert.Equal(t, 0o700|fs.ModeDir, mode(t, store.dir))

	chmod(t, store.dir, 0o550)
	_, err = New(store.dir)
	require.NoError(t, err)
	assert.Equal(t, 0o500|fs.ModeDir, mode(t, store.dir), "the owner's rights stay as they are")
	chmod(t, store.dir, 0o700)
}

func TestSharedDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(home, ".profile"), nil, 0o600))
	chmod(t, home, 0o755)
	_, err := New(home)
	require.ErrorContains(t, err, "has mode 0755 and others can access it")
	assert.Equal(t, 0o755|fs.ModeDir, mode(t, home), "a directory of others' files is not ours to change")

	chmod(t, home, 0o700)
	_, err = New(home)
	require.NoError(t, err, "a private directory may hold other files")

	tmp := t.TempDir()
	chmod(t, tmp, 0o777|fs.ModeSticky)
	_, err = New(tmp)
	require.ErrorContains(t, err, "has mode 0777 and others can access it")
	require.ErrorContains(t, err, "use a directory of its own, for example "+filepath.Join(tmp, "mytool"))
	assert.NotContains(t, err.Error(), "0700", "that would shut others out of it")
	assert.Equal(t, 0o777|fs.ModeSticky|fs.ModeDir, mode(t, tmp))
}

func TestOpenFileIsClosed(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
	path := store.path("key", valueSuffix)

	chmod(t, path, 0o644)
	value, err := store.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, "value", string(value))
	assert.Equal(t, fs.FileMode(0o600), mode(t, path))

	chmod(t, path, 0o666)
	require.NoError(t, store.Set(t.Context(), "key", []byte("changed"), 0))
	assert.Equal(t, fs.FileMode(0o600), mode(t, path))
}

func TestAnotherUsersAreRefused(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: only root can give files to another user")
	}
	store := newStore(t)
	require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
	path := store.path("key", valueSuffix)
	require.NoError(t, os.Chown(path, nobody, nobody))
	_, err := store.Get(t.Context(), "key")
	require.NoError(t, err, "a file that its owner keeps private")
	chmod(t, path, 0o644)
	_, err = store.Get(t.Context(), "key")
	require.ErrorContains(t, err, "has mode 0644: others can access it, and it belongs to another user")
	assert.Equal(t, fs.FileMode(0o644), mode(t, path))

	require.NoError(t, os.Chown(store.dir, nobody, nobody))
	chmod(t, store.dir, 0o750)
	_, err = New(store.dir)
	require.ErrorContains(t, err, "has mode 0750: others can access it, and it belongs to another user")
	assert.Equal(t, 0o750|fs.ModeDir, mode(t, store.dir))
}

func TestLinksAndPipesAreRefused(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.WriteFile(outside, []byte("outside"), 0o600))
	for name, put := range map[string]func(path string) error{
		"link":      func(path string) error { return os.Symlink(outside, path) },
		"dead link": func(path string) error { return os.Symlink(outside+"-not", path) },
		"pipe":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"directory": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := newStore(t)
			require.NoError(t, put(store.path("key", valueSuffix)))
			require.NoError(t, put(store.path("key", lockSuffix)))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			value, err := store.Get(ctx, "key")
			require.ErrorContains(t, err, "not a regular file")
			assert.Nil(t, value)
			_, _, err = store.Lock(ctx, "key")
			require.ErrorContains(t, err, "not a regular file")

			if name != "directory" {
				require.NoError(t, store.Set(ctx, "key", []byte("inside"), 0), "a write takes its place")
				value, err = store.Get(ctx, "key")
				require.NoError(t, err)
				assert.Equal(t, "inside", string(value))
			}
			kept, err := os.ReadFile(outside) //nolint:gosec // a file of this test
			require.NoError(t, err)
			assert.Equal(t, "outside", string(kept))
			assert.NoFileExists(t, outside+"-not")
		})
	}
}

// TestReadOnlyDirectory: a session that was put there by somebody else still serves. Root may write anywhere, so as
// root the test goes on as nobody, in a process of its own.
func TestReadOnlyDirectory(t *testing.T) {
	t.Parallel()
	if os.Getenv(nobodyEnv) != "" {
		become(t, nobody)
		testReadOnlyDirectory(t, ".")
		return
	}
	store := newStore(t)
	require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
	_, unlock, err := store.Lock(t.Context(), "key")
	require.NoError(t, err)
	unlock()
	stale := filepath.Join(store.dir, "tcbauth-1.tmp")
	require.NoError(t, os.WriteFile(stale, nil, 0o600))
	require.NoError(t, os.Chtimes(stale, time.Unix(0, 0), time.Unix(0, 0)))
	before := list(t, store.dir, "")
	if os.Geteuid() == 0 {
		for _, name := range append(before, ".") {
			require.NoError(t, os.Chown(filepath.Join(store.dir, name), nobody, nobody))
		}
		// The directories that t.TempDir made are root's alone.
		parent := filepath.Dir(store.dir)
		chmod(t, parent, 0o755)
		chmod(t, filepath.Dir(parent), 0o755)
	}
	chmod(t, store.dir, 0o500)
	t.Cleanup(func() { chmod(t, store.dir, 0o700) })
	if os.Geteuid() == 0 {
		binary, err := os.Executable()
		require.NoError(t, err)
		cmd := exec.CommandContext(t.Context(), binary, "-test.run=^TestReadOnlyDirectory$", "-test.v") //nolint:gosec // this test binary
		cmd.Dir = store.dir
		cmd.Env = append(os.Environ(), nobodyEnv+"=1")
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, string(output))
		if strings.Contains(string(output), "--- SKIP: TestReadOnlyDirectory") {
			t.Skipf("NOT TESTED:\n%s", output)
		}
		require.Contains(t, string(output), "--- PASS: TestReadOnlyDirectory")
	} else {
		testReadOnlyDirectory(t, store.dir)
	}
	assert.Equal(t, before, list(t, store.dir, ""))
}

func testReadOnlyDirectory(t *testing.T, dir string) {
	t.Helper()
	store, err := New(dir)
	require.NoError(t, err)
	value, err := store.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, "value", string(value))
	_, err = store.Get(t.Context(), "nothing")
	require.ErrorIs(t, err, tcbauth.ErrNotFound)

	err = store.Set(t.Context(), "key", []byte("changed"), 0)
	require.ErrorIs(t, err, fs.ErrPermission)
	require.ErrorContains(t, err, "filestore: write: ")
	for _, key := range []string{"key", "a key whose lock file is not there"} {
		_, _, err = store.Lock(t.Context(), key)
		require.ErrorIs(t, err, fs.ErrPermission)
		require.ErrorContains(t, err, "filestore: lock: ")
	}
	require.ErrorIs(t, store.Delete(t.Context(), "key"), fs.ErrPermission)
	require.NoError(t, store.Delete(t.Context(), "nothing"))

	value, err = store.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, "value", string(value))
}

// become gives up root for good.
func become(t *testing.T, id int) {
	t.Helper()
	require.NoError(t, syscall.Setgroups(nil))
	require.NoError(t, syscall.Setgid(id))
	require.NoError(t, syscall.Setuid(id))
	dir, err := os.Getwd()
	require.NoError(t, err)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("user %d cannot reach the temporary directory: %v", id, err)
	}
}

func TestDefaultDirWithoutHome(t *testing.T) {
	t.Setenv("HOME", "")
	t.Setenv("XDG_CONFIG_HOME", "")
	dir, err := DefaultDir("mytool")
	require.ErrorContains(t, err, "filestore: find the user's configuration directory: ")
	assert.Empty(t, dir)
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Mode()
}

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	require.NoError(t, os.Chmod(path, mode))
}
