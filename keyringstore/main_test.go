package keyringstore_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/zalando/go-keyring"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/keyringstore"
	"github.com/cloudbase-community/tcbauth/storetest"
)

// keyringEnv says that the keyring of this system is there for tests, which leave nothing in it.
const keyringEnv = "TCBAUTH_KEYRING"

const service = "tcbauth-test"

// TestMain has this process use go-keyring's mock, unless there is a real keyring for tests.
func TestMain(m *testing.M) {
	testbed.RunHelper(map[string]testbed.Helper{
		testbed.TokenHelper: testbed.Tokens(func(where string) (tcbauth.TokenStore, error) { return openAt(where) }),
		"first":             helpFirst,
		"none":              helpNone,
		"work":              helpWork,
	})
	if os.Getenv(keyringEnv) == "" {
		keyring.MockInit()
	}
	testbed.Waiting()
	os.Exit(m.Run())
}

// fileRing is a keyring in a directory, which other processes can use too.
type fileRing string

func (r fileRing) path(service, account string) string {
	sum := sha256.Sum256([]byte(service + "\x00" + account))
	return filepath.Join(string(r), hex.EncodeToString(sum[:]))
}

func (r fileRing) Get(service, account string) (string, error) {
	secret, err := os.ReadFile(r.path(service, account))
	if errors.Is(err, fs.ErrNotExist) {
		err = keyring.ErrNotFound
	}
	return string(secret), err
}

func (r fileRing) Set(service, account, secret string) error {
	<-time.After(20 * time.Millisecond) // as long as it takes for another process to come in between
	temp, err := os.CreateTemp(string(r), "")
	if err != nil {
		return err
	}
	_, err = temp.WriteString(secret)
	return errors.Join(err, temp.Close(), os.Rename(temp.Name(), r.path(service, account)))
}

// place is where another process finds a store: in dir, with a fileRing or, if that is "", the system's keyring.
func place(ring fileRing, dir string) string { return string(ring) + "\n" + dir }

func openAt(where string) (*keyringstore.Store, error) {
	ring, dir, _ := strings.Cut(where, "\n")
	if ring == "" {
		return keyringstore.New(context.Background(), service, dir)
	}
	return keyringstore.Open(context.Background(), keyringstore.NewRing(fileRing(ring)), service, dir)
}

// eachKeyring runs test with a keyring in files and with a real one. where says the same to another process as the test
// is told.
func eachKeyring(t *testing.T, test func(t *testing.T, where string)) {
	t.Helper()
	t.Run("files", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		ring := filepath.Join(dir, "ring")
		assert.NoError(t, os.Mkdir(ring, 0o700))
		test(t, place(fileRing(ring), filepath.Join(dir, "sessions")))
	})
	t.Run("real", func(t *testing.T) {
		t.Parallel()
		needKeyring(t)
		test(t, place("", realDir(t)))
	})
}

func needKeyring(t *testing.T) {
	t.Helper()
	if os.Getenv(keyringEnv) == "" {
		t.Skipf("NOT TESTED with a real keyring: %s is not set; scripts/with-keyring.sh starts one", keyringEnv)
	}
}

// realDir is a directory whose key does not stay in the system's keyring.
func realDir(t *testing.T) string {
	t.Helper()
	parent, err := filepath.EvalSymlinks(t.TempDir())
	assert.NoError(t, err)
	dir := filepath.Join(parent, "sessions")
	if os.Getenv(keyringEnv) == "" { // the mock ends with the process, and is for one goroutine at a time
		return dir
	}
	t.Cleanup(func() {
		if err := keyring.Delete(service, dir); !errors.Is(err, keyring.ErrNotFound) {
			assert.NoError(t, err)
		}
	})
	return dir
}

// helpFirst opens a store when its test says so, and stores a value with the name that it is given.
func helpFirst(args []string) error {
	where, name := args[0], args[1]
	var line string
	if _, err := fmt.Scanln(&line); err != nil {
		return err
	}
	store, err := openAt(where)
	if err == nil {
		err = store.Set(context.Background(), name, []byte(name), 0)
	}
	fmt.Println(testbed.TokenLine("done", err))
	return nil
}

// helpNone opens a store where there is no keyring, and says how that went and how long it took.
func helpNone(args []string) error {
	start := time.Now()
	_, err := keyringstore.New(context.Background(), service, args[0])
	fmt.Println(errors.Is(err, keyringstore.ErrNoKeyring), time.Since(start) < 2*keyringstore.CallLimit, err)
	return nil
}

// helpWork is what storetest has another process do. Its arguments are the place and a key, quoted since it may have any byte.
func helpWork(args []string) error {
	go testbed.ExitWithTest()
	store, err := openAt(args[0])
	if err != nil {
		return err
	}
	key, err := strconv.Unquote(args[1])
	if err != nil {
		return err
	}
	return storetest.Work(context.Background(), store, key, func() { fmt.Println("begun") })
}
