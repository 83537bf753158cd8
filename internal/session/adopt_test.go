package session_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// adopters are the methods that take over a session by its tokens.
var adopters = map[string]func(context.Context, *tcbauth.Auth, *tcbauth.Credentials) (*tcbauth.Credentials, error){
	"SetSession": func(ctx context.Context, auth *tcbauth.Auth, c *tcbauth.Credentials) (*tcbauth.Credentials, error) {
		return auth.SetSession(ctx, tcbauth.SetSessionRequest{AccessToken: c.AccessToken, RefreshToken: c.RefreshToken})
	},
	"RefreshSession": func(ctx context.Context, auth *tcbauth.Auth, c *tcbauth.Credentials) (*tcbauth.Credentials, error) {
		return auth.RefreshSession(ctx, tcbauth.RefreshSessionRequest{RefreshToken: c.RefreshToken})
	},
}

// TestAdoptTheStoredPair: the tokens are those of the session that is being refreshed. A refresh token is good for one
// refresh, which is then everybody's.
func TestAdoptTheStoredPair(t *testing.T) {
	t.Parallel()
	for name, adopt := range adopters {
		for order, refreshFirst := range map[string]bool{"before a refresh": false, "during a refresh": true} {
			t.Run(name+" "+order, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					store := tcbauth.NewMemoryStore()
					app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
					auth := app.Auth()
					old := testbed.SignInAs(t, auth, testbed.Gopher)
					testbed.Slow(srv, "token", 1)
					adopting := func() (string, error) { return testbed.AccessTokenOf(adopt(t.Context(), auth, old)) }
					calls := []func() (string, error){adopting, adopting, adopting}
					refreshing := testbed.Forcing(t.Context(), auth)
					if refreshFirst {
						calls = append([]func() (string, error){refreshing}, calls...)
					} else {
						calls = append(calls, refreshing)
					}
					waiting := make([]<-chan testbed.Outcome, 0, len(calls))
					for _, call := range calls {
						waiting = append(waiting, testbed.Background(call))
					}
					var tokens []string
					for i, done := range waiting {
						got := <-done
						assert.NoError(t, got.Err, "call %d", i)
						tokens = append(tokens, got.Token)
					}
					assert.Equal(t, 1, srv.Count("token"))
					fresh := testbed.Stored(t, store, testbed.DefaultKey)
					require.NotNil(t, fresh, "the session is gone")
					require.NotEqual(t, old.AccessToken, fresh.AccessToken)
					for i, token := range tokens {
						assert.True(t, token == fresh.AccessToken, "call %d has another token", i)
					}
					testbed.RequireToken(t, auth, fresh.AccessToken)
					user, err := testbed.GetMe(t, auth)
					require.NoError(t, err)
					assert.Equal(t, testbed.GopherSub, user.Sub)
				})
			})
		}
	}
}

// foreign is a session of Gopher's that no store of the test has.
func foreign(t *testing.T, auth *tcbauth.Auth) *tcbauth.Credentials {
	t.Helper()
	return testbed.SignInAs(t, auth, testbed.Gopher)
}

// TestAdoptOutlivesItsCaller: the server replaces the refresh token whether somebody waits for that or not.
func TestAdoptOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	for name, adopt := range adopters {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				given := foreign(t, testbed.NewApp(t, srv).Auth())
				store := tcbauth.NewMemoryStore()
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				testbed.SignInAs(t, auth, testbed.Badger)
				refreshed := make(chan struct{}, 1)
				auth.OnAuthStateChange(func(e tcbauth.AuthEvent) {
					if e.Event == tcbauth.EventTokenRefreshed {
						refreshed <- struct{}{}
					}
				})
				testbed.Slow(srv, "token", 1)
				ctx, cancel := context.WithCancel(t.Context())
				leaving := testbed.Background(func() (string, error) { return testbed.AccessTokenOf(adopt(ctx, auth, given)) })
				require.Equal(t, 1, srv.Count("token"), "the request is under way")
				cancel()
				require.ErrorIs(t, (<-leaving).Err, context.Canceled)

				<-refreshed
				c := testbed.Stored(t, store, testbed.DefaultKey)
				require.NotNil(t, c)
				assert.Equal(t, testbed.GopherSub, c.Sub)
				assert.NotEqual(t, given.RefreshToken, c.RefreshToken)
				testbed.RequireToken(t, auth, c.AccessToken)
				user, err := testbed.GetMe(t, auth)
				require.NoError(t, err)
				assert.Equal(t, testbed.GopherSub, user.Sub)
				assert.Equal(t, 1, srv.Count("token"))
			})
		})
	}
}

func TestSetSessionOverADamagedOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		given := foreign(t, testbed.NewApp(t, srv).Auth())
		store := tcbauth.NewMemoryStore()
		require.NoError(t, store.Set(t.Context(), testbed.DefaultKey, []byte(`{"access_token":`), 0))
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		_, err := auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrStore)
		c, err := adopters["SetSession"](t.Context(), auth, given)
		require.NoError(t, err)
		testbed.RequireSession(t, store, testbed.DefaultKey, c)
		testbed.RequireToken(t, auth, c.AccessToken)
	})
}

// TestAdoptWithoutAStore: a refresh token is not spent for a session that could not be kept.
func TestAdoptWithoutAStore(t *testing.T) {
	t.Parallel()
	for name, adopt := range adopters {
		for _, op := range []string{"Get", "Lock"} {
			t.Run(name+", "+op, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					given := foreign(t, testbed.NewApp(t, srv).Auth())
					store := testbed.NewLockingStore()
					auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
					before := testbed.SignInAs(t, auth, testbed.Badger)
					store.On(testbed.Fails(op, -1))
					_, err := adopt(t.Context(), auth, given)
					require.ErrorIs(t, err, tcbauth.ErrStore)
					require.ErrorIs(t, err, testbed.ErrDisk)
					assert.Zero(t, srv.Count("token"))

					store.On(nil)
					testbed.RequireSession(t, store, testbed.DefaultKey, before)
					c, err := adopt(t.Context(), auth, given)
					require.NoError(t, err)
					assert.Equal(t, testbed.GopherSub, c.Sub)
					testbed.RequireSession(t, store, testbed.DefaultKey, c)
				})
			})
		}
	}
}

// TestAdoptWhileAnotherSignsIn: the tokens are those of the stored session, and somebody else signs in between the looks at the
// store. What a call gets is the session of the tokens that it has, and never the other person's.
func TestAdoptWhileAnotherSignsIn(t *testing.T) {
	t.Parallel()
	for name, adopt := range adopters {
		for look := range 3 { // before the refresh token is spent
			t.Run(fmt.Sprint(name, ", look ", look), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					store := testbed.NewHookedStore()
					auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
					other := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
					c := testbed.SignInAs(t, auth, testbed.Gopher)
					events := testbed.EventsOf(auth)
					looks := 0
					store.On(func(op, key string) error {
						if op != "Get" || key != testbed.DefaultKey {
							return nil
						}
						if looks++; looks == look+1 {
							testbed.SignInAs(t, other, testbed.Badger)
						}
						return nil
					})
					got, err := adopt(t.Context(), auth, c)
					require.NoError(t, err)
					assert.Equal(t, testbed.GopherSub, got.Sub)
					stored := testbed.Stored(t, store.TokenStore, testbed.DefaultKey)
					require.NotNil(t, stored)
					if stored.Sub == testbed.BadgerSub {
						assert.NotContains(t, events(), tcbauth.EventSignedIn)
					}
				})
			})
		}
	}
}

// TestAdoptARefusedToken: the refusal of the stored session's own token ends that session, whoever has handed it in. The
// refusal of any other one ends nothing.
func TestAdoptARefusedToken(t *testing.T) {
	t.Parallel()
	for name, adopt := range adopters {
		for _, own := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " own ", own), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					store := tcbauth.NewMemoryStore()
					auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
					stored := testbed.SignInAs(t, auth, testbed.Gopher)
					srv.Fault(authtest.Fault{Operation: "token", Error: &authtest.Error{Code: "invalid_grant"}})
					given := *stored
					if !own {
						given.RefreshToken = "another"
					}
					_, err := adopt(t.Context(), auth, &given)
					require.ErrorIs(t, err, tcbauth.CodeInvalidGrant)
					if own {
						require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
						testbed.RequireNobody(t, auth)
						return
					}
					testbed.RequireSession(t, store, testbed.DefaultKey, stored)
				})
			})
		}
	}
}
