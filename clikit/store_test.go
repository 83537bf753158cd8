package clikit_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zalando/go-keyring"

	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/clikit"
)

// signsIn lets somebody sign in by password and returns where the session lies.
func (d *desk) signsIn(store string) (clikit.Where, error) {
	d.kit.Flags.Store = store
	d.srv.Seed(authtest.User{Sub: "1", Username: "gopher_01", Password: "correct-horse-1"})
	d.answers = nil
	d.types("correct-horse-1")
	done, err := d.kit.Login(d.t.Context(), clikit.LoginOptions{User: "gopher_01"})
	d.kit.Flags.Store = ""
	if err != nil {
		return clikit.Where{}, err
	}
	return done.Store, nil
}

// The first sign-in chooses the store, and every later command keeps to it: a keyring that comes is not used, and one that goes is
// an error, never a file that others can read.
//
//nolint:paralleltest // the keyring is the whole process's
func TestStoreIsChosenOnce(t *testing.T) {
	gone := errors.New("no keyring here")

	keyring.MockInitWithError(gone)
	d := newDesk(t, "en")
	where, err := d.signsIn(clikit.StoreKeyring)
	assert.Equal(t, clikit.ExitStorage, clikit.ExitCode(err), "a keyring that was asked for: %v", err)
	assert.Contains(t, clikit.Message(err, "en"), "--store file")
	assert.Empty(t, where)
	where, err = d.signsIn(clikit.StoreAuto)
	require.NoError(t, err)
	assert.Equal(t, clikit.StoreFile, where.Kind)

	keyring.MockInit()
	_, err = d.kit.Token(t.Context(), clikit.TokenOptions{})
	require.NoError(t, err, "still in the file")

	d = newDesk(t, "en")
	where, err = d.signsIn("")
	require.NoError(t, err)
	assert.Equal(t, clikit.StoreKeyring, where.Kind)
	st, err := d.kit.Status(t.Context(), false)
	require.NoError(t, err)
	assert.Equal(t, clikit.Setting{Value: clikit.StoreKeyring, Source: clikit.FromProfile}, st.Store)
	entries, err := os.ReadDir(where.Dir)
	require.NoError(t, err)
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(where.Dir, entry.Name()))
		require.NoError(t, err)
		assert.NotContains(t, string(text), "access_token")
	}

	keyring.MockInitWithError(gone)
	_, err = d.kit.Token(t.Context(), clikit.TokenOptions{})
	assert.Equal(t, clikit.ExitStorage, clikit.ExitCode(err), err)
	_, err = d.kit.Logout(t.Context(), clikit.LogoutOptions{})
	assert.Equal(t, clikit.ExitStorage, clikit.ExitCode(err), err)

	// The keyring is there again, without the key: signing out removes what nobody can open.
	keyring.MockInit()
	_, err = d.kit.Token(t.Context(), clikit.TokenOptions{})
	assert.Equal(t, clikit.ExitStorage, clikit.ExitCode(err), err)
	assert.Contains(t, clikit.Message(err, "zh-CN"), "密钥")
	there, err := d.kit.Logout(t.Context(), clikit.LogoutOptions{})
	require.NoError(t, err)
	assert.True(t, there)
	_, err = d.kit.Token(t.Context(), clikit.TokenOptions{})
	assert.Equal(t, clikit.ExitLoginRequired, clikit.ExitCode(err), err)
	_, err = d.signsIn("")
	require.NoError(t, err)
}

// A session that cannot be read now is no damaged one: it is neither removed nor replaced, also if only one read fails.
func TestUnreadableSessionIsKept(t *testing.T) {
	t.Parallel()
	logout := func(o clikit.LogoutOptions) func(*testing.T, *desk) error {
		return func(t *testing.T, d *desk) error {
			there, err := d.kit.Logout(t.Context(), o)
			assert.False(t, there)
			return err
		}
	}
	for name, try := range map[string]func(*testing.T, *desk) error{
		"logout":         logout(clikit.LogoutOptions{}),
		"logout --local": logout(clikit.LogoutOptions{Local: true}),
		"logout --all":   logout(clikit.LogoutOptions{All: true}),
		"login": func(_ *testing.T, d *desk) error {
			_, err := d.signsIn(clikit.StoreFile)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, "en")
			where, err := d.signsIn(clikit.StoreFile)
			require.NoError(t, err)
			before, err := d.kit.Token(t.Context(), clikit.TokenOptions{})
			require.NoError(t, err)

			file := sessionIn(t, where.Dir)
			require.NoError(t, os.Rename(file, file+".away"))
			require.NoError(t, os.Mkdir(file, 0o700))
			d.stored = func() {
				d.stored = nil
				assert.NoError(t, os.Remove(file))
				assert.NoError(t, os.Rename(file+".away", file))
			}
			err = try(t, d)
			assert.Equal(t, clikit.ExitStorage, clikit.ExitCode(err), err)
			assert.NotContains(t, clikit.Message(err, "en"), "sign in again")
			assert.Nil(t, d.stored)

			after, err := d.kit.Token(t.Context(), clikit.TokenOptions{})
			require.NoError(t, err)
			assert.Equal(t, before.AccessToken, after.AccessToken)
		})
	}
}

// sessionIn is the file in which a session lies.
func sessionIn(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.value"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // G304: this test's own
		require.NoError(t, err)
		if strings.Contains(string(text), "access_token") {
			return file
		}
	}
	require.Fail(t, "no session there")
	return ""
}

// Where a session could be kept and its profile could not, no message is paid for.
func TestNoMessageWithoutAProfile(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("NOT TESTED without /proc, in which nobody can make a file")
	}
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, "en")
		require.NoError(t, os.Symlink("/proc/self", filepath.Join(d.dir, "profiles")))
		d.types("123456")
		_, err := d.kit.Login(t.Context(), clikit.LoginOptions{Phone: phone})
		assert.Equal(t, clikit.ExitStorage, clikit.ExitCode(err), err)
		_, err = d.kit.StartLogin(t.Context(), clikit.LoginOptions{Phone: phone})
		assert.Equal(t, clikit.ExitStorage, clikit.ExitCode(err), err)
		assert.Empty(t, d.srv.Messages(phone))
	})
}
