package clikit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
)

// Answer writes what a command was asked for to standard output: with Flags.JSON value as one line of JSON, else text, which
// may have several lines, and may be "" for nothing.
func (k *Kit) Answer(value any, text string) error {
	if k.Flags.JSON {
		return json.NewEncoder(k.cfg.Stdout).Encode(value)
	}
	return k.Print(text)
}

// Print writes text to standard output as it is, for what has a form of its own.
func (k *Kit) Print(text string) error {
	_, err := io.WriteString(k.cfg.Stdout, text)
	return err
}

// Exit tells the person why a command has failed, in their language, or with Flags.JSON as one line of JSON, and returns the exit
// code. It says nothing for nil and for an [ExitStatus].
//
// The JSON has "error", a word for the exit code; "message", for the person; "exit_code"; and where it is known "detail", for
// developers, "code", the server's word, "request_id", "retry_after" in seconds, of a *tcbauth.Error or of any error with a method
// RetryAfter() time.Duration, "flag" and "captcha_file".
func (k *Kit) Exit(err error) int {
	code := ExitCode(err)
	if err == nil || as[ExitStatus](err) {
		return code
	}
	message := Message(err, k.Language())
	if !k.Flags.JSON {
		_, _ = fmt.Fprintf(k.cfg.Stderr, "%s: %s\n", k.cfg.App, console.Printable(message))
		if detail := detail(err); detail != "" && detail != message {
			_, _ = fmt.Fprintf(k.cfg.Stderr, "  (%s)\n", console.Printable(detail))
		}
		return code
	}
	line := failure{Error: kindOf(err).word, Message: message, Detail: detail(err), ExitCode: code, RetryAfter: seconds(retryAfter(err))}
	if e, ok := errors.AsType[*tcbauth.Error](err); ok {
		line.Code, line.RequestID = string(e.Code), e.RequestID
	}
	if e, ok := errors.AsType[*NeedsPerson](err); ok {
		line.Flag, line.CaptchaFile = e.Flag, e.CaptchaFile
	}
	_ = json.NewEncoder(k.cfg.Stderr).Encode(line) // there is nobody else to tell
	return code
}

// failure is the JSON of an error.
type failure struct {
	Error       string `json:"error"`
	Message     string `json:"message"`
	Detail      string `json:"detail,omitempty"`
	ExitCode    int    `json:"exit_code"`
	Code        string `json:"code,omitempty"`
	RequestID   string `json:"request_id,omitempty"`
	RetryAfter  int    `json:"retry_after,omitempty"`
	Flag        string `json:"flag,omitempty"`
	CaptchaFile string `json:"captcha_file,omitempty"`
}

// Message is a sentence about err for the person, in one of the languages of messages. It is "" for nil.
func Message(err error, language string) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*UsageError](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[*NeedsPerson](err); ok {
		return e.message(language)
	}
	if e, ok := errors.AsType[*LoginRequired](err); ok {
		return nobodySignedIn.In(language, e.Profile, e.App, profileFlag(e.Profile))
	}
	switch kindOf(err).code {
	case ExitInterrupted:
		return interrupted.In(language)
	case ExitStorage:
		return storageMessage(err, language)
	}
	for _, own := range ownErrors {
		if errors.Is(err, own.err) {
			return own.text.In(language)
		}
	}
	if !as[*tcbauth.Error](err) && !as[*tcbauth.ValidationError](err) {
		return err.Error()
	}
	return tcbauth.UserMessage(err, language)
}

// detail is what a developer wants to know beside the message, "" for what has nothing more.
func detail(err error) string {
	if kindOf(err).code == ExitInterrupted {
		return ""
	}
	if as[*tcbauth.Error](err) || as[*StorageError](err) || as[*tcbauth.ValidationError](err) {
		return err.Error()
	}
	return ""
}
