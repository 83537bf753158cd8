package filestore

import (
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestSessionsOfAMissingDirectory: nobody is taken for signed out, or called for with another key, because the directory is not
// there. When it is back they go on, without a restart.
func TestSessionsOfAMissingDirectory(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	race := testbed.NewRace(t, store.dir, store, authtest.Rotating())
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	app, err := tcbauth.NewApp(testbed.EmulatorEnv, tcbauth.WithBaseURL(race.Server.URL), tcbauth.WithTokenStore(store),
		tcbauth.WithAccessKey("the-administrator's"), tcbauth.WithHTTPClient(&http.Client{Transport: transport}),
		tcbauth.WithClock(race.Server.Now))
	require.NoError(t, err)
	auth := app.Auth() // which has not looked at the session yet
	calls := map[string]func() error{
		"HasLoginState":  func() error { _, err := auth.HasLoginState(t.Context()); return err },
		"GetAccessToken": func() error { _, err := auth.GetAccessToken(t.Context()); return err },
		"GetUserInfo": func() error {
			_, err := auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
			return err
		},
		"visitor's GetUserInfo": func() error {
			_, err := app.ForUser("visitor").GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
			return err
		},
	}
	before := len(race.Server.Requests())
	require.NoError(t, os.Rename(store.dir, store.dir+".away"))
	for name, call := range calls {
		require.ErrorIs(t, call(), tcbauth.ErrStore, name)
	}
	require.NoError(t, os.Rename(store.dir+".away", store.dir))
	assert.Len(t, race.Server.Requests(), before, "nothing was sent meanwhile")

	race.Expire()
	for name, call := range calls {
		if name != "visitor's GetUserInfo" { // who has never signed in
			require.NoError(t, call(), name)
		}
	}
	race.SignIn(t)
	require.NoError(t, auth.SignOut(t.Context()))
}
