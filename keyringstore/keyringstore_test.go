package keyringstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zalando/go-keyring"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/filestore"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/keyringstore"
)

func TestDefaultDir(t *testing.T) {
	t.Parallel()
	config, err := os.UserConfigDir()
	require.NoError(t, err)
	dir, err := keyringstore.DefaultDir("mytool")
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(config, "mytool", "tcbauth-sealed"), dir)
	_, err = keyringstore.DefaultDir("../x")
	require.ErrorContains(t, err, "keyringstore: ")
}

// memory is a keyring of which a test can say what goes wrong.
type memory struct {
	mu       sync.Mutex
	secrets  map[string]string
	get, set func() error // called first; nil: nothing
	deaf     bool         // does not keep what it is given
	spoils   bool         // keeps something else
	calls    int
}

func (m *memory) Get(service, account string) (string, error) {
	if m.get != nil {
		if err := m.get(); err != nil {
			return "", err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	secret, ok := m.secrets[service+" "+account]
	if !ok {
		return "", keyring.ErrNotFound
	}
	return secret, nil
}

func (m *memory) Set(service, account, secret string) error {
	if m.set != nil {
		if err := m.set(); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	if m.secrets == nil {
		m.secrets = make(map[string]string)
	}
	if m.spoils {
		secret = strings.Repeat("AAAA", 10) + "AAA=" // a key all the same
	}
	if !m.deaf {
		m.secrets[service+" "+account] = secret
	}
	return nil
}

// replace replaces every secret.
func (m *memory) replace(f func(secret string) string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, secret := range m.secrets {
		m.secrets[name] = f(secret)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	m := new(memory)
	ring := keyringstore.NewRing(m)
	dir := filepath.Join(t.TempDir(), "sessions")
	store, err := keyringstore.Open(t.Context(), ring, service, dir)
	require.NoError(t, err)
	require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
	require.Len(t, m.secrets, 1)
	assert.Equal(t, 4, m.calls, "to look twice, to store, to look whether it is stored")

	// Another process, and another name of the directory.
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		require.Equal(t, "windows", runtime.GOOS, err)
		link = dir
	}
	for _, dir := range []string{dir, link} {
		m.calls = 0
		again, err := keyringstore.Open(t.Context(), keyringstore.NewRing(m), service, dir)
		require.NoError(t, err)
		value, err := again.Get(t.Context(), "key")
		require.NoError(t, err)
		assert.Equal(t, "value", string(value))
		assert.Equal(t, 1, m.calls)
	}

	// Another directory has another key.
	_, err = keyringstore.Open(t.Context(), ring, service, filepath.Join(t.TempDir(), "sessions"))
	require.NoError(t, err)
	require.Len(t, m.secrets, 2)
	secrets := make(map[string]bool)
	for _, secret := range m.secrets {
		secrets[secret] = true
	}
	assert.Len(t, secrets, 2)
}

func TestNewRefusals(t *testing.T) {
	t.Parallel()
	ring := keyringstore.NewRing(new(memory))
	for _, name := range []string{"", "a\nb", "a\x00b"} {
		_, err := keyringstore.Open(t.Context(), ring, name, filepath.Join(t.TempDir(), "sessions"))
		require.ErrorContains(t, err, "is no name for a service")
	}
	_, err := keyringstore.Open(t.Context(), ring, service, "")
	require.ErrorContains(t, err, "keyringstore: filestore: no directory given")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = keyringstore.Open(ctx, ring, service, filepath.Join(t.TempDir(), "sessions"))
	require.ErrorIs(t, err, context.Canceled)
}

// TestNothingInTheClear: no file has a token, nor the key.
func TestNothingInTheClear(t *testing.T) {
	t.Parallel()
	m := new(memory)
	dir := filepath.Join(t.TempDir(), "sessions")
	store, err := keyringstore.Open(t.Context(), keyringstore.NewRing(m), service, dir)
	require.NoError(t, err)
	race := testbed.NewRace(t, dir, store, authtest.Rotating())
	session := race.Stored(t)
	secrets := []string{session.AccessToken, session.RefreshToken, "access_token"}
	for _, key := range m.secrets {
		secrets = append(secrets, key)
	}
	require.Len(t, secrets, 4)
	files := 0
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path) //nolint:gosec // a file of this test
		files++
		for _, secret := range secrets {
			assert.False(t, bytes.Contains(content, []byte(secret)))
		}
		return err
	}))
	assert.Positive(t, files)
}

// TestNewMeetsAnother: another process makes key and proof just after the keyring said that there is no key.
func TestNewMeetsAnother(t *testing.T) {
	t.Parallel()
	m := new(memory)
	dir := filepath.Join(t.TempDir(), "sessions")
	asked := false
	m.get = func() error {
		if asked {
			return nil
		}
		asked = true
		other, err := keyringstore.Open(t.Context(), keyringstore.NewRing(m), service, dir)
		if err == nil {
			err = other.Set(t.Context(), "key", []byte("value"), 0)
		}
		if err != nil {
			return err
		}
		return keyring.ErrNotFound
	}
	store, err := keyringstore.Open(t.Context(), keyringstore.NewRing(m), service, dir)
	require.NoError(t, err)
	value, err := store.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, "value", string(value))
}

// TestKeyLost: a new key would make the sessions unreadable for ever, so there is none while the old one may come back.
func TestKeyLost(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]struct {
		lose func(m *memory)
		want string
	}{
		"gone":    {func(m *memory) { m.secrets = nil }, ""},
		"another": {func(m *memory) { m.replace(func(s string) string { return strings.Repeat("AAAA", 10) + "AAA=" }) }, ": it has another"},
		"no key":  {func(m *memory) { m.replace(func(string) string { return "hunter2" }) }, ": what it has is no key"},
		"short":   {func(m *memory) { m.replace(func(string) string { return "AAAA" }) }, ": what it has is no key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := new(memory)
			ring := keyringstore.NewRing(m)
			dir := filepath.Join(t.TempDir(), "sessions")
			store, err := keyringstore.Open(t.Context(), ring, service, dir)
			require.NoError(t, err)
			require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
			good := m.secrets
			m.secrets = make(map[string]string)
			for name, secret := range good {
				m.secrets[name] = secret
			}

			change.lose(m)
			before := fmt.Sprint(m.secrets)
			for range 2 {
				_, err = keyringstore.Open(t.Context(), ring, service, dir)
				require.ErrorIs(t, err, keyringstore.ErrKeyLost)
				require.ErrorContains(t, err, keyringstore.ErrKeyLost.Error()+change.want)
				require.ErrorContains(t, err, dir, "it says what to remove")
				assert.Equal(t, before, fmt.Sprint(m.secrets))
			}

			m.secrets = good
			store, err = keyringstore.Open(t.Context(), ring, service, dir)
			require.NoError(t, err)
			value, err := store.Get(t.Context(), "key")
			require.NoError(t, err)
			assert.Equal(t, "value", string(value))

			// The way out that the error's comment names.
			m.secrets = nil
			require.NoError(t, os.RemoveAll(dir))
			store, err = keyringstore.Open(t.Context(), ring, service, dir)
			require.NoError(t, err)
			_, err = store.Get(t.Context(), "key")
			require.ErrorIs(t, err, tcbauth.ErrNotFound)
		})
	}
}

// TestInterrupted: a process died after it had stored the key, and before it had put the proof into the directory.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	m := new(memory)
	ring := keyringstore.NewRing(m)
	dir := filepath.Join(t.TempDir(), "sessions")
	_, err := keyringstore.Open(t.Context(), ring, service, dir)
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(dir))
	before := fmt.Sprint(m.secrets)
	store, err := keyringstore.Open(t.Context(), ring, service, dir)
	require.NoError(t, err)
	require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
	assert.Equal(t, before, fmt.Sprint(m.secrets), "the key that nothing was sealed with will do")
	m.secrets = nil
	_, err = keyringstore.Open(t.Context(), ring, service, dir)
	require.ErrorIs(t, err, keyringstore.ErrKeyLost, "the proof is there now")
}

// TestNoKeyring: whatever goes wrong, there is an error that says so, and no file with a value.
func TestNoKeyring(t *testing.T) {
	t.Parallel()
	errBus := errors.New("no such bus")
	for name, m := range map[string]*memory{
		"no keyring":     {get: func() error { return errBus }},
		"cannot store":   {set: func() error { return errBus }},
		"does not keep":  {deaf: true},
		"keeps another":  {spoils: true},
		"panics":         {get: func() error { panic("a secret") }},
		"panics storing": {set: func() error { panic("a secret") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "sessions")
			store, err := keyringstore.Open(t.Context(), keyringstore.NewRing(m), service, dir)
			require.ErrorIs(t, err, keyringstore.ErrNoKeyring)
			if strings.HasPrefix(name, "panics") {
				assert.NotContains(t, err.Error(), "secret")
			} else if m.get != nil || m.set != nil {
				require.ErrorIs(t, err, errBus)
			}
			assert.Nil(t, store)
			values, err := filepath.Glob(filepath.Join(dir, "*.value"))
			require.NoError(t, err)
			assert.Empty(t, values)

			*m = memory{}
			_, err = keyringstore.Open(t.Context(), keyringstore.NewRing(m), service, dir)
			require.NoError(t, err, "when it works again")
		})
	}
}

// TestPlaintextIsRefused: a directory in which sessions were kept unsealed.
func TestPlaintextIsRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "sessions")
	files, err := filestore.New(dir)
	require.NoError(t, err)
	require.NoError(t, files.Set(t.Context(), "key", []byte("in the clear"), 0))
	store, err := keyringstore.Open(t.Context(), keyringstore.NewRing(new(memory)), service, dir)
	require.NoError(t, err)
	_, err = store.Get(t.Context(), "key")
	require.ErrorIs(t, err, tcbauth.ErrUnsealed)
}
