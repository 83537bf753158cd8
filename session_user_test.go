package tcbauth_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestVisitorsApart: the keys are a caller's, of any text, and each is a session of its own.
func TestVisitorsApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		// Some are what others would be if they were escaped twice, not at all or as a path.
		keys := []string{
			"a", "A", "a/b", "a%2Fb", "a%252Fb", "../x", "x", "..", ".", "%2F", "/", "a ", " ", "用户", "\u00e9", "e\u0301",
			"\x00", "\xff", "device_id", "users/a", "a/" + testbed.DefaultKey, "?#",
		}
		tokens := make(map[string]string)
		for i, key := range keys {
			username := []string{testbed.Gopher, testbed.Badger}[i%2]
			tokens[key] = testbed.SignInAs(t, app.ForUser(key), username).AccessToken
		}
		defaultSession := testbed.SignInAs(t, app.Auth(), testbed.Badger)
		for i, key := range keys {
			testbed.RequireToken(t, app.ForUser(key), tokens[key])
			user, err := app.ForUser(key).GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
			require.NoError(t, err)
			assert.Equal(t, []string{testbed.GopherSub, testbed.BadgerSub}[i%2], user.Sub, "%q", key)
			assert.NotNil(t, testbed.Stored(t, store, testbed.KeyOf(key)), "%q", key)
		}
		for i, key := range keys {
			require.NoError(t, app.ForUser(key).SignOut(t.Context()))
			testbed.RequireNobody(t, app.ForUser(key))
			for _, other := range keys[i+1:] {
				testbed.RequireToken(t, app.ForUser(other), tokens[other])
			}
		}
		testbed.RequireSession(t, store, testbed.DefaultKey, defaultSession)
	})
}

// TestVisitorWithoutAKey: a key that somebody forgot to look up must not become everybody's session.
func TestVisitorWithoutAKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewLockingStore()
		touched := false
		store.On(func(string, string) error { touched = true; return nil })
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).ForUser("")
		_, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: testbed.Gopher, Password: testbed.Password})
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		_, err = auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		_, err = auth.HasLoginState(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		require.ErrorIs(t, auth.SignOut(t.Context()), tcbauth.ErrInvalidParams)
		require.ErrorIs(t, auth.SetCredentials(t.Context(), nil), tcbauth.ErrInvalidParams)
		assert.Empty(t, srv.Requests())
		assert.False(t, touched, "the store was used")
	})
}

// TestSignOutOnAnotherReplica is seen by the next request, which makes a handle of its own.
func TestSignOutOnAnotherReplica(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		here := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		there := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		c := testbed.SignInAs(t, here.ForUser("visitor"), testbed.Gopher)
		testbed.RequireToken(t, there.ForUser("visitor"), c.AccessToken)
		require.NoError(t, there.ForUser("visitor").SignOut(t.Context()))
		testbed.RequireNobody(t, here.ForUser("visitor"))
		next := testbed.SignInAs(t, there.ForUser("visitor"), testbed.Badger)
		testbed.RequireToken(t, here.ForUser("visitor"), next.AccessToken)
	})
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
