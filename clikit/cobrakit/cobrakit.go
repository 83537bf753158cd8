// Package cobrakit has the commands of package clikit for tools on spf13/cobra: login, logout, token, status, whoami, exec
// and profile. cobra itself adds completion.
//
//	kit, err := clikit.New(clikit.Config{App: "mytool", Env: "your-env-id", EnvPrefix: "MYTOOL"})
//	root := &cobra.Command{Use: "mytool"}
//	root.AddCommand(cobrakit.Commands(kit)...)
//	os.Exit(kit.Exit(cobrakit.Execute(ctx, root, kit)))
package cobrakit

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/internal/bilingual"
)

// Commands returns the commands of a kit. Their help is in the language of its environment.
func Commands(kit *clikit.Kit) []*cobra.Command {
	return []*cobra.Command{
		loginCommand(kit), logoutCommand(kit), tokenCommand(kit), execCommand(kit), statusCommand(kit), whoamiCommand(kit), profileCommand(kit),
	}
}

// Execute runs the command line of the process, or the arguments of root.SetArgs. It gives root the flags of [Flags] and
// the streams of the kit. A value that a flag of the tool's own refuses is not quoted; if its Set returns a *clikit.UsageError,
// that is the error.
func Execute(ctx context.Context, root *cobra.Command, kit *clikit.Kit) error {
	root.PersistentFlags().AddFlagSet(Flags(kit))
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(kit.Stdin())
	root.SetOut(kit.Stdout())
	root.SetErr(kit.Stderr())
	var refused error
	defer refuseUnknown(root, kit, &refused)()
	failed := false
	root.InitDefaultCompletionCmd() // before noteFailures, which has to see it; cobra itself adds it later
	noteFailures(root, &failed)
	err := root.ExecuteContext(ctx)
	if err != nil && !failed {
		return mistake(kit, err)
	}
	if err == nil {
		err = refused
	}
	return err
}

// noteFailures sets failed when a function of a command fails. Any other failure is a mistake in the command line.
func noteFailures(cmd *cobra.Command, failed *bool) {
	for _, run := range []*func(*cobra.Command, []string) error{
		&cmd.PersistentPreRunE, &cmd.PreRunE, &cmd.RunE, &cmd.PostRunE, &cmd.PersistentPostRunE,
	} {
		if own := *run; own != nil {
			*run = func(cmd *cobra.Command, args []string) error {
				err := own(cmd, args)
				*failed = *failed || err != nil
				return err
			}
		}
	}
	for _, sub := range cmd.Commands() {
		noteFailures(sub, failed)
	}
}

// Flags returns the flags that every command has, bound to the kit's. What is set there already is their default.
func Flags(kit *clikit.Kit) *pflag.FlagSet {
	f, flags := pflag.NewFlagSet("", pflag.ContinueOnError), &kit.Flags
	in := func(t bilingual.Text) string { return t.In(kit.Language()) }
	f.StringVar(&flags.Profile, "profile", flags.Profile, in(flagProfile))
	f.StringVar(&flags.Env, "env", flags.Env, in(flagEnv))
	f.StringVar(&flags.Region, "region", flags.Region, in(flagRegion))
	f.StringVar(&flags.BaseURL, "base-url", flags.BaseURL, in(flagBaseURL))
	f.StringVar(&flags.Store, "store", flags.Store, in(flagStore))
	f.Var(&language{&flags.Lang, in(badLang)}, "lang", in(flagLang))
	f.BoolVar(&flags.JSON, "json", flags.JSON, in(flagJSON))
	f.BoolVar(&flags.NoInput, "no-input", flags.NoInput, in(flagNoInput))
	f.BoolVar(&flags.Debug, "debug", flags.Debug, in(flagDebug))
	f.DurationVar(&flags.Timeout, "timeout", flags.Timeout, in(flagTimeout))
	return f
}

// language is the value of --lang. Unlike a locale, which is the whole system's, it must be a language that there is.
type language struct {
	tag    *string
	misuse string
}

func (l *language) String() string { return *l.tag }
func (l *language) Type() string   { return "string" }

func (l *language) Set(tag string) error {
	name, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(tag), "_", "-"), "-")
	if tag != "" && name != "en" && name != "zh" {
		return &clikit.UsageError{Err: errors.New(l.misuse)}
	}
	*l.tag = tag
	return nil
}

// Run makes the RunE of a command, whose context ends with the flag --timeout too.
func Run(kit *clikit.Kit, run func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if kit.Flags.Timeout < 0 {
			return misuse(kit, notTime, "--timeout")
		}
		ctx, cancel := limited(cmd.Context(), kit.Flags.Timeout)
		defer cancel()
		return run(ctx, args)
	}
}

func limited(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit > 0 {
		return context.WithTimeout(ctx, limit)
	}
	return context.WithCancel(ctx)
}
