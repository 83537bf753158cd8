package session_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// deviceHandles are the two kinds of handles that keep a device id, and its key.
var deviceHandles = map[string]func(*tcbauth.App) *tcbauth.Auth{
	testbed.DeviceKeyOf(""):        (*tcbauth.App).Auth,
	testbed.DeviceKeyOf("visitor"): func(app *tcbauth.App) *tcbauth.Auth { return app.ForUser("visitor") },
}

// lastDeviceID is the id that the last request had.
func lastDeviceID(srv *authtest.Server) string {
	all := srv.Requests()
	return all[len(all)-1].Header.Get("X-Device-Id")
}

// failingGet lets every read of a key fail with err.
func failingGet(key string, err error) func(string, string) error {
	return func(op, got string) error {
		if op == "Get" && got == key {
			return err
		}
		return nil
	}
}

// TestDeviceIDThatCannotBeRead: an id that is not to be had for a moment is not replaced, as the server knows anonymous
// users by it.
func TestDeviceIDThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for key, handle := range deviceHandles {
		t.Run(strings.ReplaceAll(key, "/", " "), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := testbed.NewHookedStore()
				open := func() *tcbauth.Auth { return handle(testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))) }
				anonymous := testbed.SignInAnonymously(t, open())
				id, err := store.Get(t.Context(), key)
				require.NoError(t, err)
				require.Equal(t, string(id), lastDeviceID(srv))

				auth := open()
				store.On(failingGet(key, testbed.ErrDisk))
				user, err := testbed.GetMe(t, auth)
				require.NoError(t, err, "it costs no call")
				assert.Equal(t, anonymous.User.Sub, user.Sub)
				assert.NotEqual(t, string(id), lastDeviceID(srv))
				testbed.SignInAs(t, auth, testbed.Gopher) // which writes
				store.On(nil)
				kept, err := store.Get(t.Context(), key)
				require.NoError(t, err)
				require.Equal(t, string(id), string(kept))

				for _, later := range []*tcbauth.Auth{auth, open()} {
					_, err = testbed.GetMe(t, later)
					require.NoError(t, err)
					assert.Equal(t, string(id), lastDeviceID(srv))
				}
				assert.Equal(t, anonymous.User.Sub, testbed.SignInAnonymously(t, auth).User.Sub)
				kept, err = store.Get(t.Context(), key)
				require.NoError(t, err)
				assert.Equal(t, string(id), string(kept))
			})
		})
	}
}

// TestDeviceIDThatIsNotThere: a store that has none says so, in whatever words, and then gets one.
func TestDeviceIDThatIsNotThere(t *testing.T) {
	t.Parallel()
	for key, handle := range deviceHandles {
		t.Run(strings.ReplaceAll(key, "/", " "), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := testbed.NewHookedStore()
				store.On(failingGet(key, fmt.Errorf("redis: nil: %w", tcbauth.ErrNotFound)))
				testbed.SignInAs(t, handle(testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))), testbed.Gopher)
				store.On(nil)
				id, err := store.Get(t.Context(), key)
				require.NoError(t, err)
				require.NotEmpty(t, id)
				_, err = testbed.GetMe(t, handle(testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))))
				require.NoError(t, err)
				assert.Equal(t, []string{string(id)}, testbed.DeviceIDs(srv))
			})
		})
	}
}
