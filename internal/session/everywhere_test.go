package session_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestSeenEverywhere: what one program does to a session, another on the same store sees at the latest when its token
// expires, and at once when it takes the session's lock.
func TestSeenEverywhere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore, here, there *tcbauth.Auth){
		"a sign-out, when the token expires": func(t *testing.T, srv *authtest.Server, _ tcbauth.TokenStore, here, there *tcbauth.Auth) {
			require.NoError(t, there.SignOut(t.Context()))
			_, err := here.GetAccessToken(t.Context())
			require.NoError(t, err, "the token at hand is used until its end")
			srv.Advance(testbed.TokenLifetime)
			testbed.RequireNobody(t, here)
			assert.Zero(t, srv.Count("token"))
		},
		"a sign-out, at a forced refresh": func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore, here, there *tcbauth.Auth) {
			require.NoError(t, there.SignOut(t.Context()))
			_, err := here.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
			require.ErrorIs(t, err, tcbauth.ErrNoSession)
			testbed.RequireNobody(t, here)
			assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey))
			assert.Zero(t, srv.Count("token"))
		},
		"a sign-out, when the server refuses the token": func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore, here, there *tcbauth.Auth) {
			require.NoError(t, there.SignOut(t.Context()))
			_, err := here.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
			require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
			testbed.RequireNobody(t, here)
			assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey))
			assert.Zero(t, srv.Count("token"))
		},
		"a refresh, when the token expires": func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore, here, there *tcbauth.Auth) {
			srv.Advance(testbed.TokenLifetime)
			fresh, err := there.GetCredentials(t.Context())
			require.NoError(t, err)
			testbed.RequireToken(t, here, fresh.AccessToken)
			testbed.RequireSession(t, store, testbed.DefaultKey, fresh)
			assert.Equal(t, 1, srv.Count("token"))
		},
		"a refresh, at a forced refresh": func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore, here, there *tcbauth.Auth) {
			fresh, err := there.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
			require.NoError(t, err)
			adopted, err := here.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
			require.NoError(t, err)
			assert.Equal(t, fresh.AccessToken, adopted.AccessToken)
			testbed.RequireSession(t, store, testbed.DefaultKey, fresh)
			assert.Equal(t, 1, srv.Count("token"))
		},
		"a sign-out of a session that is dead": func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore, here, _ *tcbauth.Auth) {
			srv.Reset()
			srv.Advance(testbed.TokenLifetime)
			require.ErrorIs(t, here.SignOut(t.Context()), tcbauth.ErrSessionExpired)
			assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey))
			testbed.RequireNobody(t, here)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := tcbauth.NewMemoryStore()
				here := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				there := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				old := testbed.SignInAs(t, here, testbed.Gopher)
				testbed.RequireToken(t, there, old.AccessToken)
				<-time.After(time.Second)
				test(t, srv, store, here, there)
			})
		})
	}
}
