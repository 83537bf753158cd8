package cobrakit

import (
	"errors"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/internal/bilingual"
)

// cobra's own errors about the command line are in English, and quote words of it that may be a secret in the wrong place. These
// are in the user's language, and quote only names.

// Args makes the Args of a command that takes from least to most arguments. Its error is in the user's language and does not
// quote them.
func Args(kit *clikit.Kit, least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return misuse(kit, wrongNumber, cmd.UseLine())
		}
		return nil
	}
}

// refuseUnknown makes a root command that does not say which arguments it takes refuse names of commands that do not exist, and
// set refused if cobra would print the help instead. cobra refuses such names before it reads the flags, so that --lang and
// --json would not count. With TraverseChildren it takes the names for arguments. cobra's help command refuses such names too.
// restore undoes all this.
func refuseUnknown(root *cobra.Command, kit *clikit.Kit, refused *error) (restore func()) {
	if root.Args != nil || root.TraverseChildren || !root.HasSubCommands() {
		return func() {}
	}
	root.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return misuse(kit, unknownCommand, args[0], cmd.Name())
		}
		return nil
	}
	topics := helpCommand(root)
	if topics != nil {
		topics.Args = func(_ *cobra.Command, args []string) error {
			found, rest, _ := root.Find(args)
			if found != nil && found.HasSubCommands() && len(rest) > 0 {
				return misuse(kit, unknownCommand, rest[0], root.Name())
			}
			return nil
		}
	}
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		asked, _ := cmd.Flags().GetBool("help")
		if cmd == root && len(args) > 0 && !asked { // the command line was the root's, and cobra has not looked at Args
			*refused = root.ValidateArgs(root.Flags().Args())
		}
		if *refused == nil {
			help(cmd, args)
		}
	})
	return func() {
		root.Args = nil
		root.SetHelpFunc(help)
		if topics != nil {
			topics.Args = nil
		}
	}
}

// helpCommand returns cobra's own help command, or nil if the tool has another one.
func helpCommand(root *cobra.Command) *cobra.Command {
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		if cmd.Use == "help [command]" && cmd.Args == nil {
			return cmd
		}
	}
	return nil
}

// mistake is an error of cobra's about the command line. One that the tool has made of it stays as it is.
func mistake(kit *clikit.Kit, err error) error {
	switch e := err.(type) { //nolint:errorlint // one that is wrapped has a text of the tool's
	case *clikit.UsageError:
		return e
	case *pflag.NotExistError:
		return misuse(kit, unknownFlag, dashed(e.GetSpecifiedName(), e.GetSpecifiedShortnames()))
	case *pflag.ValueRequiredError:
		return misuse(kit, valueMissing, dashed(e.GetSpecifiedName(), e.GetSpecifiedShortnames()))
	case *pflag.InvalidSyntaxError:
		return misuse(kit, flagSyntax)
	case *pflag.InvalidValueError:
		return wrongValue(kit, e)
	}
	return &clikit.UsageError{Err: err}
}

func wrongValue(kit *clikit.Kit, e *pflag.InvalidValueError) error {
	if own, ok := errors.AsType[*clikit.UsageError](e); ok {
		return own
	}
	flag := e.GetFlag()
	switch flag.Value.Type() {
	case "bool":
		return misuse(kit, notBool, "--"+flag.Name)
	case "duration":
		return misuse(kit, notTime, "--"+flag.Name)
	}
	return misuse(kit, badValue, "--"+flag.Name)
}

// dashed is the name of a flag as it was typed, a shorthand alone and not with those that follow it.
func dashed(name, shorthands string) string {
	if shorthands != "" {
		first, _ := utf8.DecodeRuneInString(shorthands)
		return "-" + string(first)
	}
	return "--" + name
}

// misuse is a mistake in the command line.
func misuse(kit *clikit.Kit, t bilingual.Text, args ...any) error {
	return &clikit.UsageError{Err: errors.New(t.In(kit.Language(), args...))}
}
