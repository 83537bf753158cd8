package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/accesstoken"
	"github.com/cloudbase-community/tcbauth/authtest"
)

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
	opts := []tcbauth.Option{tcbauth.WithTimeout(attemptTimeout)}
	if cfg.metricsAddr != "" {
		observer, metrics := newMetrics()
		stop, err := showMetrics(ctx, cfg.metricsAddr, metrics, out)
		if err != nil {
			return err
		}
		defer stop()
		opts = append(opts, tcbauth.WithObserver(observer))
	}
	s, err := newService(cfg, store, log, opts...)
	if err != nil {
		return err
	}
	handler, err := s.handler(site)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "listening on %s\n", site)
	return serve(ctx, listener, handler, s.app, log)
}

// newService returns the service for an environment. Options go to tcbauth.
func newService(cfg config, store tcbauth.TokenStore, log *slog.Logger, opts ...tcbauth.Option) (*service, error) {
	var keys []accesstoken.Option
	if cfg.baseURL != "" {
		opts = append(opts, tcbauth.WithBaseURL(cfg.baseURL))
		keys = append(keys, accesstoken.WithBaseURL(cfg.baseURL), accesstoken.WithIssuer(cfg.baseURL))
	}
	app, err := tcbauth.NewApp(cfg.env, append(opts,
		tcbauth.WithTokenStore(store), tcbauth.WithStoredOtp(), tcbauth.WithSessionTTL(sessionLifetime), tcbauth.WithLogger(log))...)
	if err != nil {
		return nil, err
	}
	verifier, err := accesstoken.NewVerifier(cfg.env, keys...)
	if err != nil {
		return nil, err
	}
	return &service{app: app, verifier: verifier, store: store, limits: newLimits(cfg.proxied), log: log}, nil
}

// showMetrics serves the counts on an address of their own: they are no visitor's business.
func showMetrics(ctx context.Context, addr string, metrics http.Handler, out io.Writer) (stop func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("-metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: maxHeader}
	done := make(chan struct{})
	go func() { // ends with stop
		defer close(done)
		_ = server.Serve(listener)
	}()
	_, _ = fmt.Fprintf(out, "counts are shown at http://%s/metrics\n", listener.Addr())
	return func() { _ = server.Close(); <-done }, nil
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
