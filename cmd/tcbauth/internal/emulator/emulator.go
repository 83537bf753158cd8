// Package emulator runs emulated environments for users and programs on the same machine, until it is told to stop or the
// command that it runs for them ends.
package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/wholefile"
)

// Run serves until ctx ends or the command does, whose exit code it returns. Check has accepted c. The URLs are written to stdout,
// which is the command's if there is one, and then they are not. Codes and notes for the user are written to stderr.
func Run(ctx context.Context, c Config, stdout, stderr io.Writer) (code int, err error) {
	hangups, stopHangups := heedHangups()
	defer stopHangups() // at the very end: a terminal that closes hangs up more than once, and the state is still to be saved
	log := newLineLog(stderr)
	defer func() { err = errors.Join(err, log.close()) }()
	if err := log.open(c.Log); err != nil {
		return 0, err
	}
	if len(c.Envs) == 0 {
		c.Envs = []string{"authtest"}
	}
	var state stateFile
	// Deferred before the servers are closed, so that it runs when they answer nothing any more.
	defer func() { err = errors.Join(err, state.save()) }()
	opts, authority, err := c.options()
	if err != nil {
		return 0, err
	}
	servers, err := c.start(opts, log) //nolint:contextcheck // a server has a Close
	defer func() {
		for _, srv := range servers {
			err = errors.Join(err, srv.Close())
		}
	}()
	if err != nil {
		return 0, err
	}
	if state, err = c.loadState(servers); err != nil {
		return 0, err
	}
	if c.TLS != "" { // only now: a start that is refused leaves the file to the emulator that runs
		if err := os.WriteFile(c.TLS, authority, 0o644); err != nil { //nolint:gosec // G306: for every client to trust
			return 0, err
		}
	}
	ctx, stop := c.reload(ctx, servers, hangups, log)
	defer stop()
	urls := ""
	for _, srv := range servers {
		urls += srv.URL + "\n"
	}
	if c.URLFile != "" {
		if err := wholefile.Write(c.URLFile, []byte(urls)); err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, removeOwn(c.URLFile, urls)) }()
	}
	if len(c.Command) == 0 {
		if _, err := io.WriteString(stdout, urls); err != nil {
			return 0, err
		}
	}
	for _, srv := range servers {
		log.say("%s", c.welcome(srv))
	}
	if c.TLS != "" {
		log.say("to trust its certificate: SSL_CERT_FILE=%[1]s for Go on Linux, NODE_EXTRA_CA_CERTS=%[1]s for Node, curl --cacert %[1]s\n", c.TLS)
	}
	if len(c.Command) > 0 {
		return runCommand(ctx, c.Command, servers[0], stdout, stderr)
	}
	<-ctx.Done()
	return 0, nil
}

// start returns the servers of the environments, which have these options. After an error too they are to be closed.
func (c Config) start(opts []authtest.Option, log *lineLog) (servers []*authtest.Server, err error) {
	for _, env := range c.Envs {
		prefix := ""
		if len(c.Envs) > 1 {
			prefix = env + ": "
		}
		srv, usualTaken, err := listen(c.Addr, append(opts[:len(opts):len(opts)], authtest.WithEnv(env), authtest.WithOnMessage(func(m authtest.Message) {
			log.say("%s  %s%s to %s: %s\n", m.SentAt.Local().Format(clockTime), prefix, m.Channel, visible(m.To), m.Code)
		}), authtest.WithOnRequest(func(r authtest.Request) {
			if r.Rule != "" {
				hint := ""
				if r.Relaxable() {
					hint = ", and -relaxed"
				}
				log.say("%s  %s%s was refused by the rule %s: see the rules of -seed%s\n", r.Time.Local().Format(clockTime), prefix, r.Operation, r.Rule, hint)
			}
			if c.Log != "" {
				log.write(r)
			}
		})))
		if errors.Is(err, authtest.ErrNotLoopback) {
			err = fmt.Errorf("%w; to allow that, add -allow-non-loopback", err)
		}
		if err != nil {
			return servers, inFile(c.Seed, err)
		}
		if usualTaken && len(servers) == 0 { // for the next ones the first one has it
			log.say("port %d is taken\n", usualPort)
		}
		servers = append(servers, srv)
		if looksReal(env) {
			log.say("WARNING: %s looks like the id of a real environment. A client with it that is not pointed here talks to Tencent, "+
				"and sends real messages. An id that no environment has, such as authtest, is safer.\n", env)
		}
	}
	return servers, nil
}

// clockTime is the form of the times that a person reads.
const clockTime = "15:04:05"

// The usual address.
const (
	usualHost = "127.0.0.1"
	usualPort = 9190
	ports     = 100 // that are tried from the usual one on
)

// listen is authtest.Listen, for "" on the usual port or, if that is taken, the next one that is free.
func listen(addr string, opts []authtest.Option) (srv *authtest.Server, usualTaken bool, err error) {
	if addr != "" {
		srv, err = authtest.Listen(addr, opts...)
		return srv, false, err
	}
	for port := usualPort; ; port++ {
		srv, err = authtest.Listen(net.JoinHostPort(usualHost, strconv.Itoa(port)), opts...)
		if isTaken(err) && port < usualPort+ports {
			continue
		}
		return srv, port > usualPort, err
	}
}

// isTaken says whether an error is that of a port which something else listens on. Windows has a number of its own for it, which
// package syscall does not name.
func isTaken(err error) bool {
	const inUseOnWindows = syscall.Errno(10048) // WSAEADDRINUSE
	return errors.Is(err, syscall.EADDRINUSE) || runtime.GOOS == "windows" && errors.Is(err, inUseOnWindows)
}

// welcome describes an environment to the user.
func (c Config) welcome(srv *authtest.Server) string {
	var text strings.Builder
	if c.isClosed() {
		_, _ = fmt.Fprintf(&text, "environment %s; its page, control API and /device need -control-token, since -public-url is of another host\n", srv.Env)
	} else {
		_, _ = fmt.Fprintf(&text, "environment %s, page and inbox at %s/_emulator/\n", srv.Env, srv.URL)
	}
	for _, snippet := range srv.Snippets() {
		_, _ = fmt.Fprintf(&text, "\n  %s:\n", snippet.Name)
		for line := range strings.Lines(snippet.Text) {
			_, _ = fmt.Fprintf(&text, "    %s", line)
		}
		text.WriteString("\n")
	}
	text.WriteString("\n")
	return text.String()
}
