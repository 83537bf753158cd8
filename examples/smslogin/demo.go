package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

const (
	demoPhone    = "+86 13800000000"
	demoUsername = "gopher_01"
	demoPassword = "correct-horse-1"
)

// demo shows every step against an emulator on a loopback port and tells each on a line of out, the last being "ok".
func demo(ctx context.Context, out io.Writer) (err error) {
	srv, err := authtest.Listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() {
		if closed := srv.Close(); err == nil {
			err = closed
		}
	}()
	// The client takes its time from the emulator, so that both see two hours pass.
	auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithClock(srv.Now))
	if err != nil {
		return err
	}
	d := &demonstration{ctx: ctx, out: out, srv: srv, auth: auth}
	for _, step := range []func() error{
		d.signUp, d.signOut, d.signInWithSms, d.signOut, d.signInWithPassword, d.refresh, d.signOut,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	d.say("ok")
	return nil
}

type demonstration struct {
	ctx  context.Context
	out  io.Writer
	srv  *authtest.Server
	auth *tcbauth.Auth
}

func (d *demonstration) say(format string, args ...any) {
	_, _ = fmt.Fprintf(d.out, format+"\n", args...) // the steps matter, not who reads of them
}

// sendCode returns what the emulator sent instead of an SMS.
func (d *demonstration) sendCode() (*tcbauth.VerificationInfo, string, error) {
	info, err := d.auth.GetVerification(d.ctx, tcbauth.GetVerificationRequest{PhoneNumber: demoPhone})
	if err != nil {
		return nil, "", err
	}
	code, err := d.srv.WaitCode(d.ctx, demoPhone)
	if err != nil {
		return nil, "", err
	}
	d.say("a code was sent, good for %d seconds; the number is registered: %t", info.ExpiresIn, info.IsUser)
	return info, code, nil
}

func (d *demonstration) signUp() error {
	info, code, err := d.sendCode()
	if err != nil {
		return err
	}
	verified, err := d.auth.Verify(d.ctx, tcbauth.VerifyRequest{VerificationID: info.VerificationID, VerificationCode: code})
	if err != nil {
		return err
	}
	d.say("the code is right")
	state, err := d.auth.SignUp(d.ctx, tcbauth.SignUpRequest{
		PhoneNumber: demoPhone, VerificationCode: code, VerificationToken: verified.VerificationToken,
		Name: "Gopher", Password: demoPassword, Username: demoUsername,
	})
	if err != nil {
		return err
	}
	d.say("a new user signed up: id %s, user name %s", state.User.Sub, state.User.Username)
	return nil
}

func (d *demonstration) signInWithSms() error {
	d.srv.Advance(time.Minute) // a number may get one SMS in a while
	info, code, err := d.sendCode()
	if err != nil {
		return err
	}
	state, err := d.auth.SignInWithSms(d.ctx, tcbauth.SignInWithSmsRequest{
		VerificationInfo: info, VerificationCode: code, PhoneNum: demoPhone,
	})
	if err != nil {
		return err
	}
	d.say("the same user signed in by SMS: id %s", state.User.Sub)
	return nil
}

func (d *demonstration) signInWithPassword() error {
	state, err := d.auth.SignInWithPassword(d.ctx, tcbauth.SignInWithPasswordRequest{Phone: demoPhone, Password: demoPassword})
	if err != nil {
		return err
	}
	d.say("the same user signed in by password: id %s", state.User.Sub)
	return nil
}

func (d *demonstration) refresh() error {
	before, err := d.auth.GetAccessToken(d.ctx)
	if err != nil {
		return err
	}
	d.srv.Advance(2 * time.Hour)
	after, err := d.auth.GetAccessToken(d.ctx)
	if err != nil {
		return err
	}
	if after == before {
		return fmt.Errorf("the access token is still the old one after two hours")
	}
	user, err := d.auth.GetUserInfo(d.ctx, tcbauth.GetUserInfoRequest{})
	if err != nil {
		return err
	}
	d.say("two hours later the token was refreshed by itself, requests for that: %d; still signed in: %s",
		d.srv.Count("token"), user.Username)
	return nil
}

func (d *demonstration) signOut() error {
	if err := d.auth.SignOut(d.ctx); err != nil {
		return err
	}
	signedIn, err := d.auth.HasLoginState(d.ctx)
	if err != nil {
		return err
	}
	d.say("signed out; still signed in: %t", signedIn)
	return nil
}
