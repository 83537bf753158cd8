package keyringstore_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/refreshrace"
)

// TestFirstStart: processes that start at once, when there is neither a key nor a directory, have one and the same key.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	eachKeyring(t, func(t *testing.T, where string) {
		processes := 6
		if refreshrace.Stress() {
			processes = 20
		}
		peers := make([]*refreshrace.Peer, processes)
		name := func(i int) string { return fmt.Sprintf("users/%d/credentials", i) }
		for i := range peers {
			peers[i] = refreshrace.Start(t, "first", where, name(i))
			defer peers[i].End(t)
		}
		for _, p := range peers {
			p.Say(t, "go")
		}
		for _, p := range peers {
			require.Equal(t, "done", p.MustHear(t))
		}
		store, err := openAt(where)
		require.NoError(t, err)
		for i := range peers {
			value, err := store.Get(t.Context(), name(i))
			require.NoError(t, err)
			assert.Equal(t, name(i), string(value))
		}
	})
}

func TestProcessesShareOneRefresh(t *testing.T) {
	t.Parallel()
	eachKeyring(t, func(t *testing.T, where string) {
		store, err := openAt(where)
		require.NoError(t, err)
		refreshrace.ShareOneRefresh(t, where, store)
	})
}

func TestProcessesAreKilled(t *testing.T) {
	t.Parallel()
	eachKeyring(t, func(t *testing.T, where string) {
		store, err := openAt(where)
		require.NoError(t, err)
		refreshrace.SurviveKills(t, where, store, 0)
	})
}

// TestWithoutKeyring is a process of its own for which there is no session bus.
func TestWithoutKeyring(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("NOT TESTED: this system has a keyring whatever the environment says")
	}
	dir := filepath.Join(t.TempDir(), "sessions")
	cmd := refreshrace.Command(t, "none", dir)
	for _, variable := range cmd.Env {
		if strings.HasPrefix(variable, "PATH=") { // where dbus-launch is, which starts a bus
			cmd.Env = append(cmd.Env, "PATH="+t.TempDir())
		}
	}
	cmd.Env = append(cmd.Env, "DBUS_SESSION_BUS_ADDRESS=", "XDG_RUNTIME_DIR="+t.TempDir(), "DISPLAY=")
	out, err := cmd.Output()
	require.NoError(t, err)
	t.Logf("%s", out)
	assert.True(t, strings.HasPrefix(string(out), "true true keyringstore: the keyring cannot be used: "), string(out))
	values, err := filepath.Glob(filepath.Join(dir, "*.value"))
	require.NoError(t, err)
	assert.Empty(t, values)
}
