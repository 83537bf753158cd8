package storetest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/storetest"
)

// myStore stands for your store, which keeps its values in a directory.
type myStore struct {
	tcbauth.TokenStore

	dir string
}

func newStore(dir string) *myStore { return &myStore{tcbauth.NewMemoryStore(), dir} }

// The test of a store of your own. It goes into a file that ends in _test.go.
func Example() { //nolint:testableexamples // only go test can run a test
	TestMyStore := func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) tcbauth.TokenStore { return newStore(t.TempDir()) })
	}
	_ = TestMyStore
}

// A store that several processes share is also tested with a second store on the same directory.
func ExampleSuite() { //nolint:testableexamples // only go test can run a test
	TestMyStore := func(t *testing.T) {
		storetest.Suite{
			Open: func(t *testing.T) tcbauth.TokenStore { return newStore(t.TempDir()) },
			Again: func(_ *testing.T, store tcbauth.TokenStore) tcbauth.TokenStore {
				return newStore(store.(*myStore).dir) // a second store on the same directory
			},
		}.Run(t)
	}
	_ = TestMyStore
}

// The process that Suite.Process starts calls Work, which writes until the process is killed. Here the context ends it.
func ExampleWork() {
	ctx, cancel := context.WithCancel(context.Background())
	store := newStore("the directory, from the process's arguments")
	err := storetest.Work(ctx, store, "key", func() {
		fmt.Println("ready") // the parent waits for this line before it kills the process
		cancel()
	})
	fmt.Println(err)
	// Output:
	// ready
	// context canceled
}
