package session_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestOtherUserSaysSignInAgain: a ticket source that has tickets of somebody else only cannot go on with the session, and
// so its person must sign in again. Nothing else is told by other words.
func TestOtherUserSaysSignInAgain(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, tcbauth.ErrOtherUser, tcbauth.CodeUnauthenticated)
	require.NotErrorIs(t, tcbauth.ErrOtherUser, tcbauth.ErrNoSession)
	require.NotErrorIs(t, tcbauth.ErrOtherUser, tcbauth.ErrSessionExpired)
	for name, call := range sessionCalls {
		switch name {
		case "HasLoginState", "GetSession", "LoginScope", "LoginGroups", "RefreshSession of a token", "SetSession":
			continue // which ask for no ticket
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, source, app, store, c := testbed.CustomSession(t)
				source.Will("person-2", nil)
				srv.Advance(testbed.TokenLifetime)
				err := call(t.Context(), app.ForUser("person-1"))
				require.ErrorIs(t, err, tcbauth.ErrOtherUser)
				require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
				e := testbed.ErrorOf(t, err)
				assert.Equal(t, tcbauth.CodeUnauthenticated, e.Code)
				assert.Equal(t, tcbauth.CategoryInvalidCredentials, e.Category)
				assert.NotEmpty(t, e.Help)
				testbed.RequireSession(t, store, testbed.KeyOf("person-1"), c)

				state, err := app.ForUser("person-1").SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{})
				require.NoError(t, err, "signing in again helps")
				testbed.RequireToken(t, app.ForUser("person-1"), state.Credentials.AccessToken)
			})
		})
	}
}

// TestAccessKeyDespiteAnotherUsersTicket: an access key does not stand in for a session that has another person's ticket.
func TestAccessKeyDespiteAnotherUsersTicket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, source, _, store, _ := testbed.CustomSession(t)
		key := accessKeys["publishable key"].key
		app := testbed.NewApp(t, srv, source.Option(), tcbauth.WithTokenStore(store), tcbauth.WithAccessKey(key))
		source.Will("person-2", nil)
		srv.Advance(testbed.TokenLifetime)
		_, err := app.ForUser("person-1").GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrOtherUser)
		foreign := tcbauth.WithTicketSource(func(context.Context, string) (string, error) { return "", tcbauth.ErrOtherUser })
		_, err = testbed.NewApp(t, srv, foreign, tcbauth.WithTokenStore(store), tcbauth.WithAccessKey(key)).ForUser("person-1").GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrOtherUser)
		assert.Equal(t, tcbauth.CategoryUnknown, testbed.ErrorOf(t, err).Category, "the source said so, of whatever")
		assert.Empty(t, testbed.ErrorOf(t, err).Code)
	})
}
