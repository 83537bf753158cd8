package tcbauth_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// TestRenewFails: nothing but invalid_grant ends a session. Whatever else goes wrong, the session stays, and the next
// call tries again.
func TestRenewFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault authtest.Fault
		want  []error
	}{
		"unavailable": {authtest.Fault{Error: &authtest.Error{Word: "unavailable"}}, []error{tcbauth.CodeUnavailable}},
		"internal":    {authtest.Fault{Error: &authtest.Error{Word: "internal"}}, []error{tcbauth.CodeInternal}},
		"rate limited": {
			authtest.Fault{Error: &authtest.Error{Word: "resource_exhausted", Number: 8}},
			[]error{tcbauth.CodeResourceExhausted, tcbauth.ErrRateLimited},
		},
		"refused as no bearer is": {
			authtest.Fault{Error: &authtest.Error{Word: "unauthenticated", Number: 16}}, []error{tcbauth.CodeUnauthenticated},
		},
		"closed before the answer": {
			authtest.Fault{Close: authtest.BeforeCommit}, []error{tcbauth.ErrOutcomeUnknown, tcbauth.CodeUnreachable},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := emulator(t)
				store := tcbauth.NewMemoryStore()
				auth := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				old := signInAs(t, auth, gopher)
				srv.Advance(lifetime)
				test.fault.Operation, test.fault.Times = "token", 1
				srv.Fault(test.fault)
				_, err := auth.GetAccessToken(t.Context())
				for _, want := range test.want {
					require.ErrorIs(t, err, want)
				}
				require.NotErrorIs(t, err, tcbauth.ErrSessionExpired)
				requireNoTokens(t, err.Error(), old)
				requireSession(t, store, defaultKey, old)
				assert.Equal(t, 1, srv.Count("token"), "a refresh is not sent again")

				token, err := auth.GetAccessToken(t.Context())
				require.NoError(t, err)
				assert.NotEqual(t, old.AccessToken, token)
			})
		})
	}
}

// TestRenewUnreachable: it is certain that nothing was sent, so that it is tried again, twice.
func TestRenewUnreachable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		wire := newTap(srv)
		store := tcbauth.NewMemoryStore()
		auth := newApp(t, srv, tcbauth.WithTokenStore(store), wire.client()).Auth()
		old := signInAs(t, auth, gopher)
		srv.Advance(lifetime)
		wire.unplugged(true)
		_, err := auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.CodeUnreachable)
		require.NotErrorIs(t, err, tcbauth.ErrOutcomeUnknown)
		require.NotErrorIs(t, err, tcbauth.CodeUnauthenticated)
		assert.Len(t, wire.bearers("/auth/v1/token"), 3)
		requireSession(t, store, defaultKey, old)

		wire.unplugged(false)
		_, err = auth.GetAccessToken(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, srv.Count("token"))
	})
}

// TestRenewAnswersNonsense: an answer that has no session in it does not replace one.
func TestRenewAnswersNonsense(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer answer
		want   error
	}{
		"a proxy's page":           {html(http.StatusOK), tcbauth.ErrInvalidResponse},
		"a gateway without answer": {html(http.StatusBadGateway), tcbauth.ErrOutcomeUnknown},
		"no access token":          {reply(http.StatusOK, `{"expires_in":7200,"refresh_token":"x"}`), tcbauth.ErrInvalidResponse},
		"no life":                  {reply(http.StatusOK, `{"access_token":"x","refresh_token":"x"}`), tcbauth.ErrInvalidResponse},
		"a redirect":               {html(http.StatusTemporaryRedirect), tcbauth.ErrInvalidResponse},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := tcbauth.NewMemoryStore()
				old := &tcbauth.Credentials{AccessToken: "old", RefreshToken: "r", ExpiresAt: time.Now().Add(-time.Hour)}
				put(t, store, "credentials_env", old)
				server := script(test.answer, reply(http.StatusOK, `{"access_token":"new","refresh_token":"s","expires_in":7200}`))
				auth, err := tcbauth.New("env", tcbauth.WithTokenStore(store), tcbauth.WithHTTPClient(httpClient(server)))
				require.NoError(t, err)
				_, err = auth.GetAccessToken(t.Context())
				require.ErrorIs(t, err, test.want)
				requireSession(t, store, "credentials_env", old)
				requireToken(t, auth, "new")
			})
		})
	}
}

func TestInvalidGrantEndsTheSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := tcbauth.NewMemoryStore()
		app := newApp(t, srv, tcbauth.WithTokenStore(store))
		for key, auth := range map[string]*tcbauth.Auth{defaultKey: app.Auth(), keyOf("visitor"): app.ForUser("visitor")} {
			old := signInAs(t, auth, gopher)
			srv.Advance(31 * 24 * time.Hour)
			_, err := auth.GetAccessToken(t.Context())
			require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
			require.ErrorIs(t, err, tcbauth.CodeInvalidGrant)
			require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
			require.NotErrorIs(t, err, tcbauth.ErrNoSession)
			requireNoTokens(t, err.Error(), old)
			assert.Nil(t, stored(t, store, key))
			requireNobody(t, auth)
		}
		_, err := store.Get(t.Context(), "users/visitor/device_id")
		require.ErrorIs(t, err, tcbauth.ErrNotFound, "a visitor's device id goes with the session")
		assert.Equal(t, 2, srv.Count("token"))
	})
}

// TestInvalidGrantForAnOldToken: without locks two processes may spend the same refresh token. The one that came too
// late finds the other's session in the store and goes on with it.
func TestInvalidGrantForAnOldToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := newTestStore()
		late := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		signInAs(t, late, gopher)
		srv.Advance(lifetime)
		slow(srv, "token", 1)
		tooLate := background(getting(t.Context(), late))
		early, err := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth().GetCredentials(t.Context())
		require.NoError(t, err)
		got := <-tooLate
		require.NoError(t, got.err)
		assert.True(t, got.token == early.AccessToken)
		requireSession(t, store, defaultKey, early)
		assert.Equal(t, 2, srv.Count("token"))
	})
}

// TestRefreshAnswerIsLost: the server may have replaced the refresh token. Nobody can know, so the session stays; what
// comes of it is the server's to say.
func TestRefreshAnswerIsLost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		policy authtest.RefreshPolicy
		next   error
	}{
		"the old token is dead":        {authtest.Rotating(), tcbauth.ErrSessionExpired},
		"the old token ends all":       {authtest.Rotating().RevokingReuse(), tcbauth.ErrSessionExpired},
		"the old token is taken again": {authtest.RotatingWithGrace(time.Minute), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := emulator(t, authtest.WithRefreshPolicy(test.policy))
				store := tcbauth.NewMemoryStore()
				auth := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				old := signInAs(t, auth, gopher)
				srv.Advance(lifetime)
				srv.Fault(authtest.Fault{Operation: "token", Times: 1, Close: authtest.AfterCommit})
				_, err := auth.GetAccessToken(t.Context())
				require.ErrorIs(t, err, tcbauth.ErrOutcomeUnknown)
				require.ErrorIs(t, err, tcbauth.CodeUnreachable)
				requireSession(t, store, defaultKey, old)
				assert.Equal(t, 1, srv.Count("token"))

				_, err = auth.GetAccessToken(t.Context())
				require.ErrorIs(t, err, test.next)
				if test.next != nil { // it is said once, and why
					require.ErrorIs(t, err, tcbauth.CodeInvalidGrant)
					require.ErrorContains(t, err, "may be has been refreshed by other process")
					requireNobody(t, auth)
				}
				assert.Equal(t, 2, srv.Count("token"))
			})
		})
	}
}

// TestStorePanics: a panic in a goroutine of the package's own would end the whole program, and one after the refresh
// token was spent must not cost the session.
func TestStorePanics(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"Get", "Lock", "Set"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := emulator(t)
				store := newLockingStore()
				logged, log := warnings()
				auth := newApp(t, srv, tcbauth.WithTokenStore(store), logged).Auth()
				old := signInAs(t, auth, gopher)
				srv.Advance(lifetime)
				secret := "the value of " + old.AccessToken
				store.on(func(got, _ string) error {
					if got == op {
						store.on(nil) // once is enough
						panic(secret)
					}
					return nil
				})
				_, err := auth.GetAccessToken(t.Context())
				if op != "Set" { // a pair that cannot be stored may be returned all the same
					require.Error(t, err)
				}
				if err != nil {
					var e *tcbauth.Error
					require.ErrorAs(t, err, &e)
					requireNoTokens(t, err.Error(), old)
				}
				requireNoTokens(t, log.String(), old)

				token, err := auth.GetAccessToken(t.Context())
				require.NoError(t, err)
				assert.NotEqual(t, old.AccessToken, token)
				assert.Equal(t, 1, srv.Count("token"))
			})
		})
	}
}

// TestRefreshWithAnotherToken: RefreshSession with a token of the caller's replaces the session only if it succeeds.
func TestRefreshWithAnotherToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := tcbauth.NewMemoryStore()
		app := newApp(t, srv, tcbauth.WithTokenStore(store))
		auth := app.Auth()
		old := signInAs(t, auth, gopher)
		_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{RefreshToken: "unknown"})
		require.ErrorIs(t, err, tcbauth.CodeInvalidGrant)
		requireSession(t, store, defaultKey, old)
		requireToken(t, auth, old.AccessToken)

		other := signInAs(t, app.ForUser("other"), badger)
		fresh, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{RefreshToken: other.RefreshToken})
		require.NoError(t, err)
		assert.Equal(t, badgerSub, fresh.Sub)
		requireSession(t, store, defaultKey, fresh)
		requireToken(t, auth, fresh.AccessToken)
	})
}

// TestStoreFailsToRead: a store that cannot be read is neither "nobody is signed in" nor a reason to sign in again.
func TestStoreFailsToRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := newLockingStore()
		auth := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		old := signInAs(t, auth, gopher)
		store.on(fails("Get", -1))
		requireToken(t, auth, old.AccessToken)
		srv.Advance(lifetime)
		_, err := auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrStore)
		require.ErrorIs(t, err, errDisk)
		require.False(t, errors.Is(err, tcbauth.CodeUnauthenticated))
		assert.Zero(t, srv.Count("token"))

		store.on(nil)
		_, err = auth.GetAccessToken(t.Context())
		require.NoError(t, err)
	})
}
