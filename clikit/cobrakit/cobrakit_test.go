package cobrakit_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/clikit/cobrakit"
)

// tool is a tool of another author, which signs in before each of its commands.
type tool struct {
	root           *cobra.Command
	kit            *clikit.Kit
	stdout, stderr bytes.Buffer
}

func newTool(t *testing.T, language string) *tool {
	t.Helper()
	tool := &tool{root: &cobra.Command{Use: "mytool"}}
	kit, err := clikit.New(clikit.Config{
		App: "mytool", Env: "authtest", Dir: t.TempDir(), Stdin: strings.NewReader(""), Stdout: &tool.stdout, Stderr: &tool.stderr,
		LookupEnv: func(string) (string, bool) { return "", false },
	})
	require.NoError(t, err)
	tool.kit = kit
	kit.Flags.Lang = language
	tool.root.AddCommand(cobrakit.Commands(kit)...)
	return tool
}

func (tool *tool) run(t *testing.T, args ...string) (code int) {
	t.Helper()
	tool.root.SetArgs(args)
	return tool.kit.Exit(cobrakit.Execute(t.Context(), tool.root, tool.kit))
}

// The error of a hook is a failure of the command, not a mistake in the command line.
func TestHooks(t *testing.T) {
	t.Parallel()
	auth := func(tool *tool) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, _ []string) error {
			_, err := tool.kit.Auth(cmd.Context())
			return err
		}
	}
	for name, add := range map[string]func(tool *tool, cmd *cobra.Command){
		"before all commands":  func(tool *tool, _ *cobra.Command) { tool.root.PersistentPreRunE = auth(tool) },
		"before this command":  func(tool *tool, cmd *cobra.Command) { cmd.PreRunE = auth(tool) },
		"after this command":   func(tool *tool, cmd *cobra.Command) { cmd.PostRunE = auth(tool) },
		"after every command":  func(tool *tool, cmd *cobra.Command) { cmd.PersistentPostRunE = auth(tool) },
		"of the command alone": func(tool *tool, cmd *cobra.Command) { cmd.Run, cmd.RunE = nil, auth(tool) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tool := newTool(t, clikit.English)
			hello := &cobra.Command{Use: "hello", Run: func(*cobra.Command, []string) {}}
			add(tool, hello)
			tool.root.AddCommand(hello)
			assert.Equal(t, clikit.ExitLoginRequired, tool.run(t, "hello"), tool.stderr.String())
			assert.Contains(t, tool.stderr.String(), "sign in: mytool login")
		})
	}
	tool := newTool(t, clikit.English)
	tool.root.PersistentPreRunE = func(*cobra.Command, []string) error { return nil }
	hello := &cobra.Command{Use: "hello", RunE: auth(tool)}
	hello.Flags().String("name", "", "")
	require.NoError(t, hello.MarkFlagRequired("name"))
	tool.root.AddCommand(hello)
	assert.Equal(t, clikit.ExitUsage, tool.run(t, "hello"), "a required flag is missing")
}

// What the tool's author has set holds until the user says something else.
func TestFlagsKeepWhatTheToolHasSet(t *testing.T) {
	t.Parallel()
	tool := newTool(t, clikit.SimplifiedChinese)
	tool.kit.Flags.NoInput, tool.kit.Flags.Store = true, clikit.StoreFile
	var got clikit.Flags
	tool.root.AddCommand(&cobra.Command{Use: "hello", RunE: cobrakit.Run(tool.kit, func(context.Context, []string) error {
		got = tool.kit.Flags
		return nil
	})})
	assert.Zero(t, tool.run(t, "hello", "--profile", "work", "--no-input=false"))
	assert.Equal(t, clikit.Flags{Profile: "work", Lang: clikit.SimplifiedChinese, Store: clikit.StoreFile}, got)
}
