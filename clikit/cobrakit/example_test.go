package cobrakit_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/clikit/cobrakit"
)

// A tool with the commands login, logout, token and so on, and with one of its own.
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

	mytool := func(args ...string) int {
		kit, err := clikit.New(clikit.Config{
			App: "mytool", Env: srv.Env, BaseURL: srv.URL, EnvPrefix: "MYTOOL", // in a program: your environment, and no BaseURL
			Dir: dir, Stdin: strings.NewReader("correct-horse-1\n"), Stdout: os.Stdout, Stderr: io.Discard,
		})
		if err != nil {
			fmt.Println(err)
			return clikit.ExitError
		}
		root := &cobra.Command{Use: "mytool"}
		root.AddCommand(cobrakit.Commands(kit)...)
		root.AddCommand(&cobra.Command{
			Use: "hello", Short: "Say hello to the signed-in user", Args: cobra.NoArgs,
			RunE: cobrakit.Run(kit, func(ctx context.Context, _ []string) error {
				auth, err := kit.Auth(ctx)
				if err != nil {
					return err
				}
				user, err := auth.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
				if err != nil {
					return err
				}
				return kit.Answer(user, "hello, "+clikit.AccountOf(user)+"\n")
			}),
		})
		root.SetArgs(args) // in a program: nothing, so that the process's arguments are used
		return kit.Exit(cobrakit.Execute(context.Background(), root, kit))
	}
	fmt.Println("exit code", mytool("hello"))
	fmt.Println("exit code", mytool("login", "--store", "file", "--user", "gopher_01", "--password-stdin"))
	fmt.Println("exit code", mytool("hello"))
	// Output:
	// exit code 4
	// exit code 0
	// hello, gopher_01
	// exit code 0
}
