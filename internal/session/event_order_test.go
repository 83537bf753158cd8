package session_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// told is an event and whose session it shows.
type told struct {
	event tcbauth.Event
	sub   string
}

// toldBy listens to auth. The function returns what was told so far, once all is delivered.
func toldBy(auth *tcbauth.Auth) func() []told {
	var mu sync.Mutex
	var all []told
	auth.OnAuthStateChange(func(e tcbauth.AuthEvent) {
		mu.Lock()
		defer mu.Unlock()
		sub := ""
		if e.Session != nil {
			sub = e.Session.Sub
		}
		all = append(all, told{e.Event, sub})
	})
	return func() []told {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// lastOf is the last event of those that say who is signed in.
func lastOf(all []told) (last told) {
	for _, e := range all {
		if e.event == tcbauth.EventSignedIn || e.event == tcbauth.EventSignedOut {
			last = e
		}
	}
	return last
}

// heldAnswer is an option that keeps the next answer of a path back, until release is called.
func heldAnswer(t *testing.T, srv *authtest.Server, path string) (opt tcbauth.Option, release func()) {
	t.Helper()
	wire, gate := testbed.NewTap(srv), make(chan struct{})
	var once, released sync.Once
	wire.Answered = func(got string) {
		if strings.HasSuffix(got, path) {
			hold := false
			once.Do(func() { hold = true })
			if hold {
				<-gate
			}
		}
	}
	release = func() { released.Do(func() { close(gate) }) }
	t.Cleanup(release)
	return wire.Client(), release
}

// TestEventsOfAnOvertakenSignIn: a sign-in has stored its session and still waits for the user when something else becomes
// of the session. The last word is about what is so in the end, and nobody is announced who is not there any more.
func TestEventsOfAnOvertakenSignIn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		overtake func(t *testing.T, here, sibling *tcbauth.Auth)
		sub      string // who is signed in at the end
	}{
		"signed out": {func(t *testing.T, here, _ *tcbauth.Auth) { require.NoError(t, here.SignOut(t.Context())) }, ""},
		"signed out by redirect": {func(t *testing.T, here, _ *tcbauth.Auth) {
			_, err := here.SignOutWithRedirect(t.Context(), tcbauth.SignOutRequest{})
			require.NoError(t, err)
		}, ""},
		"deleted": {func(t *testing.T, here, _ *tcbauth.Auth) {
			require.NoError(t, here.DeleteUser(t.Context(), tcbauth.DeleteUserRequest{Password: testbed.Password}))
		}, ""},
		"somebody else signed in": {func(t *testing.T, here, _ *tcbauth.Auth) { testbed.SignInAs(t, here, testbed.Badger) }, testbed.BadgerSub},
		"signed out, and somebody else in": {func(t *testing.T, here, _ *tcbauth.Auth) {
			require.NoError(t, here.SignOut(t.Context()))
			testbed.SignInAs(t, here, testbed.Badger)
		}, testbed.BadgerSub},
		"somebody else's session taken over": {func(t *testing.T, here, sibling *tcbauth.Auth) {
			c := foreignPair(t, sibling)
			_, err := here.SetSession(t.Context(), tcbauth.SetSessionRequest{AccessToken: c.AccessToken, RefreshToken: c.RefreshToken})
			require.NoError(t, err)
		}, testbed.BadgerSub},
		"signed out by another handle": {func(t *testing.T, _, sibling *tcbauth.Auth) {
			require.NoError(t, sibling.SignOut(t.Context()))
		}, ""},
		"somebody else signed in by another handle": {func(t *testing.T, _, sibling *tcbauth.Auth) { testbed.SignInAs(t, sibling, testbed.Badger) }, testbed.BadgerSub},
	} {
		for _, first := range []string{"password", "sms", "anonymous"} {
			t.Run(name+", "+first, func(t *testing.T) {
				t.Parallel()
				if first == "anonymous" && name == "deleted" {
					return // who has no password
				}
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t, authtest.WithoutLimits())
					held, release := heldAnswer(t, srv, "/user/me")
					app := testbed.NewApp(t, srv, held)
					here, sibling := app.ForUser("visitor"), app.ForUser("visitor")
					var signIn func() (*tcbauth.LoginState, error)
					switch first {
					case "password":
						signIn = func() (*tcbauth.LoginState, error) {
							return here.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: testbed.Gopher, Password: testbed.Password})
						}
					case "sms":
						req := testbed.Sms(t, srv, testbed.NewApp(t, srv).Auth(), testbed.GopherPhone)
						signIn = func() (*tcbauth.LoginState, error) { return here.SignInWithSms(t.Context(), req) }
					case "anonymous":
						signIn = func() (*tcbauth.LoginState, error) {
							return here.SignInAnonymously(t.Context(), tcbauth.SignInAnonymouslyRequest{})
						}
					}
					events := toldBy(here)
					signing := testbed.Background(func() (string, error) { _, err := signIn(); return "", err })
					test.overtake(t, here, sibling)
					release()
					require.NoError(t, (<-signing).Err, "its session was stored")
					want := told{tcbauth.EventSignedOut, ""}
					if test.sub != "" {
						want = told{tcbauth.EventSignedIn, test.sub}
					}
					assert.Equal(t, want, lastOf(events()))
				})
			})
		}
	}
}

// foreignPair is badger's session in a client of their own on the same server. The handle's server is that of auth.
func foreignPair(t *testing.T, auth *tcbauth.Auth) *tcbauth.Credentials {
	t.Helper()
	c, err := auth.GrantToken(t.Context(), tcbauth.GrantTokenRequest{GrantType: "password", Username: testbed.Badger, Password: testbed.Password})
	require.NoError(t, err)
	return c
}

// TestEventsInTheOrderOfTheStore: the first change has been made and its caller is held up; the second one follows. What
// is told last is what was stored last.
func TestEventsInTheOrderOfTheStore(t *testing.T) {
	t.Parallel()
	type step func(t *testing.T, auth *tcbauth.Auth)
	signOut := func(t *testing.T, auth *tcbauth.Auth) { assert.NoError(t, auth.SignOut(t.Context())) }
	signIn := func(who string) step {
		return func(t *testing.T, auth *tcbauth.Auth) {
			_, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: who, Password: testbed.Password})
			assert.NoError(t, err)
		}
	}
	takeOver := func(t *testing.T, auth *tcbauth.Auth) {
		c := foreignPair(t, auth)
		_, err := auth.SetSession(t.Context(), tcbauth.SetSessionRequest{AccessToken: c.AccessToken, RefreshToken: c.RefreshToken})
		assert.NoError(t, err)
	}
	for name, test := range map[string]struct {
		first, second step
		want          told
	}{
		"out, then somebody else in":         {signOut, signIn(testbed.Badger), told{tcbauth.EventSignedIn, testbed.BadgerSub}},
		"out, then the same person in":       {signOut, signIn(testbed.Gopher), told{tcbauth.EventSignedIn, testbed.GopherSub}},
		"out, then somebody else taken over": {signOut, takeOver, told{tcbauth.EventSignedIn, testbed.BadgerSub}},
		"in, then out":                       {signIn(testbed.Gopher), signOut, told{tcbauth.EventSignedOut, ""}},
		"in, then somebody else in":          {signIn(testbed.Gopher), signIn(testbed.Badger), told{tcbauth.EventSignedIn, testbed.BadgerSub}},
		"taken over, then out":               {takeOver, signOut, told{tcbauth.EventSignedOut, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := newLateStore()
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				testbed.SignInAs(t, auth, testbed.Gopher)
				events := toldBy(auth)
				release := store.hold(t, "Unlock")
				first := testbed.Background(func() (string, error) { test.first(t, auth); return "", nil })
				second := testbed.Background(func() (string, error) { test.second(t, auth); return "", nil })
				release()
				<-first
				<-second
				assert.Equal(t, test.want, lastOf(events()))
			})
		})
	}
}

// TestOneChangeOneEvent: calls that share a refresh are told of it once, on each handle that takes part.
func TestOneChangeOneEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		events := toldBy(auth)
		srv.Advance(testbed.TokenLifetime)
		testbed.Slow(srv, "token", 1)
		one, two := testbed.Background(testbed.Getting(t.Context(), auth)), testbed.Background(testbed.Getting(t.Context(), auth))
		require.NoError(t, (<-one).Err)
		require.NoError(t, (<-two).Err)
		assert.Equal(t, []told{{tcbauth.EventTokenRefreshed, testbed.GopherSub}}, events())
		require.NoError(t, auth.SignOut(t.Context()))
		assert.Equal(t, []told{{tcbauth.EventTokenRefreshed, testbed.GopherSub}, {tcbauth.EventSignedOut, ""}}, events())
	})
}
