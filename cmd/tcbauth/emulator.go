package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/internal/wholefile"
)

const emulatorUsage = `Serves an emulated CloudBase environment until it is told to stop (SIGINT, SIGTERM, SIGHUP). The first line on standard output is its URL, made
for tcbauth.WithBaseURL, or for the js-sdk's registerEndPoint; the codes that it "sends" come on standard error. At
URL/_emulator/ are a page for people and the control API for programs, both for this machine only.

It is for tests. It has no secrets: whoever can reach it can sign in as anybody.

Flags:
`

// emulator is the command of this name.
func emulator(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("tcbauth emulator", flag.ContinueOnError)
	flags.Usage = func() {
		say(flags.Output(), "Usage: tcbauth emulator [flags]\n\n%s", emulatorUsage)
		flags.PrintDefaults()
	}
	addr := flags.String("addr", "127.0.0.1:0", "`host:port` to listen on; port 0 is one that is free")
	env := flags.String("env", "authtest", "the environment's `id`")
	seed := flags.String("seed", "", "JSON `file` of accounts, fixed codes and rules to start with (package authtest, WithSeed)")
	urlFile := flags.String("url-file", "", "write the URL to this `file` once the server answers, and remove it at the end")
	logFile := flags.String("log", "", "append one line of JSON for each request to this `file`, without secrets")
	open := flags.Bool("allow-non-loopback", false, "let -addr be an address that other machines can reach")
	if code, done := parse(flags, args, stdout, stderr); done {
		return code
	}
	log := newLineLog(stderr)
	opts := []authtest.Option{
		authtest.WithEnv(*env),
		authtest.WithOnMessage(func(m authtest.Message) {
			log.say("%s  %s to %s: %s\n", m.SentAt.Local().Format("15:04:05"), m.Channel, m.To, m.Code)
		}),
	}
	if *open {
		opts = append(opts, authtest.AllowNonLoopback())
	}
	err := log.open(*logFile)
	if err == nil && *logFile != "" {
		opts = append(opts, authtest.WithOnRequest(func(r authtest.Request) { log.write(r) }))
	}
	if err == nil && *seed != "" {
		var file []byte
		if file, err = os.ReadFile(*seed); err == nil {
			opts = append(opts, authtest.WithSeed(file))
		}
	}
	if err == nil {
		err = serve(ctx, *addr, *urlFile, opts, stdout, log)
	}
	if err = errors.Join(err, log.close()); err != nil {
		say(stderr, "tcbauth: %v\n", err)
		return clikit.ExitError
	}
	return clikit.ExitOK
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

// serve runs the server until ctx ends.
func serve(ctx context.Context, addr, urlFile string, opts []authtest.Option, stdout io.Writer, log *lineLog) (err error) {
	srv, err := authtest.Listen(addr, opts...)
	if errors.Is(err, authtest.ErrNotLoopback) {
		return fmt.Errorf("%w; if that is meant, say so by -allow-non-loopback too", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.Close()) }()
	if urlFile != "" {
		if err := wholefile.Write(urlFile, []byte(srv.URL+"\n")); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, removeOwn(urlFile, srv.URL+"\n")) }()
	}
	if _, err := fmt.Fprintln(stdout, srv.URL); err != nil {
		return err
	}
	log.say("environment %s, page and inbox at %s/_emulator/\n", srv.Env, srv.URL)
	<-ctx.Done()
	return nil
}

// removeOwn removes a file if it is still the one that was written here.
func removeOwn(name, text string) error {
	data, err := os.ReadFile(name) //nolint:gosec // G304: whoever runs the command names the file
	if errors.Is(err, fs.ErrNotExist) || err == nil && string(data) != text {
		return nil
	}
	return errors.Join(err, os.Remove(name))
}

// lineLog writes whole lines from many goroutines: to standard error, and requests to a file.
//
// What cannot be written to standard error, since nobody reads it, is dropped: it must not hold up the server.
type lineLog struct {
	lines   chan string // for standard error
	written chan struct{}

	mu     sync.Mutex
	file   *os.File // nil without -log
	failed error    // the first failure to write to file
}

func newLineLog(stderr io.Writer) *lineLog {
	const queued = 1000
	l := &lineLog{lines: make(chan string, queued), written: make(chan struct{})}
	go func() {
		defer close(l.written)
		for line := range l.lines {
			say(stderr, "%s", line)
		}
	}()
	return l
}

func (l *lineLog) open(name string) (err error) {
	if name != "" {
		l.file, err = os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // G304: whoever runs the command names the file
	}
	return err
}

func (l *lineLog) say(format string, args ...any) {
	select {
	case l.lines <- fmt.Sprintf(format, args...):
	default:
	}
}

func (l *lineLog) write(r authtest.Request) {
	line, err := json.Marshal(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		_, err = l.file.Write(append(line, '\n'))
	}
	if err != nil && l.failed == nil {
		l.failed = err
	}
}

// close ends the log and says what was lost of its file. The server has ended.
func (l *lineLog) close() error {
	close(l.lines)
	select {
	case <-l.written:
	case <-time.After(time.Second): // nobody reads
	}
	if l.file == nil {
		return nil
	}
	return errors.Join(l.failed, l.file.Close())
}
