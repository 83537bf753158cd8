// Command mytool is a tool with a command of its own, hello, and those of package cobrakit: login, logout, token, status, whoami,
// exec, profile and completion.
//
//	MYTOOL_ENV=your-env-id go run ./examples/mytool login
//	go run ./examples/mytool hello
//
// Without arguments it shows itself against an emulator of its own, which needs no account and no network.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/clikit/cobrakit"
)

func main() {
	ctx, _ := clikit.Signals(context.Background()) // until the process ends
	if len(os.Args) == 1 {
		os.Exit(demo(ctx, os.Stdout))
	}
	os.Exit(mytool(ctx, clikit.Config{}, os.Args[1:]...))
}

// mytool carries one command line out and returns the exit code. A tool for one environment has its id in cfg.Env.
func mytool(ctx context.Context, cfg clikit.Config, args ...string) int {
	cfg.App, cfg.EnvPrefix = "mytool", "MYTOOL"
	kit, err := clikit.New(cfg)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mytool:", err)
		return clikit.ExitError
	}
	root := &cobra.Command{Use: "mytool", Short: "Says hello"}
	root.AddCommand(cobrakit.Commands(kit)...)
	root.AddCommand(&cobra.Command{
		Use: "hello", Short: "Say hello to whoever is signed in", Args: cobra.NoArgs,
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
	root.SetArgs(args)
	return kit.Exit(cobrakit.Execute(ctx, root, kit))
}
