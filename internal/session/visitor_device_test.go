package session_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestDeviceIDOfEachClient: two Apps with client ids of their own share a store and a visitor. Each has an anonymous
// person, whom the other's sign-out does not change.
func TestDeviceIDOfEachClient(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, auth *tcbauth.Auth) error{
		"SignOut": func(t *testing.T, auth *tcbauth.Auth) error { return auth.SignOut(t.Context()) },
		"SignOutWithRedirect": func(t *testing.T, auth *tcbauth.Auth) error {
			_, err := auth.SignOutWithRedirect(t.Context(), tcbauth.SignOutRequest{})
			return err
		},
		"SetCredentials": func(t *testing.T, auth *tcbauth.Auth) error { return auth.SetCredentials(t.Context(), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t, authtest.WithClientID("authtest", "second"))
				store := tcbauth.NewMemoryStore()
				one := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
				two := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithClientID("second"))
				first := testbed.SignInAnonymously(t, one.ForUser("visitor"))
				second := testbed.SignInAnonymously(t, two.ForUser("visitor"))
				assert.NotEqual(t, first.User.Sub, second.User.Sub, "each client's visitor is a person of their own")
				require.NoError(t, end(t, one.ForUser("visitor")))
				for range 2 {
					srv.Advance(testbed.TokenLifetime)
					c, err := two.ForUser("visitor").GetCredentials(t.Context())
					require.NoError(t, err)
					assert.Equal(t, second.Credentials.Sub, c.Sub, "the second client's person became somebody else")
				}
			})
		})
	}
}

// TestDeviceIDEndsWithTheSession: a visitor who signs out and comes back is somebody new, on the same handle too. The
// default session's device keeps its id, as in the js-sdk.
func TestDeviceIDEndsWithTheSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) error{
		"SignOut": signOuts["SignOut"], "SignOutWithRedirect": signOuts["SignOutWithRedirect"], "SetCredentials": signOuts["SetCredentials"],
		"a session that the server ends": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) error {
			testbed.RefuseBearers(srv, 2, 0)
			_, err := testbed.GetMe(t, auth)
			require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
			return nil
		},
	} {
		for handle, test := range map[string]struct {
			open func(*tcbauth.App) *tcbauth.Auth
			same bool
			used bool // the handle that signed in signs out
		}{
			"one handle of a visitor":    {func(app *tcbauth.App) *tcbauth.Auth { return app.ForUser("visitor") }, false, true},
			"fresh handles of a visitor": {func(app *tcbauth.App) *tcbauth.Auth { return app.ForUser("visitor") }, false, false},
			"the default session":        {(*tcbauth.App).Auth, true, true},
		} {
			t.Run(name+", "+handle, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					app := testbed.NewApp(t, srv)
					used := test.open(app)
					auth := func() *tcbauth.Auth {
						if test.used {
							return used
						}
						return test.open(app)
					}
					first := testbed.SignInAnonymously(t, auth())
					require.NoError(t, end(t, srv, auth()))
					second := testbed.SignInAnonymously(t, auth())
					assert.Equal(t, test.same, first.User.Sub == second.User.Sub)
					assert.Equal(t, map[bool]int{true: 1, false: 2}[test.same], len(testbed.DeviceIDs(srv)))
				})
			})
		}
	}
}

// TestDeviceIDOfAnOlderHandle: a visitor has signed out and come back through other handles. An older handle that renews
// the session does not bring back the device id, and with it the person, who left.
func TestDeviceIDOfAnOlderHandle(t *testing.T) {
	t.Parallel()
	for name, renew := range map[string]func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth){
		"an expired token": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
			srv.Advance(testbed.TokenLifetime)
			_, err := auth.GetAccessToken(t.Context())
			require.NoError(t, err)
		},
		"a forced refresh": func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) {
			_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
			require.NoError(t, err)
			_, err = auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
			require.NoError(t, err)
		},
		"a refused bearer": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
			_, err := testbed.GetMe(t, auth)
			require.NoError(t, err)
			testbed.RefuseBearers(srv, 1, 0)
			_, err = testbed.GetMe(t, auth)
			require.NoError(t, err)
		},
		"any call": func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) {
			_, err := testbed.GetMe(t, auth)
			require.NoError(t, err)
		},
	} {
		for kind, opts := range map[string][]authtest.Option{"": nil, " with a refresh token": {authtest.WithAnonymousRefreshToken()}} {
			for where, shared := range map[string]bool{"one App": true, "two Apps": false} {
				t.Run(name+kind+", "+where, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						srv := testbed.Emulator(t, opts...)
						store := tcbauth.NewMemoryStore()
						app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
						other := app
						if !shared {
							other = testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
						}
						older := app.ForUser("visitor")
						left := testbed.SignInAnonymously(t, older)
						require.NoError(t, other.ForUser("visitor").SignOut(t.Context()))
						back := testbed.SignInAnonymously(t, other.ForUser("visitor"))
						require.NotEqual(t, left.User.Sub, back.User.Sub)
						was := lastDeviceID(srv)
						if name == "a refused bearer" || name == "any call" {
							srv.Advance(testbed.TokenLifetime) // so that the older handle looks
						}
						renew(t, srv, older)
						assert.Equal(t, was, lastDeviceID(srv), "the id of who left")
						for range 2 {
							srv.Advance(testbed.TokenLifetime)
							c, err := other.ForUser("visitor").GetCredentials(t.Context())
							require.NoError(t, err)
							assert.Equal(t, back.User.Sub, c.Sub, "the person who left is back")
							assert.Equal(t, was, lastDeviceID(srv))
						}
						anew := testbed.SignInAnonymously(t, other.ForUser("visitor"))
						assert.Equal(t, back.User.Sub, anew.User.Sub)
					})
				})
			}
		}
	}
}

// twoSteps are flows whose second step may be taken on another machine.
var twoSteps = map[string]func(t *testing.T, srv *authtest.Server, first, second *tcbauth.Auth) *tcbauth.LoginState{
	"SignInWithOtp": func(t *testing.T, srv *authtest.Server, first, second *tcbauth.Auth) *tcbauth.LoginState {
		c, err := first.SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: testbed.GopherPhone})
		return finishOn(t, srv, second, c, err, "")
	},
	"SignInWithOtp of somebody new": func(t *testing.T, srv *authtest.Server, first, second *tcbauth.Auth) *tcbauth.LoginState {
		c, err := first.SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: testbed.NewPhone})
		return finishOn(t, srv, second, c, err, "")
	},
	"SignUpWithOtp": func(t *testing.T, srv *authtest.Server, first, second *tcbauth.Auth) *tcbauth.LoginState {
		c, err := first.SignUpWithOtp(t.Context(), tcbauth.SignUpWithOtpRequest{Phone: testbed.NewPhone})
		return finishOn(t, srv, second, c, err, "")
	},
	"ResetPasswordForEmail": func(t *testing.T, srv *authtest.Server, first, second *tcbauth.Auth) *tcbauth.LoginState {
		c, err := first.ResetPasswordForEmail(t.Context(), tcbauth.ResetPasswordForEmailRequest{EmailOrPhone: testbed.GopherPhone})
		return finishOn(t, srv, second, c, err, testbed.NewPassword)
	},
}

func finishOn(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth, c *tcbauth.OtpChallenge, err error, password string) *tcbauth.LoginState {
	t.Helper()
	c, code := testbed.CodeOf(t, srv, c, err)
	state, err := auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: throughJSON(t, c), Token: code, Password: password})
	require.NoError(t, err)
	require.NoError(t, state.UserErr)
	return state
}

// requireOneDeviceID takes both steps with nobody signed in, and then a call: the server sees one device throughout.
func requireOneDeviceID(t *testing.T, flow func(t *testing.T, srv *authtest.Server, first, second *tcbauth.Auth) *tcbauth.LoginState) {
	t.Helper()
	for where, handles := range map[string]func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore) (first, second, third *tcbauth.Auth){
		"fresh handles of a visitor": func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore) (first, second, third *tcbauth.Auth) {
			app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
			return app.ForUser("visitor"), app.ForUser("visitor"), app.ForUser("visitor")
		},
		"a visitor on two replicas": func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore) (first, second, third *tcbauth.Auth) {
			one, two := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)), testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
			return one.ForUser("visitor"), two.ForUser("visitor"), one.ForUser("visitor")
		},
		"the default session of two processes": func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore) (first, second, third *tcbauth.Auth) {
			return testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth(), testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth(),
				testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		},
	} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t, authtest.WithoutLimits())
				first, second, third := handles(t, srv, tcbauth.NewMemoryStore())
				state := flow(t, srv, first, second)
				user, err := testbed.GetMe(t, third)
				require.NoError(t, err)
				assert.Equal(t, state.User.Sub, user.Sub)
				assert.Len(t, testbed.DeviceIDs(srv), 1, "device ids that the server saw")
			})
		})
	}
}

// TestDeviceIDOfTwoSteps: whoever finishes a challenge is the device that began it.
func TestDeviceIDOfTwoSteps(t *testing.T) {
	t.Parallel()
	for name, flow := range twoSteps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireOneDeviceID(t, flow)
		})
	}
}

// TestDeviceIDOfAVerification: whoever uses a code is the device that asked for it by GetVerification, whose result is kept
// as JSON.
func TestDeviceIDOfAVerification(t *testing.T) {
	t.Parallel()
	requireOneDeviceID(t, func(t *testing.T, srv *authtest.Server, first, second *tcbauth.Auth) *tcbauth.LoginState {
		req := testbed.Sms(t, srv, first, testbed.GopherPhone)
		data, err := json.Marshal(req.VerificationInfo)
		require.NoError(t, err)
		req.VerificationInfo = new(tcbauth.VerificationInfo)
		require.NoError(t, json.Unmarshal(data, req.VerificationInfo))
		state, err := second.SignInWithSms(t.Context(), req)
		require.NoError(t, err)
		return state
	})
}
