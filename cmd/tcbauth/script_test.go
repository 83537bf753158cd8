package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/clikit"
)

// The scripts of testdata/script run the command in this process, each against an emulator of its own:
//
//	tcbauth CODE [<STDIN] ARG...  must have this exit code; in STDIN \n is a new line
//	server WORD ARG...            see serverCommands
//	damage DIRECTORY              spoils every session that is stored there
//
// Nobody is at the terminal. The person of every script is +86 13800000000, whose code is always 123456.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			srv, err := authtest.Listen("127.0.0.1:0", authtest.WithRefreshPolicy(authtest.Rotating().RevokingReuse()))
			if err != nil {
				return err
			}
			env.Defer(func() { _ = srv.Close() }) // it has nothing to say any more
			srv.FixCode("13800000000", "123456")
			srv.FixCode("gopher@example.com", "654321")
			srv.Seed(authtest.User{Username: "gopher_01", Password: "correct-horse-1"})
			env.Values[serverKey] = srv
			env.Setenv("TCB_ENV", srv.Env)
			env.Setenv("TCB_BASE_URL", srv.URL)
			env.Setenv("TCBAUTH_STORE", clikit.StoreFile)
			env.Setenv("TCBAUTH_CONFIG_DIR", env.WorkDir+"/config")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"tcbauth": scriptTcbauth(t.Context()), "server": scriptServer(t.Context()), "damage": scriptDamage},
	})
}

// serverKey is where a script's emulator is found.
const serverKey = "server"

func scriptTcbauth(ctx context.Context) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		want, err := strconv.Atoi(args[0])
		ts.Check(err)
		args = args[1:]
		var stdin string
		if text, ok := strings.CutPrefix(strings.Join(args[:min(1, len(args))], ""), "<"); ok {
			stdin, args = strings.ReplaceAll(text, `\n`, "\n"), args[1:]
		}
		srv := ts.Value(serverKey).(*authtest.Server)
		code := run(ctx, clikit.Config{
			Stdin: strings.NewReader(stdin), Stdout: ts.Stdout(), Stderr: ts.Stderr(),
			LookupEnv: func(name string) (string, bool) {
				value := ts.Getenv(name)
				return value, value != ""
			},
			Now:     srv.Now,
			Options: []tcbauth.Option{tcbauth.WithMaxAttempts(1)},
		}, args)
		if code != want {
			ts.Fatalf("exit code %d, want %d", code, want)
		}
	}
}

// serverCommands are what a script does with its emulator.
var serverCommands = map[string]func(*authtest.Server, []string) error{
	"advance": func(srv *authtest.Server, args []string) error {
		d, err := time.ParseDuration(args[0])
		if err == nil {
			srv.Advance(d)
		}
		return err
	},
	"captcha": func(srv *authtest.Server, args []string) error { // OPERATION...
		srv.RequireCaptcha(args...)
		return nil
	},
	"fail": func(srv *authtest.Server, args []string) error { // OPERATION WORD
		srv.Fault(authtest.Fault{Operation: args[0], Times: 1, Error: &authtest.Error{Code: args[1]}})
		return nil
	},
	"count": func(srv *authtest.Server, args []string) error { // OPERATION NUMBER
		if got := strconv.Itoa(srv.Count(args[0])); got != args[1] {
			return fmt.Errorf("%s was called %s times", args[0], got)
		}
		return nil
	},
}

func scriptServer(ctx context.Context) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		srv := ts.Value(serverKey).(*authtest.Server)
		if args[0] == "answer" { // what the newest captcha says, as $answer
			_, answer, err := srv.WaitCaptcha(ctx)
			ts.Check(err)
			ts.Setenv("answer", answer)
			return
		}
		ts.Check(serverCommands[args[0]](srv, args[1:]))
	}
}

func scriptDamage(ts *testscript.TestScript, _ bool, args []string) {
	found := 0
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	for _, entry := range entries {
		name := filepath.Join(ts.MkAbs(args[0]), entry.Name())
		if text, err := os.ReadFile(name); err == nil && strings.Contains(string(text), "access_token") { //nolint:gosec // G304: this test's own
			ts.Check(os.WriteFile(name, []byte("damaged"), 0o600))
			found++
		}
	}
	if found == 0 {
		ts.Fatalf("no session there")
	}
}
