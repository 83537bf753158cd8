package tcbauth_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

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
