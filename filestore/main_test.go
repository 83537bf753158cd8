package filestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/storetest"
)

const countTo = 50

var (
	helperKey = testbed.SessionKey("", "env")

	valueA = bytes.Repeat([]byte("A"), 8<<10)
	valueB = bytes.Repeat([]byte("B"), 9<<10)
)

func TestMain(m *testing.M) {
	testbed.RunHelper(map[string]testbed.Helper{
		"count": helper(helpCount), "save": helper(helpSave), "hold": helper(helpHold), "refresh": helpRefresh, "work": helpWork,
		testbed.TokenHelper: testbed.Tokens(func(dir string) (tcbauth.TokenStore, error) { return New(dir) }),
	})
	testbed.Waiting()
	os.Exit(m.Run())
}

// helper is one whose only argument is the store's directory.
func helper(help func(store *Store) error) testbed.Helper {
	return func(args []string) error {
		store, err := New(args[0])
		if err != nil {
			return err
		}
		return help(store)
	}
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
	go testbed.ExitWithTest()
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
	testbed.ExitWithTest()
	return nil
}

// helpWork is what storetest has another process do. Its arguments are the directory and a key, quoted since it may have any byte.
func helpWork(args []string) error {
	go testbed.ExitWithTest()
	store, err := New(args[0])
	if err != nil {
		return err
	}
	key, err := strconv.Unquote(args[1])
	if err != nil {
		return err
	}
	return storetest.Work(context.Background(), store, key, func() { fmt.Println("begun") })
}

func startWork(t *testing.T, store tcbauth.TokenStore, key string) (kill func()) {
	t.Helper()
	return startHelper(t, "work", store.(*Store).dir, strconv.Quote(key))
}

// startHelper starts a helper and waits until it has said so. kill ends it at once, as kill -9 does, and returns when
// it is gone.
func startHelper(t *testing.T, name string, args ...string) (kill func()) {
	t.Helper()
	peer := testbed.StartProcess(t, name, args...)
	peer.MustHear(t)
	return func() {
		peer.Kill(t)
		peer.Wait(t)
	}
}
