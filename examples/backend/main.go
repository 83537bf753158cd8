// Command backend is a small web service where a browser signs in by phone number and code.
//
// Without environment variables it starts its own emulator, so it needs no account and no network, and keeps the
// sessions in memory:
//
//	go run ./examples/backend
//
// With TCB_ENV it signs in on that CloudBase environment, and with REDIS_URL it keeps the sessions in Redis, so that many
// of it can run side by side and a restart signs nobody out:
//
//	TCB_ENV=your-env-id REDIS_URL=redis://127.0.0.1:6379/0 go run ./examples/backend -url https://login.example.com
//
// Everything that a browser holds is two cookies with random ids: one for the minutes between phone number and code, one
// for the session. The challenge of the first and the tokens of the second stay here, in the store. Apps that have an access
// token of their own call /api/me with it.
//
// Behind a proxy, let it pass the Host header on, and add -proxied, so that the limits are those of visitors and not of the
// proxy. GET /healthz says that the process lives, GET /readyz that it can serve; -metrics has counts for operators.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

const usage = `backend is a web service where a browser signs in by phone number and code.

Environment:
  TCB_ENV       id of a CloudBase environment; if not set, an emulator is started
  TCB_BASE_URL  another server than CloudBase's, for TCB_ENV
  REDIS_URL     where sessions are kept, redis://... or rediss://...; if not set, in memory

Flags:
`

func main() {
	flag.Usage = func() {
		_, _ = fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	cfg := config{env: os.Getenv("TCB_ENV"), baseURL: os.Getenv("TCB_BASE_URL"), redisURL: os.Getenv("REDIS_URL")}
	flag.StringVar(&cfg.addr, "addr", "127.0.0.1:8080", "address to listen on")
	flag.StringVar(&cfg.publicURL, "url", "", "the service's URL in browsers, for example https://login.example.com; by default http:// and the address")
	flag.BoolVar(&cfg.proxied, "proxied", false, "a proxy in front of the service adds each visitor's address to X-Forwarded-For")
	flag.StringVar(&cfg.metricsAddr, "metrics", "", "address on which /metrics shows counts, for operators only; by default there are none")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "backend: unexpected argument %q\n", flag.Arg(0))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	if err := run(ctx, cfg, os.Stdout, slog.New(slog.NewTextHandler(os.Stderr, nil))); err != nil {
		fmt.Fprintln(os.Stderr, "backend:", err)
		os.Exit(1)
	}
}

type config struct {
	addr      string // to listen on
	publicURL string // "": http:// and the address
	env       string // "": an emulator
	baseURL   string // "": CloudBase's
	redisURL  string // "": in memory

	proxied     bool
	metricsAddr string // "": nowhere
}
