// Command smslogin signs a phone number up and in, step by step as the js-sdk's page on SMS login does.
//
// Without further ado it talks to an emulator of its own, so that it needs no account and no network:
//
//	go run ./examples/smslogin
//
// With TCB_ENV it talks to that CloudBase environment, asks for the phone number and the code, and keeps the session in
// a file, so that the next run is signed in already:
//
//	TCB_ENV=your-env-id go run ./examples/smslogin
//	TCB_ENV=your-env-id go run ./examples/smslogin -signout
//
// TCB_BASE_URL names another server than CloudBase's, TCB_SESSION_DIR another directory for the session.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	signOut := flag.Bool("signout", false, "end the session of the environment TCB_ENV")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *signOut)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "smslogin:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, signOut bool) error {
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	env := os.Getenv("TCB_ENV")
	switch {
	case env != "":
		return live(ctx, liveConfig{
			env: env, baseURL: os.Getenv("TCB_BASE_URL"), dir: os.Getenv("TCB_SESSION_DIR"), signOut: signOut,
			in: os.Stdin, out: os.Stdout,
		})
	case signOut:
		return fmt.Errorf("-signout needs TCB_ENV, the environment to sign out of")
	}
	return demo(ctx, os.Stdout)
}
