package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"

	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/cmd/tcbauth/internal/emulator"
)

const emulatorUsage = `Serves an emulated CloudBase environment until SIGINT or SIGTERM. SIGHUP reads the users and codes of -seed again; rules
wait for the next start. Without -seed SIGHUP stops the emulator. With a command after -- the emulator runs the command with
TCB_ENV and TCB_BASE_URL set, and stops when it ends.

Without a command, the first line on standard output is the emulator's URL, for tcbauth.WithBaseURL or for registerEndPoint
of the js-sdk. The codes that it "sends" are written to standard error. URL/_emulator/ has a page for you and a control API
for programs. On the page URL/device users approve the sign-in of devices. The page, the control API and /device are open to
this machine only. With -control-token they are open to every client that sends the token, and to no other. With a
-public-url of another host they need -control-token.

The emulator is for tests. It protects nothing: whoever can reach it can sign in as any user.

Flags:
`

// emulatorFlags are the flags of the command "emulator"; health is a URL to check instead of serving.
func emulatorFlags(config *emulator.Config) (flags *flag.FlagSet, health *string) {
	flags = flag.NewFlagSet("tcbauth emulator", flag.ContinueOnError)
	flags.Usage = func() {
		say(flags.Output(), "Usage: tcbauth emulator [flags] [-- command ...]\n\n%s", emulatorUsage)
		flags.PrintDefaults()
	}
	flags.StringVar(&config.Addr, "addr", "", "`host:port` to listen on; port 0 means any free port (default 127.0.0.1:9190, or the next port that is free)")
	flags.Func("env", "the environment's `id`; repeat it to serve several environments, each at its own URL; -addr, if given, needs port 0 then (default authtest)", func(env string) error {
		config.Envs = append(config.Envs, env)
		return nil
	})
	flags.StringVar(&config.Seed, "seed", "", "JSON `file` of users, fixed codes and rules to start with (package authtest, WithSeed)")
	flags.BoolVar(&config.Relaxed, "relaxed", false, "milder rules than those of the live service: any number of sessions, an SMS every 30 seconds, codes that are good for 10 minutes, and \"code\" in every error; rules of -seed override it (package authtest, Relaxed)")
	flags.BoolVar(&config.Watch, "watch", false, "read the users and codes of -seed again whenever it changes; rules wait for the next start. SIGHUP does so too")
	flags.StringVar(&config.Import, "import", "", "start with the users, fixed codes, sessions, keys and clock from a `file` of -export-on-exit, which replace the users and codes of -seed")
	flags.StringVar(&config.Export, "export-on-exit", "", "write the users, fixed codes, sessions, keys and clock to this `file` at the end")
	flags.StringVar(&config.State, "state", "", "-import and -export-on-exit with the same `file`, which need not exist yet; what clients do before the URL is printed is lost")
	flags.StringVar(&config.URLFile, "url-file", "", "write the URL to this `file` once the server answers, and remove it at the end")
	flags.StringVar(&config.Log, "log", "", "append one line of JSON for each request to this `file`, without secrets")
	flags.StringVar(&config.Public, "public-url", "", "the base `URL` that clients use, if it differs from -addr; tokens and pages contain it. With another host the page and the control API need -control-token")
	flags.StringVar(&config.TLS, "tls", "", "serve https with a new certificate, and write the authority that clients must trust to this `file`")
	flags.Func("tls-host", "another `name` of the server in the certificate of -tls; it can be repeated", func(name string) error {
		config.TLSHost = append(config.TLSHost, name)
		return nil
	})
	flags.StringVar(&config.TLSCert, "tls-cert", "", "serve https with the certificate in this PEM `file`")
	flags.StringVar(&config.TLSKey, "tls-key", "", "the key of -tls-cert, in a PEM `file`")
	flags.StringVar(&config.Control, "control-token", "", "`token` (16 characters at least) that every caller of the page and the control API must send, on this machine too; other machines may then call")
	health = flags.String("health", "", "only check whether an emulator answers at this `URL`, and exit with 0 if so: the health check of a container. It takes no other flag")
	flags.BoolVar(&config.Open, "allow-non-loopback", false, "let -addr be an address that other machines can reach")
	return flags, health
}

// runEmulator is the command "emulator".
func runEmulator(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var config emulator.Config
	if i := slices.Index(args, "--"); i >= 0 {
		args, config.Command = args[:i], args[i+1:]
		if len(config.Command) == 0 {
			say(stderr, "tcbauth: no command after --\n\nUsage: tcbauth emulator [flags] [-- command ...]\n")
			return clikit.ExitUsage
		}
	}
	flags, health := emulatorFlags(&config)
	if code, done := parse(flags, args, stdout, stderr); done {
		return code
	}
	if *health != "" {
		if flags.NFlag() > 1 || len(config.Command) > 0 {
			say(stderr, "tcbauth: -health only checks: it takes no other flag, and no command after --\n\nUsage: tcbauth emulator [flags] [-- command ...]\n")
			return clikit.ExitUsage
		}
		if err := emulator.Health(ctx, *health); err != nil {
			say(stderr, "tcbauth: %v\n", err)
			return clikit.ExitError
		}
		return clikit.ExitOK
	}
	if err := config.Check(); err != nil {
		say(stderr, "tcbauth: %v\n", err)
		return clikit.ExitUsage
	}
	code, err := emulator.Run(ctx, config, stdout, stderr)
	if err != nil {
		say(stderr, "tcbauth: %v\n", err)
		return clikit.ExitError
	}
	return code
}

// parse reads flags and refuses everything else. done says that the command is over, with the exit code.
func parse(flags *flag.FlagSet, args []string, stdout, stderr io.Writer) (code int, done bool) {
	flags.SetOutput(io.Discard) // the stream is chosen below
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	switch {
	case err == nil:
		return clikit.ExitOK, false
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stdout)
		flags.Usage()
		return clikit.ExitOK, true
	default:
		say(stderr, "tcbauth: %v\n\n", err)
		flags.SetOutput(stderr)
		flags.Usage()
		return clikit.ExitUsage, true
	}
}
