package client_test

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

// requestIDs returns the request ids of an operation's calls after the first skip.
func requestIDs(srv *authtest.Server, operation string, skip int) (ids []string) {
	for _, r := range srv.Requests() {
		if r.Operation == operation {
			ids = append(ids, r.Header.Get("X-Request-Id"))
		}
	}
	return ids[skip:]
}

// TestRefusedBearer: one refresh and one repeat, which to the server is the same call again.
func TestRefusedBearer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		wire := testbed.NewTap(srv)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), wire.Client()).Auth()
		old := testbed.SignInAs(t, auth, testbed.Gopher)
		events := testbed.EventsOf(auth)
		testbed.RefuseBearers(srv, 1, 0)
		user, err := testbed.GetMe(t, auth)
		require.NoError(t, err)
		assert.Equal(t, testbed.GopherSub, user.Sub)

		fresh := testbed.Stored(t, store, testbed.DefaultKey)
		require.NotEqual(t, old.AccessToken, fresh.AccessToken)
		testbed.RequireToken(t, auth, fresh.AccessToken)
		assert.Equal(t, []string{"Bearer " + old.AccessToken, "Bearer " + fresh.AccessToken}, wire.Bearers("/auth/v1/user/me")[1:])
		assert.Equal(t, 1, srv.Count("token"))
		ids := requestIDs(srv, "user/me", 1)
		require.Len(t, ids, 2)
		assert.NotEmpty(t, ids[0])
		assert.Equal(t, ids[0], ids[1])
		assert.Equal(t, []tcbauth.Event{tcbauth.EventTokenRefreshed}, events())
	})
}

// TestRefusedBearerTwice: the server does not take a brand-new token either, so the session is over.
func TestRefusedBearerTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		testbed.RefuseBearers(srv, 2, 0)
		_, err := testbed.GetMe(t, auth)
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
		var e *tcbauth.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, 401, e.StatusCode)
		assert.Equal(t, "GetUserInfo", e.Op)
		assert.Equal(t, 1, srv.Count("token"))
		assert.Equal(t, 3, srv.Count("user/me"))
		assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey))
		testbed.RequireNobody(t, auth)
	})
}

// TestRefusedBearerWithoutRefreshToken: there is nothing to get a new token with.
func TestRefusedBearerWithoutRefreshToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		require.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: "unknown", ExpiresIn: 7200}))
		_, err := testbed.GetMe(t, auth)
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
		assert.Len(t, srv.Requests(), 1)
		testbed.RequireNobody(t, auth)
	})
}

// TestRefusedBearerOfABareToken: it is not this package's to replace or to forget.
func TestRefusedBearerOfABareToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		session := testbed.SignInAs(t, app.Auth(), testbed.Gopher)
		bare := app.ForToken(session.AccessToken)
		testbed.RefuseBearers(srv, 1, 0)
		_, err := testbed.GetMe(t, bare)
		require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
		require.NotErrorIs(t, err, tcbauth.ErrSessionExpired)
		assert.Zero(t, srv.Count("token"))
		testbed.RequireSession(t, store, testbed.DefaultKey, session)
		user, err := testbed.GetMe(t, bare)
		require.NoError(t, err)
		assert.Equal(t, testbed.GopherSub, user.Sub)
	})
}

// TestRefusedBearerWasReplaced: somebody else has refreshed the session already, so there is nothing to refresh.
func TestRefusedBearerWasReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		wire := testbed.NewTap(srv)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), wire.Client()).Auth()
		old := testbed.SignInAs(t, auth, testbed.Gopher)
		newer, err := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth().RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		require.NoError(t, err)
		testbed.RefuseBearers(srv, 1, 0)
		_, err = testbed.GetMe(t, auth)
		require.NoError(t, err)
		assert.Equal(t, []string{"Bearer " + old.AccessToken, "Bearer " + newer.AccessToken}, wire.Bearers("/auth/v1/user/me")[1:])
		assert.Equal(t, 1, srv.Count("token"), "the other's")
		testbed.RequireToken(t, auth, newer.AccessToken)
	})
}

// TestRefusedBearerOfManyCalls: all calls in flight are refused for the same token, which is replaced once.
func TestRefusedBearerOfManyCalls(t *testing.T) {
	t.Parallel()
	const callers = 50
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		testbed.RefuseBearers(srv, callers, time.Second)
		var errs [callers]error
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { _, errs[i] = auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{}) })
		}
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		assert.Equal(t, 1, srv.Count("token"))
		assert.Equal(t, 1+2*callers, srv.Count("user/me"))
	})
}

// TestRefusedBearerAfterSignOutElsewhere: the session ended on the server and in the store, in another process. This one
// learns of it by the refusal, and must not go on giving out the dead token.
func TestRefusedBearerAfterSignOutElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		require.NoError(t, testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth().SignOut(t.Context()))
		_, err := testbed.GetMe(t, auth)
		require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
		assert.Zero(t, srv.Count("token"))
		testbed.RequireNobody(t, auth)
	})
}

// TestRefusedBearerKeepsTheSession: only the refusal of the refresh token, or of the new access token, ends a session.
func TestRefusedBearerKeepsTheSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		old := testbed.SignInAs(t, auth, testbed.Gopher)
		testbed.RefuseBearers(srv, 1, 0)
		srv.Fault(authtest.Fault{Operation: "token", Times: 1, Error: &authtest.Error{Code: "unavailable"}})
		_, err := testbed.GetMe(t, auth)
		require.ErrorIs(t, err, tcbauth.CodeUnavailable)
		testbed.RequireSession(t, store, testbed.DefaultKey, old)
		testbed.RequireToken(t, auth, old.AccessToken)

		srv.Fault(authtest.Fault{Operation: "user/me", Times: 1, Error: &authtest.Error{Code: "permission_denied", Number: 7}})
		_, err = testbed.GetMe(t, auth)
		require.ErrorIs(t, err, tcbauth.CodePermissionDenied)
		testbed.RequireSession(t, store, testbed.DefaultKey, old)
		assert.Equal(t, 1, srv.Count("token"))
	})
}
