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

const emulatorUsage = `Serves an emulated CloudBase environment until it is told to stop (SIGINT, SIGTERM; SIGHUP if there is no -seed to be
read again). With a command behind -- it runs that with TCB_ENV and TCB_BASE_URL, and ends with it.

Without a command the first line on standard output is its URL, made for tcbauth.WithBaseURL, or for the js-sdk's
registerEndPoint. The codes that it "sends" come on standard error. At URL/_emulator/ are a page for people and the control
API for programs, and at URL/device is the page on which users approve the sign-in of devices: for this machine only, or with
-control-token for whoever has the token.

It is for tests. It has no secrets: whoever can reach it can sign in as anybody.

Flags:
`

// emulatorFlags are the flags of the command "emulator"; health is a URL to ask in place of serving.
func emulatorFlags(config *emulator.Config) (flags *flag.FlagSet, health *string) {
	flags = flag.NewFlagSet("tcbauth emulator", flag.ContinueOnError)
	flags.Usage = func() {
		say(flags.Output(), "Usage: tcbauth emulator [flags] [-- command ...]\n\n%s", emulatorUsage)
		flags.PrintDefaults()
	}
	flags.StringVar(&config.Addr, "addr", "", "`host:port` to listen on; port 0 is one that is free (default 127.0.0.1:9190, or the next port that is free)")
	flags.Func("env", "the environment's `id`; given again, more environments are served, each at a URL of its own (default authtest)", func(env string) error {
		config.Envs = append(config.Envs, env)
		return nil
	})
	flags.StringVar(&config.Seed, "seed", "", "JSON `file` of accounts, fixed codes and rules to start with (package authtest, WithSeed)")
	flags.BoolVar(&config.Watch, "watch", false, "read -seed again whenever it changes; SIGHUP does so too")
	flags.StringVar(&config.Import, "import", "", "start with the people, sessions, keys and clock of a `file` that -export-on-exit has written")
	flags.StringVar(&config.Export, "export-on-exit", "", "write them to this `file` at the end")
	flags.StringVar(&config.State, "state", "", "-import and -export-on-exit of one `file`, which need not be there at first")
	flags.StringVar(&config.URLFile, "url-file", "", "write the URL to this `file` once the server answers, and remove it at the end")
	flags.StringVar(&config.Log, "log", "", "append one line of JSON for each request to this `file`, without secrets")
	flags.StringVar(&config.Public, "public-url", "", "the base `URL` by which clients reach it, if not by -addr: what tokens and pages name")
	flags.StringVar(&config.TLS, "tls", "", "serve https with a certificate that is made at the start; the `file` is written for clients to trust")
	flags.Func("tls-host", "one more `name` by which clients may call the server with the certificate of -tls; can be given again", func(name string) error {
		config.TLSHost = append(config.TLSHost, name)
		return nil
	})
	flags.StringVar(&config.TLSCert, "tls-cert", "", "serve https with the certificate in this PEM `file`")
	flags.StringVar(&config.TLSKey, "tls-key", "", "the key of -tls-cert, in a PEM `file`")
	flags.StringVar(&config.Control, "control-token", "", "open the page and the control API to other machines, and only to whoever has this `token`")
	health = flags.String("health", "", "only ask whether an emulator serves at this `URL`, and exit with 0 if so: the health check of a container")
	flags.BoolVar(&config.Open, "allow-non-loopback", false, "let -addr be an address that other machines can reach")
	return flags, health
}

// runEmulator is the command "emulator".
func runEmulator(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var config emulator.Config
	if i := slices.Index(args, "--"); i >= 0 {
		args, config.Command = args[:i], args[i+1:]
		if len(config.Command) == 0 {
			say(stderr, "tcbauth: no command behind --\n\nUsage: tcbauth emulator [flags] [-- command ...]\n")
			return clikit.ExitUsage
		}
	}
	flags, health := emulatorFlags(&config)
	if code, done := parse(flags, args, stdout, stderr); done {
		return code
	}
	if *health != "" {
		if err := emulator.Health(ctx, *health); err != nil {
			say(stderr, "tcbauth: %v\n", err)
			return clikit.ExitError
		}
		return clikit.ExitOK
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
	flags.SetOutput(io.Discard) // what goes where is said below
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
