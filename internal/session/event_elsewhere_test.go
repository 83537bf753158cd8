package session_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/filestore"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// refuseRefresh makes the server end the session that refreshes next.
func refuseRefresh(srv *authtest.Server) {
	srv.Fault(authtest.Fault{
		Operation: "token", Times: 1, Error: &authtest.Error{Code: "invalid_grant", Number: 4026, Description: "invalid refresh token"},
	})
}

const twoProcesses = "two processes"

// sameSession are ways to have two handles on one session: of one App, of two Apps with one store, and of two with stores of their
// own over the same files, as two processes have them.
var sameSession = map[string]func(t *testing.T, srv *authtest.Server) (here, there *tcbauth.Auth){
	"one App": func(t *testing.T, srv *authtest.Server) (here, there *tcbauth.Auth) {
		app := testbed.NewApp(t, srv)
		return app.ForUser("visitor"), app.ForUser("visitor")
	},
	"one store": func(t *testing.T, srv *authtest.Server) (here, there *tcbauth.Auth) {
		store := tcbauth.WithTokenStore(tcbauth.NewMemoryStore())
		return testbed.NewApp(t, srv, store).ForUser("visitor"), testbed.NewApp(t, srv, store).ForUser("visitor")
	},
	twoProcesses: func(t *testing.T, srv *authtest.Server) (here, there *tcbauth.Auth) {
		dir := t.TempDir()
		open := func() *tcbauth.Auth {
			store, err := filestore.New(dir)
			require.NoError(t, err)
			return testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).ForUser("visitor")
		}
		return open(), open()
	},
}

// TestEventsOfElsewhere: what was done through another handle is told as soon as this one has found it in the store, once and in
// order.
func TestEventsOfElsewhere(t *testing.T) {
	t.Parallel()
	refresh := func(t *testing.T, auth *tcbauth.Auth) {
		_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		require.NoError(t, err)
	}
	for name, test := range map[string]struct {
		elsewhere func(t *testing.T, srv *authtest.Server, there *tcbauth.Auth)
		want      []told
		err       error
	}{
		"signed out": {func(t *testing.T, _ *authtest.Server, there *tcbauth.Auth) {
			require.NoError(t, there.SignOut(t.Context()))
		}, []told{{tcbauth.EventSignedOut, ""}}, tcbauth.ErrNoSession},
		"forgotten": {func(t *testing.T, _ *authtest.Server, there *tcbauth.Auth) {
			require.NoError(t, there.SetCredentials(t.Context(), nil))
		}, []told{{tcbauth.EventSignedOut, ""}}, tcbauth.ErrNoSession},
		"deleted": {func(t *testing.T, _ *authtest.Server, there *tcbauth.Auth) {
			require.NoError(t, there.DeleteUser(t.Context(), tcbauth.DeleteUserRequest{Password: testbed.Password}))
		}, []told{{tcbauth.EventSignedOut, ""}}, tcbauth.ErrNoSession},
		"signed in as somebody else": {func(t *testing.T, _ *authtest.Server, there *tcbauth.Auth) {
			testbed.SignInAs(t, there, testbed.Badger)
		}, []told{{tcbauth.EventSignedIn, testbed.BadgerSub}}, nil},
		"refreshed": {func(t *testing.T, _ *authtest.Server, there *tcbauth.Auth) { refresh(t, there) }, []told{{tcbauth.EventTokenRefreshed, testbed.GopherSub}}, nil},
		"refreshed, then signed out": {func(t *testing.T, _ *authtest.Server, there *tcbauth.Auth) {
			refresh(t, there)
			require.NoError(t, there.SignOut(t.Context()))
		}, []told{{tcbauth.EventSignedOut, ""}}, tcbauth.ErrNoSession},
		"ended by the server": {func(t *testing.T, srv *authtest.Server, there *tcbauth.Auth) {
			refuseRefresh(srv)
			_, err := there.GetAccessToken(t.Context())
			require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		}, []told{{tcbauth.EventSessionExpired, ""}}, tcbauth.ErrNoSession},
		"refreshed, then ended by the server": {func(t *testing.T, srv *authtest.Server, there *tcbauth.Auth) {
			refresh(t, there)
			refuseRefresh(srv)
			_, err := there.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
			require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		}, []told{{tcbauth.EventSessionExpired, ""}}, tcbauth.ErrNoSession},
		"a bearer that no refresh cures": {func(t *testing.T, srv *authtest.Server, there *tcbauth.Auth) {
			testbed.RefuseBearers(srv, 2, 0)
			_, err := testbed.GetMe(t, there)
			require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		}, []told{{tcbauth.EventSessionExpired, ""}}, tcbauth.ErrNoSession},
		"ended by the server, then signed in again and out": {func(t *testing.T, srv *authtest.Server, there *tcbauth.Auth) {
			refuseRefresh(srv)
			_, err := there.GetAccessToken(t.Context())
			require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
			testbed.SignInAs(t, there, testbed.Gopher)
			require.NoError(t, there.SignOut(t.Context()))
		}, nil, tcbauth.ErrNoSession}, // either end is a right one
	} {
		for how, open := range sameSession {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					here, there := open(t, srv)
					testbed.SignInAs(t, here, testbed.Gopher)
					events := toldBy(here)
					srv.Advance(testbed.TokenLifetime)
					test.elsewhere(t, srv, there)
					require.Empty(t, events(), "not known here yet")
					_, err := here.GetAccessToken(t.Context())
					require.ErrorIs(t, err, test.err)
					_, err = here.HasLoginState(t.Context())
					require.NoError(t, err)
					want := test.want
					if how == twoProcesses && len(want) == 1 && want[0].event == tcbauth.EventSessionExpired {
						want = []told{{tcbauth.EventSignedOut, ""}} // the store does not say how the session has gone
					}
					if want == nil {
						assert.Len(t, events(), 1)
						return
					}
					assert.Equal(t, want, events())
				})
			})
		}
	}
}

// TestEndedElsewhereWithItsReason: a handle that learns of the end from another one tells why the server has ended the session.
func TestEndedElsewhereWithItsReason(t *testing.T) {
	t.Parallel()
	for how, open := range sameSession {
		if how == twoProcesses {
			continue // which know of each other only what is stored
		}
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				here, there := open(t, srv)
				c := testbed.SignInAs(t, here, testbed.Gopher)
				endings := endingsOf(here)
				srv.Advance(testbed.TokenLifetime)
				refuseRefresh(srv)
				_, err := there.GetAccessToken(t.Context())
				require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
				for range 2 {
					_, err = here.GetAccessToken(t.Context())
					require.ErrorIs(t, err, tcbauth.ErrNoSession)
				}
				all := endings()
				require.Len(t, all, 1)
				require.ErrorIs(t, all[0].Err, tcbauth.ErrSessionExpired)
				require.ErrorIs(t, all[0].Err, tcbauth.CodeInvalidGrant)
				testbed.RequireNoTokens(t, all[0].Err.Error(), c)
			})
		})
	}
}

// TestSharedExchangeIsToldByBoth: two handles share one exchange, and each tells of what it has come to.
func TestSharedExchangeIsToldByBoth(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		refused bool
		want    []told
	}{
		"refreshed": {false, []told{{tcbauth.EventTokenRefreshed, testbed.GopherSub}}},
		"refused":   {true, []told{{tcbauth.EventSessionExpired, ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				app := testbed.NewApp(t, srv)
				here, there := app.ForUser("visitor"), app.ForUser("visitor")
				testbed.SignInAs(t, here, testbed.Gopher)
				_, err := there.GetAccessToken(t.Context())
				require.NoError(t, err)
				toldHere, toldThere := toldBy(here), toldBy(there)
				srv.Advance(testbed.TokenLifetime)
				slow := authtest.Fault{Operation: "token", Times: 1, Delay: time.Second}
				if test.refused {
					slow.Error = &authtest.Error{Code: "invalid_grant", Number: 4026, Description: "invalid refresh token"}
				}
				srv.Fault(slow)
				one, two := testbed.Background(testbed.Getting(t.Context(), here)), testbed.Background(testbed.Getting(t.Context(), there))
				assert.Equal(t, test.refused, (<-one).Err != nil)
				assert.Equal(t, test.refused, (<-two).Err != nil)
				assert.Equal(t, 1, srv.Count("token"))
				assert.Equal(t, test.want, toldHere())
				assert.Equal(t, test.want, toldThere())
			})
		})
	}
}

// TestSignedInElsewhereAfterNobody: nobody was there at the first look, so that who comes later has signed in.
func TestSignedInElsewhereAfterNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		app := testbed.NewApp(t, srv)
		here, there := app.ForUser("visitor"), app.ForUser("visitor")
		events := toldBy(here)
		testbed.RequireNobody(t, here)
		testbed.SignInAs(t, there, testbed.Gopher)
		require.Empty(t, events())
		for range 2 {
			_, err := here.GetAccessToken(t.Context())
			require.NoError(t, err)
		}
		assert.Equal(t, []told{{tcbauth.EventSignedIn, testbed.GopherSub}}, events())
	})
}
