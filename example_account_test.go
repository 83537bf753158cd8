package tcbauth_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
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

// A signed-in user links a WeChat account, and can sign in with it from then on.
func ExampleAuth_LinkIdentity() {
	auth, srv, done := emulated()
	defer done()
	srv.ProviderCode("wx_open", authtest.ProviderUser{Sub: "wechat-mole", Name: "Mole"})
	ctx := context.Background()
	_, err := auth.SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{Username: "gopher_01", Password: "correct-horse-1"})
	if err != nil {
		fmt.Println(err)
		return
	}

	challenge, err := auth.LinkIdentity(ctx, tcbauth.LinkIdentityRequest{Provider: "wx_open", RedirectTo: "https://app.example/back"})
	if err != nil {
		fmt.Println(err)
		return
	}
	query, err := visit(ctx, challenge.URL) // in a handler: r.URL.Query()
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := auth.VerifyOAuth(ctx, tcbauth.VerifyOAuthRequest{Challenge: challenge, Query: query}); err != nil {
		fmt.Println(err)
		return
	}
	linked, err := auth.GetUserIdentities(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, identity := range linked.Identities {
		fmt.Println("linked:", identity.ID)
	}
	// Output: linked: wx_open
}

// A backend refuses a callback that does not belong to the browser's own sign-in.
func ExampleAuth_VerifyOAuth() {
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
	query, err := visit(ctx, challenge.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	state := query.Get("state")

	query.Set("state", "of another browser")
	_, err = auth.VerifyOAuth(ctx, tcbauth.VerifyOAuthRequest{Challenge: challenge, Query: query})
	fmt.Println("refused:", errors.Is(err, tcbauth.ErrInvalidParams))
	query.Set("state", state)
	login, err := auth.VerifyOAuth(ctx, tcbauth.VerifyOAuthRequest{Challenge: challenge, Query: query})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("hello,", login.User.Name)
	// Output:
	// refused: true
	// hello, Mole
}

// tableStore is a store of your own. This one keeps its values in a map; package storetest tests it.
type tableStore struct {
	mu   sync.Mutex
	rows map[string][]byte
}

func (s *tableStore) Get(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.rows[key]
	if !ok {
		return nil, tcbauth.ErrNotFound // only if nothing is stored, never for a failure
	}
	return append([]byte{}, value...), nil
}

func (s *tableStore) Set(ctx context.Context, key string, value []byte, _ time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[key] = append([]byte{}, value...)
	return nil
}

func (s *tableStore) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rows, key)
	return nil
}

// A store of your own, without locks: for one process. It survives the Auth that wrote to it.
func ExampleTokenStore() {
	there, _, done := signedIn()
	defer done()
	ctx := context.Background()
	tokens, err := there.GetCredentials(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}

	store := &tableStore{rows: map[string][]byte{}}
	for range 2 { // the second time, the session is there already
		auth, err := tcbauth.New(there.Env(), tcbauth.WithBaseURL(there.BaseURL()), tcbauth.WithTokenStore(store))
		if err != nil {
			fmt.Println(err)
			return
		}
		signedIn, err := auth.HasLoginState(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("signed in:", signedIn)
		if err := auth.SetCredentials(ctx, tokens); err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// signed in: false
	// signed in: true
}
