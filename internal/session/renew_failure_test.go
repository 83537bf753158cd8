package session_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestRenewFails: nothing but invalid_grant ends a session. Whatever else goes wrong, the session stays, and the next
// call tries again.
func TestRenewFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault authtest.Fault
		want  []error
	}{
		"unavailable": {authtest.Fault{Error: &authtest.Error{Code: "unavailable"}}, []error{tcbauth.CodeUnavailable}},
		"internal":    {authtest.Fault{Error: &authtest.Error{Code: "internal"}}, []error{tcbauth.CodeInternal}},
		"rate limited": {
			authtest.Fault{Error: &authtest.Error{Code: "resource_exhausted", Number: 8}},
			[]error{tcbauth.CodeResourceExhausted, tcbauth.ErrRateLimited},
		},
		"closed before the answer": {
			authtest.Fault{Close: authtest.BeforeCommit}, []error{tcbauth.ErrOutcomeUnknown, tcbauth.CodeUnreachable},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := tcbauth.NewMemoryStore()
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				old := testbed.SignInAs(t, auth, testbed.Gopher)
				srv.Advance(testbed.TokenLifetime)
				test.fault.Operation, test.fault.Times = "token", 1
				srv.Fault(test.fault)
				_, err := auth.GetAccessToken(t.Context())
				for _, want := range test.want {
					require.ErrorIs(t, err, want)
				}
				require.NotErrorIs(t, err, tcbauth.ErrSessionExpired)
				testbed.RequireNoTokens(t, err.Error(), old)
				testbed.RequireSession(t, store, testbed.DefaultKey, old)
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
		srv := testbed.Emulator(t)
		wire := testbed.NewTap(srv)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), wire.Client()).Auth()
		old := testbed.SignInAs(t, auth, testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		wire.Unplugged(true)
		_, err := auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.CodeUnreachable)
		require.NotErrorIs(t, err, tcbauth.ErrOutcomeUnknown)
		require.NotErrorIs(t, err, tcbauth.CodeUnauthenticated)
		assert.Len(t, wire.Bearers("/auth/v1/token"), 3)
		testbed.RequireSession(t, store, testbed.DefaultKey, old)

		wire.Unplugged(false)
		_, err = auth.GetAccessToken(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, srv.Count("token"))
	})
}

// TestRenewAnswersNonsense: an answer that has no session in it does not replace one.
func TestRenewAnswersNonsense(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer testbed.Answer
		want   error
	}{
		"a proxy's page":           {testbed.HTML(http.StatusOK), tcbauth.ErrInvalidResponse},
		"a gateway without answer": {testbed.HTML(http.StatusBadGateway), tcbauth.ErrOutcomeUnknown},
		"no access token":          {testbed.Reply(http.StatusOK, `{"expires_in":7200,"refresh_token":"x"}`), tcbauth.ErrInvalidResponse},
		"a redirect":               {testbed.HTML(http.StatusTemporaryRedirect), tcbauth.ErrInvalidResponse},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := tcbauth.NewMemoryStore()
				old := &tcbauth.Credentials{AccessToken: "old", RefreshToken: "r", ExpiresAt: time.Now().Add(-time.Hour)}
				testbed.Put(t, store, testbed.SessionKey("", "env"), old)
				server := testbed.Script(test.answer, testbed.Reply(http.StatusOK, `{"access_token":"new","refresh_token":"s","expires_in":7200}`))
				auth, err := tcbauth.New("env", tcbauth.WithTokenStore(store), tcbauth.WithHTTPClient(testbed.HTTPClient(server)))
				require.NoError(t, err)
				_, err = auth.GetAccessToken(t.Context())
				require.ErrorIs(t, err, test.want)
				testbed.RequireSession(t, store, testbed.SessionKey("", "env"), old)
				testbed.RequireToken(t, auth, "new")
			})
		})
	}
}

func TestInvalidGrantEndsTheSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		for key, auth := range map[string]*tcbauth.Auth{testbed.DefaultKey: app.Auth(), testbed.KeyOf("visitor"): app.ForUser("visitor")} {
			old := testbed.SignInAs(t, auth, testbed.Gopher)
			srv.Advance(31 * 24 * time.Hour)
			_, err := auth.GetAccessToken(t.Context())
			require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
			require.ErrorIs(t, err, tcbauth.CodeInvalidGrant)
			require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
			require.NotErrorIs(t, err, tcbauth.ErrNoSession)
			testbed.RequireNoTokens(t, err.Error(), old)
			assert.Nil(t, testbed.Stored(t, store, key))
			testbed.RequireNobody(t, auth)
		}
		_, err := store.Get(t.Context(), testbed.DeviceKeyOf("visitor"))
		require.ErrorIs(t, err, tcbauth.ErrNotFound, "a visitor's device id goes with the session")
		assert.Equal(t, 2, srv.Count("token"))
	})
}

// TestInvalidGrantForAnOldToken: without locks two processes may spend the same refresh token. The one that came too
// late finds the other's session in the store and goes on with it.
func TestInvalidGrantForAnOldToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewHookedStore()
		late := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		testbed.SignInAs(t, late, testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		testbed.Slow(srv, "token", 1)
		tooLate := testbed.Background(testbed.Getting(t.Context(), late))
		early, err := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth().GetCredentials(t.Context())
		require.NoError(t, err)
		got := <-tooLate
		require.NoError(t, got.Err)
		assert.True(t, got.Token == early.AccessToken)
		testbed.RequireSession(t, store, testbed.DefaultKey, early)
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
				srv := testbed.Emulator(t, authtest.WithRefreshPolicy(test.policy))
				store := tcbauth.NewMemoryStore()
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				old := testbed.SignInAs(t, auth, testbed.Gopher)
				srv.Advance(testbed.TokenLifetime)
				srv.Fault(authtest.Fault{Operation: "token", Times: 1, Close: authtest.AfterCommit})
				_, err := auth.GetAccessToken(t.Context())
				require.ErrorIs(t, err, tcbauth.ErrOutcomeUnknown)
				require.ErrorIs(t, err, tcbauth.CodeUnreachable)
				testbed.RequireSession(t, store, testbed.DefaultKey, old)
				assert.Equal(t, 1, srv.Count("token"))

				_, err = auth.GetAccessToken(t.Context())
				require.ErrorIs(t, err, test.next)
				if test.next != nil { // it is said once, and why
					require.ErrorIs(t, err, tcbauth.CodeInvalidGrant)
					require.ErrorContains(t, err, "may be has been refreshed by other process")
					testbed.RequireNobody(t, auth)
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
				srv := testbed.Emulator(t)
				store := testbed.NewLockingStore()
				logged, log := testbed.Warnings()
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), logged).Auth()
				old := testbed.SignInAs(t, auth, testbed.Gopher)
				srv.Advance(testbed.TokenLifetime)
				secret := "the value of " + old.AccessToken
				store.On(func(got, _ string) error {
					if got == op {
						store.On(nil) // once is enough
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
					testbed.RequireNoTokens(t, err.Error(), old)
				}
				testbed.RequireNoTokens(t, log.String(), old)

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
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		auth := app.Auth()
		old := testbed.SignInAs(t, auth, testbed.Gopher)
		_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{RefreshToken: "unknown"})
		require.ErrorIs(t, err, tcbauth.CodeInvalidGrant)
		testbed.RequireSession(t, store, testbed.DefaultKey, old)
		testbed.RequireToken(t, auth, old.AccessToken)

		other := testbed.SignInAs(t, app.ForUser("other"), testbed.Badger)
		fresh, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{RefreshToken: other.RefreshToken})
		require.NoError(t, err)
		assert.Equal(t, testbed.BadgerSub, fresh.Sub)
		testbed.RequireSession(t, store, testbed.DefaultKey, fresh)
		testbed.RequireToken(t, auth, fresh.AccessToken)
	})
}

// TestStoreFailsToRead: a store that cannot be read is neither "nobody is signed in" nor a reason to sign in again.
func TestStoreFailsToRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewLockingStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		old := testbed.SignInAs(t, auth, testbed.Gopher)
		store.On(testbed.Fails("Get", -1))
		testbed.RequireToken(t, auth, old.AccessToken)
		srv.Advance(testbed.TokenLifetime)
		_, err := auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrStore)
		require.ErrorIs(t, err, testbed.ErrDisk)
		require.False(t, errors.Is(err, tcbauth.CodeUnauthenticated))
		assert.Zero(t, srv.Count("token"))

		store.On(nil)
		_, err = auth.GetAccessToken(t.Context())
		require.NoError(t, err)
	})
}

// TestRefreshTokenComesBack: a server may give a refresh token again that was spent before. It is as good as any other one.
func TestRefreshTokenComesBack(t *testing.T) {
	t.Parallel()
	p := &testbed.Peer{Answer: func(n int, r testbed.Arrived) testbed.Answer {
		next := "one"
		if strings.Contains(r.Text, `"one"`) {
			next = "two"
		}
		return testbed.Reply(http.StatusOK, fmt.Sprintf(`{"access_token":"a%d","refresh_token":"%s","expires_in":7200}`, n, next))
	}}
	auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
	require.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: "a", RefreshToken: "one", ExpiresIn: 7200}))
	for range 4 {
		_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		require.NoError(t, err)
	}
	assert.Len(t, p.Requests(), 4)
}
