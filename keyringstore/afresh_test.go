package keyringstore_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/filestore"
	"github.com/cloudbase-community/tcbauth/keyringstore"
)

// TestSilentFirstStart: the keyring does not answer in another process's first start. Who comes next does not wait without end.
func TestSilentFirstStart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "sessions")
	synctest.Test(t, func(t *testing.T) {
		unlocked := make(chan struct{})
		m := &memory{set: func() error { <-unlocked; return nil }}
		_, err := keyringstore.Open(t.Context(), keyringstore.NewRing(m), service, dir)
		require.ErrorIs(t, err, keyringstore.ErrNoKeyring)
		start := time.Now()
		got := make(chan error, 1)
		go func() {
			_, err := keyringstore.Open(t.Context(), keyringstore.NewRing(m), service, dir)
			got <- err
		}()
		select {
		case err = <-got:
		case <-time.After(time.Hour):
			close(unlocked)
			require.Fail(t, "it waits without end")
		}
		require.ErrorIs(t, err, keyringstore.ErrNoKeyring)
		require.ErrorContains(t, err, "another process")
		assert.Less(t, time.Since(start), 8*keyringstore.CallLimit)
		close(unlocked)
		synctest.Wait()
		_, err = keyringstore.Open(t.Context(), keyringstore.NewRing(m), service, dir)
		require.NoError(t, err)
	})
}

// TestOlderProcess: a process still runs with a key that another one has taken the place of. It writes nothing that nobody can
// read, and deletes nothing that it cannot.
func TestOlderProcess(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(t *testing.T, m *memory, dir string) *keyringstore.Store{
		"the directory was removed": func(t *testing.T, m *memory, dir string) *keyringstore.Store {
			t.Helper()
			require.NoError(t, os.RemoveAll(dir))
			store, err := keyringstore.Open(t.Context(), keyringstore.NewRing(m), service, dir)
			require.NoError(t, err)
			return store
		},
		"started afresh": func(t *testing.T, m *memory, dir string) *keyringstore.Store {
			t.Helper()
			store, err := keyringstore.OpenAfresh(t.Context(), keyringstore.NewRing(m), service, dir)
			require.NoError(t, err)
			return store
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := new(memory)
			dir := filepath.Join(t.TempDir(), "sessions")
			older, err := keyringstore.Open(t.Context(), keyringstore.NewRing(m), service, dir)
			require.NoError(t, err)
			require.NoError(t, older.Set(t.Context(), "key", []byte("older"), 0))
			m.secrets = nil
			newer := begin(t, m, dir)
			require.NoError(t, newer.Set(t.Context(), "key", []byte("newer"), 0))

			held, unlock, err := older.Lock(t.Context(), "key")
			require.NoError(t, err)
			defer unlock()
			require.ErrorIs(t, older.Reserve(held, "key", 10), keyringstore.ErrKeyLost)
			require.ErrorIs(t, older.Set(held, "key", []byte("older"), 0), keyringstore.ErrKeyLost)
			require.ErrorIs(t, older.Set(t.Context(), "other", []byte("older"), 0), keyringstore.ErrKeyLost)
			require.ErrorIs(t, older.Delete(t.Context(), "key"), keyringstore.ErrKeyLost)
			value, err := newer.Get(t.Context(), "key")
			require.NoError(t, err)
			assert.Equal(t, "newer", string(value))
			_, err = newer.Get(t.Context(), "other")
			require.ErrorIs(t, err, tcbauth.ErrNotFound)
		})
	}
}

// TestProofAndKeyGone: sealed sessions are left, and nothing that says with which key. There is no new key beside them, and one
// call starts afresh.
func TestProofAndKeyGone(t *testing.T) {
	t.Parallel()
	m := new(memory)
	ring := keyringstore.NewRing(m)
	dir := filepath.Join(t.TempDir(), "sessions")
	store, err := keyringstore.Open(t.Context(), ring, service, dir)
	require.NoError(t, err)
	require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
	files, err := filestore.New(dir)
	require.NoError(t, err)
	require.NoError(t, files.Delete(t.Context(), "keyringstore/proof"))
	m.secrets = nil
	for range 2 {
		_, err = keyringstore.Open(t.Context(), ring, service, dir)
		require.ErrorIs(t, err, keyringstore.ErrKeyLost)
		assert.Empty(t, m.secrets)
	}

	store, err = keyringstore.OpenAfresh(t.Context(), ring, service, dir)
	require.NoError(t, err)
	_, err = store.Get(t.Context(), "key")
	require.ErrorIs(t, err, tcbauth.ErrNotFound, "sessions that nobody can open are gone")
	require.NoError(t, store.Set(t.Context(), "key", []byte("newer"), 0))
	again, err := keyringstore.Open(t.Context(), ring, service, dir)
	require.NoError(t, err)
	value, err := again.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, "newer", string(value))
}

// TestStartAfresh: in a new directory, in one whose key is good, and with a real keyring if there is one.
func TestStartAfresh(t *testing.T) {
	t.Parallel()
	dir := realDir(t)
	for range 2 {
		store, err := keyringstore.StartAfresh(t.Context(), service, dir)
		require.NoError(t, err)
		_, err = store.Get(t.Context(), "key")
		require.ErrorIs(t, err, tcbauth.ErrNotFound)
		require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
		again, err := keyringstore.New(t.Context(), service, dir)
		require.NoError(t, err)
		value, err := again.Get(t.Context(), "key")
		require.NoError(t, err)
		assert.Equal(t, "value", string(value))
	}
}
