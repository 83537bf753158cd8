package tcbauth_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/ticket"
)

func ExampleNewApp() {
	app, err := tcbauth.NewApp("your-env-id", tcbauth.WithTokenStore(tcbauth.NewMemoryStore()), tcbauth.WithStoredOtp())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(app.Env(), "at", app.BaseURL())
	// Output: your-env-id at https://your-env-id.ap-shanghai.tcb-api.tencentcloudapi.com
}

// What must be right is checked before anything is sent.
func ExampleNewApp_mistake() {
	_, err := tcbauth.NewApp("your-env-id", tcbauth.WithLanguage("zh_CN"))
	fmt.Println(err)
	// Output: tcbauth: WithLanguage: not a language tag, such as en-US, and not a value of Accept-Language
}

// An emulator on this machine, or any other server. Plain http works on loopback addresses only.
func ExampleWithBaseURL() {
	auth, err := tcbauth.New("test-env", tcbauth.WithBaseURL("http://127.0.0.1:9190"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(auth.BaseURL())
	_, err = tcbauth.New("test-env", tcbauth.WithBaseURL("http://emulator.example.com"))
	fmt.Println(err != nil)
	// Output:
	// http://127.0.0.1:9190
	// true
}

// A program that starts again finds its session in the store.
func ExampleWithTokenStore() {
	_, srv, done := emulated()
	defer done()
	ctx := context.Background()
	store := tcbauth.NewMemoryStore() // a program uses filestore, keyringstore, redisstore or sqlstore

	for range 2 {
		auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithTokenStore(store))
		if err != nil {
			fmt.Println(err)
			return
		}
		if _, err := auth.GetAccessToken(ctx); errors.Is(err, tcbauth.ErrNoSession) {
			fmt.Println("sign in")
			_, err = auth.SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{Username: "gopher_01", Password: "correct-horse-1"})
			if err != nil {
				fmt.Println(err)
			}
			continue
		}
		fmt.Println("signed in already")
	}
	// Output:
	// sign in
	// signed in already
}

// The call that finds the token near its end gets that token at once; a new one comes in the background.
func ExampleWithRefreshAhead() {
	_, err := tcbauth.NewApp("your-env-id", tcbauth.WithRefreshAhead(10*time.Minute))
	fmt.Println(err)
	// Output: <nil>
}

// One debug record for each attempt of a request, without secrets.
func ExampleWithLogger() {
	_, srv, done := emulated()
	defer done()
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { // leaves the example with what is always the same
			if a.Key == slog.LevelKey || a.Key == slog.MessageKey {
				return a
			}
			return slog.Attr{}
		},
	}))
	auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithLogger(logger))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = auth.IsUsernameRegistered(context.Background(), tcbauth.IsUsernameRegisteredRequest{Username: "gopher_01"})
	if err != nil {
		fmt.Println(err)
	}
	// Output: level=DEBUG msg="tcbauth request"
}

// The users of another system: the key of ForUser is the id that this system has for them.
func ExampleWithTicketSource() {
	_, srv, done := emulated()
	defer done()
	signer, err := ticket.NewSigner(srv.TicketKey()) // in a program: the key file from the console
	if err != nil {
		fmt.Println(err)
		return
	}
	app, err := tcbauth.NewApp(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithTicketSource(ticket.Source(signer)))
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := app.ForUser("user-0001").SignInWithCustomTicket(context.Background(), tcbauth.SignInWithCustomTicketRequest{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("signed in:", state.User.Sub != "")
	// Output: signed in: true
}

// A service that received an access token asks CloudBase who it belongs to.
func ExampleApp_ForToken() {
	auth, _, done := signedIn()
	defer done()
	ctx := context.Background()
	token, err := auth.GetAccessToken(ctx) // what a request would carry
	if err != nil {
		fmt.Println(err)
		return
	}

	app, err := tcbauth.NewApp(auth.Env(), tcbauth.WithBaseURL(auth.BaseURL()))
	if err != nil {
		fmt.Println(err)
		return
	}
	user, err := app.ForToken(token).GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(user.Username)
	// Output: gopher_01
}

// A server waits for its sessions to be stored before it exits.
func ExampleApp_Shutdown() {
	app, err := tcbauth.NewApp("your-env-id")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println(app.Shutdown(ctx)) // after the http.Server's own Shutdown
	// Output: <nil>
}

// Calling another API of the environment as the signed-in user. Make the client once per user and keep it.
func ExampleAuth_Transport() {
	srv, err := authtest.Listen("127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = srv.Close() }()
	srv.Seed(authtest.User{Username: "gopher_01", Password: "correct-horse-1"})
	base, err := url.Parse(srv.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	gateway := http.NewServeMux() // has sign-in and functions under one host, as CloudBase's gateway has
	gateway.Handle("/auth/", httputil.NewSingleHostReverseProxy(base))
	gateway.HandleFunc("/v1/functions/hello", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			_, _ = io.WriteString(w, "the function sees a token\n")
		}
	})
	api := httptest.NewServer(gateway)
	defer api.Close()
	ctx := context.Background()
	auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(api.URL))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = auth.SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{Username: "gopher_01", Password: "correct-horse-1"})
	if err != nil {
		fmt.Println(err)
		return
	}

	client := &http.Client{Transport: auth.Transport(nil)}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, api.URL+"/v1/functions/hello", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := client.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(os.Stdout, resp.Body)
	// Output: the function sees a token
}

// Whoever reads the store learns nothing but the names of keys.
func ExampleSealed() {
	key := make([]byte, 32) // from the program's configuration, and random
	_, _ = rand.Read(key)
	store := tcbauth.NewMemoryStore()
	sealed, err := tcbauth.Sealed(store, key)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := sealed.Set(ctx, "device_id", []byte("0123456789abcdef"), 0); err != nil {
		fmt.Println(err)
		return
	}
	opened, err := sealed.Get(ctx, "device_id")
	fmt.Println(string(opened), err)
	raw, err := store.Get(ctx, "device_id")
	fmt.Println(len(raw), err)
	// Output:
	// 0123456789abcdef <nil>
	// 52 <nil>
}
