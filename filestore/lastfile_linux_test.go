package filestore

import (
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestLastFiles: with so few files left on the disk, a session is refreshed and stored, or its refresh token is not spent.
// It runs in a process of its own, as TestFullDisk does.
func TestLastFiles(t *testing.T) {
	t.Parallel()
	if os.Getenv(smallEnv) == "" {
		runMounting(t)
		return
	}
	refreshed := make([]bool, 5)
	for left := range refreshed {
		disk := t.TempDir()
		require.NoError(t, syscall.Mount("tmpfs", disk, "tmpfs", 0, "nr_inodes=40"))
		t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
		store, err := New(filepath.Join(disk, "store"))
		require.NoError(t, err)
		race := testbed.NewRace(t, store.dir, store, authtest.Rotating().RevokingReuse())
		transport := new(http.Transport)
		t.Cleanup(transport.CloseIdleConnections)
		before := race.Stored(t)
		// The lock file may have been cleaned up, so it needs a place too.
		require.NoError(t, os.Remove(store.path(race.Key(), lockSuffix)))
		require.ErrorIs(t, fillFiles(disk), syscall.ENOSPC)
		fillers := list(t, disk, "filler")
		for _, name := range fillers[:left] {
			require.NoError(t, os.Remove(filepath.Join(disk, name)))
		}

		race.Expire()
		auth, err := testbed.RaceAuth(store, race.Server.URL, "a-tool-on-a-full-disk", race.Now(), &http.Client{Transport: transport})
		require.NoError(t, err)
		_, err = auth.GetAccessToken(t.Context())
		if refreshed[left] = err == nil; err == nil {
			assert.Equal(t, 1, race.Server.Count("token"))
			assert.NotEqual(t, before.RefreshToken, race.Stored(t).RefreshToken)
		} else {
			assert.Zero(t, race.Server.Count("token"), "%d files left: the token was spent: %v", left, err)
			assert.Equal(t, before.RefreshToken, race.Stored(t).RefreshToken)
		}
		for _, name := range fillers[left:] {
			require.NoError(t, os.Remove(filepath.Join(disk, name)))
		}
		race.Expire()
		auth, err = testbed.RaceAuth(store, race.Server.URL, "a-tool-that-starts-later", race.Now(), &http.Client{Transport: transport})
		require.NoError(t, err)
		token, err := auth.GetAccessToken(t.Context())
		race.RequireToken(t, testbed.TokenLine(token, err))
	}
	t.Logf("files left, and whether a session is refreshed: %v", refreshed)
	assert.False(t, refreshed[0])
	assert.True(t, refreshed[len(refreshed)-1])
}
