package client_test

import (
	"context"
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

// keyed is a client with an access key, and everything that it sends, logs and stores. The server knows the key no more
// than any other token that it did not give to somebody.
func keyed(t *testing.T, srv *authtest.Server) (auth *tcbauth.Auth, wire *testbed.Tap, log *testbed.Diary, store *keeping) {
	t.Helper()
	wire, log, store = testbed.NewTap(srv), new(testbed.Diary), &keeping{TokenStore: tcbauth.NewMemoryStore()}
	auth = testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithAccessKey(testbed.PlantedKey), tcbauth.WithLogger(log.Logger()),
		wire.Client()).Auth()
	return auth, wire, log, store
}

// keeping is a store that also keeps what was overwritten and deleted.
type keeping struct {
	tcbauth.TokenStore

	mu      sync.Mutex
	written []byte
}

func (s *keeping) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	s.mu.Lock()
	s.written = append(s.written, value...)
	s.mu.Unlock()
	return s.TokenStore.Set(ctx, key, value, ttl)
}

// TestAccessKeyIsNoSession: whoever asks for a session is told that there is none, and nothing is sent.
func TestAccessKeyIsNoSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth, _, _, _ := keyed(t, srv)
		events := testbed.EventsOf(auth)
		for name, call := range map[string]func() error{
			"GetSession":     func() error { _, err := auth.GetSession(t.Context()); return err },
			"GetCredentials": func() error { _, err := auth.GetCredentials(t.Context()); return err },
			"GetLoginState":  func() error { _, err := auth.GetLoginState(t.Context()); return err },
			"GetUser":        func() error { _, err := auth.GetUser(t.Context()); return err },
			"LoginScope":     func() error { _, err := auth.LoginScope(t.Context()); return err },
			"LoginGroups":    func() error { _, err := auth.LoginGroups(t.Context()); return err },
			"Reauthenticate": func() error { _, err := auth.Reauthenticate(t.Context()); return err },
			"RefreshTokenForce": func() error {
				_, err := auth.RefreshTokenForce(t.Context(), tcbauth.RefreshTokenForceRequest{})
				return err
			},
			"RefreshSession": func() error { _, err := testbed.Forcing(t.Context(), auth)(); return err },
			"SignOut":        func() error { return auth.SignOut(t.Context()) },
		} {
			err := call()
			require.ErrorIs(t, err, tcbauth.ErrNoSession, name)
			require.ErrorIs(t, err, tcbauth.CodeUnauthenticated, name)
			testbed.AssertErrorKeepsSecrets(t, err)
		}
		has, err := auth.HasLoginState(t.Context())
		require.NoError(t, err)
		assert.False(t, has)
		assert.Empty(t, events())
		assert.Empty(t, srv.Requests())
		testbed.RequireToken(t, auth, testbed.PlantedKey)
	})
}

// TestAccessKeyGivesWay to a session, for as long as there is one.
func TestAccessKeyGivesWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithoutLimits())
		auth, wire, log, store := keyed(t, srv)
		bearers := func() []string { return wire.Bearers("/auth/v1/verification") }
		require.NoError(t, getCode(t, auth))
		assert.Equal(t, []string{"Bearer " + testbed.PlantedKey}, bearers())

		c := testbed.SignInAs(t, auth, testbed.Gopher)
		testbed.RequireToken(t, auth, c.AccessToken)
		require.NoError(t, getCode(t, auth))
		srv.Advance(testbed.TokenLifetime)
		require.NoError(t, getCode(t, auth))
		fresh := testbed.Stored(t, store, testbed.DefaultKey)
		require.NotEqual(t, c.AccessToken, fresh.AccessToken, "an expired session is refreshed, it does not give way")
		require.NoError(t, auth.SignOut(t.Context()))
		testbed.RequireToken(t, auth, testbed.PlantedKey)
		require.NoError(t, getCode(t, auth))
		assert.Equal(t, []string{
			"Bearer " + testbed.PlantedKey, "Bearer " + c.AccessToken, "Bearer " + fresh.AccessToken, "Bearer " + testbed.PlantedKey,
		}, bearers())
		for _, path := range []string{"signin", "token", "revoke"} {
			assert.Equal(t, []string{""}, wire.Bearers("/auth/v1/"+path), path)
		}

		// A session that the server has ended gives way too, after the person was told once.
		testbed.SignInAs(t, auth, testbed.Gopher)
		testbed.RefuseBearers(srv, 2, 0)
		_, err := testbed.GetMe(t, auth)
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		testbed.RequireToken(t, auth, testbed.PlantedKey)
		testbed.AssertNoSecret(t, "log", log.String())
		testbed.AssertNoSecret(t, "store", string(store.written))
	})
}

// TestAccessKeyIsRefused: nothing can be done about it, so it is said after one request.
func TestAccessKeyIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth, wire, log, store := keyed(t, srv)
		for range 2 {
			_, err := testbed.GetMe(t, auth)
			require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
			require.NotErrorIs(t, err, tcbauth.ErrSessionExpired, "it is no session that has ended")
			require.NotErrorIs(t, err, tcbauth.ErrNoSession)
			require.ErrorContains(t, err, "the access key was refused")
			assert.Equal(t, 401, testbed.ErrorOf(t, err).StatusCode)
			testbed.AssertErrorKeepsSecrets(t, err)
		}
		assert.Equal(t, []string{"Bearer " + testbed.PlantedKey, "Bearer " + testbed.PlantedKey}, wire.Bearers("/auth/v1/user/me"))
		assert.Len(t, srv.Requests(), 2)
		testbed.AssertNoSecret(t, "log", log.String())
		testbed.AssertNoSecret(t, "store", string(store.written))
		testbed.RequireToken(t, auth, testbed.PlantedKey)
	})
}

// TestAccessKeyIsNoWayOut: somebody is signed in, only their token cannot be had now. Acting as the key's owner instead
// would mix two people up.
func TestAccessKeyIsNoWayOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth, wire, _, store := keyed(t, srv)
		session := testbed.SignInAs(t, auth, testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		srv.Fault(authtest.Fault{Operation: "token", Times: 2, Error: &authtest.Error{Code: "unavailable"}})
		_, err := auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.CodeUnavailable)
		_, err = testbed.GetMe(t, auth)
		require.ErrorIs(t, err, tcbauth.CodeUnavailable)
		testbed.RequireSession(t, store, testbed.DefaultKey, session)

		session.RefreshToken = ""
		require.NoError(t, auth.SetCredentials(t.Context(), session))
		_, err = testbed.GetMe(t, auth)
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		assert.NotContains(t, wire.Bearers("/auth/v1/user/me"), "Bearer "+testbed.PlantedKey)
	})
}

// TestAccessKey stands in for a session in calls that carry one, and in no others.
func TestAccessKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		wire := testbed.NewTap(srv)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithAccessKey("key"), wire.Client()).Auth()
		testbed.RequireToken(t, auth, "key")
		_, err := auth.GetCredentials(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrNoSession, "a key is no session")
		has, err := auth.HasLoginState(t.Context())
		require.NoError(t, err)
		assert.False(t, has)
		_, err = auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
		require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
		require.NotErrorIs(t, err, tcbauth.ErrSessionExpired)

		req := testbed.Sms(t, srv, auth, testbed.GopherPhone)
		state, err := auth.SignInWithSms(t.Context(), req)
		require.NoError(t, err)
		testbed.RequireToken(t, auth, state.Credentials.AccessToken)
		srv.Advance(testbed.TokenLifetime)
		_, err = auth.GetCredentials(t.Context())
		require.NoError(t, err)
		require.NoError(t, auth.SignOut(t.Context()))
		testbed.RequireToken(t, auth, "key")

		for path, want := range map[string][]string{
			"verification": {"Bearer key"}, "verification/verify": {""}, "signin": {""}, "token": {""}, "revoke": {""},
			"user/me": {"Bearer key", "Bearer " + state.Credentials.AccessToken},
		} {
			assert.Equal(t, want, wire.Bearers("/auth/v1/"+path), path)
		}
	})
}
