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

func TestDeviceIDOfTheDefaultSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewLockingStore()
		for range 2 { // as one program run twice
			auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
			testbed.SignInAs(t, auth, testbed.Gopher)
			require.NoError(t, auth.SignOut(t.Context()))
		}
		ids := testbed.DeviceIDs(srv)
		require.Len(t, ids, 1, "the device stays the same, whoever signs in and out")
		kept, err := store.Get(t.Context(), testbed.DeviceKeyOf(""))
		require.NoError(t, err)
		assert.Equal(t, ids[0], string(kept))

		given := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithDeviceID("a-device-id-of-our-own")).Auth()
		testbed.SignInAs(t, given, testbed.Gopher)
		assert.Equal(t, []string{ids[0], "a-device-id-of-our-own"}, testbed.DeviceIDs(srv))
		kept, err = store.Get(t.Context(), testbed.DeviceKeyOf(""))
		require.NoError(t, err)
		assert.Equal(t, ids[0], string(kept))
	})
}

// TestDeviceIDWithoutAStore: an id that cannot be stored, or that is of no use, costs no call.
func TestDeviceIDWithoutAStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewLockingStore()
		require.NoError(t, store.Set(t.Context(), testbed.DeviceKeyOf(""), []byte("short"), 0))
		store.On(func(op, key string) error {
			if op == "Set" && key == testbed.DeviceKeyOf("") {
				return testbed.ErrDisk
			}
			return nil
		})
		logged, log := testbed.Warnings()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), logged).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		ids := testbed.DeviceIDs(srv)
		require.Len(t, ids, 1)
		assert.GreaterOrEqual(t, len(ids[0]), 16)
		assert.Contains(t, log.String(), "device id")
	})
}

// TestDeviceIDOfVisitors: the server tells anonymous users apart by them, so no two visitors may share one. It is
// written with the first session: a visitor who only looks leaves nothing in the store.
func TestDeviceIDOfVisitors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithDeviceID("of-the-default-session"))
		keyOfDevice := testbed.DeviceKeyOf("visitor")
		visitor := app.ForUser("visitor")
		_, err := visitor.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone})
		require.NoError(t, err)
		_, err = store.Get(t.Context(), keyOfDevice)
		require.ErrorIs(t, err, tcbauth.ErrNotFound)

		testbed.SignInAs(t, visitor, testbed.Gopher)
		ids := testbed.DeviceIDs(srv)
		require.Len(t, ids, 1)
		kept, err := store.Get(t.Context(), keyOfDevice)
		require.NoError(t, err)
		assert.Equal(t, ids[0], string(kept))
		_, err = app.ForUser("visitor").GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
		require.NoError(t, err)
		require.Len(t, testbed.DeviceIDs(srv), 1, "the next request of the same visitor")

		testbed.SignInAs(t, app.ForUser("other"), testbed.Badger)
		require.Len(t, testbed.DeviceIDs(srv), 2)
		assert.NotContains(t, testbed.DeviceIDs(srv), "of-the-default-session")
		_, err = store.Get(t.Context(), testbed.DeviceKeyOf(""))
		require.ErrorIs(t, err, tcbauth.ErrNotFound)

		require.NoError(t, app.ForUser("visitor").SignOut(t.Context()))
		_, err = store.Get(t.Context(), keyOfDevice)
		require.ErrorIs(t, err, tcbauth.ErrNotFound)
		_, err = store.Get(t.Context(), testbed.DeviceKeyOf("other"))
		require.NoError(t, err)
		testbed.SignInAs(t, app.ForUser("visitor"), testbed.Badger)
		assert.Len(t, testbed.DeviceIDs(srv), 3, "whoever comes after a sign-out is somebody else")
	})
}
