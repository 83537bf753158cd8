package clikit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/filestore"
	"github.com/cloudbase-community/tcbauth/internal/bilingual"
	"github.com/cloudbase-community/tcbauth/keyringstore"
)

// The exit codes of a tool.
const (
	ExitOK            = 0
	ExitError         = 1
	ExitUsage         = 2
	ExitLoginRequired = 4   // nobody is signed in, or the session has ended
	ExitNeedsPerson   = 5   // an answer of the user is missing
	ExitRateLimited   = 6   // too many attempts or messages; retry_after in JSON
	ExitStorage       = 7   // the store of sessions, its lock, or the profiles
	ExitService       = 8   // the network or the service, or the time was over
	ExitInterrupted   = 130 // ctrl-C, or a signal
)

// LoginRequired is the error where nobody is signed in with the profile.
type LoginRequired struct {
	App, Profile string
	Env          string   // "" if none was ever chosen
	Flags        []string // with them "login" has the settings of the failed command, for example "--profile", "work"
}

// Error says so, for developers.
func (e *LoginRequired) Error() string {
	return e.App + ": nobody is signed in with profile " + e.Profile
}

func (k *Kit) loginRequired(set *Settings) error {
	return &LoginRequired{App: k.cfg.App, Profile: set.Profile.Value, Env: set.Env.Value, Flags: set.flags()}
}

// NeedsPerson means that an answer of the user is missing and nobody can be asked.
type NeedsPerson struct {
	What        Question
	Flag        string // the flag that gives the answer, for example "--phone"; several are separated by commas
	CaptchaFile string // the file of the picture, if the answer is about one
}

// Error says so, for developers.
func (e *NeedsPerson) Error() string {
	return fmt.Sprintf("clikit: the answer to %q is missing; give it by %s", e.What, e.Flag)
}

// UsageError means that the command line or an environment variable is wrong. Err says so in the user's language, but in
// English where tcbauth.NewApp has refused an option of the tool, where cobra has missed a required flag, or refused a group of
// flags or the arguments of the tool's own command, and where a command cannot be run.
type UsageError struct{ Err error }

// Error is the text of Err.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *UsageError) Unwrap() error { return e.Err }

func (k *Kit) misuse(t bilingual.Text, args ...any) error {
	return &UsageError{Err: errors.New(t.In(k.Language(), args...))}
}

// unusable is the error of a setting whose value cannot be used. It names the setting's source, if that has a name.
func (k *Kit) unusable(s Setting, t bilingual.Text) error {
	source, reason := s.Source, t.In(k.Language())
	switch source {
	case "":
		return &UsageError{Err: errors.New(reason)}
	case FromProfile:
		source = theProfile.In(k.Language())
	case FromDefault:
		source = theDefault.In(k.Language())
	}
	return k.misuse(ofSource, source, reason)
}

// StorageError is the error where profiles, or the store of sessions, cannot be read or written.
type StorageError struct {
	Path string // "" if Err has it
	Err  error
}

// Error says which path it is.
func (e *StorageError) Error() string {
	if e.Path == "" {
		return e.Err.Error()
	}
	return e.Path + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *StorageError) Unwrap() error { return e.Err }

// ExitStatus is the exit code of a command that was run, as an error. [Kit.Exit] prints nothing for it.
type ExitStatus int

// Error says the code.
func (e ExitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// ExitCode is the exit code of a tool whose command has failed with err, 0 for nil.
func ExitCode(err error) int {
	if status, ok := errors.AsType[ExitStatus](err); ok {
		return int(status)
	}
	return kindOf(err).code
}

// kind is the exit code of an error, and its name in JSON.
type kind struct {
	code int
	word string
}

// kindOf returns the first kind that fits, the most specific ones first.
func kindOf(err error) kind {
	is := func(targets ...error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
	switch {
	case err == nil:
		return kind{ExitOK, ""}
	case is(ErrInterrupted, context.Canceled):
		return kind{ExitInterrupted, "interrupted"}
	case as[*UsageError](err), as[*tcbauth.ValidationError](err):
		return kind{ExitUsage, "usage"}
	case as[*NeedsPerson](err), is(tcbauth.ErrCaptchaRequired):
		return kind{ExitNeedsPerson, "needs_person"}
	case is(tcbauth.ErrStore, keyringstore.ErrNoKeyring, keyringstore.ErrKeyLost, filestore.ErrLockLost), as[*StorageError](err):
		return kind{ExitStorage, "storage"}
	case as[*LoginRequired](err), is(tcbauth.CodeUnauthenticated):
		return kind{ExitLoginRequired, "login_required"}
	case is(tcbauth.ErrRateLimited):
		return kind{ExitRateLimited, "rate_limited"}
	case is(tcbauth.ErrServiceError, tcbauth.ErrOutcomeUnknown, tcbauth.ErrInvalidResponse, context.DeadlineExceeded):
		return kind{ExitService, "service"}
	}
	return kind{ExitError, "error"}
}

// damaged reports whether err is about a stored session that nobody can ever read. Any other error of the store may pass.
func damaged(err error) bool {
	return errors.Is(err, tcbauth.ErrStore) && tcbauth.HTTPStatus(err) == http.StatusUnauthorized
}

func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// retryAfter is how long to wait, 0 if that is not known.
func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*tcbauth.Error](err); ok {
		return e.RetryAfter
	}
	var other interface{ RetryAfter() time.Duration }
	if errors.As(err, &other) {
		return other.RetryAfter()
	}
	return 0
}
