// Command callfunction calls a cloud function as the signed-in user, by CloudBase's HTTP API.
//
// Without environment variables it talks to an emulator and a stand-in for the functions of its own, so that it needs no account and
// no network:
//
//	go run ./examples/callfunction
//
// With TCB_ENV it calls a function of that CloudBase environment. The session is the one that examples/smslogin has kept,
// or one by TCB_USERNAME and TCB_PASSWORD:
//
//	TCB_ENV=your-env-id go run ./examples/smslogin
//	TCB_ENV=your-env-id go run ./examples/callfunction -function hello -data '{"name":"gopher"}'
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

const usage = `callfunction calls a cloud function as the signed-in user: a stand-in of its own, or one of TCB_ENV.

Environment:
  TCB_ENV          id of a CloudBase environment
  TCB_BASE_URL     another server than https://TCB_ENV.api.tcloudbasegateway.com, for TCB_ENV
  TCB_USERNAME     user name to sign in with, if nobody is signed in; for TCB_ENV
  TCB_PASSWORD     the password of TCB_USERNAME
  TCB_SESSION_DIR  directory of the session, for TCB_ENV; if not set, that of examples/smslogin

Flags:
`

func main() {
	flag.Usage = func() {
		_, _ = fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	var what event
	flag.StringVar(&what.function, "function", "hello", "name of the function")
	flag.StringVar(&what.data, "data", `{"name":"gopher"}`, "argument of the function, a JSON object")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	if err := run(ctx, what); err != nil {
		fmt.Fprintln(os.Stderr, "callfunction:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, what event) error {
	env, baseURL := os.Getenv("TCB_ENV"), os.Getenv("TCB_BASE_URL")
	switch {
	case flag.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	case env != "":
		return live(ctx, os.Stdout, liveConfig{
			env: env, baseURL: baseURL, dir: os.Getenv("TCB_SESSION_DIR"),
			username: os.Getenv("TCB_USERNAME"), password: os.Getenv("TCB_PASSWORD"),
		}, what)
	case baseURL != "":
		return errors.New("TCB_BASE_URL needs TCB_ENV, the environment on that server")
	}
	return demo(ctx, os.Stdout, what)
}
