package reliability

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// Place is a kind of store, and how the replicas of a backend come to it.
type Place struct {
	Store string // its name, in tables
	// Open returns a store on the sessions that all replicas share. It is called once for each; tb closes what it has opened.
	Open func(tb testing.TB) tcbauth.TokenStore
}

// Memory is a store that has no place but itself, so that the replicas share it.
func Memory() Place {
	store := tcbauth.NewMemoryStore()
	return Place{Store: "memory", Open: func(testing.TB) tcbauth.TokenStore { return store }}
}

// Starter starts the server of a fleet, which ends with the test.
type Starter func(tb testing.TB, opts ...authtest.Option) *authtest.Server

// InMemory starts a server that needs no network and goes by the clock of a bubble of synctest.
func InMemory(tb testing.TB, opts ...authtest.Option) *authtest.Server {
	tb.Helper()
	return authtest.NewServer(tb, opts...)
}

// OnLoopback starts a server that is reached by TCP.
func OnLoopback(tb testing.TB, opts ...authtest.Option) *authtest.Server {
	tb.Helper()
	srv, err := authtest.Listen("127.0.0.1:0", opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := srv.Close(); err != nil {
			tb.Error(err)
		}
	})
	return srv
}

// Fleet is a server, the replicas of a backend that share a place, and the users of that backend.
type Fleet struct {
	Server *authtest.Server
	Clocks []*Clock // one of each replica

	apps  []*tcbauth.App
	users []*user
}

// Clock is the clock of one machine. The zero value is right.
type Clock struct{ ahead atomic.Int64 }

// Jump puts the clock forward, or back.
func (c *Clock) Jump(d time.Duration) { c.ahead.Add(int64(d)) }

func (c *Clock) now() time.Time { return time.Now().Round(0).Add(time.Duration(c.ahead.Load())) }

// crew is how large a fleet is, and by which rules its server goes.
type crew struct {
	users, replicas int
	usable          time.Duration // for which a client uses an access token
	policy          authtest.RefreshPolicy
	start           Starter
}

// margin is the time before its end from which a client uses a token no more.
const margin = 30 * time.Second

const password = "correct-horse-1" // everybody's

// newFleet starts a fleet whose users have signed in.
func newFleet(tb testing.TB, p Place, c crew) *Fleet {
	tb.Helper()
	f := &Fleet{Server: c.start(tb, authtest.WithoutLimits(), authtest.WithAccessTokenLifetime(c.usable+margin), authtest.WithRefreshPolicy(c.policy))}
	for range c.replicas {
		clock := new(Clock)
		transport := f.Server.Client().Transport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 256
		tb.Cleanup(transport.CloseIdleConnections)
		app, err := tcbauth.NewApp(f.Server.Env, tcbauth.WithBaseURL(f.Server.URL), tcbauth.WithTokenStore(p.Open(tb)),
			tcbauth.WithHTTPClient(&http.Client{Transport: transport}), tcbauth.WithClock(clock.now))
		if err != nil {
			tb.Fatal(err)
		}
		f.Clocks, f.apps = append(f.Clocks, clock), append(f.apps, app)
	}
	for i := range c.users {
		v := &user{name: fmt.Sprintf("user_%06d", i), tokens: make(map[string]time.Time)}
		f.Server.Seed(authtest.User{Sub: v.name, Username: v.name, Password: password})
		f.users = append(f.users, v)
	}
	f.each(func(i int, v *user) {
		if err := v.signIn(tb.Context(), f.apps[i%len(f.apps)]); err != nil {
			tb.Errorf("%s cannot sign in: %v", v.name, err)
		}
	})
	return f
}

// crowd is how many users do something at once, where all of them do it.
const crowd = 32

// each calls f for all users, for some at a time.
func (f *Fleet) each(call func(i int, v *user)) {
	next := make(chan int)
	var all sync.WaitGroup
	for range min(crowd, len(f.users)) {
		all.Go(func() {
			for i := range next {
				call(i, f.users[i])
			}
		})
	}
	for i := range f.users {
		next <- i
	}
	close(next)
	all.Wait()
}

// shutdown ends the replicas, as a server does that is stopped.
func (f *Fleet) shutdown(ctx context.Context) error {
	for _, app := range f.apps {
		if err := app.Shutdown(ctx); err != nil {
			return err
		}
	}
	return nil
}

// user has a session, under a name that no other user has.
type user struct {
	name  string
	moves sync.Mutex // held while the user signs in or out, where several requests may

	mu       sync.Mutex
	presence presence
	changes  int                  // of the presence
	ended    bool                 // was told, while in, that the session has ended
	tokens   map[string]time.Time // when each was first seen
}

// firstSeen returns when an access token was first given out, which may be now.
func (v *user) firstSeen(token string) time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	at, ok := v.tokens[token]
	if !ok {
		at = time.Now()
		v.tokens[token] = at
	}
	return at
}

// told notes that the user's session has ended.
func (v *user) told() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ended = true
}

// presence is what a user has made of their session.
type presence int

const (
	unsure presence = iota // signing in or out has failed, or goes on
	in
	out
)

func (v *user) is() (presence, int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.presence, v.changes
}

func (v *user) become(p presence) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.presence = p
	v.changes++
}

func (v *user) signIn(ctx context.Context, app *tcbauth.App) error {
	v.become(unsure)
	state, err := app.ForUser(v.name).SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{Username: v.name, Password: password})
	if err != nil {
		return err
	}
	v.firstSeen(state.Credentials.AccessToken)
	v.become(in)
	return nil
}

func (v *user) signOut(ctx context.Context, app *tcbauth.App) error {
	v.become(unsure)
	err := app.ForUser(v.name).SignOut(ctx)
	if gone(err) {
		err = nil
	}
	if err == nil {
		v.become(out)
	}
	return err
}

// owner is the person whom an access token names.
func owner(token string) string {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	data, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return ""
	}
	var claims struct {
		Sub string `json:"sub"`
	}
	if json.Unmarshal(data, &claims) != nil {
		return ""
	}
	return claims.Sub
}
