package session_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestRefreshTokenIsSpentOnce: two calls are given one refresh token, on a server that ends the session of a token which
// is used twice. There is one exchange, and both get its result.
func TestRefreshTokenIsSpentOnce(t *testing.T) {
	t.Parallel()
	alone := func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore) (first, second *tcbauth.Auth) {
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		return auth, auth
	}
	for name, open := range map[string]func(*testing.T, *authtest.Server, tcbauth.TokenStore) (first, second *tcbauth.Auth){
		"one handle": alone,
		"two handles of a visitor": func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore) (*tcbauth.Auth, *tcbauth.Auth) {
			app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
			return app.ForUser("visitor"), app.ForUser("visitor")
		},
		"two visitors": func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore) (*tcbauth.Auth, *tcbauth.Auth) {
			app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
			return app.ForUser("laptop"), app.ForUser("phone")
		},
		"two Apps on one store": func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore) (*tcbauth.Auth, *tcbauth.Auth) {
			return testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth(), testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		},
	} {
		for firstName, first := range adopters {
			for secondName, second := range adopters {
				for order, later := range map[string]bool{"at a time": false, "one after the other": true} {
					t.Run(name+", "+firstName+", "+secondName+", "+order, func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							srv := testbed.Emulator(t, authtest.WithRefreshPolicy(authtest.Rotating().RevokingReuse()))
							a, b := open(t, srv, tcbauth.NewMemoryStore())
							testbed.SignInAs(t, a, testbed.Badger) // for RefreshSession, which replaces a session
							testbed.SignInAs(t, b, testbed.Badger)
							given := testbed.SignInAs(t, testbed.NewApp(t, srv).Auth(), testbed.Gopher)
							testbed.Slow(srv, "token", 1)
							done := testbed.Background(func() (string, error) { return testbed.AccessTokenOf(first(t.Context(), a, given)) })
							var x testbed.Outcome
							if later {
								x = <-done
							}
							y := testbed.Background(func() (string, error) { return testbed.AccessTokenOf(second(t.Context(), b, given)) })
							if !later {
								x = <-done
							}
							last := <-y
							require.NoError(t, x.Err)
							assert.Equal(t, 1, srv.Count("token"), "a spent refresh token was sent")
							switch {
							case last.Err != nil && name == "two visitors": // the token is one session's
								require.ErrorIs(t, last.Err, tcbauth.CodeInvalidGrant)
							case !later:
								require.NoError(t, last.Err)
							}
							if last.Err == nil {
								assert.True(t, x.Token == last.Token, "two results of one exchange")
							}
							user, err := testbed.GetMe(t, a)
							require.NoError(t, err, "gopher was logged out")
							assert.Equal(t, testbed.GopherSub, user.Sub)
							srv.Advance(testbed.TokenLifetime)
							_, err = a.GetAccessToken(t.Context())
							require.NoError(t, err, "gopher was logged out")
						})
					})
				}
			}
		}
	}
}

// TestSpentRefreshTokenOfTheSession: the stored session has been refreshed when somebody hands in its old token.
func TestSpentRefreshTokenOfTheSession(t *testing.T) {
	t.Parallel()
	for name, adopt := range adopters {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t, authtest.WithRefreshPolicy(authtest.Rotating().RevokingReuse()))
				auth := testbed.NewApp(t, srv).Auth()
				old := testbed.SignInAs(t, auth, testbed.Gopher)
				fresh, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
				require.NoError(t, err)
				c, err := adopt(t.Context(), auth, old)
				if err == nil {
					assert.True(t, c.AccessToken == fresh.AccessToken)
				}
				assert.Equal(t, 1, srv.Count("token"), "a spent refresh token was sent")
				_, err = testbed.GetMe(t, auth)
				require.NoError(t, err)
				testbed.RequireToken(t, auth, fresh.AccessToken)
			})
		})
	}
}

// TestUnspentRefreshToken: an exchange that did not reach the server has spent nothing, so that the next one is made.
func TestUnspentRefreshToken(t *testing.T) {
	t.Parallel()
	for name, adopt := range adopters {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				wire := testbed.NewTap(srv)
				auth := testbed.NewApp(t, srv, wire.Client()).Auth()
				testbed.SignInAs(t, auth, testbed.Badger)
				given := testbed.SignInAs(t, testbed.NewApp(t, srv).Auth(), testbed.Gopher)
				wire.Unplugged(true)
				_, err := adopt(t.Context(), auth, given)
				require.ErrorIs(t, err, tcbauth.CodeUnreachable)
				wire.Unplugged(false)
				c, err := adopt(t.Context(), auth, given)
				require.NoError(t, err)
				testbed.RequireToken(t, auth, c.AccessToken)
			})
		})
	}
}

// TestAdoptedButNotStored: the refresh token is spent, and the store does not take what it gave. The caller has it all the same,
// and the same call again stores it and sends nothing; but not once another call has spent what it gave, and not for another token.
func TestAdoptedButNotStored(t *testing.T) {
	t.Parallel()
	for name, adopt := range adopters {
		for _, then := range []string{"stored later", "spent elsewhere", "another token"} {
			t.Run(name+", "+then, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t, authtest.WithRefreshPolicy(authtest.Rotating().RevokingReuse()))
					store := testbed.NewLockingStore()
					app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
					given := testbed.SignInAs(t, testbed.NewApp(t, srv).Auth(), testbed.Gopher)
					testbed.SignInAs(t, app.ForUser("laptop"), testbed.Badger) // for RefreshSession, which replaces a session
					testbed.SignInAs(t, app.ForUser("phone"), testbed.Badger)
					store.On(testbed.Fails("Set", -1))
					c, err := adopt(t.Context(), app.ForUser("laptop"), given)
					require.ErrorIs(t, err, tcbauth.ErrStore)
					require.NotNil(t, c, "tokens that nobody has")
					store.On(nil)

					switch then {
					case "another token":
						other := testbed.SignInAs(t, testbed.NewApp(t, srv).Auth(), testbed.Badger)
						got, err := adopt(t.Context(), app.ForUser("laptop"), other)
						require.NoError(t, err)
						assert.Equal(t, testbed.BadgerSub, got.Sub)
						return
					case "spent elsewhere":
						taken, err := adopt(t.Context(), app.ForUser("phone"), c)
						require.NoError(t, err)
						_, err = adopt(t.Context(), app.ForUser("laptop"), given)
						require.ErrorIs(t, err, tcbauth.CodeInvalidGrant)
						assert.Equal(t, testbed.BadgerSub, testbed.Stored(t, store, testbed.KeyOf("laptop")).Sub)
						testbed.RequireToken(t, app.ForUser("phone"), taken.AccessToken)
						assert.Equal(t, 2, srv.Count("token"))
						return
					}
					again, err := adopt(t.Context(), app.ForUser("laptop"), given)
					require.NoError(t, err)
					assert.True(t, again.AccessToken == c.AccessToken)
					testbed.RequireSession(t, store, testbed.KeyOf("laptop"), c)
					assert.Equal(t, 1, srv.Count("token"), "a spent refresh token was sent")
				})
			})
		}
	}
}

// TestSetSessionOfTheStoredOne is a refresh of it, and a sign-in.
func TestSetSessionOfTheStoredOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		c := testbed.SignInAs(t, auth, testbed.Gopher)
		events := testbed.EventsOf(auth)
		_, err := adopters["SetSession"](t.Context(), auth, c)
		require.NoError(t, err)
		synctest.Wait()
		assert.Equal(t, []tcbauth.Event{tcbauth.EventTokenRefreshed, tcbauth.EventSignedIn}, events())
	})
}

// TestRefreshSessionIsOvertakenBySignOut: RefreshSession replaces a session. Where the user has signed out just before it had the
// lock, it signs nobody in and uses up nothing.
func TestRefreshSessionIsOvertakenBySignOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewLockingStore()
		open := func() *tcbauth.Auth { return testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth() }
		testbed.SignInAs(t, open(), testbed.Badger)
		given := testbed.SignInAs(t, testbed.NewApp(t, srv).Auth(), testbed.Gopher)
		signedOut := false
		store.On(func(op, _ string) error {
			if op == "Lock" && !signedOut {
				signedOut = true
				return open().SetCredentials(t.Context(), nil)
			}
			return nil
		})
		_, err := adopters["RefreshSession"](t.Context(), open(), given)
		require.ErrorIs(t, err, tcbauth.ErrNoSession)
		assert.Zero(t, srv.Count("token"))
		assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey))
	})
}
