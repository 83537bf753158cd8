package tcbauth_test

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
)

// keyed is a client with an access key, and everything that it sends, logs and stores. The server knows the key no more
// than any other token that it did not give to somebody.
func keyed(t *testing.T, srv *authtest.Server) (auth *tcbauth.Auth, wire *tap, log *diary, store *keeping) {
	t.Helper()
	wire, log, store = newTap(srv), new(diary), &keeping{TokenStore: tcbauth.NewMemoryStore()}
	auth = newApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithAccessKey(plantedKey), tcbauth.WithLogger(log.logger()),
		wire.client()).Auth()
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
		srv := emulator(t)
		auth, _, _, _ := keyed(t, srv)
		events := eventsOf(auth)
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
			"RefreshSession": func() error { _, err := forcing(t.Context(), auth)(); return err },
			"SignOut":        func() error { return auth.SignOut(t.Context()) },
		} {
			err := call()
			require.ErrorIs(t, err, tcbauth.ErrNoSession, name)
			require.ErrorIs(t, err, tcbauth.CodeUnauthenticated, name)
			assertErrorKeepsSecrets(t, err)
		}
		has, err := auth.HasLoginState(t.Context())
		require.NoError(t, err)
		assert.False(t, has)
		assert.Empty(t, events())
		assert.Empty(t, srv.Requests())
		requireToken(t, auth, plantedKey)
	})
}

// TestAccessKeyGivesWay to a session, for as long as there is one.
func TestAccessKeyGivesWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t, authtest.WithoutLimits())
		auth, wire, log, store := keyed(t, srv)
		bearers := func() []string { return wire.bearers("/auth/v1/verification") }
		require.NoError(t, getCode(t, auth))
		assert.Equal(t, []string{"Bearer " + plantedKey}, bearers())

		c := signInAs(t, auth, gopher)
		requireToken(t, auth, c.AccessToken)
		require.NoError(t, getCode(t, auth))
		srv.Advance(lifetime)
		require.NoError(t, getCode(t, auth))
		fresh := stored(t, store, defaultKey)
		require.NotEqual(t, c.AccessToken, fresh.AccessToken, "an expired session is refreshed, it does not give way")
		require.NoError(t, auth.SignOut(t.Context()))
		requireToken(t, auth, plantedKey)
		require.NoError(t, getCode(t, auth))
		assert.Equal(t, []string{
			"Bearer " + plantedKey, "Bearer " + c.AccessToken, "Bearer " + fresh.AccessToken, "Bearer " + plantedKey,
		}, bearers())
		for _, path := range []string{"signin", "token", "revoke"} {
			assert.Equal(t, []string{""}, wire.bearers("/auth/v1/"+path), path)
		}

		// A session that the server has ended gives way too, after the person was told once.
		signInAs(t, auth, gopher)
		refuseBearers(srv, 2, 0)
		_, err := getMe(t, auth)
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		requireToken(t, auth, plantedKey)
		assertNoSecret(t, "log", log.String())
		assertNoSecret(t, "store", string(store.written))
	})
}

// TestAccessKeyIsRefused: nothing can be done about it, so it is said after one request.
func TestAccessKeyIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		auth, wire, log, store := keyed(t, srv)
		for range 2 {
			_, err := getMe(t, auth)
			require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
			require.NotErrorIs(t, err, tcbauth.ErrSessionExpired, "it is no session that has ended")
			require.NotErrorIs(t, err, tcbauth.ErrNoSession)
			assert.Equal(t, 401, errorOf(t, err).StatusCode)
			assertErrorKeepsSecrets(t, err)
		}
		assert.Equal(t, []string{"Bearer " + plantedKey, "Bearer " + plantedKey}, wire.bearers("/auth/v1/user/me"))
		assert.Len(t, srv.Requests(), 2)
		assertNoSecret(t, "log", log.String())
		assertNoSecret(t, "store", string(store.written))
		requireToken(t, auth, plantedKey)
	})
}

// TestAccessKeyIsNoWayOut: somebody is signed in, only their token cannot be had now. Acting as the key's owner instead
// would mix two people up.
func TestAccessKeyIsNoWayOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		auth, wire, _, store := keyed(t, srv)
		session := signInAs(t, auth, gopher)
		srv.Advance(lifetime)
		srv.Fault(authtest.Fault{Operation: "token", Times: 2, Error: &authtest.Error{Word: "unavailable"}})
		_, err := auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.CodeUnavailable)
		_, err = getMe(t, auth)
		require.ErrorIs(t, err, tcbauth.CodeUnavailable)
		requireSession(t, store, defaultKey, session)

		session.RefreshToken = ""
		require.NoError(t, auth.SetCredentials(t.Context(), session))
		_, err = getMe(t, auth)
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		assert.NotContains(t, wire.bearers("/auth/v1/user/me"), "Bearer "+plantedKey)
	})
}
