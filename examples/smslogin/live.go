package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
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
	auth, err := liveAuth(cfg)
	if err != nil {
		return err
	}
	if cfg.signOut {
		if err := auth.SignOut(ctx); err != nil {
			return err
		}
		return tell(cfg.out, "signed out")
	}
	user, err := auth.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
	switch {
	case err == nil:
		return tell(cfg.out, "signed in already: id "+user.Sub)
	case errors.Is(err, tcbauth.ErrStore):
		// A damaged session file is no obstacle to signing in anew.
		if err := tell(cfg.out, err.Error()); err != nil {
			return err
		}
	case !errors.Is(err, tcbauth.CodeUnauthenticated):
		return err
	}
	return signIn(ctx, auth, cfg)
}

func liveAuth(cfg liveConfig) (*tcbauth.Auth, error) {
	dir := cfg.dir
	if dir == "" {
		base, err := filestore.DefaultDir("tcbauth-smslogin")
		if err != nil {
			return nil, err
		}
		dir = base
	}
	store, err := filestore.New(dir)
	if err != nil {
		return nil, err
	}
	opts := []tcbauth.Option{tcbauth.WithTokenStore(store)}
	if cfg.baseURL != "" {
		opts = append(opts, tcbauth.WithBaseURL(cfg.baseURL))
	}
	return tcbauth.New(cfg.env, opts...)
}

func signIn(ctx context.Context, auth *tcbauth.Auth, cfg liveConfig) error {
	in := bufio.NewReader(cfg.in)
	phone, err := ask(in, cfg.out, "phone number (+86 may be left out): ")
	if err != nil {
		return err
	}
	info, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: phone})
	if err != nil {
		return explain(err)
	}
	code, err := ask(in, cfg.out, "code from the SMS: ")
	if err != nil {
		return err
	}
	state, err := auth.SignInWithSms(ctx, tcbauth.SignInWithSmsRequest{
		VerificationInfo: info, VerificationCode: code, PhoneNum: phone,
	})
	if err != nil {
		return explain(err)
	}
	return tell(cfg.out, "signed in: id "+state.User.Sub)
}

func ask(in *bufio.Reader, out io.Writer, prompt string) (string, error) {
	if _, err := io.WriteString(out, prompt); err != nil {
		return "", err
	}
	line, err := in.ReadString('\n')
	line = strings.TrimSpace(line)
	if line == "" && err != nil {
		return "", errors.New("no answer: run this in a terminal")
	}
	return line, nil
}

func tell(out io.Writer, line string) error {
	_, err := fmt.Fprintln(out, line)
	return err
}

// explain says what to do about the errors that people meet.
func explain(err error) error {
	var e *tcbauth.Error
	switch {
	case errors.As(err, &e) && e.Category == tcbauth.CategoryRateLimited:
		return fmt.Errorf("too many messages to this number, try again in %s (%w)", e.RetryAfter, err)
	case errors.Is(err, tcbauth.ErrVerificationFailed), errors.Is(err, tcbauth.CodeInvalidVerificationCode):
		return fmt.Errorf("the code is wrong or too old (%w)", err)
	case errors.Is(err, tcbauth.ErrOutcomeUnknown):
		return fmt.Errorf("no answer came; wait for the SMS before asking for another (%w)", err)
	}
	return err
}
