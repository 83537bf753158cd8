package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// bothHandles are the two kinds of handles that have a session in the store, and the key of it.
var bothHandles = map[string]struct {
	open func(*tcbauth.App) *tcbauth.Auth
	key  string
}{
	"default": {(*tcbauth.App).Auth, testbed.DefaultKey},
	"visitor": {func(app *tcbauth.App) *tcbauth.Auth { return app.ForUser("visitor") }, testbed.KeyOf("visitor")},
}

// sessionCalls are calls that cannot be made without a look at the session.
var sessionCalls = map[string]func(ctx context.Context, auth *tcbauth.Auth) error{
	"HasLoginState":  func(ctx context.Context, auth *tcbauth.Auth) error { _, err := auth.HasLoginState(ctx); return err },
	"GetAccessToken": func(ctx context.Context, auth *tcbauth.Auth) error { _, err := auth.GetAccessToken(ctx); return err },
	"GetCredentials": func(ctx context.Context, auth *tcbauth.Auth) error { _, err := auth.GetCredentials(ctx); return err },
	"GetSession":     func(ctx context.Context, auth *tcbauth.Auth) error { _, err := auth.GetSession(ctx); return err },
	"GetLoginState":  func(ctx context.Context, auth *tcbauth.Auth) error { _, err := auth.GetLoginState(ctx); return err },
	"GetClaims":      func(ctx context.Context, auth *tcbauth.Auth) error { _, err := auth.GetClaims(ctx); return err },
	"LoginScope":     func(ctx context.Context, auth *tcbauth.Auth) error { _, err := auth.LoginScope(ctx); return err },
	"LoginGroups":    func(ctx context.Context, auth *tcbauth.Auth) error { _, err := auth.LoginGroups(ctx); return err },
	"Reauthenticate": func(ctx context.Context, auth *tcbauth.Auth) error { _, err := auth.Reauthenticate(ctx); return err },
	"GetUser":        func(ctx context.Context, auth *tcbauth.Auth) error { _, err := auth.GetUser(ctx); return err },
	"GetUserInfo": func(ctx context.Context, auth *tcbauth.Auth) error {
		_, err := auth.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
		return err
	},
	"UpdateUserBasicInfo": func(ctx context.Context, auth *tcbauth.Auth) error {
		_, err := auth.UpdateUserBasicInfo(ctx, tcbauth.UpdateUserBasicInfoRequest{Nickname: new("x")})
		return err
	},
	"BindWithProvider": func(ctx context.Context, auth *tcbauth.Auth) error {
		return auth.BindWithProvider(ctx, tcbauth.BindWithProviderRequest{ProviderToken: "p"})
	},
	"GetVerification of oneself": func(ctx context.Context, auth *tcbauth.Auth) error {
		_, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone, Target: tcbauth.TargetCurrentUser})
		return err
	},
	"RefreshSession": func(ctx context.Context, auth *tcbauth.Auth) error {
		_, err := auth.RefreshSession(ctx, tcbauth.RefreshSessionRequest{})
		return err
	},
	"RefreshSession of a token": func(ctx context.Context, auth *tcbauth.Auth) error {
		_, err := auth.RefreshSession(ctx, tcbauth.RefreshSessionRequest{RefreshToken: "another"})
		return err
	},
	"RefreshTokenForce": func(ctx context.Context, auth *tcbauth.Auth) error {
		_, err := auth.RefreshTokenForce(ctx, tcbauth.RefreshTokenForceRequest{})
		return err
	},
	"SetSession": func(ctx context.Context, auth *tcbauth.Auth) error {
		_, err := auth.SetSession(ctx, tcbauth.SetSessionRequest{AccessToken: "a", RefreshToken: "another"})
		return err
	},
	"Transport": func(ctx context.Context, auth *tcbauth.Auth) error {
		resp, err := auth.Transport(cloudAPI()).RoundTrip(newRequest(ctx, auth))
		if err == nil {
			err = errors.Join(errors.New("the transport sent"), resp.Body.Close())
		}
		return err
	},
}

// TestStoreFailureIsNoSignOut: a store that fails is a store that fails, whatever its error says of other sessions:
// nobody is told that nobody is signed in, no other key is sent in the session's place, and nothing is lost.
func TestStoreFailureIsNoSignOut(t *testing.T) {
	t.Parallel()
	for handle, h := range bothHandles {
		for kind, foreign := range testbed.ForeignErrors() {
			for _, keyName := range []string{"API key", "publishable key"} {
				for op, expired := range map[string]bool{"Get": false, "Lock": true} {
					t.Run(handle+", "+kind+", "+keyName+", "+op, func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							srv := testbed.Emulator(t)
							store := testbed.NewLockingStore()
							open := func() *tcbauth.Auth {
								return h.open(testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithAccessKey(accessKeys[keyName].key)))
							}
							c := testbed.SignInAs(t, open(), testbed.Gopher)
							if expired {
								srv.Advance(testbed.TokenLifetime)
							}
							sent := len(srv.Requests())
							store.On(testbed.FailsWith(foreign, op))
							for name, call := range sessionCalls {
								if op == "Lock" && slices.Contains([]string{"HasLoginState", "GetSession", "LoginScope", "LoginGroups"}, name) {
									continue // which only look
								}
								err := call(t.Context(), open())
								require.ErrorIs(t, err, tcbauth.ErrStore, name)
								e := testbed.ErrorOf(t, err)
								assert.NotEqual(t, "Foreign", e.Op, name)
								assert.Empty(t, e.Code, name)
								assert.Len(t, srv.Requests(), sent, name)
							}
							store.On(nil)
							testbed.RequireSession(t, store, h.key, c)
							user, err := testbed.GetMe(t, open())
							require.NoError(t, err)
							assert.Equal(t, testbed.GopherSub, user.Sub)
						})
					})
				}
			}
		}
	}
}

// TestNotFoundIsForGet: that nothing lies under a key is an answer to Get alone.
func TestNotFoundIsForGet(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"Lock", "Set", "Delete"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := testbed.NewLockingStore()
				app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithAccessKey(testbed.PlantedKey))
				auth := app.Auth()
				old := testbed.SignInAs(t, auth, testbed.Gopher)
				srv.Advance(testbed.TokenLifetime)
				store.On(testbed.FailsWith(fmt.Errorf("no such bucket: %w", tcbauth.ErrNotFound), op))
				switch op {
				case "Lock":
					_, err := auth.GetAccessToken(t.Context())
					require.ErrorIs(t, err, tcbauth.ErrStore)
					assert.Zero(t, srv.Count("token"))
					testbed.RequireSession(t, store, testbed.DefaultKey, old)
				case "Set":
					c, err := auth.GetCredentials(t.Context())
					require.NoError(t, err)
					store.On(nil)
					testbed.RequireToken(t, newAuthOf(app, "default"), c.AccessToken)
				case "Delete":
					require.ErrorIs(t, auth.SignOut(t.Context()), tcbauth.ErrStore)
				}
			})
		})
	}
}

func newAuthOf(app *tcbauth.App, handle string) *tcbauth.Auth { return bothHandles[handle].open(app) }

// TestReadBeforeSaveFails: the old refresh token is spent, and whether the store still holds it cannot be read. The new
// pair is not dropped, in whatever words the store fails.
func TestReadBeforeSaveFails(t *testing.T) {
	t.Parallel()
	for handle, h := range bothHandles {
		for kind, foreign := range testbed.ForeignErrors() {
			for _, op := range []string{"Get", "Set"} {
				t.Run(handle+", "+kind+", "+op, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						srv := testbed.Emulator(t)
						store := testbed.NewLockingStore()
						app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
						old := testbed.SignInAs(t, h.open(app), testbed.Gopher)
						srv.Advance(testbed.TokenLifetime)
						testbed.Slow(srv, "token", 1)
						refreshing := testbed.Background(testbed.Getting(t.Context(), h.open(app)))
						store.On(testbed.FailsWith(foreign, op))
						got := <-refreshing
						require.NoError(t, got.Err, "the caller gets what the server gave")
						store.On(nil)
						testbed.RequireSession(t, store, h.key, old)
						testbed.RequireToken(t, h.open(app), got.Token)
						_, err := testbed.GetMe(t, h.open(app))
						require.NoError(t, err)
						srv.Advance(testbed.TokenLifetime)
						_, err = h.open(app).GetAccessToken(t.Context())
						require.NoError(t, err)
						assert.Equal(t, 2, srv.Count("token"))
					})
				})
			}
		}
	}
}

// TestReadAfterARefusalFails: whether the refused session is still the stored one cannot be read, so nothing is deleted.
func TestReadAfterARefusalFails(t *testing.T) {
	t.Parallel()
	for handle, h := range bothHandles {
		for kind, foreign := range testbed.ForeignErrors() {
			t.Run(handle+", "+kind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					store := testbed.NewLockingStore()
					app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
					old := testbed.SignInAs(t, h.open(app), testbed.Gopher)
					srv.Advance(testbed.TokenLifetime)
					srv.Fault(authtest.Fault{
						Operation: "token", Times: 1, Delay: 1e9,
						Error: &authtest.Error{Code: "invalid_grant", Number: 4026, Description: "invalid refresh token"},
					})
					refreshing := testbed.Background(testbed.Getting(t.Context(), h.open(app)))
					store.On(testbed.FailsWith(foreign, "Get"))
					got := <-refreshing
					require.ErrorIs(t, got.Err, tcbauth.ErrStore)
					store.On(nil)
					testbed.RequireSession(t, store, h.key, old)
				})
			})
		}
	}
}

// TestSignOutDespiteAStore: a store that fails while the expired session is refreshed, so that the server can be told,
// keeps nobody signed in.
func TestSignOutDespiteAStore(t *testing.T) {
	t.Parallel()
	failures := testbed.ForeignErrors()
	failures["a full disk"] = testbed.ErrDisk
	for kind, failure := range failures {
		for handle, h := range bothHandles {
			for _, how := range []string{"SignOut", "SignOutWithRedirect"} {
				t.Run(kind+", "+handle+", "+how, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						srv := testbed.Emulator(t)
						store := testbed.NewLockingStore()
						auth := h.open(testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)))
						testbed.SignInAs(t, auth, testbed.Gopher)
						srv.Advance(testbed.TokenLifetime)
						failed := false
						store.On(func(op, _ string) error {
							if op == "Lock" && !failed {
								failed = true
								return failure
							}
							return nil
						})
						require.ErrorIs(t, signOuts[how](t, srv, auth), tcbauth.ErrStore, "the server was not told")
						require.True(t, failed)
						assert.Nil(t, testbed.Stored(t, store, h.key))
						testbed.RequireNobody(t, auth)
					})
				})
			}
		}
	}
}

// codeSpenders are calls that spend a code and then store a session. begin returns the last step.
var codeSpenders = map[string]func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) (finish func(*tcbauth.Auth) error, operation string){
	"SignInWithSms": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) (func(*tcbauth.Auth) error, string) {
		req := testbed.Sms(t, srv, auth, testbed.GopherPhone)
		return func(auth *tcbauth.Auth) error { _, err := auth.SignInWithSms(t.Context(), req); return err }, "verification/verify"
	},
	"SignInWithEmail": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) (func(*tcbauth.Auth) error, string) {
		info, code := testbed.Ask(t, srv, auth, tcbauth.GetVerificationRequest{Email: testbed.GopherEmail})
		return func(auth *tcbauth.Auth) error {
			_, err := auth.SignInWithEmail(t.Context(), tcbauth.SignInWithEmailRequest{
				VerificationInfo: info, VerificationCode: code, Email: testbed.GopherEmail,
			})
			return err
		}, "verification/verify"
	},
	"VerifyOtp": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) (func(*tcbauth.Auth) error, string) {
		info, code := testbed.Ask(t, srv, auth, tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone})
		return func(auth *tcbauth.Auth) error {
			_, err := auth.VerifyOtp(t.Context(), tcbauth.VerifyOtpRequest{Phone: testbed.GopherPhone, Token: code, MessageID: info.VerificationID})
			return err
		}, "verification/verify"
	},
	"Verify at v2": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) (func(*tcbauth.Auth) error, string) {
		info, code := testbed.Ask(t, srv, auth, tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone})
		return func(auth *tcbauth.Auth) error {
			_, err := auth.Verify(t.Context(), tcbauth.VerifyRequest{
				VerificationID: info.VerificationID, VerificationCode: code, Version: "v2",
			})
			return err
		}, "v2/signin/verificationcode"
	},
	"FinishOtp": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) (func(*tcbauth.Auth) error, string) {
		c, err := auth.SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: testbed.GopherPhone})
		return finishing(t, srv, c, err, ""), "verification/verify"
	},
	"FinishOtp of a sign-up": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) (func(*tcbauth.Auth) error, string) {
		c, err := auth.SignUpWithOtp(t.Context(), tcbauth.SignUpWithOtpRequest{Phone: testbed.NewPhone})
		return finishing(t, srv, c, err, ""), "verification/verify"
	},
	"FinishOtp of a forgotten password": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) (func(*tcbauth.Auth) error, string) {
		c, err := auth.ResetPasswordForEmail(t.Context(), tcbauth.ResetPasswordForEmailRequest{EmailOrPhone: testbed.GopherPhone})
		return finishing(t, srv, c, err, testbed.NewPassword), "verification/verify"
	},
	"VerifyOAuth": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) (func(*tcbauth.Auth) error, string) {
		srv.ProviderCode(testbed.Wechat, testbed.Mole)
		c, err := auth.SignInWithOAuth(t.Context(), tcbauth.SignInWithOAuthRequest{
			Provider: testbed.Wechat, Options: tcbauth.SignInWithOAuthOptions{
				RedirectTo: "https://app.example/back", QueryParams: map[string]string{"login_hint": testbed.Mole.Sub},
			},
		})
		require.NoError(t, err)
		query := testbed.Browse(t, srv, c)
		return func(auth *tcbauth.Auth) error {
			_, err := auth.VerifyOAuth(t.Context(), tcbauth.VerifyOAuthRequest{Challenge: c, Query: query})
			return err
		}, "provider/token"
	},
}

func finishing(t *testing.T, srv *authtest.Server, c *tcbauth.OtpChallenge, err error, password string) func(*tcbauth.Auth) error {
	t.Helper()
	c, code := testbed.CodeOf(t, srv, c, err)
	return func(auth *tcbauth.Auth) error {
		_, err := auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: c, Token: code, Password: password})
		return err
	}
}

// TestNoCodeForABrokenStore: the store has gone away between two steps. The code is not spent for a session that has no
// place, and is good when the store is back.
func TestNoCodeForABrokenStore(t *testing.T) {
	t.Parallel()
	for name, begin := range codeSpenders {
		for handle, h := range bothHandles {
			t.Run(name+", "+handle, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.MailingEmulator(t)
					store := testbed.NewLockingStore()
					open := func() *tcbauth.Auth { return h.open(testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))) }
					finish, operation := begin(t, srv, open())
					sent := len(srv.Requests())
					store.On(testbed.FailsWith(testbed.ErrDisk, "Get", "Set", "Delete", "Lock"))
					err := finish(open())
					require.ErrorIs(t, err, tcbauth.ErrStore)
					require.ErrorIs(t, err, testbed.ErrDisk)
					assert.Len(t, srv.Requests(), sent, "sent although the session has no place")
					store.On(nil)
					require.NoError(t, finish(open()), "the code is still good")
					assert.Equal(t, 1, srv.Count(operation))
					require.NotNil(t, testbed.Stored(t, store, h.key))
				})
			})
		}
	}
}

// reservingStore is a LockingStore that can make sure of room.
type reservingStore struct{ testbed.LockingStore }

func (s reservingStore) Reserve(_ context.Context, key string, _ int) error {
	return s.Run("Reserve", key)
}

// TestNothingIsSpentOnASessionThatCannotBeKept: no code is used up and nobody is registered while the store can give no lock
// or has no room. The same code signs in once the store works again.
func TestNothingIsSpentOnASessionThatCannotBeKept(t *testing.T) {
	t.Parallel()
	for handle, h := range bothHandles {
		for _, op := range []string{"Lock", "Get", "Reserve"} {
			t.Run(handle+", "+op, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					store := reservingStore{testbed.NewLockingStore()}
					auth := h.open(testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)))
					challenge, err := auth.SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: testbed.NewPhone})
					challenge, code := testbed.CodeOf(t, srv, challenge, err)
					store.On(testbed.FailsWith(testbed.ErrDisk, op))
					finish := func() error {
						_, err := auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: challenge, Token: code})
						return err
					}
					require.ErrorIs(t, finish(), tcbauth.ErrStore)
					assert.Zero(t, srv.Count("verification/verify"))
					store.On(nil)
					require.NoError(t, finish())
				})
			})
		}
	}
}
