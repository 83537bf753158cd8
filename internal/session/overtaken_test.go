package session_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// signOuts are the ways to end the session of the person who is signed in.
var signOuts = map[string]func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) error{
	"SignOut": func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error { return auth.SignOut(t.Context()) },
	"SignOutWithRedirect": func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error {
		_, err := auth.SignOutWithRedirect(t.Context(), tcbauth.SignOutRequest{})
		return err
	},
	"DeleteMe": func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error {
		_, err := auth.DeleteMe(t.Context(), tcbauth.DeleteMeRequest{SudoToken: testbed.Sudo(t, auth)})
		return err
	},
	"DeleteUser": func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error {
		return auth.DeleteUser(t.Context(), tcbauth.DeleteUserRequest{Password: testbed.Password})
	},
	"SetCredentials": func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error {
		return auth.SetCredentials(t.Context(), nil)
	},
	"a refused bearer": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) error {
		testbed.RefuseBearers(srv, 1, 0)
		if _, err := testbed.GetMe(t, auth); !errors.Is(err, tcbauth.CodeUnauthenticated) {
			return err
		}
		return nil
	},
}

// TestSignOutOfOnesOwn: somebody else has signed in on this store since. What ends is the session of the person who
// signs out: their tokens are revoked, and the other person stays.
func TestSignOutOfOnesOwn(t *testing.T) {
	t.Parallel()
	for name, end := range signOuts {
		for kind, open := range map[string]func(*tcbauth.App) *tcbauth.Auth{
			"default": (*tcbauth.App).Auth,
			"visitor": func(app *tcbauth.App) *tcbauth.Auth { return app.ForUser("visitor") },
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					store := tcbauth.NewMemoryStore()
					here := open(testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)))
					mine := testbed.SignInAs(t, here, testbed.Gopher)
					testbed.RequireToken(t, here, mine.AccessToken)
					there := open(testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)))
					theirs := testbed.SignInAs(t, there, testbed.Badger)

					require.NoError(t, end(t, srv, here))
					key := testbed.DefaultKey
					if kind == "visitor" {
						key = testbed.KeyOf("visitor")
					}
					testbed.RequireSession(t, store, key, theirs)
					testbed.RequireToken(t, there, theirs.AccessToken)
					user, err := testbed.GetMe(t, there)
					require.NoError(t, err)
					assert.Equal(t, testbed.BadgerSub, user.Sub)
					if name == "SignOut" || name == "SignOutWithRedirect" {
						_, err = testbed.GetMe(t, testbed.NewApp(t, srv).ForToken(mine.AccessToken))
						require.ErrorIs(t, err, tcbauth.CodeUnauthenticated, "gopher's token was not revoked")
					}
				})
			})
		}
	}
}

// TestSignOutOfARefreshedSession: the same person's session was refreshed by another process. It ends all the same.
func TestSignOutOfARefreshedSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		here := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		testbed.SignInAs(t, here, testbed.Gopher)
		_, err := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth().RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		require.NoError(t, err)
		require.NoError(t, here.SignOut(t.Context()))
		assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey))
		testbed.RequireNobody(t, here)
	})
}

// TestBindAfterBeingOvertaken: somebody else's session takes the place of the one that a sign-in has just stored. The
// third party's account becomes the signer's, or nobody's.
func TestBindAfterBeingOvertaken(t *testing.T) {
	t.Parallel()
	verification := &tcbauth.VerificationInfo{VerificationID: "v", IsUser: true}
	bind := &tcbauth.BindInfo{ProviderToken: "p"}
	for name, signIn := range map[string]func(context.Context, *tcbauth.Auth) (*tcbauth.LoginState, error){
		"SignInWithSms": func(ctx context.Context, auth *tcbauth.Auth) (*tcbauth.LoginState, error) {
			return auth.SignInWithSms(ctx, tcbauth.SignInWithSmsRequest{
				VerificationInfo: verification, VerificationCode: "123456", PhoneNum: testbed.GopherPhone, BindInfo: bind,
			})
		},
		"SignInWithEmail": func(ctx context.Context, auth *tcbauth.Auth) (*tcbauth.LoginState, error) {
			return auth.SignInWithEmail(ctx, tcbauth.SignInWithEmailRequest{
				VerificationInfo: verification, VerificationCode: "123456", Email: testbed.GopherEmail, BindInfo: bind,
			})
		},
	} {
		for how, sub := range map[string]string{"somebody else": testbed.BadgerSub, "somebody unknown": ""} {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
					switch r.URL.Path {
					case "/auth/v1/verification/verify":
						return testbed.Reply(http.StatusOK, `{"verification_token":"vt","expires_in":600}`)
					case "/auth/v1/signin":
						return testbed.Reply(http.StatusOK, `{"access_token":"A","refresh_token":"RA","expires_in":7200,"sub":"`+testbed.GopherSub+`"}`)
					case "/auth/v1/user/me":
						if r.Header.Get("Authorization") == "Bearer A" {
							return testbed.Reply(http.StatusOK, `{"sub":"`+testbed.GopherSub+`"}`)
						}
						return testbed.Reply(http.StatusOK, `{"sub":"`+testbed.BadgerSub+`"}`)
					}
					return testbed.Reply(http.StatusOK, `{}`)
				}}
				store := newLateStore()
				auth := testbed.NewPeerApp(t, p, store).Auth()
				stored := false
				store.then(func(op, key string) {
					switch {
					case op == "Set" && isSession(key):
						stored = true
					case op == "Unlock" && stored:
						store.then(nil)
						assert.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{
							AccessToken: "B", RefreshToken: "RB", ExpiresIn: 7200, Sub: sub,
						}))
					}
				})
				state, err := signIn(t.Context(), auth)
				require.NoError(t, err)
				require.True(t, stored)
				assert.Equal(t, testbed.GopherSub, state.User.Sub)
				assert.Equal(t, "A", state.Credentials.AccessToken)
				bound := false
				for _, r := range p.Requests() {
					if r.URL.Path == "/auth/v1/user/provider/bind" {
						bound = true
						require.Equal(t, "Bearer A", r.Header.Get("Authorization"), "bound to the person who overtook")
					}
				}
				if !bound {
					require.Error(t, state.UserErr)
				}
				testbed.RequireToken(t, auth, "B")
			})
		}
	}
}
