package tcbauth_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestSignInAnonymously: the server knows anonymous users by their device, so that one stays who they are, with a refresh
// token or without.
func TestSignInAnonymously(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts            []authtest.Option
		refresh, signIn int             // calls after the token has expired
		authorization   string          // of that sign-in
		events          []tcbauth.Event // after the first
	}{
		"without refresh token": {nil, 0, 1, "Basic", nil},
		"with refresh token": {
			[]authtest.Option{authtest.WithAnonymousRefreshToken()}, 1, 0, "", []tcbauth.Event{tcbauth.EventTokenRefreshed},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t, test.opts...)
				wire := testbed.NewTap(srv)
				store := tcbauth.NewMemoryStore()
				app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), wire.Client())
				auth := app.ForUser("visitor")
				events := testbed.EventsOf(auth)
				state := testbed.SignInAnonymously(t, auth)
				assert.Equal(t, state.Credentials.Sub, state.User.Sub)
				assert.Empty(t, testbed.Stored(t, store, testbed.KeyOf("visitor")).Version)
				assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedIn}, events())
				require.Equal(t, []string{""}, wire.Bearers("/auth/v1/signin/anonymously"), "without any authorization, as the js-sdk")

				srv.Advance(testbed.TokenLifetime)
				user, err := testbed.GetMe(t, auth)
				require.NoError(t, err)
				assert.Equal(t, state.User.Sub, user.Sub)
				assert.Equal(t, test.refresh, srv.Count("token"))
				again := wire.Bearers("/auth/v1/signin/anonymously")[1:]
				require.Len(t, again, test.signIn)
				for _, authorization := range again {
					scheme, _, _ := strings.Cut(authorization, " ")
					assert.Equal(t, test.authorization, scheme)
				}
				assert.Equal(t, append([]tcbauth.Event{tcbauth.EventSignedIn}, test.events...), events())
				assert.Len(t, testbed.DeviceIDs(srv), 1)
				testbed.RequireToken(t, app.ForUser("visitor"), testbed.Stored(t, store, testbed.KeyOf("visitor")).AccessToken)

				// Each visitor is another anonymous user.
				assert.NotEqual(t, state.User.Sub, testbed.SignInAnonymously(t, app.ForUser("other")).User.Sub)
			})
		})
	}
}

// TestAnonymousEndedByServer: the session has ended there, which for an anonymous user is a reason to begin the next one.
func TestAnonymousEndedByServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithAnonymousRefreshToken())
		auth := testbed.NewApp(t, srv).Auth()
		state := testbed.SignInAnonymously(t, auth)
		testbed.RefuseBearers(srv, 1, 0)
		srv.Fault(authtest.Fault{Operation: "token", Times: 1, Error: &authtest.Error{Code: "invalid_grant", Number: 4026}})
		user, err := testbed.GetMe(t, auth)
		require.NoError(t, err)
		assert.Equal(t, state.User.Sub, user.Sub)
		assert.Equal(t, 2, srv.Count("signin/anonymously"))
	})
}

// TestAnonymousLoginIsOff: the error says what to switch on, in both languages.
func TestAnonymousLoginIsOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithLoginOff(authtest.LoginAnonymous))
		for language, want := range map[string]string{"zh-CN": "匿名登录", "en-US": "anonymous login"} {
			auth := testbed.NewApp(t, srv, tcbauth.WithLanguage(language)).Auth()
			_, err := auth.SignInAnonymously(t.Context(), tcbauth.SignInAnonymouslyRequest{})
			require.ErrorIs(t, err, tcbauth.CodePermissionDenied)
			require.ErrorIs(t, err, tcbauth.ErrProviderNotEnabled)
			e := testbed.ErrorOf(t, err)
			assert.Equal(t, tcbauth.CategoryProviderNotEnabled, e.Category)
			assert.Contains(t, e.Help, want)
			testbed.RequireNobody(t, auth)
		}
	})
}

// TestAnonymousBecomesAPerson: who signs up keeps what they did before.
func TestAnonymousBecomesAPerson(t *testing.T) {
	t.Parallel()
	for _, byOtp := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			srv := testbed.Emulator(t)
			store := tcbauth.NewMemoryStore()
			auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
			before := testbed.SignInAnonymously(t, auth)
			events := testbed.EventsOf(auth)
			var state *tcbauth.LoginState
			if byOtp {
				c, err := auth.SignUpWithOtp(t.Context(), tcbauth.SignUpWithOtpRequest{Phone: testbed.NewPhone})
				c, code := testbed.CodeOf(t, srv, c, err)
				state, err = auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{
					Challenge: c, Token: code, AnonymousToken: before.Credentials.AccessToken,
				})
				require.NoError(t, err)
			} else {
				info, code := testbed.Ask(t, srv, auth, tcbauth.GetVerificationRequest{PhoneNumber: testbed.NewPhone})
				verified, err := auth.Verify(t.Context(), tcbauth.VerifyRequest{VerificationID: info.VerificationID, VerificationCode: code})
				require.NoError(t, err)
				state, err = auth.SignUp(t.Context(), tcbauth.SignUpRequest{
					PhoneNumber: testbed.NewPhone, VerificationToken: verified.VerificationToken, AnonymousToken: before.Credentials.AccessToken,
				})
				require.NoError(t, err)
			}
			require.NoError(t, state.UserErr)
			assert.Equal(t, before.User.Sub, state.User.Sub)
			assert.Equal(t, testbed.NewPhone, state.User.PhoneNumber)
			assert.NotEqual(t, "anonymous", state.Credentials.Scope)
			assert.NotEmpty(t, state.Credentials.RefreshToken)
			testbed.RequireSession(t, store, testbed.DefaultKey, state.Credentials)
			assert.Empty(t, testbed.Stored(t, store, testbed.DefaultKey).Version, "as the js-sdk leaves it")
			assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedIn}, events())
		})
	}
}

// TestAnonymousWithoutDeviceID: with another device id the server would take the visitor for somebody new. What cannot be
// read now is no reason for that.
func TestAnonymousWithoutDeviceID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewHookedStore()
		state, err := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth().SignInAnonymously(t.Context(), tcbauth.SignInAnonymouslyRequest{})
		require.NoError(t, err)
		srv.Advance(testbed.TokenLifetime)

		later := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		store.On(func(op, key string) error {
			if op == "Get" && key == testbed.DeviceKeyOf("") {
				return testbed.ErrDisk
			}
			return nil
		})
		_, err = later.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrStore)
		testbed.RequireSession(t, store, testbed.DefaultKey, state.Credentials)
		assert.Equal(t, 1, srv.Count("signin/anonymously"))

		store.On(nil)
		again, err := later.GetCredentials(t.Context())
		require.NoError(t, err)
		assert.Equal(t, state.Credentials.Sub, again.Sub)
	})
}

// TestKeepAnonymousUser: whoever signs up keeps the id of the anonymous session that is here, by every method that registers
// people.
func TestKeepAnonymousUser(t *testing.T) {
	t.Parallel()
	type way func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth, keep bool) (*tcbauth.LoginState, error)
	ways := map[string]way{
		"SignInWithSms": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth, keep bool) (*tcbauth.LoginState, error) {
			req := testbed.Sms(t, srv, auth, testbed.NewPhone)
			req.KeepAnonymousUser = keep
			return auth.SignInWithSms(t.Context(), req)
		},
		"SignInWithEmail": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth, keep bool) (*tcbauth.LoginState, error) {
			info, code := testbed.Ask(t, srv, auth, tcbauth.GetVerificationRequest{Email: testbed.NewEmail})
			return auth.SignInWithEmail(t.Context(), tcbauth.SignInWithEmailRequest{
				VerificationInfo: info, VerificationCode: code, Email: testbed.NewEmail, KeepAnonymousUser: keep,
			})
		},
		"FinishOtp": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth, keep bool) (*tcbauth.LoginState, error) {
			c, err := auth.SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: testbed.NewPhone})
			c, code := testbed.CodeOf(t, srv, c, err)
			return auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: c, Token: code, KeepAnonymousUser: keep})
		},
		"SignUp": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth, keep bool) (*tcbauth.LoginState, error) {
			info, code := testbed.Ask(t, srv, auth, tcbauth.GetVerificationRequest{PhoneNumber: testbed.NewPhone})
			verified, err := auth.Verify(t.Context(), tcbauth.VerifyRequest{VerificationID: info.VerificationID, VerificationCode: code})
			require.NoError(t, err)
			return auth.SignUp(t.Context(), tcbauth.SignUpRequest{
				PhoneNumber: testbed.NewPhone, VerificationToken: verified.VerificationToken, KeepAnonymousUser: keep,
			})
		},
	}
	signedIn := func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) string {
		return testbed.SignInAnonymously(t, auth).User.Sub
	}
	for name, test := range map[string]struct {
		before func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) (sub string) // that of the anonymous session
		asked  bool
		kept   bool
	}{
		"kept": {signedIn, true, true},
		"kept, though the token is over": {func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) string {
			sub := signedIn(t, srv, auth)
			srv.Advance(testbed.TokenLifetime)
			return sub
		}, true, true},
		"not asked for": {signedIn, false, false},
		"nobody":        {func(*testing.T, *authtest.Server, *tcbauth.Auth) string { return "" }, true, false},
		"somebody who has signed up": {func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) string {
			return testbed.SignInAs(t, auth, testbed.Gopher).Sub
		}, true, false},
	} {
		for how, signUp := range ways {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.MailingEmulator(t)
					auth := testbed.NewApp(t, srv).Auth()
					before := test.before(t, srv, auth)
					state, err := signUp(t, srv, auth, test.asked)
					require.NoError(t, err)
					require.NoError(t, state.UserErr)
					assert.Equal(t, test.kept, state.User.Sub == before)
					assert.NotEqual(t, "anonymous", state.Credentials.Scope)
				})
			})
		}
	}
}

// TestKeepAnonymousUserOfTheRegistered: somebody who is registered has an id already.
func TestKeepAnonymousUserOfTheRegistered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		testbed.SignInAnonymously(t, auth)
		req := testbed.Sms(t, srv, auth, testbed.GopherPhone)
		req.KeepAnonymousUser = true
		state, err := auth.SignInWithSms(t.Context(), req)
		require.NoError(t, err)
		assert.Equal(t, testbed.GopherSub, state.User.Sub)
	})
}

// TestKeepAnonymousUserInVain: the id would be lost, so that nothing is spent, unless the server has ended the anonymous session.
func TestKeepAnonymousUserInVain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		refusal *authtest.Error
		goesOn  bool
	}{
		"a passing failure":        {&authtest.Error{Code: "internal", Number: 13}, false},
		"anonymous users are over": {&authtest.Error{Code: "permission_denied", Number: 7, Status: 403}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				auth := testbed.NewApp(t, srv).Auth()
				before := testbed.SignInAnonymously(t, auth)
				srv.Advance(testbed.TokenLifetime)
				req := testbed.Sms(t, srv, testbed.NewApp(t, srv).Auth(), testbed.NewPhone) // which carries no session
				req.KeepAnonymousUser = true
				srv.Fault(authtest.Fault{Operation: "signin/anonymously", Times: 1, Error: test.refusal})
				state, err := auth.SignInWithSms(t.Context(), req)
				if test.goesOn {
					require.NoError(t, err)
					assert.NotEqual(t, before.User.Sub, state.User.Sub)
					return
				}
				require.ErrorIs(t, err, tcbauth.ErrServiceError)
				assert.Zero(t, srv.Count("verification/verify"), "the code is still good")
				state, err = auth.SignInWithSms(t.Context(), req)
				require.NoError(t, err)
				assert.Equal(t, before.User.Sub, state.User.Sub)
			})
		})
	}
}

// TestAnonymousToken of the caller's goes before that of the session.
func TestAnonymousToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		app := testbed.NewApp(t, srv)
		other := testbed.SignInAnonymously(t, app.ForUser("other"))
		auth := app.ForUser("visitor")
		testbed.SignInAnonymously(t, auth)
		req := testbed.Sms(t, srv, auth, testbed.NewPhone)
		req.KeepAnonymousUser, req.AnonymousToken = true, other.Credentials.AccessToken
		state, err := auth.SignInWithSms(t.Context(), req)
		require.NoError(t, err)
		assert.Equal(t, other.User.Sub, state.User.Sub)
	})
}
