package cobrakit_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
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
		App: "mytool", Env: "authtest", Dir: t.TempDir(), Stdin: strings.NewReader("correct-horse-1\n"), Stdout: &tool.stdout, Stderr: &tool.stderr,
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

// A completion script that cannot be written is a failure too.
func TestCompletionOnFullDisk(t *testing.T) {
	t.Parallel()
	kit, err := clikit.New(clikit.Config{App: "mytool", Dir: t.TempDir(), Stdout: full{}, Stderr: new(bytes.Buffer)})
	require.NoError(t, err)
	root := &cobra.Command{Use: "mytool"}
	root.AddCommand(cobrakit.Commands(kit)...)
	for _, args := range [][]string{{"completion", "bash"}, {"completion", "zsh"}} {
		root.SetArgs(args)
		assert.Equal(t, clikit.ExitError, kit.Exit(cobrakit.Execute(t.Context(), root, kit)))
	}
	root.SetArgs([]string{"completion", "bash", "too much"})
	assert.Equal(t, clikit.ExitUsage, kit.Exit(cobrakit.Execute(t.Context(), root, kit)))
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

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

// Mistakes in the command line are told in the user's language, and without what may be a secret in the wrong place.
func TestMistakes(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for args, want := range map[string]struct{ en, zh string }{
		"serve":                        {`there is no command "serve"; mytool help lists them`, `没有子命令 "serve"；mytool help 列出全部子命令`},
		"help serve":                   {`there is no command "serve"; mytool help lists them`, `没有子命令 "serve"；mytool help 列出全部子命令`},
		"help profile serve":           {`there is no command "serve"; mytool help lists them`, `没有子命令 "serve"；mytool help 列出全部子命令`},
		"--nonsense=" + secret:         {"there is no flag --nonsense", "没有选项 --nonsense"},
		"login -p" + secret:            {"there is no flag -p", "没有选项 -p"},
		"login -中文":                    {"there is no flag -中", "没有选项 -中"},
		"login --phone":                {"--phone needs a value", "--phone 需要一个值"},
		"login --=" + secret:           {"a flag has the form --name or --name=value", "选项的形式是 --name 或 --name=value"},
		"login --code-stdin=" + secret: {"--code-stdin is true or false", "--code-stdin 只能是 true 或 false"},
		"token --min-ttl " + secret:    {"--min-ttl is a time such as 30s or 5m", "--min-ttl 是一段时间，例如 30s 或 5m"},
		"token --min-ttl -5m":          {"--min-ttl is a time such as 30s or 5m", "--min-ttl 是一段时间，例如 30s 或 5m"},
		"token --timeout -5m":          {"--timeout is a time such as 30s or 5m", "--timeout 是一段时间，例如 30s 或 5m"},
		"token --lang " + secret:       {"the language is en, zh-CN or zh-TW", "语言只能是 en、zh-CN 或 zh-TW"},
		"hello --port " + secret:       {"--port: this value cannot be used", "--port：不能使用这个值"},
		"hello --ip " + secret:         {"--ip: this value cannot be used", "--ip：不能使用这个值"},
		"login --password-stdin " + secret: {
			"the number of arguments is wrong; use it so: mytool login [flags]", "参数个数不对；用法：mytool login [flags]",
		},
		"profile use": {
			"the number of arguments is wrong; use it so: mytool profile use NAME [flags]", "参数个数不对；用法：mytool profile use NAME [flags]",
		},
		"exec": {
			"the number of arguments is wrong; use it so: mytool exec [flags] -- COMMAND [ARG...]", "参数个数不对；用法：mytool exec [flags] -- COMMAND [ARG...]",
		},
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			for language, want := range map[string]string{clikit.English: want.en, clikit.SimplifiedChinese: want.zh} {
				tool := newTool(t, language)
				hello := &cobra.Command{Use: "hello", Run: func(*cobra.Command, []string) {}}
				hello.Flags().Int("port", 0, "")
				hello.Flags().IP("ip", nil, "")
				tool.root.AddCommand(hello)
				assert.Equal(t, clikit.ExitUsage, tool.run(t, strings.Fields(args)...))
				assert.Equal(t, "mytool: "+want+"\n", tool.stderr.String())
				assert.Empty(t, tool.stdout.String())
			}
		})
	}
}

// A tool without a command of its own prints its help, as with cobra alone.
func TestNoCommand(t *testing.T) {
	t.Parallel()
	tool := newTool(t, clikit.English)
	tool.root.PersistentPreRunE = func(*cobra.Command, []string) error { return errors.New("a hook was called") }
	tool.root.PersistentFlags().String("name", "", "")
	require.NoError(t, tool.root.MarkPersistentFlagRequired("name"))
	for _, args := range [][]string{{}, {"--no-input"}, {"--help"}} {
		assert.Equal(t, clikit.ExitUsage, tool.run(t, "serve"), "before %q", args)
		tool.stdout.Reset()
		tool.stderr.Reset()
		assert.Zero(t, tool.run(t, args...), "%q: %s", args, &tool.stderr)
		assert.Contains(t, tool.stdout.String(), "Available Commands", "%q", args)
		assert.NotContains(t, tool.stdout.String(), "mytool [flags]", "%q", args)
	}
}

// The name of a command that does not exist is refused as the flags of the command line say.
func TestUnknownCommandAfterFlags(t *testing.T) {
	t.Parallel()
	tool := newTool(t, clikit.English)
	assert.Equal(t, clikit.ExitUsage, tool.run(t, "--json", "serve", "--lang", "zh"))
	assert.Contains(t, tool.stderr.String(), `"message":"没有子命令 \"serve\"`)
	assert.Empty(t, tool.stdout.String())
}

// The tool's own flags say in words of their own what is wrong with a value.
func TestOwnFlag(t *testing.T) {
	t.Parallel()
	tool := newTool(t, clikit.English)
	tool.root.PersistentFlags().Func("color", "", func(string) error { return &clikit.UsageError{Err: errors.New("the color is red or blue")} })
	assert.Equal(t, clikit.ExitUsage, tool.run(t, "status", "--color", "green"))
	assert.Equal(t, "mytool: the color is red or blue\n", tool.stderr.String())
}

func listen(t *testing.T) *authtest.Server {
	t.Helper()
	srv, err := authtest.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	return srv
}

// What the server calls its user cannot move the cursor or forge a line.
func TestStrangeUser(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	srv.Seed(authtest.User{Sub: "1\x1b[2J\nserver says: nothing", Username: "gopher_01", Password: "correct-horse-1"})
	tool := newTool(t, clikit.English)
	tool.kit.Flags = clikit.Flags{Env: srv.Env, BaseURL: srv.URL, Store: clikit.StoreFile}
	_, err := tool.kit.Login(t.Context(), clikit.LoginOptions{User: "gopher_01", PasswordFromStdin: true})
	require.NoError(t, err)
	for command, lines := range map[string]int{"whoami": 1, "status": 6} {
		tool.stdout.Reset()
		assert.Zero(t, tool.run(t, command), tool.stderr.String())
		assert.Contains(t, tool.stdout.String(), "gopher_01 1\uFFFD[2J server says")
		assert.Equal(t, lines, strings.Count(tool.stdout.String(), "\n"), tool.stdout.String())
	}
}

// The status says in the user's language where each setting is from. A flag has its own name.
func TestStatusNamesSources(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]struct{ flag, standard, profile string }{
		clikit.English:           {"profile: work (--profile)\n", "environment: authtest (default)\n", "environment: authtest (profile)\n"},
		clikit.SimplifiedChinese: {"配置: work (--profile)\n", "环境: authtest (默认值)\n", "环境: authtest (来自配置)\n"},
	} {
		tool, srv := newTool(t, language), listen(t)
		srv.Seed(authtest.User{Username: "gopher_01", Password: "correct-horse-1"})
		assert.Equal(t, clikit.ExitLoginRequired, tool.run(t, "status", "--profile", "work"))
		assert.Contains(t, tool.stdout.String(), want.flag)
		assert.Contains(t, tool.stdout.String(), want.standard)

		assert.Zero(t, tool.run(t, "login", "--base-url", srv.URL, "--store", "file", "--user", "gopher_01", "--password-stdin"), &tool.stderr)
		tool.kit.Flags = clikit.Flags{Lang: language}
		assert.Zero(t, tool.run(t, "status", "--profile", "work"), &tool.stderr)
		assert.Contains(t, tool.stdout.String(), want.profile)
	}
}
