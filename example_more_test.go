package tcbauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/ticket"
)

// Signing in by a code in two steps, of which the second may come in another request: the challenge is plain data.
func ExampleAuth_SignInWithOtp() {
	auth, _, done := emulated()
	defer done()
	ctx := context.Background()

	challenge, err := auth.SignInWithOtp(ctx, tcbauth.SignInWithOtpRequest{Phone: "13800000000"})
	if err != nil {
		fmt.Println(err)
		return
	}
	kept, err := json.Marshal(challenge) // in the visitor's server-side session
	if err != nil {
		fmt.Println(err)
		return
	}

	// The user has typed in the code.
	var again tcbauth.OtpChallenge
	if err := json.Unmarshal(kept, &again); err != nil {
		fmt.Println(err)
		return
	}
	for _, code := range []string{"000000", "123456"} {
		state, err := auth.FinishOtp(ctx, tcbauth.FinishOtpRequest{Challenge: &again, Token: code})
		switch {
		case errors.Is(err, tcbauth.ErrVerificationFailed):
			fmt.Println("wrong, try again")
		case err != nil:
			fmt.Println(err)
		default:
			fmt.Println("hello,", state.User.Name)
		}
	}
	// Output:
	// wrong, try again
	// hello, Gopher
}

// A backend whose requests have a visitor's id and nothing else: the challenge lies in the store, and signing in gives the
// visitor a new id, which nobody knew before.
func ExampleWithStoredOtp() {
	_, srv, done := emulated()
	defer done()
	ctx := context.Background()
	app, err := tcbauth.NewApp(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithStoredOtp())
	if err != nil {
		fmt.Println(err)
		return
	}

	// The first request.
	if _, err := app.ForUser("visitor-1").SignInWithOtp(ctx, tcbauth.SignInWithOtpRequest{Phone: "13800000000"}); err != nil {
		fmt.Println(err)
		return
	}
	// The second one, and the same form once more.
	for range 2 {
		state, err := app.ForUser("visitor-1").FinishOtp(ctx, tcbauth.FinishOtpRequest{Token: "123456", NewKey: "visitor-2"})
		switch {
		case errors.Is(err, tcbauth.ErrNoOtp):
			fmt.Println("no code is waited for")
		case err != nil:
			fmt.Println(err)
		default:
			fmt.Println("hello,", state.User.Name)
		}
	}
	for _, id := range []string{"visitor-1", "visitor-2"} {
		signedIn, err := app.ForUser(id).HasLoginState(ctx)
		fmt.Println(id, signedIn, err)
	}
	// Output:
	// hello, Gopher
	// no code is waited for
	// visitor-1 false <nil>
	// visitor-2 true <nil>
}

// Registering with a code. The password is checked before the code is sent, and given again with it.
func ExampleAuth_FinishOtp() {
	auth, _, done := emulated()
	defer done()
	ctx := context.Background()

	challenge, err := auth.SignUpWithOtp(ctx, tcbauth.SignUpWithOtpRequest{Phone: "13900000000", Password: "battery-staple-2"})
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := auth.FinishOtp(ctx, tcbauth.FinishOtpRequest{
		Challenge: challenge, Token: "123456", Password: "battery-staple-2", Username: "badger_02", Name: "Badger",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(state.User.Name, "is", state.User.Username)
	// Output: Badger is badger_02
}

// A forgotten password. In spite of its name the method takes phone numbers too.
func ExampleAuth_ResetPasswordForEmail() {
	auth, _, done := emulated()
	defer done()
	ctx := context.Background()

	challenge, err := auth.ResetPasswordForEmail(ctx, tcbauth.ResetPasswordForEmailRequest{EmailOrPhone: "gopher@example.com"})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = auth.FinishOtp(ctx, tcbauth.FinishOtpRequest{Challenge: challenge, Token: "123456", Password: "short"})
	fmt.Println("too weak, and the code is not spent:", errors.Is(err, tcbauth.ErrInvalidParams))
	state, err := auth.FinishOtp(ctx, tcbauth.FinishOtpRequest{Challenge: challenge, Token: "123456", Password: "battery-staple-2"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(state.User.Username, "has a new password and is signed in")
	// Output:
	// too weak, and the code is not spent: true
	// gopher_01 has a new password and is signed in
}

// The server knows anonymous users by their device id, which the client keeps in its store.
func ExampleAuth_SignInAnonymously() {
	auth, _, done := emulated()
	defer done()
	ctx := context.Background()

	first, err := auth.SignInAnonymously(ctx, tcbauth.SignInAnonymouslyRequest{})
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := auth.SignInAnonymously(ctx, tcbauth.SignInAnonymouslyRequest{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(first.Credentials.Scope, "- the same user again:", first.User.Sub == again.User.Sub)
	// Output: anonymous - the same user again: true
}

// Somebody who has looked around without an account registers, and stays the same user: what is stored under their id is still
// theirs.
func ExampleAuth_SignInWithSms_keepAnonymousUser() {
	auth, srv, done := emulated()
	defer done()
	ctx := context.Background()

	anonymous, err := auth.SignInAnonymously(ctx, tcbauth.SignInAnonymouslyRequest{})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv.FixCode("13700000000", "123456")
	info, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: "13700000000"})
	if err != nil {
		fmt.Println(err)
		return
	}
	registered, err := auth.SignInWithSms(ctx, tcbauth.SignInWithSmsRequest{
		VerificationInfo: info, VerificationCode: "123456", PhoneNum: "13700000000", KeepAnonymousUser: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(anonymous.Credentials.Scope, "->", registered.Credentials.Scope)
	fmt.Println("the same id:", anonymous.User.Sub == registered.User.Sub)
	// Output:
	// anonymous -> user sso
	// the same id: true
}

// A backend vouches for its own users by tickets that it signs with the environment's key.
func ExampleAuth_SignInWithCustomTicket() {
	_, srv, done := emulated()
	defer done()
	ctx := context.Background()

	signer, err := ticket.NewSigner(srv.TicketKey()) // in a program: the key file that the console gave
	if err != nil {
		fmt.Println(err)
		return
	}
	app, err := tcbauth.NewApp(signer.Env(), tcbauth.WithBaseURL(srv.URL), tcbauth.WithTicketSource(ticket.Source(signer)))
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := app.ForUser("customer-42").SignInWithCustomTicket(ctx, tcbauth.SignInWithCustomTicketRequest{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, provider := range state.User.Providers {
		fmt.Println(provider.ID, provider.ProviderUserID)
	}
	// Output: custom customer-42
}

// A command-line tool on a machine without a browser. The user opens the page on another one. This is not known to work on
// CloudBase: docs/cli.md says what is unknown.
func ExampleAuth_PollDeviceToken() {
	auth, srv, done := emulated()
	defer done()
	ctx := context.Background()

	code, err := auth.DeviceAuthorize(ctx, tcbauth.DeviceAuthorizeRequest{})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Print code.VerificationURI and code.UserCode. The user opens the page and approves the sign-in there:
	srv.ApproveDevice(code.UserCode, "1000000000000000001")
	state, err := auth.PollDeviceToken(ctx, tcbauth.PollDeviceTokenRequest{
		DeviceCode: code.DeviceCode, ExpiresIn: code.ExpiresIn,
		Interval: 1, // in a program: code.Interval
	})
	switch {
	case errors.Is(err, tcbauth.CodeAccessDenied):
		fmt.Println("the user has refused")
	case errors.Is(err, tcbauth.CodeExpiredToken):
		fmt.Println("the code has expired")
	case err != nil:
		fmt.Println(err)
	default:
		fmt.Println("hello,", state.User.Name)
	}
	// Output: hello, Gopher
}

// A solver shows the picture to the user and returns what the user reads. The call that needed it then continues.
func ExampleWithCaptchaSolver() {
	_, srv, done := emulated()
	defer done()
	srv.RequireCaptcha("verification") // the emulator asks for one, as CloudBase does after many calls

	auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL),
		tcbauth.WithCaptchaSolver(func(ctx context.Context, c tcbauth.Captcha) (string, error) {
			fmt.Println("a picture of the type", c.MediaType, "for", c.State)
			_, answer, err := srv.WaitCaptcha(ctx) // whoever looks at c.Image
			return answer, err
		}))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = auth.GetVerification(context.Background(), tcbauth.GetVerificationRequest{PhoneNumber: "13800000000"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the code is on its way")
	// Output:
	// a picture of the type image/png for POST:/v1/verification
	// the code is on its way
}

// A new phone number or email address needs a code; everything else changes at once.
func ExampleAuth_UpdateUser() {
	auth, _, done := signedIn()
	defer done()
	ctx := context.Background()

	result, err := auth.UpdateUser(ctx, tcbauth.UpdateUserRequest{
		Nickname: new("Go Pher"),
		Phone:    new("13900000000"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.User.Name, result.User.PhoneNumber)
	state, err := auth.FinishOtp(ctx, tcbauth.FinishOtpRequest{Challenge: result.Challenge, Token: "123456"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(state.User.Name, state.User.PhoneNumber)
	// Output:
	// Go Pher +86 13800000000
	// Go Pher +86 13900000000
}

// Signing in with WeChat. The browser leaves, and returns with a code in its URL.
func ExampleAuth_SignInWithOAuth() {
	auth, srv, done := emulated()
	defer done()
	srv.ProviderCode("wx_open", authtest.ProviderUser{Sub: "wechat-mole", Name: "Mole"})
	ctx := context.Background()

	challenge, err := auth.SignInWithOAuth(ctx, tcbauth.SignInWithOAuthRequest{
		Provider: "wx_open",
		Options:  tcbauth.SignInWithOAuthOptions{RedirectTo: "https://app.example/back"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Keep the challenge with the browser's session and send the browser to challenge.URL. When it is at RedirectTo:
	query, err := visit(ctx, challenge.URL) // in a handler: r.URL.Query()
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := auth.VerifyOAuth(ctx, tcbauth.VerifyOAuthRequest{Challenge: challenge, Query: query})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("hello,", state.User.Name)
	// Output: hello, Mole
}

// visit is the browser: it returns the query of the URL that it is sent back to.
func visit(ctx context.Context, page string) (url.Values, error) {
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return nil, err
	}
	resp, err := browser.Do(req)
	if err != nil {
		return nil, err
	}
	back, err := resp.Location()
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	return back.Query(), nil
}
