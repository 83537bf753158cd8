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
// person has pressed ctrl-C or ctx has ended, with the terminal as it was, and io.EOF where the input has ended.
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

// ErrInterrupted: the person has left a question with ctrl-C, or a signal or the end of a context has ended it.
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
	return k.answer(ctx, what, k.ask().Line)
}

// hiddenOf is lineOf for what is not to be seen.
func (k *Kit) hiddenOf(ctx context.Context, what Question) (string, error) {
	return k.answer(ctx, what, k.ask().Hidden)
}

func (k *Kit) answer(ctx context.Context, what Question, ask func(context.Context, string) (string, error)) (string, error) {
	if !k.ask().CanAsk() {
		return "", missing(what)
	}
	for {
		answer, err := ask(ctx, what.text().In(k.Language()))
		if errors.Is(err, io.EOF) {
			err = missing(what)
		}
		if answer = strings.TrimSpace(answer); err != nil || answer != "" {
			return answer, err
		}
	}
}

// yes asks whether something is to be done. Enter alone is yes.
func (k *Kit) yes(ctx context.Context, question bilingual.Text) (bool, error) {
	answer, err := k.ask().Line(ctx, question.In(k.Language()))
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "" || strings.HasPrefix(answer, "y") || answer == "是", err
}

// stdinOf is a line of standard input that answers a question. None is a *NeedsPerson.
func (k *Kit) stdinOf(ctx context.Context, what Question) (string, error) {
	answer, err := k.terminal().Line(ctx, "")
	if errors.Is(err, io.EOF) || err == nil && answer == "" {
		return "", missing(what)
	}
	return answer, err
}
