package testbed

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

const (
	// TokenHelper is the name of the helper that Tokens returns.
	TokenHelper = "tokens"

	failure = "error: " // is what an answer begins with that is not a token
)

// Tokens returns a helper that answers every line, which is the time, with the access token, or with what went wrong. Each
// time it is a new client, as a tool is that is started again. open opens the store that the test means by where.
func Tokens(open func(where string) (tcbauth.TokenStore, error)) Helper {
	return func(args []string) error {
		where, url, name := args[0], args[1], args[2]
		store, err := open(where)
		if err != nil {
			return err
		}
		client := new(http.Client)
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			auth, err := RaceAuth(store, url, name, in.Text(), client)
			if err != nil {
				return err
			}
			token, err := auth.GetAccessToken(context.Background())
			fmt.Println(TokenLine(token, err))
		}
		return in.Err()
	}
}

// TokenLine is a line with a token, or with what went wrong.
func TokenLine(token string, err error) string {
	if err != nil {
		return failure + strings.ReplaceAll(err.Error(), "\n", " ")
	}
	return token
}

// RaceAuth returns a client for which it is a given time, in nanoseconds since 1970. The emulator sees its name as the
// device id.
func RaceAuth(store tcbauth.TokenStore, url, name, now string, client *http.Client) (*tcbauth.Auth, error) {
	nanoseconds, err := strconv.ParseInt(now, 10, 64)
	if err != nil {
		return nil, err
	}
	return tcbauth.New(EmulatorEnv, tcbauth.WithBaseURL(url), tcbauth.WithTokenStore(store), tcbauth.WithDeviceID(name),
		tcbauth.WithHTTPClient(client), tcbauth.WithClock(func() time.Time { return time.Unix(0, nanoseconds) }))
}

// Race is a session in a store, with a server, and processes that share both.
type Race struct {
	Server *authtest.Server
	Store  tcbauth.TokenStore
	where  string
	client *http.Client
	peers  int // started so far
}

// NewRace starts a server whose refresh tokens follow policy, and signs in. store is the test's own, and where says to
// another process which one that is.
func NewRace(t testing.TB, where string, store tcbauth.TokenStore, policy authtest.RefreshPolicy) *Race {
	t.Helper()
	srv, err := authtest.Listen("127.0.0.1:0", authtest.WithRefreshPolicy(policy))
	if err != nil {
		t.Fatal(err)
	}
	transport := new(http.Transport)
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	srv.Seed(authtest.User{Username: Gopher, Password: Password})
	r := &Race{Server: srv, Store: store, where: where, client: &http.Client{Transport: transport}}
	r.SignIn(t)
	return r
}

// SignIn makes a new session, in place of the one in the store.
func (r *Race) SignIn(t testing.TB) *tcbauth.Credentials {
	t.Helper()
	auth, err := RaceAuth(r.Store, r.Server.URL, "the-test-process", r.Now(), r.client)
	if err != nil {
		t.Fatal(err)
	}
	state, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: Gopher, Password: Password})
	if err != nil {
		t.Fatalf("signing in: %v", err)
	}
	return state.Credentials
}

// Stored returns the session that the store has.
func (r *Race) Stored(t testing.TB) *tcbauth.Credentials {
	t.Helper()
	c := Stored(t, r.Store, r.Key())
	if c == nil {
		t.Fatal("no session is stored")
	}
	return c
}

// Key is where the store has the session.
func (r *Race) Key() string { return SessionKey(r.Server.URL, r.Server.Env) }

// Now is the server's time, in nanoseconds since 1970.
func (r *Race) Now() string { return strconv.FormatInt(r.Server.Now().UnixNano(), 10) }

// Expire lets so much time go by that no access token is good any more.
func (r *Race) Expire() { r.Server.Advance(TokenLifetime) }

// Start starts a helper with the arguments that those of Tokens get, and more.
func (r *Race) Start(t testing.TB, helper string, more ...string) *Process {
	t.Helper()
	r.peers++
	name := fmt.Sprintf("process-%08d", r.peers)
	p := StartProcess(t, helper, append([]string{r.where, r.Server.URL, name}, more...)...)
	p.Name = name
	return p
}

func (r *Race) start(t testing.TB, n int) []*Process {
	t.Helper()
	peers := make([]*Process, n)
	for i := range peers {
		peers[i] = r.Start(t, TokenHelper)
	}
	return peers
}

// Ask has all of them look for a token at once.
func (r *Race) Ask(t testing.TB, peers ...*Process) {
	t.Helper()
	now := r.Now()
	for _, p := range peers {
		p.Say(t, now)
	}
}

// Heard returns what they found, a line of each.
func Heard(t testing.TB, peers ...*Process) (answers []string) {
	t.Helper()
	for _, p := range peers {
		answers = append(answers, p.MustHear(t))
	}
	return answers
}

// RequireToken returns the one token that all answers are, which must be good.
func (r *Race) RequireToken(t testing.TB, answers ...string) string {
	t.Helper()
	for _, answer := range answers {
		switch {
		case strings.HasPrefix(answer, failure):
			t.Fatalf("a process has no token: %s", answer)
		case answer != answers[0]:
			t.Fatal("two processes have different tokens")
		}
	}
	app, err := tcbauth.NewApp(EmulatorEnv, tcbauth.WithBaseURL(r.Server.URL), tcbauth.WithHTTPClient(r.client))
	if err != nil {
		t.Fatal(err)
	}
	user, err := app.ForToken(answers[0]).GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
	if err != nil {
		t.Fatalf("the session is lost: %v", err)
	}
	if user.Username != Gopher {
		t.Fatalf("a token of %q", user.Username)
	}
	return answers[0]
}
