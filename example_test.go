package tcbauth_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// emulated returns a client of an emulator, in place of CloudBase, where +86 13800000000 is a registered number and
// every SMS says 123456. Programs use New with the id of their environment instead.
func emulated() (auth *tcbauth.Auth, srv *authtest.Server, done func()) {
	srv, err := authtest.Listen("127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	srv.Seed(authtest.User{
		Sub: "1000000000000000001", Username: "gopher_01", Name: "Gopher", Password: "correct-horse-1",
		Phone: "+86 13800000000", Email: "gopher@example.com",
	})
	for _, to := range []string{"+86 13800000000", "+86 13900000000", "gopher@example.com"} {
		srv.FixCode(to, "123456")
	}
	auth, err = tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithClock(srv.Now))
	if err != nil {
		panic(err)
	}
	return auth, srv, func() { _ = srv.Close() }
}

// Signing in by SMS. A number that is new is registered on the way.
func Example() {
	auth, _, done := emulated() // in a program: auth, err := tcbauth.New("your-env-id")
	defer done()
	ctx := context.Background()

	info, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: "+86 13800000000"})
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := auth.SignInWithSms(ctx, tcbauth.SignInWithSmsRequest{
		VerificationInfo: info,
		VerificationCode: "123456", // what the user typed in
		PhoneNum:         "13800000000",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("hello,", state.User.Name)
	// Output: hello, Gopher
}

func ExampleNew() {
	auth, err := tcbauth.New("your-env-id", tcbauth.WithLanguage("en-US"), tcbauth.WithTimeout(5*time.Second))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(auth.Env(), "at", auth.BaseURL())
	// Output: your-env-id at https://your-env-id.ap-shanghai.tcb-api.tencentcloudapi.com
}

func ExampleAuth_GetVerification() {
	auth, _, done := emulated()
	defer done()

	info, err := auth.GetVerification(context.Background(), tcbauth.GetVerificationRequest{PhoneNumber: "138 0000 0000"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("a code is on its way, good for %d s; the number is registered: %t\n", info.ExpiresIn, info.IsUser)
	// Output: a code is on its way, good for 300 s; the number is registered: true
}

func ExampleAuth_Verify() {
	auth, _, done := emulated()
	defer done()
	ctx := context.Background()

	info, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: "+86 13800000000"})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = auth.Verify(ctx, tcbauth.VerifyRequest{VerificationID: info.VerificationID, VerificationCode: "000000"})
	fmt.Println("wrong code:", errors.Is(err, tcbauth.ErrVerificationFailed))

	verified, err := auth.Verify(ctx, tcbauth.VerifyRequest{VerificationID: info.VerificationID, VerificationCode: "123456"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the verification token is valid for", verified.ExpiresIn, "s")
	// Output:
	// wrong code: true
	// the verification token is valid for 600 s
}

// Signing in a registered user, with the verification token of Verify.
func ExampleAuth_SignIn() {
	auth, _, done := emulated()
	defer done()
	ctx := context.Background()

	info, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: "+86 13800000000"})
	if err != nil {
		fmt.Println(err)
		return
	}
	verified, err := auth.Verify(ctx, tcbauth.VerifyRequest{VerificationID: info.VerificationID, VerificationCode: "123456"})
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := auth.SignIn(ctx, tcbauth.SignInRequest{
		Username: "+86 13800000000", VerificationToken: verified.VerificationToken,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(state.User.Username)
	// Output: gopher_01
}

// Registering a new user, with a password and a name.
func ExampleAuth_SignUp() {
	auth, _, done := emulated()
	defer done()
	ctx := context.Background()

	info, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: "+86 13900000000"})
	if err != nil {
		fmt.Println(err)
		return
	}
	verified, err := auth.Verify(ctx, tcbauth.VerifyRequest{VerificationID: info.VerificationID, VerificationCode: "123456"})
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := auth.SignUp(ctx, tcbauth.SignUpRequest{
		PhoneNumber: "+86 13900000000", VerificationToken: verified.VerificationToken,
		Username: "badger_02", Password: "battery-staple-2", Name: "Badger",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(state.User.Name, "is registered and signed in")
	// Output: Badger is registered and signed in
}

// Verify and then SignIn, or SignUp for a number that is new, in one call.
func ExampleAuth_SignInWithSms() {
	auth, _, done := emulated()
	defer done()
	ctx := context.Background()

	info, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: "+86 13900000000"})
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := auth.SignInWithSms(ctx, tcbauth.SignInWithSmsRequest{
		VerificationInfo: info, VerificationCode: "123456", PhoneNum: "13900000000",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("registered before: %t; now signed in: %t\n", info.IsUser, state.User.Sub != "")
	// Output: registered before: false; now signed in: true
}

func ExampleAuth_SignInWithEmail() {
	auth, _, done := emulated()
	defer done()
	ctx := context.Background()

	info, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{Email: "gopher@example.com"})
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := auth.SignInWithEmail(ctx, tcbauth.SignInWithEmailRequest{
		VerificationInfo: info, VerificationCode: "123456", Email: "gopher@example.com",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(state.User.Username)
	// Output: gopher_01
}

func ExampleAuth_SignInWithPassword() {
	auth, _, done := emulated()
	defer done()
	ctx := context.Background()

	_, err := auth.SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{Phone: "13800000000", Password: "a guess"})
	fmt.Println("wrong password:", errors.Is(err, tcbauth.CodeInvalidUsernameOrPassword))

	state, err := auth.SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{
		Phone: "13800000000", Password: "correct-horse-1",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(state.User.Username)
	// Output:
	// wrong password: true
	// gopher_01
}

// signedIn is emulated, after Gopher has signed in.
func signedIn() (auth *tcbauth.Auth, advance func(time.Duration), done func()) {
	auth, srv, done := emulated()
	_, err := auth.SignInWithPassword(context.Background(), tcbauth.SignInWithPasswordRequest{
		Username: "gopher_01", Password: "correct-horse-1",
	})
	if err != nil {
		panic(err)
	}
	return auth, srv.Advance, done
}

// An access token lives for two hours. The next one is fetched when it is needed.
func ExampleAuth_GetAccessToken() {
	auth, advance, done := signedIn()
	defer done()
	ctx := context.Background()

	first, err := auth.GetAccessToken(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := auth.GetAccessToken(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	advance(2 * time.Hour) // of the emulator's time
	later, err := auth.GetAccessToken(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the same at once:", again == first)
	fmt.Println("the same two hours later:", later == first)
	// Output:
	// the same at once: true
	// the same two hours later: false
}

func ExampleAuth_SignOut() {
	auth, _, done := signedIn()
	defer done()
	ctx := context.Background()

	if err := auth.SignOut(ctx); err != nil {
		fmt.Println(err) // the session is forgotten here all the same
	}
	_, err := auth.GetAccessToken(ctx)
	fmt.Println(errors.Is(err, tcbauth.ErrNoSession))
	// Output: true
}

func ExampleAuth_OnAuthStateChange() {
	auth, _, done := emulated()
	defer done()
	ctx := context.Background()

	over := make(chan struct{})
	unsubscribe := auth.OnAuthStateChange(func(e tcbauth.AuthEvent) {
		fmt.Println(e.Event)
		if e.Event == tcbauth.EventSignedOut {
			close(over)
		}
	})
	defer unsubscribe()

	_, err := auth.SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{
		Username: "gopher_01", Password: "correct-horse-1",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := auth.SignOut(ctx); err != nil {
		fmt.Println(err)
		return
	}
	<-over // handlers run on their own
	// Output:
	// SIGNED_IN
	// SIGNED_OUT
}

func ExampleAuth_GetUserInfo() {
	auth, _, done := signedIn()
	defer done()

	user, err := auth.GetUserInfo(context.Background(), tcbauth.GetUserInfoRequest{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(user.Sub, user.Username, user.PhoneNumber)
	// Output: 1000000000000000001 gopher_01 +86 13800000000
}

// A server has one App, and for each request the session of the visitor who sent it, named by the visitor's cookie.
func ExampleApp_ForUser() {
	_, srv, done := emulated()
	defer done()
	ctx := context.Background()
	app, err := tcbauth.NewApp(srv.Env, tcbauth.WithBaseURL(srv.URL))
	if err != nil {
		fmt.Println(err)
		return
	}

	// One request signs the visitor in.
	_, err = app.ForUser("cookie-1").SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{
		Username: "gopher_01", Password: "correct-horse-1",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Later requests know who it is, and nobody else is.
	for _, cookie := range []string{"cookie-1", "cookie-2"} {
		user, err := app.ForUser(cookie).GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
		switch {
		case errors.Is(err, tcbauth.CodeUnauthenticated):
			fmt.Println(cookie, "must sign in")
		case err != nil:
			fmt.Println(cookie, err)
		default:
			fmt.Println(cookie, "is", user.Username)
		}
	}
	// Output:
	// cookie-1 is gopher_01
	// cookie-2 must sign in
}

func ExampleError() {
	auth, _, done := emulated()
	defer done()
	ctx := context.Background()

	for range 2 {
		_, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: "+86 13800000000"})
		var e *tcbauth.Error
		switch {
		case errors.Is(err, tcbauth.ErrRateLimited) && errors.As(err, &e):
			fmt.Println(e.StatusCode, e.Code, "- ask again in", e.RetryAfter)
		case err != nil:
			fmt.Println(err)
		default:
			fmt.Println("sent")
		}
	}
	// Output:
	// sent
	// 429 resource_exhausted - ask again in 1m0s
}
