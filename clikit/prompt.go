package clikit

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
	"github.com/cloudbase-community/tcbauth/internal/bilingual"
)

// Prompter asks the user. It does not write to standard output. Its methods return [ErrInterrupted] after the user has
// pressed ctrl-C or ctx was cancelled, context.DeadlineExceeded after the deadline of ctx, and io.EOF at the end of the
// input. The terminal is then in its former state.
type Prompter interface {
	CanAsk() bool // whether a user can answer; if not, only Open is called
	Line(ctx context.Context, question string) (string, error)
	Hidden(ctx context.Context, question string) (string, error) // the typed text is not shown
	// Countdown shows text with the time that is left, until a time has come.
	Countdown(ctx context.Context, until time.Time, text func(left time.Duration) string) error
	// LineOrWait is Line with a countdown beside the question.
	LineOrWait(ctx context.Context, question string, until time.Time, text func(left time.Duration) string) (string, error)
	Picture(img image.Image) error
	QR(text string) error  // draws the QR code of a text
	Open(url string) error // in a browser
}

// Question names an answer that the user may be asked for.
type Question string

// The questions.
const (
	AskEnv      Question = "environment"
	AskAccount  Question = "account" // a phone number or an email address
	AskCode     Question = "code"
	AskPassword Question = "password"
	AskCaptcha  Question = "captcha"
	AskScan     Question = "scan" // a picture with the phone
)

// ErrInterrupted means that the user has left a question with ctrl-C, or that a signal or a cancelled context has ended it.
// After the deadline of a context the error is context.DeadlineExceeded.
var ErrInterrupted = console.ErrInterrupted

// terminal is the one that the tool's streams are connected to, if any.
func (k *Kit) terminal() *console.Console {
	if k.console == nil {
		k.console = console.New(console.Config{
			In: k.cfg.Stdin, Err: k.cfg.Stderr, Env: k.cfg.LookupEnv, NoInput: k.Flags.NoInput, Now: k.cfg.Now,
			OpenBrowser: k.cfg.OpenBrowser,
		})
	}
	return k.console
}

// ask returns the Prompter for this user.
func (k *Kit) ask() Prompter {
	if k.cfg.Prompter != nil && !k.Flags.NoInput {
		return heedful{k.cfg.Prompter}
	}
	return k.terminal()
}

// heedful is a tool's Prompter with which an answer that comes after the end of the context does not count. Else a question
// could be asked again and again.
type heedful struct{ Prompter }

func (h heedful) Line(ctx context.Context, question string) (string, error) {
	answer, err := h.Prompter.Line(ctx, question)
	return answer, orEnd(ctx, err)
}

func (h heedful) Hidden(ctx context.Context, question string) (string, error) {
	answer, err := h.Prompter.Hidden(ctx, question)
	return answer, orEnd(ctx, err)
}

func (h heedful) LineOrWait(
	ctx context.Context, question string, until time.Time, text func(left time.Duration) string,
) (string, error) {
	answer, err := h.Prompter.LineOrWait(ctx, question, until, text)
	return answer, orEnd(ctx, err)
}

func orEnd(ctx context.Context, err error) error {
	if err == nil {
		return ctx.Err()
	}
	return err
}

// missing is the error of an answer that nobody gives.
func missing(what Question) error { return &NeedsPerson{What: what, Flag: what.flags()} }

// lineOf asks a question until the answer is not empty. If nobody can be asked, the error is a *NeedsPerson.
func (k *Kit) lineOf(ctx context.Context, what Question) (string, error) {
	return k.answer(ctx, what, func(ctx context.Context, question string) (string, error) {
		line, err := k.ask().Line(ctx, question)
		return strings.TrimSpace(line), err
	})
}

// hiddenOf is lineOf for an answer that is not shown. Blanks belong to the answer.
func (k *Kit) hiddenOf(ctx context.Context, what Question) (string, error) {
	return k.answer(ctx, what, k.ask().Hidden)
}

func (k *Kit) answer(ctx context.Context, what Question, ask func(context.Context, string) (string, error)) (string, error) {
	if !k.ask().CanAsk() {
		return "", missing(what)
	}
	for {
		answer, err := ask(ctx, what.text().In(k.Language()))
		if err != nil || answer != "" {
			return answer, unanswered(what, err)
		}
	}
}

// goOn asks whether to go on after a failure, which is the error if not. Enter alone is no: it may have been typed ahead.
func (k *Kit) goOn(ctx context.Context, question bilingual.Text, failed error) error {
	answer, err := k.ask().Line(ctx, question.In(k.Language()))
	switch {
	case errors.Is(err, io.EOF):
		return failed
	case err != nil:
		return overdue(err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes", "是":
		return nil
	}
	return failed
}

// stdinOf reads an answer from a line of standard input. A password is not changed, and not shown if standard input is a
// terminal. If there is no line, the error is a *NeedsPerson.
func (k *Kit) stdinOf(ctx context.Context, what Question) (string, error) {
	ask := k.terminal().Line
	if what == AskPassword {
		ask = k.terminal().Hidden
	}
	answer, err := ask(ctx, "")
	if what != AskPassword {
		answer = strings.TrimSpace(answer)
	}
	if err == nil && answer == "" {
		return "", missing(what)
	}
	return answer, unanswered(what, err)
}

// unanswered is the error of a question. Where the input has ended, an answer is missing.
func unanswered(what Question, err error) error {
	if errors.Is(err, io.EOF) {
		return missing(what)
	}
	return overdue(err)
}

// errTimeOver: the deadline of a command has come while it asked the user, or waited.
var errTimeOver = errors.New("clikit: the time for the command is over")

// overdue is the error of a question or of a wait, which a deadline may have ended.
func overdue(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", errTimeOver, err)
	}
	return err
}
