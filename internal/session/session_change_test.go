package session_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestSignOutDuringRefresh: a refresh that was under way does not bring the session back, neither to memory nor to the
// store, whether the server still grants it or not.
func TestSignOutDuringRefresh(t *testing.T) {
	t.Parallel()
	signOut := func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) {
		require.NoError(t, auth.SignOut(t.Context()))
	}
	unrevoked := func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
		srv.Fault(authtest.Fault{Operation: "revoke", Times: 1, Error: &authtest.Error{Code: "internal"}})
		require.ErrorIs(t, auth.SignOut(t.Context()), tcbauth.CodeInternal)
	}
	forget := func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) {
		require.NoError(t, auth.SetCredentials(t.Context(), nil))
	}
	forced := func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) func() (string, error) {
		return testbed.Forcing(t.Context(), auth)
	}
	expired := func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) func() (string, error) {
		srv.Advance(testbed.TokenLifetime)
		return testbed.Getting(t.Context(), auth)
	}
	for _, leave := range []func(*testing.T, *authtest.Server, *tcbauth.Auth){signOut, unrevoked, forget} {
		for _, refresh := range []func(*testing.T, *authtest.Server, *tcbauth.Auth) func() (string, error){forced, expired} {
			for _, store := range []tcbauth.TokenStore{tcbauth.NewMemoryStore(), testbed.NewHookedStore()} { // with locks, and without
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
					auth := app.ForUser("visitor")
					testbed.SignInAs(t, auth, testbed.Gopher)
					testbed.Slow(srv, "token", 1)
					refreshing := testbed.Background(refresh(t, srv, auth))
					require.Equal(t, 1, srv.Count("token"))
					leave(t, srv, auth)
					<-refreshing // with or without a token, which is of no matter
					for _, handle := range []*tcbauth.Auth{auth, app.ForUser("visitor")} {
						testbed.RequireNobody(t, handle)
					}
					assert.Nil(t, testbed.Stored(t, store, testbed.KeyOf("visitor")))
				})
			}
		}
	}
}

// TestSignOutDuringRefreshElsewhere: the other handle's sign-out waits for the lock, and comes after the refresh.
func TestSignOutDuringRefreshElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		testbed.SignInAs(t, testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth(), testbed.Gopher)
		one := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		other := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		testbed.Slow(srv, "token", 1)
		refreshing := testbed.Background(testbed.Forcing(t.Context(), one))
		require.NoError(t, other.SetCredentials(t.Context(), nil))
		require.NoError(t, (<-refreshing).Err)
		assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey))
		testbed.RequireNobody(t, other)
	})
}

// TestSignInDuringRefresh: the newest sign-in is the session, whatever a refresh of the last one comes to.
func TestSignInDuringRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		old := testbed.SignInAs(t, auth, testbed.Gopher)
		events := testbed.EventsOf(auth)
		testbed.Slow(srv, "token", 1)
		refreshing := testbed.Background(testbed.Forcing(t.Context(), auth))
		next := testbed.SignInAs(t, auth, testbed.Badger)
		got := <-refreshing
		require.NoError(t, got.Err)
		assert.NotEqual(t, old.AccessToken, got.Token)
		testbed.RequireSession(t, store, testbed.DefaultKey, next)
		testbed.RequireToken(t, auth, next.AccessToken)
		assert.Equal(t, []tcbauth.Event{tcbauth.EventTokenRefreshed, tcbauth.EventSignedIn}, events())
	})
}

// TestSignInCannotBeStored: the credentials are all there is of the session, so they come with the error.
func TestSignInCannotBeStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		for op, store := range map[string]testbed.LockingStore{"Set": testbed.NewLockingStore(), "Lock": testbed.NewLockingStore()} {
			auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
			events := testbed.EventsOf(auth)
			store.On(testbed.Fails(op, -1))
			state, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: testbed.Gopher, Password: testbed.Password})
			require.ErrorIs(t, err, tcbauth.ErrStore)
			require.ErrorIs(t, err, testbed.ErrDisk)
			require.NotNil(t, state)
			assert.Equal(t, testbed.GopherSub, state.User.Sub)
			assert.Empty(t, events())
			testbed.RequireNobody(t, auth)

			store.On(nil)
			require.NoError(t, auth.SetCredentials(t.Context(), state.Credentials))
			user, err := auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
			require.NoError(t, err)
			assert.Equal(t, testbed.GopherSub, user.Sub)
		}
	})
}

// TestSignInWithoutUser: the session is stored, so signing in has succeeded.
func TestSignInWithoutUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		logged, log := testbed.Warnings()
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), logged).Auth()
		events := testbed.EventsOf(auth)
		srv.Fault(authtest.Fault{Operation: "user/me", Times: 1, Error: &authtest.Error{Code: "permission_denied"}})
		state, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: testbed.Gopher, Password: testbed.Password})
		require.NoError(t, err)
		require.ErrorIs(t, state.UserErr, tcbauth.CodePermissionDenied)
		assert.Equal(t, testbed.GopherSub, state.User.Sub)
		assert.Equal(t, testbed.GopherSub, state.User.UID)
		assert.Empty(t, state.User.Username)
		testbed.RequireSession(t, store, testbed.DefaultKey, state.Credentials)
		assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedIn}, events())
		assert.Contains(t, log.String(), "permission_denied")
		testbed.RequireNoTokens(t, log.String(), state.Credentials)
	})
}

// TestSignInWithARefusedBearer: the session's tokens are replaced before the sign-in is over. What it returns is what is
// stored, not the pair whose refresh token is spent.
func TestSignInWithARefusedBearer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		var last tcbauth.AuthEvent
		auth.OnAuthStateChange(func(e tcbauth.AuthEvent) { last = e })
		testbed.RefuseBearers(srv, 1, 0)
		c := testbed.SignInAs(t, auth, testbed.Gopher)
		require.Equal(t, 1, srv.Count("token"))
		testbed.RequireSession(t, store, testbed.DefaultKey, c)
		synctest.Wait()
		require.Equal(t, tcbauth.EventSignedIn, last.Event)
		testbed.RequireSession(t, store, testbed.DefaultKey, last.Session)
	})
}

// TestCallerLeavesAfterSignIn: the server has given a session, and a person who signs in by SMS has spent the code on
// it. It is kept although nobody waits for it any more.
func TestCallerLeavesAfterSignIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		wire := testbed.NewTap(srv)
		ctx, cancel := context.WithCancel(t.Context())
		wire.Answered = func(path string) {
			if path == "/auth/v1/signin" {
				cancel()
			}
		}
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), wire.Client()).ForUser("visitor")
		state, err := auth.SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{Username: testbed.Gopher, Password: testbed.Password})
		require.NoError(t, err)
		require.ErrorIs(t, state.UserErr, context.Canceled)
		testbed.RequireSession(t, store, testbed.KeyOf("visitor"), state.Credentials)
		testbed.RequireToken(t, auth, state.Credentials.AccessToken)
	})
}

// TestSignOutForgetsAnyway: whoever signs out is signed out here, whatever the server says.
func TestSignOutForgetsAnyway(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault authtest.Fault
		want  error
		sent  int
	}{
		"refused":     {authtest.Fault{Error: &authtest.Error{Code: "internal"}}, tcbauth.CodeInternal, 1},
		"closed":      {authtest.Fault{Close: authtest.BeforeCommit}, tcbauth.ErrOutcomeUnknown, 3},
		"unavailable": {authtest.Fault{Error: &authtest.Error{Code: "unavailable"}}, tcbauth.CodeUnavailable, 3},
		"cut":         {authtest.Fault{Body: authtest.CutBody}, tcbauth.ErrOutcomeUnknown, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := tcbauth.NewMemoryStore()
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				testbed.SignInAs(t, auth, testbed.Gopher)
				events := testbed.EventsOf(auth)
				test.fault.Operation = "revoke"
				srv.Fault(test.fault)
				require.ErrorIs(t, auth.SignOut(t.Context()), test.want)
				assert.Equal(t, test.sent, srv.Count("revoke"), "to revoke twice does no harm")
				assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey))
				testbed.RequireNobody(t, auth)
				assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedOut}, events())
			})
		})
	}
}

// TestSignOutCannotDelete: this handle forgets the session even if the store does not, and says so.
func TestSignOutCannotDelete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewLockingStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		store.On(testbed.Fails("Delete", -1))
		err := auth.SignOut(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrStore)
		require.ErrorIs(t, err, testbed.ErrDisk)
		assert.Equal(t, 1, srv.Count("revoke"))
		_, err = auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
		require.ErrorIs(t, err, tcbauth.CodeUnauthenticated, "the server has ended what the store could not delete")
	})
}

func TestSignOutOfNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		for name, opts := range map[string][]tcbauth.Option{"": nil, "access key": {tcbauth.WithAccessKey("key")}} {
			auth := testbed.NewApp(t, srv, opts...).Auth()
			events := testbed.EventsOf(auth)
			require.ErrorIs(t, auth.SignOut(t.Context()), tcbauth.ErrNoSession, name)
			_, err := auth.SignOutWithRedirect(t.Context(), tcbauth.SignOutRequest{RedirectURI: "https://example.com/"})
			require.ErrorIs(t, err, tcbauth.ErrNoSession, name)
			assert.Empty(t, events())
		}
		assert.Empty(t, srv.Requests())
	})
}

func TestSignOutWithRedirect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		wire := testbed.NewTap(srv)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), wire.Client()).Auth()
		c := testbed.SignInAs(t, auth, testbed.Gopher)
		events := testbed.EventsOf(auth)
		out, err := auth.SignOutWithRedirect(t.Context(), tcbauth.SignOutRequest{RedirectURI: "https://example.com/bye", State: "s"})
		require.NoError(t, err)
		assert.Equal(t, "https://example.com/bye", out.RedirectURI)
		assert.Equal(t, []string{"Bearer " + c.AccessToken}, wire.Bearers("/auth/v1/user/signout"))
		assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey))
		testbed.RequireNobody(t, auth)
		assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedOut}, events())

		// The server has ended the session already: signed out is signed out.
		testbed.SignInAs(t, auth, testbed.Gopher)
		srv.Fault(authtest.Fault{Operation: "user/signout", Times: 1, Error: &authtest.Error{Code: "unauthenticated", Number: 16}})
		_, err = auth.SignOutWithRedirect(t.Context(), tcbauth.SignOutRequest{})
		require.NoError(t, err)
		testbed.RequireNobody(t, auth)
		assert.Zero(t, srv.Count("token"), "a session that is to end is not refreshed first")
	})
}

// TestSignOutOfAnExpiredSession refreshes first, as the js-sdk does: revoking needs a token that the server knows.
func TestSignOutOfAnExpiredSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		require.NoError(t, auth.SignOut(t.Context()))
		assert.Equal(t, 1, srv.Count("token"))
		assert.Equal(t, 1, srv.Count("revoke"))

		testbed.SignInAs(t, auth, testbed.Gopher)
		srv.Advance(31 * 24 * time.Hour)
		require.ErrorIs(t, auth.SignOut(t.Context()), tcbauth.ErrSessionExpired)
		testbed.RequireNobody(t, auth)
	})
}

// TestConcurrentUse has many do everything at once. Whatever the order was, memory and store agree in the end, and
// nobody met another error than that nobody is signed in.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	for name, newStore := range map[string]func() tcbauth.TokenStore{
		"store with locks":    tcbauth.NewMemoryStore,
		"store without locks": func() tcbauth.TokenStore { return testbed.NewHookedStore() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := newStore()
				app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
				auth := app.Auth()
				events := testbed.EventsOf(auth)
				calls := []func() error{
					func() error { _, err := auth.GetAccessToken(t.Context()); return err },
					func() error { _, err := auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{}); return err },
					func() error { _, err := testbed.Forcing(t.Context(), auth)(); return err },
					func() error { srv.Advance(testbed.TokenLifetime); return nil },
					func() error { return auth.SignOut(t.Context()) },
					func() error {
						_, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: testbed.Gopher, Password: testbed.Password})
						return err
					},
				}
				var wg sync.WaitGroup
				for i := range 60 {
					wg.Go(func() {
						for j := range 10 {
							err := calls[(i+i*j+j)%len(calls)]()
							if err != nil && !errors.Is(err, tcbauth.CodeUnauthenticated) {
								assert.NoError(t, err)
							}
						}
					})
				}
				wg.Wait()
				if c := testbed.Stored(t, store, testbed.DefaultKey); c == nil {
					testbed.RequireNobody(t, auth)
				} else {
					got, err := auth.GetCredentials(t.Context())
					require.NoError(t, err)
					testbed.RequireSession(t, store, testbed.DefaultKey, got)
				}
				assert.NotEmpty(t, events())
			})
		})
	}
}
