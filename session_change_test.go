package tcbauth_test

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
)

// TestSignOutDuringRefresh: a refresh that was under way does not bring the session back, neither to memory nor to the
// store, whether the server still grants it or not.
func TestSignOutDuringRefresh(t *testing.T) {
	t.Parallel()
	signOut := func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) {
		require.NoError(t, auth.SignOut(t.Context()))
	}
	unrevoked := func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
		srv.Fault(authtest.Fault{Operation: "revoke", Times: 1, Error: &authtest.Error{Word: "internal"}})
		require.ErrorIs(t, auth.SignOut(t.Context()), tcbauth.CodeInternal)
	}
	forget := func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) {
		require.NoError(t, auth.SetCredentials(t.Context(), nil))
	}
	forced := func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) func() (string, error) {
		return forcing(t.Context(), auth)
	}
	expired := func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) func() (string, error) {
		srv.Advance(lifetime)
		return getting(t.Context(), auth)
	}
	for _, leave := range []func(*testing.T, *authtest.Server, *tcbauth.Auth){signOut, unrevoked, forget} {
		for _, refresh := range []func(*testing.T, *authtest.Server, *tcbauth.Auth) func() (string, error){forced, expired} {
			for _, store := range []tcbauth.TokenStore{tcbauth.NewMemoryStore(), newTestStore()} { // with locks, and without
				synctest.Test(t, func(t *testing.T) {
					srv := emulator(t)
					app := newApp(t, srv, tcbauth.WithTokenStore(store))
					auth := app.ForUser("visitor")
					signInAs(t, auth, gopher)
					slow(srv, "token", 1)
					refreshing := background(refresh(t, srv, auth))
					require.Equal(t, 1, srv.Count("token"))
					leave(t, srv, auth)
					<-refreshing // with or without a token, which is of no matter
					for _, handle := range []*tcbauth.Auth{auth, app.ForUser("visitor")} {
						requireNobody(t, handle)
					}
					assert.Nil(t, stored(t, store, keyOf("visitor")))
				})
			}
		}
	}
}

// TestSignOutDuringRefreshElsewhere: the other handle's sign-out waits for the lock, and comes after the refresh.
func TestSignOutDuringRefreshElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := tcbauth.NewMemoryStore()
		signInAs(t, newApp(t, srv, tcbauth.WithTokenStore(store)).Auth(), gopher)
		one := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		other := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		slow(srv, "token", 1)
		refreshing := background(forcing(t.Context(), one))
		require.NoError(t, other.SetCredentials(t.Context(), nil))
		require.NoError(t, (<-refreshing).err)
		assert.Nil(t, stored(t, store, defaultKey))
		requireNobody(t, other)
	})
}

// TestSignInDuringRefresh: the newest sign-in is the session, whatever a refresh of the last one comes to.
func TestSignInDuringRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		old := signInAs(t, auth, gopher)
		events := eventsOf(auth)
		slow(srv, "token", 1)
		refreshing := background(forcing(t.Context(), auth))
		next := signInAs(t, auth, badger)
		got := <-refreshing
		require.NoError(t, got.err)
		assert.NotEqual(t, old.AccessToken, got.token)
		requireSession(t, store, defaultKey, next)
		requireToken(t, auth, next.AccessToken)
		assert.Equal(t, []tcbauth.Event{tcbauth.EventTokenRefreshed, tcbauth.EventSignedIn}, events())
	})
}

// TestSignInCannotBeStored: the credentials are all there is of the session, so they come with the error.
func TestSignInCannotBeStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		for op, store := range map[string]lockingStore{"Set": newLockingStore(), "Lock": newLockingStore()} {
			auth := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
			events := eventsOf(auth)
			store.on(fails(op, -1))
			state, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: gopher, Password: peoplesPassword})
			require.ErrorIs(t, err, tcbauth.ErrStore)
			require.ErrorIs(t, err, errDisk)
			require.NotNil(t, state)
			assert.Equal(t, gopherSub, state.User.Sub)
			assert.Empty(t, events())
			requireNobody(t, auth)

			store.on(nil)
			require.NoError(t, auth.SetCredentials(t.Context(), state.Credentials))
			user, err := auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
			require.NoError(t, err)
			assert.Equal(t, gopherSub, user.Sub)
		}
	})
}

// TestSignInWithoutUser: the session is stored, so signing in has succeeded.
func TestSignInWithoutUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		logged, log := warnings()
		store := tcbauth.NewMemoryStore()
		auth := newApp(t, srv, tcbauth.WithTokenStore(store), logged).Auth()
		events := eventsOf(auth)
		srv.Fault(authtest.Fault{Operation: "user/me", Times: 1, Error: &authtest.Error{Word: "permission_denied"}})
		state, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: gopher, Password: peoplesPassword})
		require.NoError(t, err)
		require.ErrorIs(t, state.UserErr, tcbauth.CodePermissionDenied)
		assert.Equal(t, gopherSub, state.User.Sub)
		assert.Equal(t, gopherSub, state.User.UID)
		assert.Empty(t, state.User.Username)
		requireSession(t, store, defaultKey, state.Credentials)
		assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedIn}, events())
		assert.Contains(t, log.String(), "permission_denied")
		requireNoTokens(t, log.String(), state.Credentials)
	})
}

// TestSignInWithARefusedBearer: the session's tokens are replaced before the sign-in is over. What it returns is what is
// stored, not the pair whose refresh token is spent.
func TestSignInWithARefusedBearer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		var last tcbauth.AuthEvent
		auth.OnAuthStateChange(func(e tcbauth.AuthEvent) { last = e })
		refuseBearers(srv, 1, 0)
		c := signInAs(t, auth, gopher)
		require.Equal(t, 1, srv.Count("token"))
		requireSession(t, store, defaultKey, c)
		synctest.Wait()
		require.Equal(t, tcbauth.EventSignedIn, last.Event)
		requireSession(t, store, defaultKey, last.Session)
	})
}

// TestCallerLeavesAfterSignIn: the server has given a session, and a person who signs in by SMS has spent the code on
// it. It is kept although nobody waits for it any more.
func TestCallerLeavesAfterSignIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		wire := newTap(srv)
		ctx, cancel := context.WithCancel(t.Context())
		wire.answered = func(path string) {
			if path == "/auth/v1/signin" {
				cancel()
			}
		}
		store := tcbauth.NewMemoryStore()
		auth := newApp(t, srv, tcbauth.WithTokenStore(store), wire.client()).ForUser("visitor")
		state, err := auth.SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{Username: gopher, Password: peoplesPassword})
		require.NoError(t, err)
		require.ErrorIs(t, state.UserErr, context.Canceled)
		requireSession(t, store, keyOf("visitor"), state.Credentials)
		requireToken(t, auth, state.Credentials.AccessToken)
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
		"refused":     {authtest.Fault{Error: &authtest.Error{Word: "internal"}}, tcbauth.CodeInternal, 1},
		"closed":      {authtest.Fault{Close: authtest.BeforeCommit}, tcbauth.ErrOutcomeUnknown, 3},
		"unavailable": {authtest.Fault{Error: &authtest.Error{Word: "unavailable"}}, tcbauth.CodeUnavailable, 3},
		"cut":         {authtest.Fault{Body: authtest.CutBody}, tcbauth.ErrOutcomeUnknown, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := emulator(t)
				store := tcbauth.NewMemoryStore()
				auth := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				signInAs(t, auth, gopher)
				events := eventsOf(auth)
				test.fault.Operation = "revoke"
				srv.Fault(test.fault)
				require.ErrorIs(t, auth.SignOut(t.Context()), test.want)
				assert.Equal(t, test.sent, srv.Count("revoke"), "to revoke twice does no harm")
				assert.Nil(t, stored(t, store, defaultKey))
				requireNobody(t, auth)
				assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedOut}, events())
			})
		})
	}
}

// TestSignOutCannotDelete: this handle forgets the session even if the store does not, and says so.
func TestSignOutCannotDelete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := newLockingStore()
		auth := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		signInAs(t, auth, gopher)
		store.on(fails("Delete", -1))
		err := auth.SignOut(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrStore)
		require.ErrorIs(t, err, errDisk)
		assert.Equal(t, 1, srv.Count("revoke"))
		_, err = auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
		require.ErrorIs(t, err, tcbauth.CodeUnauthenticated, "the server has ended what the store could not delete")
	})
}

func TestSignOutOfNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		for name, opts := range map[string][]tcbauth.Option{"": nil, "access key": {tcbauth.WithAccessKey("key")}} {
			auth := newApp(t, srv, opts...).Auth()
			events := eventsOf(auth)
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
		srv := emulator(t)
		wire := newTap(srv)
		store := tcbauth.NewMemoryStore()
		auth := newApp(t, srv, tcbauth.WithTokenStore(store), wire.client()).Auth()
		c := signInAs(t, auth, gopher)
		events := eventsOf(auth)
		out, err := auth.SignOutWithRedirect(t.Context(), tcbauth.SignOutRequest{RedirectURI: "https://example.com/bye", State: "s"})
		require.NoError(t, err)
		assert.Equal(t, "https://example.com/bye", out.RedirectURI)
		assert.Equal(t, []string{"Bearer " + c.AccessToken}, wire.bearers("/auth/v1/user/signout"))
		assert.Nil(t, stored(t, store, defaultKey))
		requireNobody(t, auth)
		assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedOut}, events())

		// The server has ended the session already: signed out is signed out.
		signInAs(t, auth, gopher)
		srv.Fault(authtest.Fault{Operation: "user/signout", Times: 1, Error: &authtest.Error{Word: "unauthenticated", Number: 16}})
		_, err = auth.SignOutWithRedirect(t.Context(), tcbauth.SignOutRequest{})
		require.NoError(t, err)
		requireNobody(t, auth)
		assert.Zero(t, srv.Count("token"), "a session that is to end is not refreshed first")
	})
}

// TestSignOutOfAnExpiredSession refreshes first, as the js-sdk does: revoking needs a token that the server knows.
func TestSignOutOfAnExpiredSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		auth := newApp(t, srv).Auth()
		signInAs(t, auth, gopher)
		srv.Advance(lifetime)
		require.NoError(t, auth.SignOut(t.Context()))
		assert.Equal(t, 1, srv.Count("token"))
		assert.Equal(t, 1, srv.Count("revoke"))

		signInAs(t, auth, gopher)
		srv.Advance(31 * 24 * time.Hour)
		require.ErrorIs(t, auth.SignOut(t.Context()), tcbauth.ErrSessionExpired)
		requireNobody(t, auth)
	})
}

// TestConcurrentUse has many do everything at once. Whatever the order was, memory and store agree in the end, and
// nobody met another error than that nobody is signed in.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	for name, newStore := range map[string]func() tcbauth.TokenStore{
		"store with locks":    tcbauth.NewMemoryStore,
		"store without locks": func() tcbauth.TokenStore { return newTestStore() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := emulator(t)
				store := newStore()
				app := newApp(t, srv, tcbauth.WithTokenStore(store))
				auth := app.Auth()
				events := eventsOf(auth)
				calls := []func() error{
					func() error { _, err := auth.GetAccessToken(t.Context()); return err },
					func() error { _, err := auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{}); return err },
					func() error { _, err := forcing(t.Context(), auth)(); return err },
					func() error { srv.Advance(lifetime); return nil },
					func() error { return auth.SignOut(t.Context()) },
					func() error {
						_, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: gopher, Password: peoplesPassword})
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
				if c := stored(t, store, defaultKey); c == nil {
					requireNobody(t, auth)
				} else {
					got, err := auth.GetCredentials(t.Context())
					require.NoError(t, err)
					requireSession(t, store, defaultKey, got)
				}
				assert.NotEmpty(t, events())
			})
		})
	}
}
