//go:build pages

// With the tag pages the command has one more command, which a release is made with: what it needs is not in the command that
// users get.

package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func init() { more = append(more, pagesCommand()) }

// pagesCommand writes the man pages and the completions of all commands.
func pagesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "pages DIR", Short: "Write man pages and completions", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			root.DisableAutoGenTag = true
			man, completions := filepath.Join(args[0], "man"), filepath.Join(args[0], "completions")
			for _, dir := range []string{man, completions} {
				if err := os.MkdirAll(dir, 0o750); err != nil {
					return err
				}
			}
			if err := doc.GenManTree(root, &doc.GenManHeader{Source: "tcbauth"}, man); err != nil {
				return err
			}
			for name, write := range map[string]func(string) error{
				"tcbauth.bash": func(file string) error { return root.GenBashCompletionFileV2(file, true) },
				"_tcbauth":     root.GenZshCompletionFile,
				"tcbauth.fish": func(file string) error { return root.GenFishCompletionFile(file, true) },
				"tcbauth.ps1":  root.GenPowerShellCompletionFileWithDesc,
			} {
				if err := write(filepath.Join(completions, name)); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
