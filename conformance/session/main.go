// Command session is the Go half of the test that a session travels between this client and the js-sdk: each run does one
// thing with the session in a directory of package filestore. What it says is JSON on standard output.
//
//	session -dir DIR -url URL -env ENV -do signin -username NAME -password WORD [-v2]
//	session -dir DIR -url URL -env ENV -do whoami|token|refresh|signout
//	session -dir DIR -env ENV -do show|put
//
// show prints the text that is stored as the session, put stores the text on standard input. With -ahead the program's
// clock runs ahead of the machine's.
//
// The client is one of the environment's own host, since the js-sdk's key of a session is that of this host alone: what it
// sends goes to URL instead.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/filestore"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "session:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	dir := flag.String("dir", "", "`directory` of the session")
	server := flag.String("url", "", "the server's `URL`")
	env := flag.String("env", "", "the environment's `id`")
	do := flag.String("do", "", "what to do")
	username := flag.String("username", "", "`name` for signin")
	password := flag.String("password", "", "`password` for signin")
	v2 := flag.Bool("v2", false, "sign in by the API's second version")
	ahead := flag.Duration("ahead", 0, "how far the clock runs ahead")
	flag.Parse()

	store, err := filestore.New(*dir)
	if err != nil {
		return err
	}
	key := "credentials_" + *env
	switch *do {
	case "show":
		value, err := store.Get(ctx, key)
		if err != nil {
			return err
		}
		_, err = os.Stdout.Write(value)
		return err
	case "put":
		value, err := io.ReadAll(os.Stdin)
		if err != nil {
			return err
		}
		return store.Set(ctx, key, value, 0)
	}
	to, err := url.Parse(*server)
	if err != nil {
		return err
	}
	auth, err := tcbauth.New(*env, tcbauth.WithTokenStore(store), tcbauth.WithHTTPClient(&http.Client{Transport: detour{to}}),
		tcbauth.WithClock(func() time.Time { return time.Now().Add(*ahead) }))
	if err != nil {
		return err
	}
	answer, err := call(ctx, auth, *do, tcbauth.SignInRequest{Username: *username, Password: *password, Version: version(*v2)})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

// detour sends every request to another server.
type detour struct{ to *url.URL }

func (d detour) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = d.to.Scheme, d.to.Host
	return http.DefaultTransport.RoundTrip(r)
}

func version(v2 bool) string {
	if v2 {
		return "v2"
	}
	return "v1"
}

// call does what has to do with the server.
func call(ctx context.Context, auth *tcbauth.Auth, do string, signIn tcbauth.SignInRequest) (any, error) {
	switch do {
	case "signin":
		state, err := auth.SignIn(ctx, signIn)
		if err != nil {
			return nil, err
		}
		return state.User, nil
	case "whoami":
		return auth.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
	case "token":
		return auth.GetAccessToken(ctx)
	case "refresh":
		return auth.RefreshSession(ctx, tcbauth.RefreshSessionRequest{})
	case "signout":
		return struct{}{}, auth.SignOut(ctx)
	default:
		return nil, fmt.Errorf("-do %q is unknown", do)
	}
}
