package session_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// handMadeToken is a token with these claims, as the service signs them, but for the signature.
func handMadeToken(claims map[string]any) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode([]byte(testbed.AsJSON(claims))) + "." + encode([]byte("signature"))
}

// accessKeys are the kinds of keys, by whether a visitor may use them.
var accessKeys = map[string]struct {
	key        string
	forVisitor bool
}{
	"API key": {handMadeToken(map[string]any{
		"aud": testbed.MethodEnv, "project_id": testbed.MethodEnv, "exp": int64(253402300799), "iat": 1700000000, "meta": map[string]string{"platform": "ApiKey"},
		"administrator_id": "1", "client_type": "client_server", "is_system_admin": true,
	}), false},
	"publishable key": {handMadeToken(map[string]any{
		"sub": "anon", "name": "Anonymous", "scope": "anonymous", "aud": testbed.MethodEnv, "project_id": testbed.MethodEnv, "exp": int64(4000000000),
		"iat": 1700000000, "meta": map[string]string{"platform": "PublishableKey"}, "client_type": "client_user", "is_system_admin": false,
	}), true},
	"a key that says nothing of itself": {"an-opaque-key", false},
	"a publishable key that calls itself an administrator's": {handMadeToken(map[string]any{
		"sub": "anon", "scope": "anonymous", "aud": testbed.MethodEnv, "project_id": testbed.MethodEnv, "exp": int64(4000000000),
		"meta": map[string]string{"platform": "PublishableKey"}, "is_system_admin": true,
	}), false},
}

// TestAccessKeyOfAVisitor: an administrator's key stands in for the App's own session, never for a visitor's.
func TestAccessKeyOfAVisitor(t *testing.T) {
	t.Parallel()
	for name, test := range accessKeys {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(http.StatusOK, testbed.GoodAnswer) }}
			app := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore(), tcbauth.WithAccessKey(test.key))
			testbed.RequireToken(t, app.Auth(), test.key)
			_, err := testbed.GetMe(t, app.Auth())
			require.NoError(t, err)
			require.Equal(t, "Bearer "+test.key, p.Requests()[0].Header.Get("Authorization"))

			visitor, sent := app.ForUser("visitor"), len(p.Requests())
			if test.forVisitor {
				testbed.RequireToken(t, visitor, test.key)
				_, err = testbed.GetMe(t, visitor)
				require.NoError(t, err)
				require.Equal(t, "Bearer "+test.key, p.Requests()[sent].Header.Get("Authorization"))
				return
			}
			_, err = visitor.GetAccessToken(t.Context())
			require.ErrorIs(t, err, tcbauth.ErrNoSession)
			_, err = testbed.GetMe(t, visitor)
			require.ErrorIs(t, err, tcbauth.ErrNoSession)
			cloud := cloudAPI()
			_, err = visitor.Transport(cloud).RoundTrip(newRequest(t.Context(), visitor)) //nolint:bodyclose // there is none
			require.ErrorIs(t, err, tcbauth.ErrNoSession)
			assert.Empty(t, cloud.Requests())
			assert.Len(t, p.Requests(), sent)
			_, err = visitor.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone})
			require.NoError(t, err, "which needs nobody to be signed in")
			assert.Empty(t, p.Requests()[sent].Header.Get("Authorization"))
		})
	}
}

// foreignCallback is one of the functions that a caller gives, in a session whose access token has expired.
type foreignCallback struct {
	srv     []authtest.Option
	captcha []string // operations that want one
	custom  bool     // signed in by a ticket
	anon    bool
	opaque  bool // what a transport fails with need not be found in the error
	opts    func(srv *authtest.Server, fail func() error) []tcbauth.Option
}

// brokenWire is a transport that fails as fail says, on one path.
type brokenWire struct {
	base http.RoundTripper
	path string
	fail func() error
}

func (w *brokenWire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/auth/"+w.path {
		if err := w.fail(); err != nil {
			return nil, err
		}
	}
	return w.base.RoundTrip(r)
}

func onTheWire(path string) func(srv *authtest.Server, fail func() error) []tcbauth.Option {
	return func(srv *authtest.Server, fail func() error) []tcbauth.Option {
		return []tcbauth.Option{tcbauth.WithHTTPClient(testbed.HTTPClient(&brokenWire{srv.Client().Transport, path, fail}))}
	}
}

func solving(srv *authtest.Server, fail func() error) []tcbauth.Option {
	r := testbed.NewReader(srv)
	return []tcbauth.Option{
		tcbauth.WithHTTPClient(testbed.HTTPClient(r)),
		tcbauth.WithCaptchaSolver(func(ctx context.Context, c tcbauth.Captcha) (string, error) {
			if err := fail(); err != nil {
				return "", err
			}
			return r.Solve(ctx, c)
		}),
	}
}

func ticketing(srv *authtest.Server, fail func() error) []tcbauth.Option {
	return []tcbauth.Option{tcbauth.WithTicketSource(func(context.Context, string) (string, error) {
		if err := fail(); err != nil {
			return "", err
		}
		return testbed.SignTicket(srv.TicketKey(), "person-1", srv.Now())
	})}
}

var foreignCallbacks = map[string]foreignCallback{
	"a captcha solver during a refresh":        {captcha: []string{"token"}, opts: solving},
	"a captcha solver during a call":           {captcha: []string{"user/me"}, opts: solving},
	"a captcha solver of an anonymous session": {captcha: []string{"signin/anonymously"}, anon: true, opts: solving},
	"a ticket source":                          {srv: []authtest.Option{authtest.WithoutCustomRefreshToken()}, custom: true, opts: ticketing},
	"a captcha solver during a custom sign-in": {
		srv: []authtest.Option{authtest.WithoutCustomRefreshToken()}, captcha: []string{"signin/custom"}, custom: true,
		opts: func(srv *authtest.Server, fail func() error) []tcbauth.Option {
			return append(solving(srv, fail), ticketing(srv, func() error { return nil })...)
		},
	},
	"a transport during a refresh":        {opaque: true, opts: onTheWire("v1/token")},
	"a transport during a call":           {opaque: true, opts: onTheWire("v1/user/me")},
	"a transport of an anonymous session": {opaque: true, anon: true, opts: onTheWire("v1/signin/anonymously")},
}

// begin signs in, lets the access token expire and returns the App and the stored session.
func (f foreignCallback) begin(t *testing.T, store tcbauth.TokenStore, fail func() error, opts ...tcbauth.Option) (*authtest.Server, *tcbauth.App, *tcbauth.Credentials) {
	t.Helper()
	srv := testbed.Emulator(t, f.srv...)
	app := testbed.NewApp(t, srv, append(append(f.opts(srv, fail), tcbauth.WithTokenStore(store)), opts...)...)
	switch {
	case f.custom:
		_, err := app.Auth().SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{})
		require.NoError(t, err)
	case f.anon:
		testbed.SignInAnonymously(t, app.Auth())
	default:
		testbed.SignInAs(t, app.Auth(), testbed.Gopher)
	}
	srv.RequireCaptcha(f.captcha...)
	srv.Advance(testbed.TokenLifetime)
	return srv, app, testbed.Stored(t, store, testbed.DefaultKey)
}

// TestWhatACallbackSays decides nothing: the call fails with it, the session stays, nothing is sent in another name, and
// when the callback is well so is the session.
func TestWhatACallbackSays(t *testing.T) {
	t.Parallel()
	for name, callback := range foreignCallbacks {
		for kind, foreign := range testbed.ForeignErrors() {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var failing atomic.Bool
					store := tcbauth.NewMemoryStore()
					srv, app, before := callback.begin(t, store, func() error {
						if failing.Load() {
							return foreign
						}
						return nil
					}, tcbauth.WithAccessKey(accessKeys["API key"].key))
					failing.Store(true)
					asked := srv.Count("user/me")
					for range 2 {
						_, err := testbed.GetMe(t, app.Auth())
						require.Error(t, err)
						if !callback.opaque {
							require.ErrorIs(t, err, foreign)
							assert.Equal(t, tcbauth.CategoryUnknown, testbed.ErrorOf(t, err).Category)
						}
						e := testbed.ErrorOf(t, err)
						assert.NotEqual(t, "Foreign", e.Op)
						if name != "a captcha solver during a call" && name != "a transport during a call" {
							assert.Equal(t, asked, srv.Count("user/me"), "sent without the session's token")
						}
						require.NotNil(t, testbed.Stored(t, store, testbed.DefaultKey), "the session is gone")
						assert.Equal(t, before.Sub, testbed.Stored(t, store, testbed.DefaultKey).Sub)
					}
					has, err := app.Auth().HasLoginState(t.Context())
					require.NoError(t, err)
					require.True(t, has)
					failing.Store(false)
					user, err := testbed.GetMe(t, app.Auth())
					require.NoError(t, err)
					assert.Equal(t, before.Sub, user.Sub)
				})
			})
		}
	}
}

// TestSignOutDespiteACallback: whoever signs out is signed out, whatever is in the way of telling the server.
func TestSignOutDespiteACallback(t *testing.T) {
	t.Parallel()
	for name, callback := range foreignCallbacks {
		if name == "a captcha solver during a call" || name == "a transport during a call" {
			continue
		}
		for kind, foreign := range testbed.ForeignErrors() {
			for how, signOut := range map[string]func(*testing.T, *authtest.Server, *tcbauth.Auth) error{
				"SignOut": signOuts["SignOut"], "SignOutWithRedirect": signOuts["SignOutWithRedirect"],
			} {
				t.Run(name+", "+kind+", "+how, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						var failing atomic.Bool
						store := tcbauth.NewMemoryStore()
						srv, app, _ := callback.begin(t, store, func() error {
							if failing.Load() {
								return foreign
							}
							return nil
						})
						events := testbed.EventsOf(app.Auth())
						failing.Store(true)
						require.Error(t, signOut(t, srv, app.Auth()), "the server was not told")
						assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey), "still stored")
						testbed.RequireNobody(t, app.Auth())
						assert.Contains(t, events(), tcbauth.EventSignedOut)
						assert.Zero(t, srv.Count("revoke")+srv.Count("user/signout"))
					})
				})
			}
		}
	}
}

// TestSignOutRedirectOnABrokenWire: only the server can say that it does not know the session any more.
func TestSignOutRedirectOnABrokenWire(t *testing.T) {
	t.Parallel()
	for kind, foreign := range testbed.ForeignErrors() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Lost(foreign) }}
			auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t)).Auth()
			_, err := auth.SignOutWithRedirect(t.Context(), tcbauth.SignOutRequest{})
			require.Error(t, err)
			testbed.RequireNobody(t, auth)
		})
	}
}

// TestTransportsWordsTakeNoOtherWay: a sign-in by code takes its other way where the server contradicts it, and not
// because something on the way to the server speaks of a person who is not found.
func TestTransportsWordsTakeNoOtherWay(t *testing.T) {
	t.Parallel()
	calls := map[string]func(ctx context.Context, auth *tcbauth.Auth, isUser bool) error{
		"SignInWithSms": func(ctx context.Context, auth *tcbauth.Auth, isUser bool) error {
			_, err := auth.SignInWithSms(ctx, testbed.SmsSignIn(isUser))
			return err
		},
		"SignInWithEmail": func(ctx context.Context, auth *tcbauth.Auth, isUser bool) error {
			_, err := auth.SignInWithEmail(ctx, testbed.MailSignIn(isUser))
			return err
		},
		"FinishOtp": func(ctx context.Context, auth *tcbauth.Auth, isUser bool) error {
			req := testbed.FinishOtp(tcbauth.OtpSignUp, testbed.PlantedPassword)
			req.Challenge.IsUser, req.Challenge.IsUserUnknown = isUser, true
			_, err := auth.FinishOtp(ctx, req)
			return err
		},
	}
	for name, call := range calls {
		for kind, foreign := range testbed.ForeignErrors() {
			for _, isUser := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, %s, %v", name, kind, isUser), func(t *testing.T) {
					t.Parallel()
					p := &testbed.Peer{Answer: func(n int, _ testbed.Arrived) testbed.Answer {
						if n > 0 {
							return testbed.Lost(foreign)
						}
						return testbed.Reply(http.StatusOK, testbed.GoodAnswer)
					}}
					err := call(t.Context(), testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth(), isUser)
					require.Error(t, err)
					assert.Len(t, p.Requests(), 2, "the code, and one way to sign in")
				})
			}
		}
	}
}

// TestPasswordPolicysWords are the caller's to see, before anything is sent; the session is none of their business.
func TestPasswordPolicysWords(t *testing.T) {
	t.Parallel()
	for kind, foreign := range testbed.ForeignErrors() {
		if kind == "a *ValidationError" {
			continue // that is how a policy names its rule
		}
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(http.StatusOK, testbed.GoodAnswer) }}
			store := testbed.SessionStore(t)
			auth := testbed.NewPeerApp(t, p, store, tcbauth.WithPasswordPolicy(func(string) error { return foreign })).Auth()
			for method, call := range map[string]func() error{
				"SignUp": func() error {
					_, err := auth.SignUp(t.Context(), tcbauth.SignUpRequest{
						PhoneNumber: testbed.GopherPhone, VerificationToken: testbed.PlantedVerification, Password: testbed.PlantedPassword,
					})
					return err
				},
				"SetPassword": func() error {
					return auth.SetPassword(t.Context(), tcbauth.SetPasswordRequest{NewPassword: testbed.PlantedPassword, SudoToken: testbed.PlantedSudo})
				},
				"FinishOtp": func() error {
					_, err := auth.FinishOtp(t.Context(), testbed.FinishOtp(tcbauth.OtpRecovery, testbed.PlantedPassword))
					return err
				},
			} {
				err := call()
				require.ErrorIs(t, err, foreign, method)
				assert.Equal(t, method, testbed.ErrorOf(t, err).Op)
			}
			assert.Empty(t, p.Requests())
			testbed.RequireToken(t, auth, testbed.PlantedAccess)
			assert.NotNil(t, testbed.Stored(t, store, testbed.PeerKey))
		})
	}
}

// TestCallbackPanics: a panic costs its call, and neither the session nor its lock.
func TestCallbackPanics(t *testing.T) {
	t.Parallel()
	for name, callback := range foreignCallbacks {
		if name == "a captcha solver during a call" || name == "a transport during a call" {
			continue // in the caller's own goroutine it is the caller's
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var failing atomic.Bool
				store := tcbauth.NewMemoryStore()
				_, app, before := callback.begin(t, store, func() error {
					if failing.Load() {
						panic("planted")
					}
					return nil
				})
				failing.Store(true)
				_, err := app.Auth().GetAccessToken(t.Context())
				require.Error(t, err)
				assert.NotContains(t, err.Error(), "planted")
				failing.Store(false)
				require.NotNil(t, testbed.Stored(t, store, testbed.DefaultKey))
				c, err := app.Auth().GetCredentials(t.Context())
				require.NoError(t, err)
				assert.Equal(t, before.Sub, c.Sub)
			})
		})
	}
}
