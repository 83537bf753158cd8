package tcbauth_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// TestVisitorsApart: the keys are a caller's, of any text, and each is a session of its own.
func TestVisitorsApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := tcbauth.NewMemoryStore()
		app := newApp(t, srv, tcbauth.WithTokenStore(store))
		// Some are what others would be if they were escaped twice, not at all or as a path.
		keys := []string{
			"a", "A", "a/b", "a%2Fb", "a%252Fb", "../x", "x", "..", ".", "%2F", "/", "a ", " ", "用户", "\u00e9", "e\u0301",
			"\x00", "\xff", "device_id", "users/a", "a/credentials_authtest", "?#",
		}
		tokens := make(map[string]string)
		for i, key := range keys {
			username := []string{gopher, badger}[i%2]
			tokens[key] = signInAs(t, app.ForUser(key), username).AccessToken
		}
		defaultSession := signInAs(t, app.Auth(), badger)
		for i, key := range keys {
			requireToken(t, app.ForUser(key), tokens[key])
			user, err := app.ForUser(key).GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
			require.NoError(t, err)
			assert.Equal(t, []string{gopherSub, badgerSub}[i%2], user.Sub, "%q", key)
			assert.NotNil(t, stored(t, store, keyOf(key)), "%q", key)
		}
		for i, key := range keys {
			require.NoError(t, app.ForUser(key).SignOut(t.Context()))
			requireNobody(t, app.ForUser(key))
			for _, other := range keys[i+1:] {
				requireToken(t, app.ForUser(other), tokens[other])
			}
		}
		requireSession(t, store, defaultKey, defaultSession)
	})
}

// TestVisitorWithoutAKey: a key that somebody forgot to look up must not become everybody's session.
func TestVisitorWithoutAKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := newLockingStore()
		touched := false
		store.on(func(string, string) error { touched = true; return nil })
		auth := newApp(t, srv, tcbauth.WithTokenStore(store)).ForUser("")
		_, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: gopher, Password: peoplesPassword})
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
		srv := emulator(t)
		store := tcbauth.NewMemoryStore()
		here := newApp(t, srv, tcbauth.WithTokenStore(store))
		there := newApp(t, srv, tcbauth.WithTokenStore(store))
		c := signInAs(t, here.ForUser("visitor"), gopher)
		requireToken(t, there.ForUser("visitor"), c.AccessToken)
		require.NoError(t, there.ForUser("visitor").SignOut(t.Context()))
		requireNobody(t, here.ForUser("visitor"))
		next := signInAs(t, there.ForUser("visitor"), badger)
		requireToken(t, here.ForUser("visitor"), next.AccessToken)
	})
}

// deviceIDs returns the device ids of all requests so far, each once.
func deviceIDs(srv *authtest.Server) (ids []string) {
	seen := make(map[string]bool)
	for _, r := range srv.Requests() {
		if id := r.Header.Get("X-Device-Id"); !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

func TestDeviceIDOfTheDefaultSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := newLockingStore()
		for range 2 { // as one program run twice
			auth := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
			signInAs(t, auth, gopher)
			require.NoError(t, auth.SignOut(t.Context()))
		}
		ids := deviceIDs(srv)
		require.Len(t, ids, 1, "the device stays the same, whoever signs in and out")
		kept, err := store.Get(t.Context(), "device_id")
		require.NoError(t, err)
		assert.Equal(t, ids[0], string(kept))

		given := newApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithDeviceID("a-device-id-of-our-own")).Auth()
		signInAs(t, given, gopher)
		assert.Equal(t, []string{ids[0], "a-device-id-of-our-own"}, deviceIDs(srv))
		kept, err = store.Get(t.Context(), "device_id")
		require.NoError(t, err)
		assert.Equal(t, ids[0], string(kept))
	})
}

// TestDeviceIDWithoutAStore: an id that cannot be stored, or that is of no use, costs no call.
func TestDeviceIDWithoutAStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := newLockingStore()
		require.NoError(t, store.Set(t.Context(), "device_id", []byte("short"), 0))
		store.on(func(op, key string) error {
			if op == "Set" && key == "device_id" {
				return errDisk
			}
			return nil
		})
		logged, log := warnings()
		auth := newApp(t, srv, tcbauth.WithTokenStore(store), logged).Auth()
		signInAs(t, auth, gopher)
		ids := deviceIDs(srv)
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
		srv := emulator(t)
		store := tcbauth.NewMemoryStore()
		app := newApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithDeviceID("of-the-default-session"))
		keyOfDevice := "users/visitor/device_id"
		visitor := app.ForUser("visitor")
		_, err := visitor.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: gopherPhone})
		require.NoError(t, err)
		_, err = store.Get(t.Context(), keyOfDevice)
		require.ErrorIs(t, err, tcbauth.ErrNotFound)

		signInAs(t, visitor, gopher)
		ids := deviceIDs(srv)
		require.Len(t, ids, 1)
		kept, err := store.Get(t.Context(), keyOfDevice)
		require.NoError(t, err)
		assert.Equal(t, ids[0], string(kept))
		_, err = app.ForUser("visitor").GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
		require.NoError(t, err)
		require.Len(t, deviceIDs(srv), 1, "the next request of the same visitor")

		signInAs(t, app.ForUser("other"), badger)
		require.Len(t, deviceIDs(srv), 2)
		assert.NotContains(t, deviceIDs(srv), "of-the-default-session")
		_, err = store.Get(t.Context(), "device_id")
		require.ErrorIs(t, err, tcbauth.ErrNotFound)

		require.NoError(t, app.ForUser("visitor").SignOut(t.Context()))
		_, err = store.Get(t.Context(), keyOfDevice)
		require.ErrorIs(t, err, tcbauth.ErrNotFound)
		_, err = store.Get(t.Context(), "users/other/device_id")
		require.NoError(t, err)
		signInAs(t, app.ForUser("visitor"), badger)
		assert.Len(t, deviceIDs(srv), 3, "whoever comes after a sign-out is somebody else")
	})
}
