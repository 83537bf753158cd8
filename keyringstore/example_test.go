package keyringstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/zalando/go-keyring"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/keyringstore"
)

// A tool keeps its session encrypted, with the key in the keyring of the system.
func Example() {
	home, err := os.MkdirTemp("", "keyringstore")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(home) }()
	dir := filepath.Join(home, "sessions") // in a program: dir, err := keyringstore.DefaultDir("mytool")

	ctx := context.Background()
	store, err := keyringstore.New(ctx, "mytool", dir)
	switch {
	case errors.Is(err, keyringstore.ErrNoKeyring):
		fmt.Println("no keyring: unlock it, or use package filestore")
		return
	case err != nil:
		fmt.Println(err)
		return
	}
	auth, err := tcbauth.New("your-env-id", tcbauth.WithTokenStore(store))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := auth.SetCredentials(ctx, &tcbauth.Credentials{AccessToken: "access-token", ExpiresIn: 7200, Sub: "user-1"}); err != nil {
		fmt.Println(err)
		return
	}
	session, err := auth.GetSession(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("signed in:", session.User.Sub)
	removeKey(dir)
	// Output: signed in: user-1
}

// The keyring has lost the key, for example after the system was installed again. The users sign in again.
func ExampleStartAfresh() {
	dir, err := os.MkdirTemp("", "keyringstore")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	if _, err := keyringstore.New(ctx, "mytool", dir); err != nil {
		fmt.Println(err)
		return
	}
	removeKey(dir)

	_, err = keyringstore.New(ctx, "mytool", dir)
	fmt.Println("the key is lost:", errors.Is(err, keyringstore.ErrKeyLost))
	if _, err := keyringstore.StartAfresh(ctx, "mytool", dir); err != nil { // after asking the user
		fmt.Println(err)
		return
	}
	_, err = keyringstore.New(ctx, "mytool", dir)
	fmt.Println("the store can be used:", err == nil)
	removeKey(dir)
	// Output:
	// the key is lost: true
	// the store can be used: true
}

// removeKey deletes the key of a directory from the keyring.
func removeKey(dir string) {
	if resolved, err := filepath.EvalSymlinks(dir); err == nil {
		_ = keyring.Delete("mytool", resolved)
	}
}
