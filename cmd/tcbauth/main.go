// Command tcbauth has what is useful around CloudBase auth on a developer's machine. Its one command so far is the
// emulator:
//
//	tcbauth emulator [-addr 127.0.0.1:9190] [-env ENV] [-seed FILE] [-url-file FILE] [-log FILE] [-allow-non-loopback] [-- COMMAND]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

const usage = `tcbauth: CloudBase auth on a developer's machine

Usage:
  tcbauth emulator [flags]   serve an emulated environment until a signal comes
  tcbauth help               print this

tcbauth emulator -h has its flags.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run carries one command line out. It ends early when ctx does.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		say(stderr, usage)
		return exitUsage
	}
	switch args[0] {
	case "emulator":
		return runEmulator(ctx, args[1:], stdout, stderr)
	case "help", "-h", "-help", "--help":
		say(stdout, usage)
		return exitOK
	default:
		say(stderr, "tcbauth: unknown command %q\n\n%s", args[0], usage)
		return exitUsage
	}
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
		return exitOK, false
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stdout)
		flags.Usage()
		return exitOK, true
	default:
		say(stderr, "tcbauth: %v\n\n", err)
		flags.SetOutput(stderr)
		flags.Usage()
		return exitUsage, true
	}
}

// say writes to a stream of the terminal, whose errors nobody could be told of.
func say(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}
