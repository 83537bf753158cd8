package clikit

import (
	"context"
	"errors"
	"image"
	"io"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
	"github.com/cloudbase-community/tcbauth/internal/bilingual"
)

// Prompter is where a person is asked. What it shows is not standard output's. Its methods return [ErrInterrupted] once the
// person has pressed ctrl-C or ctx was cancelled, context.DeadlineExceeded where the time of ctx is over, and io.EOF where the input
// has ended. The terminal is then as it was.
type Prompter interface {
	CanAsk() bool // somebody is there to answer; where it is false nothing else is called but Open
	Line(ctx context.Context, question string) (string, error)
	Hidden(ctx context.Context, question string) (string, error) // what is typed is not shown
	// Countdown shows text until a time has come, with what is left until then.
	Countdown(ctx context.Context, until time.Time, text func(left time.Duration) string) error
	// LineOrWait is Line with a countdown beside the question.
	LineOrWait(ctx context.Context, question string, until time.Time, text func(left time.Duration) string) (string, error)
	Picture(img image.Image) error
	QR(text string) error  // draws the QR code of a text
	Open(url string) error // in a browser
}

// Question is what a person may be asked.
type Question string

// The questions.
const (
	AskEnv      Question = "environment"
	AskAccount  Question = "account" // a phone number or an e-mail address
	AskCode     Question = "code"
	AskPassword Question = "password"
	AskCaptcha  Question = "captcha"
	AskScan     Question = "scan" // a picture with the phone
)

// ErrInterrupted: the person has left a question with ctrl-C, or a signal or the cancelling of a context has ended it. A context
// whose time is over gives context.DeadlineExceeded.
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

// ask is where this person is asked.
func (k *Kit) ask() Prompter {
	if k.cfg.Prompter != nil && !k.Flags.NoInput {
		return k.cfg.Prompter
	}
	return k.terminal()
}

// missing is the error of an answer that nobody gives.
func missing(what Question) error { return &NeedsPerson{What: what, Flag: what.flags()} }

// lineOf asks a question until the answer is not empty. Nobody to be asked is a *NeedsPerson.
func (k *Kit) lineOf(ctx context.Context, what Question) (string, error) {
	return k.answer(ctx, what, func(ctx context.Context, question string) (string, error) {
		line, err := k.ask().Line(ctx, question)
		return strings.TrimSpace(line), err
	})
}

// hiddenOf is lineOf for what is not to be seen. Blanks belong to the answer.
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

// yes asks whether something is to be done. Enter alone is no: it may have been typed ahead.
func (k *Kit) yes(ctx context.Context, question bilingual.Text) (bool, error) {
	answer, err := k.ask().Line(ctx, question.In(k.Language()))
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes", "是":
		return true, err
	}
	return false, err
}

// stdinOf is a line of standard input that answers a question, a password as it is, and not shown where that is a terminal. None
// is a *NeedsPerson.
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

// unanswered is the error of a question. Where the input or the time has ended, an answer is missing.
func unanswered(what Question, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, context.DeadlineExceeded) {
		return missing(what)
	}
	return err
}
