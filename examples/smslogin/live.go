package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/filestore"
)

type liveConfig struct {
	env     string
	baseURL string // "": CloudBase
	dir     string // "": below the user's configuration directory
	signOut bool
	in      io.Reader
	out     io.Writer
}

// live signs in to a real environment, or shows who is signed in there.
func live(ctx context.Context, cfg liveConfig) error {
	store, err := openStore(cfg.dir)
	if err != nil {
		return err
	}
	opts := []tcbauth.Option{tcbauth.WithTokenStore(store)}
	if cfg.baseURL != "" {
		opts = append(opts, tcbauth.WithBaseURL(cfg.baseURL))
	}
	auth, err := tcbauth.New(cfg.env, opts...)
	if err != nil {
		return err
	}
	if cfg.signOut {
		return signOut(ctx, auth, cfg.out)
	}
	user, err := auth.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
	switch {
	case err == nil:
		return tell(cfg.out, "signed in already: id "+user.Sub)
	case errors.Is(err, tcbauth.ErrStore) && tcbauth.HTTPStatus(err) == http.StatusUnauthorized:
		// A damaged session is no obstacle to signing in again.
		if err := tell(cfg.out, err.Error()); err != nil {
			return err
		}
	case !errors.Is(err, tcbauth.CodeUnauthenticated):
		return err
	}
	// An SMS costs money: none is sent for a session that cannot be kept.
	_, unlock, err := store.Lock(ctx, "writable")
	if err != nil {
		return fmt.Errorf("the session could not be saved: %w", err)
	}
	unlock()
	return signIn(ctx, auth, cfg)
}

func openStore(dir string) (*filestore.Store, error) {
	if dir == "" {
		var err error
		if dir, err = filestore.DefaultDir("tcbauth-smslogin"); err != nil {
			return nil, err
		}
	}
	return filestore.New(dir)
}

func signOut(ctx context.Context, auth *tcbauth.Auth, out io.Writer) error {
	err := auth.SignOut(ctx)
	switch {
	case err == nil:
		return tell(out, "signed out")
	case errors.Is(err, tcbauth.ErrNoSession), errors.Is(err, context.Canceled):
		return err
	}
	return fmt.Errorf("signed out here, but the server could not be told: %w", err)
}

// maxTries is how often a mistyped answer may be given again.
const maxTries = 3

func signIn(ctx context.Context, auth *tcbauth.Auth, cfg liveConfig) error {
	answers := readLines(cfg.in)
	var phone string
	var info *tcbauth.VerificationInfo
	err := try(func() (err error) {
		if phone, err = ask(ctx, answers, cfg.out, "phone number (+86 may be left out): "); err == nil {
			info, err = auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: phone})
		}
		return err
	}, cfg.out)
	if errors.Is(err, tcbauth.ErrOutcomeUnknown) {
		return fmt.Errorf("no answer came; wait for the SMS before asking for another (%w)", err)
	}
	if err != nil {
		return explain(err)
	}
	var state *tcbauth.LoginState
	err = try(func() error {
		code, err := ask(ctx, answers, cfg.out, "code from the SMS: ")
		if err == nil {
			state, err = auth.SignInWithSms(ctx, tcbauth.SignInWithSmsRequest{
				VerificationInfo: info, VerificationCode: code, PhoneNum: phone,
			})
		}
		return err
	}, cfg.out)
	switch {
	case state != nil && err != nil:
		return fmt.Errorf("signed in, but the session could not be saved: %w", err)
	case errors.Is(err, tcbauth.ErrOutcomeUnknown):
		return fmt.Errorf("no answer came; it may have worked, so run this again and ask for a new code (%w)", err)
	case err != nil:
		return explain(err)
	}
	return tell(cfg.out, "signed in: id "+state.User.Sub)
}

// try lets the user correct what was typed in.
func try(step func() error, out io.Writer) error {
	for n := 1; ; n++ {
		err := step()
		mistyped := errors.As(err, new(*tcbauth.ValidationError)) || wrongCode(err)
		if !mistyped || n == maxTries {
			return err
		}
		if err := tell(out, err.Error()); err != nil {
			return err
		}
	}
}

// readLines reads in on a goroutine of its own, since a read from a terminal cannot be interrupted. It ends with in, or
// with the program.
func readLines(in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		r := bufio.NewReader(in)
		for {
			line, err := r.ReadString('\n')
			if line = strings.TrimSpace(line); line != "" || err == nil {
				lines <- line
			}
			if err != nil {
				return
			}
		}
	}()
	return lines
}

var errNoAnswer = errors.New("no answer: run this in a terminal")

func ask(ctx context.Context, lines <-chan string, out io.Writer, prompt string) (string, error) {
	if _, err := io.WriteString(out, prompt); err != nil {
		return "", err
	}
	var err error
	select {
	case line, ok := <-lines:
		if ok {
			return line, nil
		}
		err = errNoAnswer
	case <-ctx.Done():
		err = ctx.Err()
	}
	return "", errors.Join(err, tell(out, "")) // the prompt's line ends here
}

func tell(out io.Writer, line string) error {
	_, err := fmt.Fprintln(out, line)
	return err
}

func wrongCode(err error) bool {
	return errors.Is(err, tcbauth.ErrVerificationFailed) || errors.Is(err, tcbauth.CodeInvalidVerificationCode)
}

// explain says what to do about the errors that people meet.
func explain(err error) error {
	var e *tcbauth.Error
	switch {
	case errors.As(err, &e) && e.Category == tcbauth.CategoryRateLimited:
		return fmt.Errorf("too many messages to this number, try again in %s (%w)", e.RetryAfter, err)
	case wrongCode(err):
		return fmt.Errorf("the code is wrong or too old (%w)", err)
	}
	return err
}
