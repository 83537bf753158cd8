package filestore_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/filestore"
)

// A tool keeps its session in a directory that only its user can read.
func Example() {
	home, err := os.MkdirTemp("", "filestore") // in a program: dir, err := filestore.DefaultDir("mytool")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(home) }()

	store, err := filestore.New(filepath.Join(home, "sessions"))
	if err != nil {
		fmt.Println(err)
		return
	}
	auth, err := tcbauth.New("your-env-id", tcbauth.WithTokenStore(store))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(auth.Env())
	// Output: your-env-id
}
