package clikit_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/clikit"
)

// A tool signs its user in with the password from standard input, and then acts as this user.
func Example() {
	srv, err := authtest.Listen("127.0.0.1:0") // in place of CloudBase
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = srv.Close() }()
	srv.Seed(authtest.User{Username: "gopher_01", Password: "correct-horse-1", Name: "Gopher"})
	dir, err := os.MkdirTemp("", "mytool")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()

	kit, err := clikit.New(clikit.Config{
		App: "mytool", Env: srv.Env, BaseURL: srv.URL, EnvPrefix: "MYTOOL", // in a program: your environment, and no BaseURL
		Dir: dir, Stdin: strings.NewReader("correct-horse-1\n"), Stderr: io.Discard,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	kit.Flags.Store = clikit.StoreFile // by default the keyring, if there is one

	ctx := context.Background()
	if _, err := kit.Login(ctx, clikit.LoginOptions{User: "gopher_01", PasswordFromStdin: true}); err != nil {
		os.Exit(kit.Exit(err)) // one message for the user, and the exit code
	}
	auth, err := kit.Auth(ctx)
	if err != nil {
		os.Exit(kit.Exit(err))
	}
	user, err := auth.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
	if err != nil {
		os.Exit(kit.Exit(err))
	}
	fmt.Println("hello,", clikit.AccountOf(user))
	// Output: hello, gopher_01
}

// A command needs a signed-in user. The exit code tells a script to run the sign-in first.
func ExampleKit_Exit() {
	dir, err := os.MkdirTemp("", "mytool")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	kit, err := clikit.New(clikit.Config{App: "mytool", Env: "your-env-id", EnvPrefix: "MYTOOL", Dir: dir, Stderr: os.Stdout})
	if err != nil {
		fmt.Println(err)
		return
	}
	kit.Flags = clikit.Flags{Lang: clikit.English, Store: clikit.StoreFile}

	_, err = kit.Auth(context.Background())
	fmt.Println("exit code", kit.Exit(err)) // in a program: os.Exit(kit.Exit(err))
	// Output:
	// mytool: nobody is signed in with profile default; sign in: mytool login --store file
	// exit code 4
}
