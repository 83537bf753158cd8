package accesstoken_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/accesstoken"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// emulated returns the verifier of an emulator. A program's is accesstoken.NewVerifier("your-env-id").
func emulated() (v *accesstoken.Verifier, srv *authtest.Server, done func()) {
	srv, err := authtest.Listen("127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	v, err = accesstoken.NewVerifier(srv.Env,
		accesstoken.WithBaseURL(srv.URL), accesstoken.WithIssuer(srv.URL), accesstoken.WithClock(srv.Now))
	if err != nil {
		panic(err)
	}
	return v, srv, func() { _ = srv.Close() }
}

func Example() {
	verifier, srv, done := emulated() // in a program: accesstoken.NewVerifier("your-env-id")
	defer done()
	ctx := context.Background()

	claims, err := verifier.Verify(ctx, srv.IssueToken(authtest.TokenSpec{Sub: "1849755119840497664"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("user", claims.Subject)

	_, err = verifier.Verify(ctx, srv.IssueToken(authtest.TokenSpec{Env: "another-env"}))
	fmt.Println(errors.Is(err, accesstoken.ErrInvalidToken), errors.Is(err, accesstoken.ErrWrongEnv))
	// Output:
	// user 1849755119840497664
	// true true
}

// Before a payment the service asks the auth server whether the session still exists.
func ExampleVerifier_Introspect() {
	verifier, srv, done := emulated()
	defer done()
	ctx := context.Background()
	srv.Seed(authtest.User{Username: "gopher_01", Password: "correct-horse-1"})
	auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL))
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := auth.SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{Username: "gopher_01", Password: "correct-horse-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	token := state.Credentials.AccessToken

	_, err = verifier.Introspect(ctx, token)
	fmt.Println("session exists:", err == nil)
	if err := auth.SignOut(ctx); err != nil {
		fmt.Println(err)
		return
	}
	_, err = verifier.Verify(ctx, token)
	fmt.Println("token still valid:", err == nil)
	_, err = verifier.Introspect(ctx, token)
	fmt.Println("session has ended:", errors.Is(err, accesstoken.ErrInactive))
	// Output:
	// session exists: true
	// token still valid: true
	// session has ended: true
}

func ExampleVerifier_Verify() {
	verifier, srv, done := emulated()
	defer done()

	claims, err := verifier.Verify(context.Background(), srv.IssueToken(authtest.TokenSpec{Sub: "1849755119840497664"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(claims.Subject, claims.Kind)

	_, err = verifier.Verify(context.Background(), srv.IssueToken(authtest.TokenSpec{Kind: authtest.PublishableKey}))
	fmt.Println(err)
	// Output:
	// 1849755119840497664 user
	// accesstoken: invalid token: publishable keys are not accepted
}

func ExampleVerifier_Middleware() {
	verifier, srv, done := emulated()
	defer done()

	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := accesstoken.FromContext(r.Context())
		_, _ = io.WriteString(w, "hello, "+claims.Subject)
	})
	site := httptest.NewServer(verifier.Middleware(hello))
	defer site.Close()

	get := func(token string) {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, site.URL, nil)
		if err != nil {
			panic(err)
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := site.Client().Do(req)
		if err != nil {
			panic(err)
		}
		defer func() { _ = resp.Body.Close() }()
		body, _ := io.ReadAll(resp.Body)
		fmt.Printf("%d %q %q\n", resp.StatusCode, body, resp.Header.Get("WWW-Authenticate"))
	}
	get(srv.IssueToken(authtest.TokenSpec{Sub: "1849755119840497664"}))
	get("")
	get(srv.IssueToken(authtest.TokenSpec{Kind: authtest.AnonymousToken}))
	// Output:
	// 200 "hello, 1849755119840497664" ""
	// 401 "Unauthorized\n" "Bearer realm=\"authtest\""
	// 401 "Unauthorized\n" "Bearer realm=\"authtest\", error=\"invalid_token\", error_description=\"anonymous users are not accepted\""
}

// A test of a handler needs no token.
func ExampleNewContext() {
	handler := func(w http.ResponseWriter, r *http.Request) {
		claims, _ := accesstoken.FromContext(r.Context())
		_, _ = io.WriteString(w, "hello, "+claims.Subject)
	}
	ctx := accesstoken.NewContext(context.Background(), &accesstoken.Claims{Subject: "1849755119840497664"})
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	w := httptest.NewRecorder()
	handler(w, r)
	fmt.Println(w.Body)
	// Output: hello, 1849755119840497664
}
