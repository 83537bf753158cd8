package session_test

import (
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

// endingsOf listens to auth for the ends of its session.
func endingsOf(auth *tcbauth.Auth) func() []tcbauth.AuthEvent {
	var mu sync.Mutex
	var all []tcbauth.AuthEvent
	auth.OnAuthStateChange(func(e tcbauth.AuthEvent) {
		if e.Event == tcbauth.EventSessionExpired {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, e)
		}
	})
	return func() []tcbauth.AuthEvent {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		return append([]tcbauth.AuthEvent(nil), all...)
	}
}

// TestSessionEndedByTheServer is told once, with the reason, however many calls find out.
func TestSessionEndedByTheServer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth)
		is  error
	}{
		"a refused refresh": {func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
			srv.Advance(testbed.TokenLifetime)
			srv.Fault(authtest.Fault{
				Operation: "token", Times: 1, Delay: 1e9, Error: &authtest.Error{Code: "invalid_grant", Number: 4026, Description: "invalid refresh token"},
			})
			one, two := testbed.Background(testbed.Getting(t.Context(), auth)), testbed.Background(testbed.Getting(t.Context(), auth))
			require.ErrorIs(t, (<-one).Err, tcbauth.ErrSessionExpired)
			require.ErrorIs(t, (<-two).Err, tcbauth.CodeUnauthenticated)
		}, tcbauth.CodeInvalidGrant},
		"a refused forced refresh": {func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
			srv.Fault(authtest.Fault{
				Operation: "token", Times: 1, Error: &authtest.Error{Code: "invalid_grant", Number: 4026, Description: "invalid refresh token"},
			})
			_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
			require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		}, tcbauth.CodeInvalidGrant},
		"a bearer that no refresh cures": {func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
			testbed.RefuseBearers(srv, 2, 0)
			_, err := testbed.GetMe(t, auth)
			require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		}, tcbauth.CodeUnauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				auth := testbed.NewApp(t, srv).Auth()
				c := testbed.SignInAs(t, auth, testbed.Gopher)
				endings := endingsOf(auth)
				test.end(t, srv, auth)
				all := endings()
				require.Len(t, all, 1)
				assert.Nil(t, all[0].Session)
				require.ErrorIs(t, all[0].Err, tcbauth.ErrSessionExpired)
				require.ErrorIs(t, all[0].Err, test.is)
				testbed.RequireNoTokens(t, all[0].Err.Error(), c)
				testbed.RequireNobody(t, auth)
				_, err := testbed.GetMe(t, auth)
				require.ErrorIs(t, err, tcbauth.ErrNoSession)
				assert.Len(t, endings(), 1, "it ends once")
			})
		})
	}
}

// TestSessionThatDoesNotEnd: what passes by ends nothing, and neither does somebody who signs out.
func TestSessionThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		endings := endingsOf(auth)
		srv.Advance(testbed.TokenLifetime)
		srv.Fault(authtest.Fault{Operation: "token", Times: 1, Error: &authtest.Error{Code: "internal", Number: 13, Description: "x"}})
		_, err := auth.GetAccessToken(t.Context())
		require.Error(t, err)
		_, err = auth.GetAccessToken(t.Context())
		require.NoError(t, err)
		require.NoError(t, auth.SignOut(t.Context()))
		testbed.SignInAnonymously(t, auth)
		srv.Advance(testbed.TokenLifetime)
		_, err = auth.GetAccessToken(t.Context())
		require.NoError(t, err)
		assert.Empty(t, endings())
	})
}

// TestSessionEndedBeforeTheNextBegins: the end of one person's session comes before the beginning of the next one's.
func TestSessionEndedBeforeTheNextBegins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		events := testbed.EventsOf(auth)
		testbed.RefuseBearers(srv, 2, 0)
		_, err := testbed.GetMe(t, auth)
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		testbed.SignInAs(t, auth, testbed.Badger)
		assert.Equal(t, []tcbauth.Event{tcbauth.EventTokenRefreshed, tcbauth.EventSessionExpired, tcbauth.EventSignedIn}, events())
	})
}

// TestSignedOutWhileARefreshIsRefused: another process signs the person out while the refresh is under way, which is therefore
// refused. Nobody is signed in: the server has ended nothing here.
func TestSignedOutWhileARefreshIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewHookedStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		events := testbed.EventsOf(auth)
		srv.Advance(testbed.TokenLifetime)
		srv.Fault(authtest.Fault{
			Operation: "token", Times: 1, Delay: time.Second, Error: &authtest.Error{Code: "invalid_grant", Number: 4026},
		})
		done := testbed.Background(testbed.Getting(t.Context(), auth))
		require.NoError(t, store.Delete(t.Context(), testbed.DefaultKey))
		got := <-done
		require.ErrorIs(t, got.Err, tcbauth.ErrNoSession)
		assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedOut}, events())
	})
}
