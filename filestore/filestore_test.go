package filestore

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Suite{
		Open:    func(t *testing.T) tcbauth.TokenStore { return hangable(newStore(t)) },
		Again:   func(t *testing.T, store tcbauth.TokenStore) tcbauth.TokenStore { return sameDir(t, store.(*Store)) },
		Process: startWork,
		Lose: func(t *testing.T, store tcbauth.TokenStore, key string) {
			skipWhereOpenFilesStay(t)
			require.NoError(t, os.Remove(store.(*Store).path(key, lockSuffix)))
		},
		Break: func(t *testing.T, store tcbauth.TokenStore) (mend func()) {
			dir := store.(*Store).dir
			require.NoError(t, os.Rename(dir, dir+".away"))
			return func() { assert.NoError(t, os.Rename(dir+".away", dir)) }
		},
		Hang: func(t *testing.T, store tcbauth.TokenStore, key string) (well func()) {
			return hang(t, store.(*Store), key)
		},
	}.Run(t)
}

func TestNew(t *testing.T) {
	t.Parallel()
	_, err := New("")
	require.EqualError(t, err, "filestore: no directory given")

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = New(file)
	require.ErrorContains(t, err, "filestore: make the directory: ")
	_, err = New(filepath.Join(file, "below"))
	require.ErrorContains(t, err, "filestore: make the directory: ")
}

func TestNewFindsWhatWasStored(t *testing.T) {
	t.Parallel()
	first := newStore(t)
	require.NoError(t, first.Set(t.Context(), "key", []byte("value"), 0))
	second, err := New(first.dir)
	require.NoError(t, err)
	value, err := second.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, "value", string(value))
}

// TestNewRelative is not parallel: the working directory is the process's.
func TestNewRelative(t *testing.T) {
	t.Chdir(t.TempDir())
	store, err := New("sessions")
	require.NoError(t, err)
	require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
	t.Chdir(t.TempDir())
	value, err := store.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, "value", string(value))
}

func TestDefaultDir(t *testing.T) {
	t.Parallel()
	config, err := os.UserConfigDir()
	require.NoError(t, err)
	for _, app := range []string{"mytool", "my tool", "my-tool_2.0", ".mytool", "工具"} {
		dir, err := DefaultDir(app)
		require.NoError(t, err)
		assert.Equal(t, filepath.Join(config, app, "tcbauth"), dir)
	}
	for _, app := range []string{"", ".", "..", "/", "a/b", `a\b`, "../a", "/a", "a/", "./a", `\a`, "a\x00b"} {
		dir, err := DefaultDir(app)
		require.ErrorContains(t, err, "is not a single element of a path", "%q", app)
		assert.Empty(t, dir)
	}
}

func TestNamesStayInside(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	store, err := New(filepath.Join(parent, "store"))
	require.NoError(t, err)
	keys := []string{
		"", ".", "..", "../x", "../../x", "/etc/passwd", "a/b", `..\x`, "x\x00y", "C:x", "\xff", strings.Repeat("../", 500),
	}
	for _, key := range keys {
		require.NoError(t, store.Set(t.Context(), key, []byte(key), 0))
		_, unlock, err := store.Lock(t.Context(), key)
		require.NoError(t, err)
		unlock()
	}
	assert.Equal(t, []string{"store"}, list(t, parent, ""))
	names := list(t, store.dir, "")
	assert.Len(t, names, 2*len(keys))
	for _, name := range names {
		assert.Regexp(t, `^[0-9a-f]{64}\.(value|lock)$`, name)
	}
	for _, key := range keys {
		value, err := store.Get(t.Context(), key)
		require.NoError(t, err)
		assert.Equal(t, key, string(value))
	}
}

func TestSizeLimit(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	most := bytes.Repeat([]byte("v"), maxValue)
	require.NoError(t, store.Set(t.Context(), "key", most, 0))
	require.ErrorContains(t, store.Set(t.Context(), "key", append(most, 'v'), 0),
		"filestore: write: a value of 1048577 bytes is over the limit of 1048576")
	value, err := store.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.True(t, bytes.Equal(most, value), "what was refused must not replace what is there")

	require.NoError(t, os.WriteFile(store.path("key", valueSuffix), append(most, 'v'), 0o600))
	value, err = store.Get(t.Context(), "key")
	require.ErrorContains(t, err, "over the limit of 1048576 bytes")
	assert.Nil(t, value)
}

func TestTempsOfDeadProcesses(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
	put := func(name string, age time.Duration) {
		t.Helper()
		path := filepath.Join(store.dir, name)
		require.NoError(t, os.WriteFile(path, []byte("half of a val"), 0o600))
		at := time.Now().Add(-age)
		require.NoError(t, os.Chtimes(path, at, at))
	}
	put("tcbauth-1.tmp", 2*tempAge)
	put("tcbauth-2.tmp", tempAge/2)
	put("tcbauth-3.txt", 2*tempAge)
	put("other.tmp", 2*tempAge)
	old := filepath.Base(store.path("key", valueSuffix))
	put(old+".tmp", 2*tempAge)
	require.NoError(t, os.Chtimes(store.path("key", valueSuffix), time.Time{}, time.Unix(0, 0)))

	again, err := New(store.dir)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"tcbauth-2.tmp", "tcbauth-3.txt", "other.tmp", old + ".tmp", old}, list(t, store.dir, ""))
	value, err := again.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, "value", string(value))
}

func TestFailedWriteLeavesNothing(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	// A directory that is not empty is what a rename cannot replace.
	path := store.path("key", valueSuffix)
	require.NoError(t, os.MkdirAll(filepath.Join(path, "below"), 0o700))
	require.ErrorContains(t, store.Set(t.Context(), "key", []byte("value"), 0), "filestore: write: ")
	assert.Equal(t, []string{filepath.Base(path)}, list(t, store.dir, ""))
}

func TestErrorsAreDiscreet(t *testing.T) {
	t.Parallel()
	const key, value = "users/alice@example.com/credentials_env", "eyJhbGciOi"
	store := newStore(t)
	for _, suffix := range []string{valueSuffix, lockSuffix} {
		require.NoError(t, os.MkdirAll(filepath.Join(store.path(key, suffix), "below"), 0o700))
	}
	_, getErr := store.Get(t.Context(), key)
	_, _, lockErr := store.Lock(t.Context(), key)
	for start, err := range map[string]error{
		"filestore: read: ":   getErr,
		"filestore: write: ":  store.Set(t.Context(), key, []byte(value), 0),
		"filestore: delete: ": store.Delete(t.Context(), key),
		"filestore: lock: ":   lockErr,
	} {
		require.ErrorContains(t, err, start)
		require.NotErrorIs(t, err, tcbauth.ErrNotFound)
		assert.Contains(t, err.Error(), store.dir)
		assert.NotContains(t, err.Error(), "alice")
		assert.NotContains(t, err.Error(), value)
	}
}

func newStore(t *testing.T) *Store {
	t.Helper()
	dir, err := os.MkdirTemp("", "filestore") //nolint:usetesting // a call that a test has left may still write there
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.Eventually(t, func() bool { return os.RemoveAll(dir) == nil }, 10*time.Second, 10*time.Millisecond)
	})
	store, err := New(filepath.Join(dir, "store"))
	require.NoError(t, err)
	return store
}

// list returns the names in dir that start with prefix.
func list(t *testing.T, dir, prefix string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	names := []string{}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), prefix) {
			names = append(names, entry.Name())
		}
	}
	return names
}
