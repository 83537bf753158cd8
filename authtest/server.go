package authtest

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/approve"
	"github.com/cloudbase-community/tcbauth/authtest/internal/control"
	"github.com/cloudbase-community/tcbauth/authtest/internal/guard"
	"github.com/cloudbase-community/tcbauth/authtest/internal/ops"
	"github.com/cloudbase-community/tcbauth/authtest/internal/page"
	"github.com/cloudbase-community/tcbauth/authtest/internal/pipe"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// Server is one emulated environment. Its methods are safe for concurrent use.
//
// A mistake in using it (an unknown operation, a phone number that cannot be one) fails the test of a server made by
// NewServer, and panics for a server made by Listen.
type Server struct {
	Env string // the environment id; read only
	URL string // the base URL, without a slash at its end, and the iss of access tokens; read only

	service  *service.Service
	tb       testing.TB // nil after Listen
	client   *http.Client
	idle     *http.Transport // the client's
	httpd    *http.Server
	stop     context.CancelFunc // ends delays
	served   chan struct{}      // closed when the accepting goroutine has ended
	conns    sync.WaitGroup     // open connections
	closing  sync.Once
	closed   chan struct{} // closed by Close
	closeErr error
}

// NewServer starts a server in memory, which ends with the test. Its URL is https://<env>.authtest.invalid, which only
// its Client reaches. Inside a testing/synctest bubble it must be made with the bubble's t; then its time is the
// bubble's. An option that makes no sense fails the test, and so does a [Fault] that has not fired when the test ends. A rule
// that refuses a call is named in the test's log.
func NewServer(t testing.TB, opts ...Option) *Server {
	t.Helper()
	cfg, err := newConfig(opts)
	if err != nil {
		t.Fatalf("NewServer: %v", err)
		return nil
	}
	cfg.tellRules(t)
	listener := pipe.NewListener(cfg.Env + ".authtest.invalid")
	s, err := start(t, cfg, listener, "https://"+listener.Host)
	if err != nil {
		t.Fatalf("NewServer: %v", err)
		return nil
	}
	t.Cleanup(func() {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Errorf("authtest: close: %v", err)
		}
		s.reportUnfired()
	})
	return s
}

// ErrNotLoopback is why Listen refuses an address without [AllowNonLoopback].
var ErrNotLoopback = errors.New("authtest: other machines could reach this address, and sign in as any user")

// Listen starts a server over TCP, without TLS unless [WithTLS] is given, for programs that cannot use NewServer. addr is host
// and port, such as "127.0.0.1:0" for a port that is free. An address that other machines could reach is refused with
// [ErrNotLoopback] unless AllowNonLoopback is given. Web pages of every origin may call the auth operations. Close ends it.
//
// Under /_emulator/ it also serves a page for developers and the control API of the emulator. Both are open to this machine only, or
// with [WithControlToken] to every caller that sends the token. What a web page of another origin sends or fetches is refused. But
// browsers report what a page fetches only to a server that is reached by https or by a name of this machine. Bodies of requests are
// JSON, whatever their Content-Type, and so are answers, except those to an unknown path or method (404, 405):
//
//   - GET inbox?to=&after=&wait=5s: {"messages":[{"to","channel","code","sent_at"}]}, newest first. It waits if there is none.
//     With after=, the sent_at of a message, it returns only later ones
//   - POST codes {"to","code"}: [Server.FixCode]
//   - GET clock, POST clock {"advance":"2h"}: [Server.Now], [Server.Advance]
//   - POST reset: [Server.Reset]
//   - GET users, POST users {"username","password","phone_number","email",...} or {"users":[...]}: [Server.Seed], with the
//     fields of [WithSeed]; it answers their subs
//   - PATCH users/{sub} with the fields that change, DELETE users/{sub}. A field that is given replaces the old one, also identities
//     and groups; a password of "" takes the password away
//   - GET sessions, DELETE sessions/{id}, DELETE sessions?sub= for all of a user's
//   - GET requests?operation=, GET operations: the requests so far, and the known operations
//   - GET rules, PATCH rules with those that change, DELETE rules for those of the start: the rules of [WithSeed] from sms_interval to
//     max_sessions, without providers and clients. A reset brings those of the start back too
//   - GET faults, DELETE faults, DELETE faults/{id}, POST faults {"operation","times","every","to","delay":"1s","status","error",
//     "error_code","error_description","close":"before_commit" or "after_commit","body":"cut_body", "bad_json" or "html"}:
//     [Server.Fault]. GET has "fired", the calls that a fault has hit, and "used_up" for one that hits no more
//   - GET captchas: what the pictures say, newest first. POST captchas {"operations":["verification"]}: [Server.RequireCaptcha]
//   - POST provider-codes {"provider_id","sub",...}: [Server.ProviderCode]
//   - GET devices: the newest 1000 that wait. POST devices {"user_code","sub"} or {"user_code","deny":true}: [Server.ApproveDevice],
//     [Server.DenyDevice]
//   - GET qrcodes: the newest 1000 that wait. POST qrcodes {"qr_code_id","sub"}: [Server.ScanQRCode]; {"qr_code_id","user"}: a user
//     scans it, by their sub; {"qr_code_id","deny":true}: it expires
//   - POST keys: [Server.RotateKey]
//   - POST tokens {"kind","key","sub","env","age","claims"}: [Server.IssueToken]; kind is access_token, anonymous_token,
//     publishable_key or api_key, key is server, unknown or forged
//   - GET ticket-key: [Server.TicketKey]
//   - GET state, PUT state: [Server.SaveState], [Server.LoadState], which keeps the rules and forgets faults and requests
//   - GET snippets: [Server.Snippets]
//
// At /device, which the answer of device/code names, it serves to the same callers the page on which a user approves the sign-in of
// a device, or refuses it. NewServer serves that page too.
//
// Only the server's clock moves. Give clients and verifiers the time of GET clock, or the server a short access_token_lifetime.
func Listen(addr string, opts ...Option) (*Server, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("authtest: listen on %q: %w", addr, err)
	}
	if !tcp.IP.IsLoopback() && !cfg.allowNonLoopback {
		return nil, fmt.Errorf("%w: %q", ErrNotLoopback, addr)
	}
	listener, err := net.ListenTCP("tcp", tcp)
	if err != nil {
		return nil, fmt.Errorf("authtest: %w", err)
	}
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("authtest: %w", err), listener.Close())
	}
	if tcp.IP == nil || tcp.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	base := cmp.Or(cfg.publicURL, cfg.scheme()+"://"+net.JoinHostPort(host, port))
	s, err := start(nil, cfg, listener, base)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return s, nil
}

func start(t testing.TB, cfg config, listener net.Listener, url string) (*Server, error) {
	if t != nil { // nobody else reaches a server in memory
		cfg.certificate, cfg.publicURL = nil, ""
	}
	env, err := service.New(cfg.Config, url)
	if err != nil {
		return nil, fmt.Errorf("authtest: WithSeed: %w", err)
	}
	secure, err := cfg.clientTLS()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	transport := pipe.NewTransport(listener, cfg.publicHost(), secure)
	s := &Server{
		Env:     cfg.Env,
		URL:     url,
		service: env,
		tb:      t,
		client:  &http.Client{Transport: transport},
		idle:    transport,
		stop:    stop,
		served:  make(chan struct{}),
		closed:  make(chan struct{}),
	}
	handler := ops.Handler(env)
	if t == nil {
		who := guard.Guard{Token: cfg.controlToken, PublicURL: cfg.publicURL}
		handler = control.With(env, who, page.Routes(env), approve.KeepOut(env), approve.With(env, &who, ops.WithCORS(handler)))
	} else {
		handler = approve.With(env, nil, handler)
	}
	s.httpd = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 30 * time.Second,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.conns.Add(1)
			case http.StateClosed, http.StateHijacked:
				s.conns.Done()
			case http.StateActive, http.StateIdle:
			}
		},
	}
	if t == nil { // a test's own calls may be as slow as they like, on a clock that jumps
		s.httpd.ReadTimeout, s.httpd.IdleTimeout = time.Minute, 3*time.Minute
	}
	if cfg.certificate != nil {
		listener = tls.NewListener(listener, &tls.Config{
			Certificates: []tls.Certificate{*cfg.certificate}, MinVersion: tls.VersionTLS12,
			NextProtos: []string{"http/1.1"}, // a fault that closes a connection closes one
		})
	}
	go func() {
		defer close(s.served)
		_ = s.httpd.Serve(listener) // always an error; Close has the one that matters
	}()
	return s, nil
}

// Client returns the client that reaches the server, and nothing else; it is the same one on every call. It has no
// cookie jar and no timeout, follows no proxy, and keeps connections open between calls.
//
// Its transport is an ordinary [net/http.Transport], which by itself repeats a GET once if a kept connection turns out to
// be closed: a fault that closes the connection of such a call is then seen by Count, not by the caller.
func (s *Server) Client() *http.Client { return s.client }

// Close ends the server: it closes every connection, also under calls in flight, ends every wait, and returns when
// none of its goroutines is left. Closing again does nothing more.
func (s *Server) Close() error {
	s.closing.Do(func() {
		close(s.closed)
		s.stop()
		s.closeErr = s.httpd.Close()
		<-s.served
		// A connection that was accepted while the first Close ran may have escaped it.
		s.closeErr = errors.Join(s.closeErr, s.httpd.Close())
		s.conns.Wait()
		s.idle.CloseIdleConnections()
	})
	return s.closeErr
}

// Reset makes the server as new: no users, codes, fixed codes, tokens, limits, faults, counts and requests but those of
// [WithSeed], or of the last [Server.LoadSeed] if there was one, and the clock's offset is 0. Faults that have not fired are
// forgotten without failing the test. The options stay, and rules that the control API has changed are again theirs.
func (s *Server) Reset() { s.service.Reset() }

func (s *Server) helper() {
	if s.tb != nil {
		s.tb.Helper()
	}
}

// fatalf reports a mistake in using the server, and does not return unless the testing.TB is not a real one.
func (s *Server) fatalf(format string, args ...any) {
	if s.tb == nil {
		panic("authtest: " + fmt.Sprintf(format, args...))
	}
	s.tb.Helper()
	s.tb.Fatalf("authtest: "+format, args...)
}

// reportUnfired fails the test for every fault that has hit nothing.
func (s *Server) reportUnfired() {
	s.tb.Helper()
	s.service.Lock()
	defer s.service.Unlock()
	for _, i := range s.service.Faults.All() {
		if i.Fired() == 0 {
			s.tb.Errorf("authtest: a Fault for %q never fired", i.Operation)
		}
	}
}
