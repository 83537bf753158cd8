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

// A store goes away when a refresh has its lock and has read the session. The refresh token is not spent, since the next one
// could be stored nowhere: another replica would send the spent token, which ends the session. Where only the device id
// cannot be read, the session is refreshed all the same.
func TestRefreshWaitsForAStoreThatGoesAway(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		away  func(op, key string) bool // once the device id was asked for
		spent bool
	}{
		"all of it":          {func(string, string) bool { return true }, false},
		"the device id only": {func(_, key string) bool { return key == testbed.DeviceKeyOf("visitor") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t, authtest.WithRefreshPolicy(authtest.Rotating().RevokingReuse()))
				store := testbed.NewLockingStore()
				app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
				testbed.SignInAs(t, app.ForUser("visitor"), testbed.Gopher)
				srv.Advance(testbed.TokenLifetime)
				gone := false
				store.On(func(op, key string) error {
					gone = gone || key == testbed.DeviceKeyOf("visitor")
					if gone && test.away(op, key) {
						return testbed.ErrDisk
					}
					return nil
				})
				_, err := app.ForUser("visitor").GetAccessToken(t.Context())
				assert.True(t, gone)
				if test.spent {
					assert.NoError(t, err)
					assert.Equal(t, 1, srv.Count("token"))
				} else {
					require.ErrorIs(t, err, tcbauth.ErrStore)
					assert.Zero(t, srv.Count("token"), "the refresh token was spent though the store had gone")
				}
				store.On(nil)

				other := testbed.NewApp(t, srv, tcbauth.WithTokenStore(testbed.LockingStore{HookedStore: &testbed.HookedStore{TokenStore: store}}))
				_, err = other.ForUser("visitor").GetAccessToken(t.Context())
				assert.NoError(t, err, "the session is lost for the other replica")
			})
		})
	}
}
