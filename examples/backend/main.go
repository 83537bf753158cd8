// Command backend is a small web service where a browser signs in by phone number and code.
//
// Without further ado it signs in on an emulator of its own, so that it needs no account and no network, and keeps the
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
// for the session. The challenge of the first and the tokens of the second stay here, in the store.
//
// Behind a proxy, let it pass the Host header on, and limit how many codes one address may ask for: each costs money.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
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
	flag.StringVar(&cfg.publicURL, "url", "", "where browsers see the service, https://login.example.com say; http:// and the address if not given")
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
}

// The limits of the service. A request has time for the longest call of tcbauth: three attempts, and the waits between.
const (
	attemptTimeout = 5 * time.Second
	requestTimeout = 35 * time.Second
	requestsLimit  = 10 * time.Second // at the end, for requests that have begun
	shutdownLimit  = 20 * time.Second // at the end, for these and what is still to be stored
	maxHeader      = 16 << 10
)

// run serves until ctx is done, and then lets the requests that have begun come to their end, and what they have begun be
// stored.
func run(ctx context.Context, cfg config, out io.Writer, log *slog.Logger) (err error) {
	store, closeStore, err := openStore(ctx, cfg.redisURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.addr)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // closed already where it was served
	site, err := publicSite(cfg.publicURL, listener.Addr())
	if err != nil {
		return err
	}
	if cfg.env == "" {
		emulator, err := authtest.Listen("127.0.0.1:0")
		if err != nil {
			return err
		}
		defer func() { _ = emulator.Close() }()
		cfg.env, cfg.baseURL = emulator.Env, emulator.URL
		_, _ = fmt.Fprintf(out, "the codes that an emulator sends are shown at %s/_emulator/\n", emulator.URL)
	}
	opts := []tcbauth.Option{
		tcbauth.WithTokenStore(store), tcbauth.WithSessionTTL(sessionLife), tcbauth.WithTimeout(attemptTimeout), tcbauth.WithLogger(log),
	}
	if cfg.baseURL != "" {
		opts = append(opts, tcbauth.WithBaseURL(cfg.baseURL))
	}
	app, err := tcbauth.NewApp(cfg.env, opts...)
	if err != nil {
		return err
	}
	handler, err := newHandler(app, store, site, log)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "listening on %s\n", site)
	return serve(ctx, listener, handler, app, log)
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler, app *tcbauth.App, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      requestTimeout + 10*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served: // the listener has failed
		served <- err
	case <-ctx.Done():
	}
	log.InfoContext(ctx, "shutting down")
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownLimit)
	defer cancel()
	requests, cancel := context.WithTimeout(ending, requestsLimit)
	defer cancel()
	err := server.Shutdown(requests)
	if err != nil {
		err = errors.Join(fmt.Errorf("some requests were cut off: %w", err), server.Close())
	}
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	// A refresh goes on when the request that began it was cut off. The tokens in the store are spent by then: without the new
	// ones its visitor would be signed out.
	if unstored := app.Shutdown(ending); unstored != nil {
		err = errors.Join(err, fmt.Errorf("some visitors may have to sign in again: %w", unstored))
	}
	return err
}
