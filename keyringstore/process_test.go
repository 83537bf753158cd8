package keyringstore_test

import (
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestFirstStart: processes that start at once, when there is neither a key nor a directory, have one and the same key.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	eachKeyring(t, func(t *testing.T, where string) {
		processes := 6
		if testbed.Stress() {
			processes = 20
		}
		peers := make([]*testbed.Process, processes)
		name := func(i int) string { return fmt.Sprintf("users/%d/credentials", i) }
		for i := range peers {
			peers[i] = testbed.StartProcess(t, "first", where, name(i))
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
		testbed.ShareOneRefresh(t, where, store)
	})
}

func TestProcessesAreKilled(t *testing.T) {
	t.Parallel()
	eachKeyring(t, func(t *testing.T, where string) {
		store, err := openAt(where)
		require.NoError(t, err)
		testbed.SurviveKills(t, where, store, 0)
	})
}

// TestWithoutKeyring has processes of its own, for which there is no session bus, or one that takes calls and never answers.
func TestWithoutKeyring(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("NOT TESTED: this system has a keyring whatever the environment says")
	}
	socket := filepath.Join(t.TempDir(), "bus")
	bus, err := net.Listen("unix", socket) //nolint:noctx // at once
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, bus.Close()) }) // those who connect wait to be accepted
	for name, tt := range map[string]struct{ address, want string }{
		"no bus":     {"", `exec: "dbus-launch": executable file not found in $PATH`},
		"silent bus": {"unix:path=" + socket, "no answer within 3s; it may be locked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "sessions")
			cmd := testbed.HelperCommand(t, "none", dir)
			// dbus-launch, which starts a bus, is not to be found.
			cmd.Env = append(cmd.Env, "DBUS_SESSION_BUS_ADDRESS="+tt.address, "XDG_RUNTIME_DIR="+t.TempDir(), "PATH="+t.TempDir())
			out, err := cmd.Output()
			require.NoError(t, err)
			assert.Equal(t, "true true keyringstore: the keyring cannot be used: "+tt.want+"\n", string(out))
			values, err := filepath.Glob(filepath.Join(dir, "*.value"))
			require.NoError(t, err)
			assert.Empty(t, values)
		})
	}
}
