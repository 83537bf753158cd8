package tcbauth_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/cloudbase-community/tcbauth"
)

func ExampleNormalizePhone() {
	for _, phone := range []string{"13800000000", "+86 138-0000-0000", "+1 (202) 555-0123", "8613800000000"} {
		normal, err := tcbauth.NormalizePhone(phone)
		fmt.Println(normal, err != nil)
	}
	// Output:
	// +86 13800000000 false
	// +86 13800000000 false
	// +1 2025550123 false
	//  true
}

// Registering with a code in two steps.
func ExampleAuth_SignUpWithOtp() {
	auth, _, done := emulated()
	defer done()
	ctx := context.Background()

	challenge, err := auth.SignUpWithOtp(ctx, tcbauth.SignUpWithOtpRequest{Phone: "13900000000"})
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := auth.FinishOtp(ctx, tcbauth.FinishOtpRequest{Challenge: challenge, Token: "123456", Name: "Badger"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("welcome,", state.User.Name)
	// Output: welcome, Badger
}

// A second code, after a minute. The challenge goes on with its id.
func ExampleAuth_Resend() {
	auth, srv, done := emulated()
	defer done()
	ctx := context.Background()

	challenge, err := auth.SignInWithOtp(ctx, tcbauth.SignInWithOtpRequest{Phone: "13800000000"})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = auth.Resend(ctx, tcbauth.ResendRequest{Phone: "13800000000"})
	fmt.Println("too early:", errors.Is(err, tcbauth.ErrRateLimited))
	srv.Advance(60e9)
	again, err := auth.Resend(ctx, tcbauth.ResendRequest{Phone: "13800000000"})
	if err != nil {
		fmt.Println(err)
		return
	}
	challenge.MessageID = again.VerificationID
	_, err = auth.FinishOtp(ctx, tcbauth.FinishOtpRequest{Challenge: challenge, Token: "123456"})
	fmt.Println("signed in:", err == nil)
	// Output:
	// too early: true
	// signed in: true
}

// Checking the user again before a new password is set.
func ExampleAuth_Reauthenticate() {
	auth, _, done := signedIn()
	defer done()
	ctx := context.Background()

	challenge, err := auth.Reauthenticate(ctx) // sends a code by email, or by SMS
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = auth.FinishOtp(ctx, tcbauth.FinishOtpRequest{Challenge: challenge, Token: "123456", Password: "battery-staple-2"})
	fmt.Println("changed:", err == nil)
	// Output: changed: true
}

// A new password, with the old one.
func ExampleAuth_Sudo() {
	auth, _, done := signedIn()
	defer done()
	ctx := context.Background()

	sudo, err := auth.Sudo(ctx, tcbauth.SudoRequest{Password: "correct-horse-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = auth.SetPassword(ctx, tcbauth.SetPasswordRequest{NewPassword: "battery-staple-2", SudoToken: sudo.SudoToken})
	fmt.Println("changed:", err == nil)
	// Output: changed: true
}

// Deleting the account of the signed-in user, who enters the password once more.
func ExampleAuth_DeleteMe() {
	auth, _, done := signedIn()
	defer done()
	ctx := context.Background()

	sudo, err := auth.Sudo(ctx, tcbauth.SudoRequest{Password: "correct-horse-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := auth.DeleteMe(ctx, tcbauth.DeleteMeRequest{SudoToken: sudo.SudoToken}); err != nil {
		fmt.Println(err)
		return
	}
	_, err = auth.GetAccessToken(ctx)
	fmt.Println("signed out:", errors.Is(err, tcbauth.ErrNoSession))
	// Output: signed out: true
}

// A backend shows the captcha in one request and takes the answer in another.
func ExampleAuth_CreateCaptchaData() {
	auth, srv, done := emulated()
	defer done()
	ctx := context.Background()
	srv.RequireCaptcha("verification")

	send := func() error {
		_, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: "13800000000"})
		return err
	}
	fmt.Println("captcha required:", errors.Is(send(), tcbauth.ErrCaptchaRequired))
	captcha, err := auth.CreateCaptchaData(ctx, tcbauth.CreateCaptchaDataRequest{State: "POST:/v1/verification"})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer := srv.CaptchaAnswer(captcha.Token) // what the user reads in captcha.Data
	if _, err := auth.VerifyCaptchaData(ctx, tcbauth.VerifyCaptchaDataRequest{Token: captcha.Token, Key: answer}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("sent:", send() == nil)
	// Output:
	// captcha required: true
	// sent: true
}

// A session that another program has, for example a page with the js-sdk.
func ExampleAuth_SetSession() {
	there, _, done := signedIn()
	defer done()
	ctx := context.Background()
	tokens, err := there.GetCredentials(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}

	here, err := tcbauth.New(there.Env(), tcbauth.WithBaseURL(there.BaseURL()))
	if err != nil {
		fmt.Println(err)
		return
	}
	session, err := here.SetSession(ctx, tcbauth.SetSessionRequest{AccessToken: tokens.AccessToken, RefreshToken: tokens.RefreshToken})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the same user:", session.Sub == tokens.Sub)
	// Output: the same user: true
}
