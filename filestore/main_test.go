package filestore

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// helperEnv tells this test binary, when a test starts it again as another process, what to be. Its working directory
// is the store's.
const helperEnv = "FILESTORE_HELPER"

const (
	helperKey = "credentials_env"
	countTo   = 50
)

var (
	valueA = bytes.Repeat([]byte("A"), 8<<10)
	valueB = bytes.Repeat([]byte("B"), 9<<10)
)

var helpers = map[string]func(store *Store) error{"count": helpCount, "save": helpSave, "hold": helpHold}

func TestMain(m *testing.M) {
	name := os.Getenv(helperEnv)
	help := helpers[name]
	if help == nil {
		os.Exit(m.Run())
	}
	store, err := New(".")
	if err == nil {
		err = help(store)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// helpCount counts up in the store, each time by one.
func helpCount(store *Store) error {
	for range countTo {
		if err := addOne(context.Background(), store); err != nil {
			return err
		}
	}
	return nil
}

func addOne(ctx context.Context, store *Store) error {
	held, unlock, err := store.Lock(ctx, helperKey)
	if err != nil {
		return err
	}
	defer unlock()
	n := 0
	value, err := store.Get(held, helperKey)
	if err == nil {
		n, err = strconv.Atoi(string(value))
	}
	if err != nil && !errors.Is(err, tcbauth.ErrNotFound) {
		return err
	}
	return store.Set(held, helperKey, strconv.AppendInt(nil, int64(n)+1, 10), 0)
}

// helpSave overwrites one value with another until the test ends it.
func helpSave(store *Store) error {
	go exitWithTest()
	for i := 0; ; i++ {
		held, unlock, err := store.Lock(context.Background(), helperKey)
		if err != nil {
			return err
		}
		for _, value := range [][]byte{valueA, valueB} {
			if err := store.Set(held, helperKey, value, 0); err != nil {
				return err
			}
		}
		if i == 0 {
			fmt.Println("saving")
		}
		unlock()
	}
}

// helpHold holds the lock until the test ends it.
func helpHold(store *Store) error {
	if _, _, err := store.Lock(context.Background(), helperKey); err != nil {
		return err
	}
	fmt.Println("held")
	exitWithTest()
	return nil
}

// exitWithTest ends a helper whose test is gone: its standard input comes from the test.
func exitWithTest() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func helperCommand(t *testing.T, name, dir string, args ...string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), binary, args...) //nolint:gosec // this test binary
	cmd.Dir = dir
	// The race detector has a process sleep for a second before it exits, and there are many here.
	cmd.Env = append(os.Environ(), helperEnv+"="+name, "GORACE=atexit_sleep_ms=0")
	return cmd
}

// startHelper starts a helper and waits until it has said so. kill ends it at once, as kill -9 does, and returns when
// it is gone.
func startHelper(t *testing.T, name, dir string) (kill func()) {
	t.Helper()
	cmd := helperCommand(t, name, dir)
	cmd.Stderr = os.Stderr
	_, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err, "the helper ended before it did its work")
	return func() {
		require.NoError(t, cmd.Process.Kill(), "the helper ended by itself")
		var exit *exec.ExitError
		require.ErrorAs(t, cmd.Wait(), &exit)
	}
}
