// Command tcbauth signs users in to CloudBase on the command line, gives their access tokens to other programs, and serves an
// emulator of the auth service:
//
//	tcbauth login --phone 13800000000
//	curl -H "$(tcbauth token --format header)" https://...
//	tcbauth exec -- ./deploy.sh
//	tcbauth emulator
//
// tcbauth help lists the commands. They are those of packages clikit and cobrakit, which other tools can have as well, and
// api, doctor, version and emulator.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/clikit/cobrakit"
	"github.com/cloudbase-community/tcbauth/cmd/tcbauth/internal/emulator"
)

func main() {
	ctx, stop := clikit.Signals(context.Background())
	code := run(ctx, clikit.Config{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}, os.Args[1:])
	stop()
	os.Exit(code)
}

// more are commands that only some builds have.
var more []*cobra.Command

// run carries one command line out and returns the exit code. It ends early when ctx does. cfg has the three streams.
func run(ctx context.Context, cfg clikit.Config, args []string) int {
	cfg.App = "tcbauth"
	kit, err := clikit.New(cfg)
	if err != nil {
		say(cfg.Stderr, "tcbauth: %v\n", err)
		return clikit.ExitError
	}
	root := rootCommand(kit)
	root.AddCommand(cobrakit.Commands(kit)...)
	root.AddCommand(apiCommand(kit), doctorCommand(kit), versionCommand(kit), emulatorCommand(kit))
	root.AddCommand(more...)
	root.SetArgs(args)
	return kit.Exit(cobrakit.Execute(ctx, root, kit))
}

func rootCommand(kit *clikit.Kit) *cobra.Command {
	showVersion := false
	root := &cobra.Command{
		Use: "tcbauth", Short: rootShort.In(kit.Language()),
		RunE: func(*cobra.Command, []string) error {
			if showVersion {
				return printVersion(kit)
			}
			return &clikit.UsageError{Err: errors.New(whichCommand.In(kit.Language()))}
		},
	}
	root.Flags().BoolVar(&showVersion, "version", false, versionShort.In(kit.Language()))
	return root
}

// emulatorCommand has flags of its own, which package flag reads.
func emulatorCommand(kit *clikit.Kit) *cobra.Command {
	cmd := &cobra.Command{
		Use: "emulator [flags] [-- command ...]", DisableFlagsInUseLine: true, Short: emulatorShort.In(kit.Language()), DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if code := runEmulator(cmd.Context(), args, kit.Stdout(), kit.Stderr()); code != clikit.ExitOK {
				return clikit.ExitStatus(code)
			}
			return nil
		},
	}
	flags, _ := emulatorFlags(new(emulator.Config))
	cmd.Flags().AddGoFlagSet(flags) // for help and man pages
	return cmd
}

// say writes to a stream of the terminal, whose errors nobody could be told of.
func say(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}
