package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

const demoPhone = "+86 13800000000"

// demo calls a function on an emulator and tells each step on a line of out, the last being "ok".
func demo(ctx context.Context, out io.Writer, what event) (err error) {
	srv, err := authtest.Listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.Close()) }()
	gateway, err := openGateway(srv)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, gateway.close()) }()

	auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(gateway.url), tcbauth.WithClock(srv.Now))
	if err != nil {
		return err
	}
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	if err := signInByCode(ctx, auth, srv); err != nil {
		return err
	}
	say("signed in by a code")

	client := newClient(auth)
	result, err := call(ctx, client, gateway.url, what)
	if err != nil {
		return err
	}
	say("the function answered: %s", oneLine(result))

	srv.Advance(2 * time.Hour) // the access token has expired
	if _, err := call(ctx, client, gateway.url, what); err != nil {
		return err
	}
	say("two hours later it answered again; requests for a new token: %d", srv.Count("token"))

	if err := auth.SignOut(ctx); err != nil {
		return err
	}
	if _, err := call(ctx, client, gateway.url, what); !errors.Is(err, tcbauth.ErrNoSession) {
		return fmt.Errorf("the function was called after the sign-out: %w", err)
	}
	say("signed out; nothing is sent any more")
	say("ok")
	return nil
}

// signInByCode signs a phone number up, with the code that the emulator sent instead of an SMS.
func signInByCode(ctx context.Context, auth *tcbauth.Auth, srv *authtest.Server) error {
	challenge, err := auth.SignInWithOtp(ctx, tcbauth.SignInWithOtpRequest{Phone: demoPhone})
	if err != nil {
		return err
	}
	code, err := srv.WaitCode(ctx, demoPhone)
	if err != nil {
		return err
	}
	_, err = auth.FinishOtp(ctx, tcbauth.FinishOtpRequest{Challenge: challenge, Token: code})
	return err
}
