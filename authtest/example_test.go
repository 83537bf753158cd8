package authtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/accesstoken"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// A test of a sign-in by SMS. The emulator runs in memory and ends with the test.
func ExampleNewServer() { //nolint:testableexamples // only go test can run a test
	TestSignIn := func(t *testing.T) {
		srv := authtest.NewServer(t)
		auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()))
		if err != nil {
			t.Fatal(err)
		}
		info, err := auth.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: "13800000000"})
		if err != nil {
			t.Fatal(err)
		}
		code, err := srv.WaitCode(t.Context(), "+86 13800000000") // reads the SMS
		if err != nil {
			t.Fatal(err)
		}
		_, err = auth.SignInWithSms(t.Context(), tcbauth.SignInWithSmsRequest{
			VerificationInfo: info, VerificationCode: code, PhoneNum: "13800000000",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	_ = TestSignIn
}

// A registered user signs in with a password on an emulator, which needs no account and no network.
func Example() {
	srv, auth, err := emulated()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = srv.Close() }()
	srv.Seed(authtest.User{Username: "gopher_01", Password: "correct-horse-1", Name: "Gopher"})

	state, err := auth.SignInWithPassword(context.Background(), tcbauth.SignInWithPasswordRequest{
		Username: "gopher_01", Password: "correct-horse-1",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("hello,", state.User.Name)
	// Output: hello, Gopher
}

// The connection breaks after the server has sent an SMS: does the program send a second one?
func ExampleServer_Fault() {
	srv, auth, err := emulated()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = srv.Close() }()
	srv.Fault(authtest.Fault{Operation: "verification", Times: 1, Close: authtest.AfterCommit})

	_, err = auth.GetVerification(context.Background(), tcbauth.GetVerificationRequest{PhoneNumber: "13800000000"})
	fmt.Println("it may have been sent:", errors.Is(err, tcbauth.ErrOutcomeUnknown))
	fmt.Println("messages:", len(srv.Messages("+86 13800000000")))
	// Output:
	// it may have been sent: true
	// messages: 1
}

// Two hours later the access token has expired, and the program refreshes it once.
func ExampleServer_Advance() {
	srv, auth, err := emulated()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = srv.Close() }()
	srv.Seed(authtest.User{Username: "gopher_01", Password: "correct-horse-1"})
	ctx := context.Background()
	_, err = auth.SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{Username: "gopher_01", Password: "correct-horse-1"})
	if err != nil {
		fmt.Println(err)
		return
	}

	srv.Advance(2 * time.Hour)
	for range 3 {
		if _, err := auth.GetAccessToken(ctx); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println("refreshes:", srv.Count("token"))
	// Output: refreshes: 1
}

// A backend must refuse a token that the server has not signed.
func ExampleServer_IssueToken() {
	srv, _, err := emulated()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = srv.Close() }()
	ctx := context.Background()
	verifier, err := accesstoken.NewVerifier(srv.Env, accesstoken.WithBaseURL(srv.URL), accesstoken.WithIssuer(srv.URL))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = verifier.Verify(ctx, srv.IssueToken(authtest.TokenSpec{}))
	fmt.Println("valid:", err)
	_, err = verifier.Verify(ctx, srv.IssueToken(authtest.TokenSpec{Key: authtest.ForgedKey}))
	fmt.Println("forged:", err)
	// Output:
	// valid: <nil>
	// forged: accesstoken: invalid token: the signature is wrong
}

// emulated returns an emulator on a local port, and a client of it that has the emulator's time.
func emulated() (*authtest.Server, *tcbauth.Auth, error) {
	srv, err := authtest.Listen("127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithClock(srv.Now))
	if err != nil {
		return nil, nil, errors.Join(err, srv.Close())
	}
	return srv, auth, nil
}

// An emulator for another program, which gets srv.URL. Here its requests are made by hand.
func ExampleListen() {
	srv, err := authtest.Listen("127.0.0.1:0", authtest.WithEnv("env-1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = srv.Close() }()
	srv.FixCode("+86 13800000000", "000000")

	ctx := context.Background()
	status, _, err := send(ctx, srv, http.MethodPost, "/auth/v1/verification", "", []byte(`{"phone_number":"+86 13800000000"}`))
	fmt.Println(status, err)
	code, err := srv.WaitCode(ctx, "+86 13800000000")
	fmt.Println(code, err)
	// Output:
	// 200 <nil>
	// 000000 <nil>
}
