package tcbauth_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// Every test here also shows that no goroutine is left: a bubble does not end while one waits for ever.

func TestEventsInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		var events []tcbauth.AuthEvent
		auth.OnAuthStateChange(func(e tcbauth.AuthEvent) { events = append(events, e) })
		inThatOrder := testbed.EventsOf(auth)

		first := testbed.SignInAs(t, auth, testbed.Gopher)
		second, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		require.NoError(t, err)
		srv.Advance(testbed.TokenLifetime)
		third, err := auth.GetCredentials(t.Context())
		require.NoError(t, err)
		next := testbed.SignInAs(t, auth, testbed.Badger)
		require.NoError(t, auth.SignOut(t.Context()))

		assert.Equal(t, []tcbauth.Event{
			tcbauth.EventSignedIn, tcbauth.EventTokenRefreshed, tcbauth.EventTokenRefreshed, tcbauth.EventSignedIn, tcbauth.EventSignedOut,
		}, inThatOrder())
		require.Len(t, events, 5)
		for i, c := range []*tcbauth.Credentials{first, second, third, next} {
			require.NotNil(t, events[i].Session)
			assert.True(t, events[i].Session.AccessToken == c.AccessToken, i)
		}
		assert.Nil(t, events[4].Session)
	})
}

// TestInitialSession fires once, at the first look at the store that finds somebody, and not for who signs in here.
func TestInitialSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		newAuth := func() *tcbauth.Auth { return testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth() }
		here := newAuth()
		events := testbed.EventsOf(here)
		testbed.RequireNobody(t, here)
		assert.Empty(t, events(), "nobody is there")
		c := testbed.SignInAs(t, here, testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		_, err := here.GetAccessToken(t.Context()) // looks at the store again
		require.NoError(t, err)
		assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedIn, tcbauth.EventTokenRefreshed}, events())

		for name, look := range map[string]func(*tcbauth.Auth) error{
			"GetAccessToken": func(a *tcbauth.Auth) error { _, err := a.GetAccessToken(t.Context()); return err },
			"HasLoginState":  func(a *tcbauth.Auth) error { _, err := a.HasLoginState(t.Context()); return err },
			"GetUserInfo":    func(a *tcbauth.Auth) error { _, err := testbed.GetMe(t, a); return err },
		} {
			auth := newAuth()
			events := testbed.EventsOf(auth)
			for range 3 {
				require.NoError(t, look(auth))
			}
			assert.Equal(t, []tcbauth.Event{tcbauth.EventInitialSession}, events(), name)
		}

		testbed.Put(t, store, testbed.DefaultKey, c) // expired
		there := newAuth()
		events = testbed.EventsOf(there)
		_, err = there.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		assert.Equal(t, []tcbauth.Event{tcbauth.EventInitialSession, tcbauth.EventSessionExpired}, events())
	})
}

// TestSilentChanges: what the js-sdk tells nobody about, this package does not either.
func TestSilentChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		events := testbed.EventsOf(auth)
		require.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: "a", ExpiresIn: 7200}))
		require.NoError(t, auth.SetCredentials(t.Context(), nil))
		assert.Empty(t, events())
	})
}

func TestBlockedHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		gate := make(chan struct{})
		var late []tcbauth.Event
		auth.OnAuthStateChange(func(e tcbauth.AuthEvent) {
			<-gate
			late = append(late, e.Event)
		})
		events := testbed.EventsOf(auth)
		testbed.SignInAs(t, auth, testbed.Gopher)
		require.NoError(t, auth.SignOut(t.Context()))
		want := []tcbauth.Event{tcbauth.EventSignedIn, tcbauth.EventSignedOut}
		assert.Equal(t, want, events(), "the other handler")
		close(gate)
		synctest.Wait()
		assert.Equal(t, want, late, "nothing is lost")
	})
}

func TestPanickingHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		logged, log := testbed.Warnings()
		auth := testbed.NewApp(t, srv, logged).Auth()
		calls := 0
		auth.OnAuthStateChange(func(e tcbauth.AuthEvent) {
			calls++
			if e.Session != nil {
				panic("the value has " + e.Session.AccessToken)
			}
			panic(e)
		})
		events := testbed.EventsOf(auth)
		c := testbed.SignInAs(t, auth, testbed.Gopher)
		require.NoError(t, auth.SignOut(t.Context()))
		assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedIn, tcbauth.EventSignedOut}, events())
		assert.Equal(t, 2, calls)
		assert.Contains(t, log.String(), "panicked")
		assert.NotContains(t, log.String(), "the value")
		testbed.RequireNoTokens(t, log.String(), c)
	})
}

func TestUnsubscribe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		calls := make([]int, 3)
		unsubscribe := make([]func(), len(calls))
		for i := range calls {
			unsubscribe[i] = auth.OnAuthStateChange(func(tcbauth.AuthEvent) {
				calls[i]++
				if i == 2 {
					unsubscribe[i]() // from within
				}
			})
		}
		testbed.SignInAs(t, auth, testbed.Gopher)
		synctest.Wait()
		unsubscribe[1]()
		unsubscribe[1]() // harmless
		require.NoError(t, auth.SignOut(t.Context()))
		synctest.Wait()
		assert.Equal(t, []int{2, 1, 1}, calls)
	})
}

// TestUnsubscribeWithAQueue: what waits behind a handler that is still busy is not delivered any more.
func TestUnsubscribeWithAQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		gate := make(chan struct{})
		calls := 0
		unsubscribe := auth.OnAuthStateChange(func(tcbauth.AuthEvent) {
			calls++
			<-gate
		})
		testbed.SignInAs(t, auth, testbed.Gopher)
		require.NoError(t, auth.SignOut(t.Context()))
		synctest.Wait()
		unsubscribe()
		close(gate)
		synctest.Wait()
		assert.Equal(t, 1, calls)
	})
}

// TestHandlerCallsBack: a handler may use the Auth whose change it is told, also for what changes it again.
func TestHandlerCallsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		var events []tcbauth.Event
		var errs []error
		auth.OnAuthStateChange(func(e tcbauth.AuthEvent) {
			events = append(events, e.Event)
			var err error
			switch e.Event {
			case tcbauth.EventSignedIn:
				_, err = auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
			case tcbauth.EventTokenRefreshed:
				if _, err = auth.GetAccessToken(t.Context()); err == nil {
					err = auth.SignOut(t.Context())
				}
			case tcbauth.EventSignedOut:
				auth.OnAuthStateChange(func(tcbauth.AuthEvent) {})
			case tcbauth.EventInitialSession:
			}
			errs = append(errs, err)
		})
		testbed.SignInAs(t, auth, testbed.Gopher)
		synctest.Wait()
		want := []tcbauth.Event{tcbauth.EventSignedIn, tcbauth.EventTokenRefreshed, tcbauth.EventSignedOut}
		assert.Equal(t, want, events)
		for _, err := range errs {
			require.NoError(t, err)
		}
		testbed.RequireNobody(t, auth)
	})
}

// TestEventsAreCopies: a handler may change what it gets; neither the session nor another handler sees it.
func TestEventsAreCopies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		var seen [2][]string // a handler's own: the two run side by side
		for i := range seen {
			auth.OnAuthStateChange(func(e tcbauth.AuthEvent) {
				seen[i] = append(seen[i], e.Session.AccessToken, e.Session.Groups[0])
				e.Session.AccessToken, e.Session.Groups[0] = "changed", "changed"
			})
		}
		c := testbed.SignInAs(t, auth, testbed.Gopher)
		synctest.Wait()
		for i := range seen {
			assert.Len(t, seen[i], 2)
			assert.False(t, slices.Contains(seen[i], "changed"))
		}
		testbed.RequireToken(t, auth, c.AccessToken)
		got, err := auth.GetCredentials(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"staff"}, got.Groups)
	})
}

// TestEventsOfOtherHandles: an Auth tells of what was done through it. Each visitor's handle is an Auth of its own.
func TestEventsOfOtherHandles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		app := testbed.NewApp(t, srv)
		here, there := app.ForUser("visitor"), app.ForUser("visitor")
		events := testbed.EventsOf(there)
		testbed.SignInAs(t, here, testbed.Gopher)
		assert.Empty(t, events())
		_, err := there.GetAccessToken(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []tcbauth.Event{tcbauth.EventInitialSession}, events())
		srv.Fault(authtest.Fault{Operation: "revoke", Times: 1, Error: &authtest.Error{Code: "internal"}})
		require.Error(t, there.SignOut(t.Context()))
		assert.Equal(t, []tcbauth.Event{tcbauth.EventInitialSession, tcbauth.EventSignedOut}, events())
	})
}

// TestInitialState: a handler that asks for it is told first, and once, who is signed in.
func TestInitialState(t *testing.T) {
	t.Parallel()
	broken := errors.New("no connection")
	for name, test := range map[string]struct {
		before func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) // through another handle
		known  bool                                                         // the handle has looked already
		store  error
		sub    string
		err    error
	}{
		"nobody":                 {},
		"nobody, as it knows":    {known: true},
		"somebody":               {before: signInGopher, sub: testbed.GopherSub},
		"somebody whom it knows": {before: signInGopher, known: true, sub: testbed.GopherSub},
		"somebody whose token is over": {before: func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
			signInGopher(t, srv, auth)
			srv.Advance(testbed.TokenLifetime)
		}, sub: testbed.GopherSub},
		"a store that fails": {before: signInGopher, store: broken, err: tcbauth.ErrStore},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := testbed.NewHookedStore()
				app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
				if test.before != nil {
					test.before(t, srv, app.ForUser("visitor"))
				}
				auth := app.ForUser("visitor")
				if test.known {
					_, err := auth.HasLoginState(t.Context())
					require.NoError(t, err)
				}
				store.On(func(string, string) error { return test.store })
				others := testbed.EventsOf(auth)
				var events []tcbauth.AuthEvent
				unsubscribe := auth.OnAuthStateChange(func(e tcbauth.AuthEvent) { events = append(events, e) }, tcbauth.WithInitialState(t.Context()))
				defer unsubscribe()
				store.On(nil)
				synctest.Wait()
				require.Len(t, events, 1)
				assert.Equal(t, tcbauth.EventInitialSession, events[0].Event)
				require.ErrorIs(t, events[0].Err, test.err)
				if test.sub == "" {
					assert.Nil(t, events[0].Session)
				} else {
					require.NotNil(t, events[0].Session)
					assert.Equal(t, test.sub, events[0].Session.Sub)
				}
				assert.LessOrEqual(t, len(others()), 1)

				_, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: testbed.Badger, Password: testbed.Password})
				require.NoError(t, err)
				synctest.Wait()
				last := events[len(events)-1]
				assert.Equal(t, tcbauth.EventSignedIn, last.Event)
				assert.Equal(t, testbed.BadgerSub, last.Session.Sub)
			})
		})
	}
}

func signInGopher(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) {
	testbed.SignInAs(t, auth, testbed.Gopher)
}

// TestInitialStateOfOddHandles: there is an answer also where there is no session to look for.
func TestInitialStateOfOddHandles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		app := testbed.NewApp(t, srv)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for name, test := range map[string]struct {
			auth  *tcbauth.Auth
			ctx   context.Context //nolint:containedctx // the test's
			token string
			err   error
		}{
			"a token":              {app.ForToken("token"), t.Context(), "token", nil},
			"no token":             {app.ForToken(""), t.Context(), "", nil},
			"no key":               {app.ForUser(""), t.Context(), "", tcbauth.ErrInvalidParams},
			"an ended context":     {app.ForUser("visitor"), ended, "", context.Canceled},
			"a token that is none": {app.ForToken("\n"), t.Context(), "", tcbauth.ErrInvalidParams},
		} {
			var events []tcbauth.AuthEvent
			test.auth.OnAuthStateChange(func(e tcbauth.AuthEvent) { events = append(events, e) }, nil, tcbauth.WithInitialState(test.ctx))
			synctest.Wait()
			require.Len(t, events, 1, name)
			require.ErrorIs(t, events[0].Err, test.err, name)
			token := ""
			if events[0].Session != nil {
				token = events[0].Session.AccessToken
			}
			assert.Equal(t, test.token, token, name)
		}
	})
}
