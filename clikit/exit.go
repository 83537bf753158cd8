package clikit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
)

// Answer writes the answer of a command to standard output. With Flags.JSON it writes value as one line of JSON, else text,
// which may have several lines. If text is "", it writes nothing.
func (k *Kit) Answer(value any, text string) error {
	if k.Flags.JSON {
		return json.NewEncoder(k.cfg.Stdout).Encode(value)
	}
	if text == "" { // even no bytes can fail to be written
		return nil
	}
	return k.Print(text)
}

// Print writes text to standard output unchanged, for answers that have their own form.
func (k *Kit) Print(text string) error {
	_, err := io.WriteString(k.cfg.Stdout, text)
	return err
}

// Exit writes to standard error why a command has failed, in the user's language, or with Flags.JSON as one line of JSON.
// It returns the exit code. It writes nothing for nil and for an [ExitStatus].
//
// The JSON has "error", a name for the exit code; "message", for the user; and "exit_code". If known, it also has "detail",
// for developers; "code", the server's error code; "request_id"; "retry_after" in seconds, of a *tcbauth.Error or of any
// error with a method RetryAfter() time.Duration; "flag" and "captcha_file".
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

// Message returns a sentence about err for the user, in one of the languages of messages. For an error that only the
// tool's owner or its caller can correct, such as a wrong environment id, it is the Help of the *tcbauth.Error instead. For
// tcbauth.ErrProviderNotEnabled the Help, which says what to turn on, follows the sentence. Help is in the language of the
// call: an Auth of the kit has that of the kit, unless Config.Options sets another. Message is "" for nil.
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
		return nobodySignedIn.In(language, e.Profile, command([]string{e.App, "login"}, e.Flags))
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
	message := tcbauth.UserMessage(err, language)
	e, ok := errors.AsType[*tcbauth.Error](err)
	switch {
	case !ok || e.Help == "":
		return message
	case tcbauth.HTTPStatus(err) == http.StatusInternalServerError: // the user cannot correct it: Help tells the owner how
		return e.Help
	case errors.Is(err, tcbauth.ErrProviderNotEnabled): // something is to be turned on
		return message + " " + e.Help
	}
	return message
}

// detail returns the information for developers that the message does not have, or "".
func detail(err error) string {
	if kindOf(err).code == ExitInterrupted {
		return ""
	}
	if as[*tcbauth.Error](err) || as[*StorageError](err) || as[*tcbauth.ValidationError](err) {
		return err.Error()
	}
	return ""
}
