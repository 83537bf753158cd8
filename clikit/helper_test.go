package clikit_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/clikit"
)

const phone = "+86 13800000000"

// person is somebody at a terminal, who gives the answers of a test in their order, and after them waits for the deadline or
// leaves with ctrl-C. Everything that the terminal shows is in screen, with what they type, but for what is hidden.
type person struct {
	t       *testing.T
	screen  bytes.Buffer
	answers []func() string
}

func (p *person) next(ctx context.Context) (string, error) {
	if len(p.answers) == 0 {
		if _, limited := ctx.Deadline(); limited {
			<-ctx.Done()
			return "", fmt.Errorf("no answer: %w", ctx.Err())
		}
		return "", clikit.ErrInterrupted
	}
	answer := p.answers[0]()
	p.answers = p.answers[1:]
	return answer, nil
}

func (p *person) CanAsk() bool { return true }

func (p *person) Line(ctx context.Context, question string) (string, error) {
	answer, err := p.next(ctx)
	_, _ = fmt.Fprintln(&p.screen, question+answer)
	return answer, err
}

func (p *person) Hidden(ctx context.Context, question string) (string, error) {
	_, _ = fmt.Fprintln(&p.screen, question)
	return p.next(ctx)
}

func (p *person) Countdown(ctx context.Context, until time.Time, text func(time.Duration) string) error {
	_, _ = fmt.Fprintln(&p.screen, "["+text(time.Until(until))+"]")
	select {
	case <-time.After(time.Until(until)):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("too early: %w", ctx.Err())
	}
}

func (p *person) LineOrWait(ctx context.Context, question string, until time.Time, text func(time.Duration) string) (string, error) {
	_, _ = fmt.Fprintln(&p.screen, "["+text(time.Until(until))+"]")
	return p.Line(ctx, question)
}

func (p *person) Picture(img image.Image) error {
	_, _ = fmt.Fprintln(&p.screen, "[picture]")
	assert.NotZero(p.t, img.Bounds().Dx())
	return nil
}

func (p *person) QR(string) error {
	_, _ = fmt.Fprintln(&p.screen, "[QR code]")
	return nil
}

func (p *person) Open(string) error { return io.EOF }

// desk is a person with a tool, on an emulator in memory.
type desk struct {
	*person
	srv *authtest.Server
	kit *clikit.Kit
	dir string // of the tool

	captchas []string     // that the person has read rightly
	answered func([]byte) // is told each answer of the server; nil: nobody wants to know
	asleep   atomic.Int64 // how long the computer slept, as a time.Duration: timers stood still, and the clock did not
	stored   func()       // is called after each operation of the store of sessions; nil: nobody wants to know
}

// RoundTrip sends a request of the tool's.
func (d *desk) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.srv.Client().Transport.RoundTrip(r)
	if err != nil || d.answered == nil {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	d.answered(body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, err
}

// newDesk returns one whose tool speaks a language. It is made in a bubble of testing/synctest.
func newDesk(t *testing.T, language string, opts ...authtest.Option) *desk {
	t.Helper()
	srv := authtest.NewServer(t, opts...)
	p := &person{t: t}
	d := &desk{person: p, srv: srv, dir: t.TempDir()}
	kit, err := clikit.New(clikit.Config{
		App: "mytool", Env: srv.Env, BaseURL: srv.URL, EnvPrefix: "MYTOOL", Dir: d.dir,
		Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &p.screen,
		LookupEnv: func(string) (string, bool) { return "", false },
		Prompter:  p,
		Now:       func() time.Time { return time.Now().Add(time.Duration(d.asleep.Load())) },
		Options: []tcbauth.Option{
			tcbauth.WithHTTPClient(&http.Client{Transport: d}), tcbauth.WithMaxAttempts(1),
			tcbauth.WithObserver(tcbauth.Observer{Store: func(context.Context, tcbauth.StoreOp) {
				if d.stored != nil {
					d.stored()
				}
			}}),
		},
	})
	require.NoError(t, err)
	kit.Flags.Lang, kit.Flags.Store = language, clikit.StoreFile
	d.kit = kit
	return d
}

// types are what the person will answer.
func (d *desk) types(answers ...string) {
	for _, answer := range answers {
		d.answers = append(d.answers, func() string { return answer })
	}
}

// typesCode is the code that was sent last.
func (d *desk) typesCode(to string) {
	d.answers = append(d.answers, func() string {
		code, err := d.srv.WaitCode(d.t.Context(), to)
		assert.NoError(d.t, err)
		return code
	})
}

// readsCaptcha is what the newest picture says.
func (d *desk) readsCaptcha() {
	d.answers = append(d.answers, func() string {
		_, answer, err := d.srv.WaitCaptcha(d.t.Context())
		assert.NoError(d.t, err)
		d.captchas = append(d.captchas, answer)
		return answer
	})
}

// shows compares the screen with a golden file. What changes from run to run is replaced there.
func (d *desk) shows(name string, hide ...string) {
	d.t.Helper()
	screen := d.screen.String()
	for _, word := range hide {
		screen = strings.ReplaceAll(screen, word, "***")
	}
	file := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		require.NoError(d.t, os.WriteFile(file, []byte(screen), 0o600))
	}
	want, err := os.ReadFile(file) //nolint:gosec // G304: this test's own
	require.NoError(d.t, err)
	assert.Equal(d.t, string(want), screen)
}
