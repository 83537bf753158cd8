// Command smslogin signs a phone number up and in, step by step as the js-sdk's page on SMS login does.
//
// Without environment variables it starts its own emulator, so it needs no account and no network:
//
//	go run ./examples/smslogin
//
// With TCB_ENV it talks to that CloudBase environment, asks for the phone number and the code, and keeps the session in
// a file, so that the next run is signed in already:
//
//	TCB_ENV=your-env-id go run ./examples/smslogin
//	TCB_ENV=your-env-id go run ./examples/smslogin -signout
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

const usage = `smslogin signs a phone number in by SMS: against an emulator of its own, or against the environment TCB_ENV.

Environment:
  TCB_ENV          id of a CloudBase environment
  TCB_BASE_URL     another server than CloudBase's, for TCB_ENV
  TCB_SESSION_DIR  directory of the session, for TCB_ENV; if not set, one below the user's configuration

Flags:
`

func main() {
	flag.Usage = func() {
		_, _ = fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	signOut := flag.Bool("signout", false, "end the session of the environment TCB_ENV")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	err := run(ctx, *signOut)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "smslogin: interrupted")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "smslogin:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, signOut bool) error {
	env, baseURL := os.Getenv("TCB_ENV"), os.Getenv("TCB_BASE_URL")
	switch {
	case flag.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	case env != "":
		return live(ctx, liveConfig{
			env: env, baseURL: baseURL, dir: os.Getenv("TCB_SESSION_DIR"), signOut: signOut, in: os.Stdin, out: os.Stdout,
		})
	case signOut:
		return errors.New("-signout needs TCB_ENV, the environment to sign out of")
	case baseURL != "":
		return errors.New("TCB_BASE_URL needs TCB_ENV, the environment on that server")
	}
	return demo(ctx, os.Stdout)
}
