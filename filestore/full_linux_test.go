package filestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// smallEnv is set in a process that has a file system table of its own, and may mount there.
const smallEnv = "FILESTORE_MAY_MOUNT"

// TestFullDisk: what was reserved can be stored though there is no byte or no file left, and where there is no room for it,
// reserving fails. It runs in a process that is root in a namespace of its own, which most systems let every user have.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if os.Getenv(smallEnv) == "" {
		runMounting(t)
		return
	}
	for name, tt := range map[string]struct {
		options string
		fill    func(dir string) error
		want    error
	}{
		"no byte": {"size=256k", fillBytes, syscall.ENOSPC},
		"no file": {"nr_inodes=20", fillFiles, syscall.ENOSPC},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for kind, wrap := range map[string]func(*Store) tcbauth.TokenStore{
				"files": func(s *Store) tcbauth.TokenStore { return s },
				"sealed": func(s *Store) tcbauth.TokenStore {
					sealed, err := tcbauth.Sealed(s, make([]byte, 32))
					require.NoError(t, err)
					return sealed
				},
			} {
				t.Run(kind, func(t *testing.T) {
					t.Parallel()
					disk := t.TempDir()
					require.NoError(t, syscall.Mount("tmpfs", disk, "tmpfs", 0, tt.options))
					t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
					files, err := New(filepath.Join(disk, "store"))
					require.NoError(t, err)
					testFullDisk(t, files, wrap(files), func() { require.ErrorIs(t, tt.fill(disk), tt.want) })
				})
			}
		})
	}
}

func testFullDisk(t *testing.T, files *Store, store tcbauth.TokenStore, fill func()) {
	t.Helper()
	locker, reserver := store.(tcbauth.Locker), store.(tcbauth.Reserver)
	older, newer := bytes.Repeat([]byte("o"), 4096), bytes.Repeat([]byte("n"), 4096)
	require.NoError(t, store.Set(t.Context(), "key", older, 0))
	held, unlock, err := locker.Lock(t.Context(), "key")
	require.NoError(t, err)
	require.NoError(t, reserver.Reserve(held, "key", len(newer)))
	fill()
	require.ErrorContains(t, store.Set(held, "other", newer, 0), files.dir, "there is no room, and the error says where")
	require.NoError(t, store.Set(held, "key", newer, 0))
	value, err := store.Get(held, "key")
	require.NoError(t, err)
	assert.True(t, bytes.Equal(newer, value))

	// The old value's room is free now; it is used up first.
	fill()
	err = reserver.Reserve(held, "key", len(newer))
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.ErrorContains(t, err, files.dir)
	unlock()
	value, err = store.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.True(t, bytes.Equal(newer, value))
	assert.Len(t, list(t, files.dir, ""), 2, "value and lock")
}

// fillBytes writes until there is no room.
func fillBytes(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, "filler"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // the test's own directory
	if err != nil {
		return err
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	return errors.Join(err, f.Close())
}

// fillFiles makes files until there can be no more.
func fillFiles(dir string) error {
	for {
		f, err := os.CreateTemp(dir, "filler")
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
}

// runMounting runs the test that calls it in a process of its own that may mount.
func runMounting(t *testing.T) {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	run := func(attr *syscall.SysProcAttr) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // for a file system that stops the process
		defer cancel()
		cmd := exec.CommandContext(ctx, binary, "-test.run=^"+t.Name()+"$", "-test.v") //nolint:gosec // this test binary
		cmd.Env = append(os.Environ(), smallEnv+"=1")
		cmd.SysProcAttr = attr
		output, err := cmd.CombinedOutput()
		return string(output), err
	}
	namespaces := []*syscall.SysProcAttr{{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	}, {
		Cloneflags: syscall.CLONE_NEWNS, Unshareflags: syscall.CLONE_NEWNS, // which makes what it mounts its own
	}}
	var refused []string
	for _, attr := range namespaces {
		output, err := run(attr)
		if exit := new(exec.ExitError); err == nil || errors.As(err, &exit) && !strings.Contains(output, "operation not permitted") {
			require.NoError(t, err, output)
			if strings.Contains(output, "--- SKIP: "+t.Name()) {
				t.Skip(output)
			}
			require.Contains(t, output, "--- PASS: "+t.Name())
			t.Log(output)
			return
		}
		refused = append(refused, fmt.Sprint(err))
	}
	t.Skipf("NOT TESTED on a full disk: this system lets nobody mount one here: %s", strings.Join(refused, "; "))
}
