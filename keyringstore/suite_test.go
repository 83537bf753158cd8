package keyringstore_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zalando/go-keyring"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/keyringstore"
	"github.com/cloudbase-community/tcbauth/storetest"
)

// placed is a store that knows where it is.
type placed struct {
	*keyringstore.Store
	where string
}

func openPlaced(t *testing.T, where string) *placed {
	t.Helper()
	store, err := openAt(where)
	require.NoError(t, err)
	return &placed{store, where}
}

// TestStore has what storetest has, but for a place that hangs: the files are those of filestore, which is tested with one.
func TestStore(t *testing.T) {
	t.Parallel()
	of := func(t *testing.T, store tcbauth.TokenStore) *placed {
		p, ok := store.(*placed)
		require.True(t, ok)
		return p
	}
	dirOf := func(t *testing.T, store tcbauth.TokenStore) string {
		_, dir, _ := strings.Cut(of(t, store).where, "\n")
		return dir
	}
	eachKeyring(t, func(t *testing.T, where string) {
		ring, _, _ := strings.Cut(where, "\n")
		storetest.Suite{
			Open: func(t *testing.T) tcbauth.TokenStore {
				if ring == "" {
					return openPlaced(t, place("", realDir(t)))
				}
				return openPlaced(t, place(fileRing(ring), filepath.Join(t.TempDir(), "sessions")))
			},
			Again: func(t *testing.T, store tcbauth.TokenStore) tcbauth.TokenStore {
				return openPlaced(t, of(t, store).where)
			},
			Process: func(t *testing.T, store tcbauth.TokenStore, key string) (kill func()) {
				p := testbed.StartProcess(t, "work", of(t, store).where, strconv.Quote(key))
				p.MustHear(t)
				return func() {
					p.Kill(t)
					p.Wait(t)
				}
			},
			Lose: func(t *testing.T, store tcbauth.TokenStore, _ string) {
				if runtime.GOOS == "windows" {
					t.Skip("NOT TESTED: nobody removes a file that is open")
				}
				locks, err := filepath.Glob(filepath.Join(dirOf(t, store), "*.lock"))
				require.NoError(t, err)
				require.NotEmpty(t, locks)
				for _, lock := range locks {
					require.NoError(t, os.Remove(lock))
				}
			},
			Break: func(t *testing.T, store tcbauth.TokenStore) (mend func()) {
				dir := dirOf(t, store)
				require.NoError(t, os.Rename(dir, dir+".away"))
				return func() { assert.NoError(t, os.Rename(dir+".away", dir)) }
			},
		}.Run(t)
	})
}

// TestSystemsKeyring: New has the sessions' key in the keyring of this system, or in go-keyring's mock.
func TestSystemsKeyring(t *testing.T) { //nolint:paralleltest // it reads the mock, which is for one goroutine at a time
	dir := realDir(t)
	store, err := keyringstore.New(t.Context(), service, dir)
	require.NoError(t, err)
	require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
	secret, err := keyring.Get(service, dir)
	require.NoError(t, err)
	assert.NotEmpty(t, secret)
	again, err := keyringstore.New(t.Context(), service, dir)
	require.NoError(t, err)
	value, err := again.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, "value", string(value))
}
