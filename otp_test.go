package tcbauth_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

func TestSignInWithOtp(t *testing.T) {
	t.Parallel()
	existing := tcbauth.SignInWithOtpOptions{ShouldCreateUser: new(false)}
	for name, test := range map[string]struct {
		req    tcbauth.SignInWithOtpRequest
		kind   string
		isUser bool
		sub    string // of somebody who was there before
	}{
		"new phone":   {tcbauth.SignInWithOtpRequest{Phone: "137 0000 0000"}, tcbauth.OtpSignUp, false, ""},
		"known phone": {tcbauth.SignInWithOtpRequest{Phone: "13800000000"}, tcbauth.OtpSignUp, true, testbed.GopherSub},
		"new mail":    {tcbauth.SignInWithOtpRequest{Email: testbed.NewEmail}, tcbauth.OtpSignUp, false, ""},
		"known mail":  {tcbauth.SignInWithOtpRequest{Email: testbed.GopherEmail}, tcbauth.OtpSignUp, true, testbed.GopherSub},
		"existing people only": {
			tcbauth.SignInWithOtpRequest{Phone: testbed.GopherPhone, Options: existing}, tcbauth.OtpSignIn, true, testbed.GopherSub,
		},
		"existing people only, by mail": {
			tcbauth.SignInWithOtpRequest{Email: testbed.GopherEmail, Options: existing}, tcbauth.OtpSignIn, true, testbed.GopherSub,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.MailingEmulator(t)
				store := tcbauth.NewMemoryStore()
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				events := testbed.EventsOf(auth)
				c, err := auth.SignInWithOtp(t.Context(), test.req)
				c, code := testbed.CodeOf(t, srv, c, err)
				assert.Equal(t, test.kind, c.Kind)
				assert.Equal(t, test.isUser, c.IsUser)
				testbed.RequireNobody(t, auth)

				state, err := auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: c, Token: code})
				require.NoError(t, err)
				require.NoError(t, state.UserErr)
				if c.Phone != "" {
					assert.Equal(t, c.Phone, state.User.PhoneNumber)
				} else {
					assert.Equal(t, c.Email, state.User.Email)
				}
				if test.sub != "" {
					assert.Equal(t, test.sub, state.User.Sub)
				}
				testbed.RequireSession(t, store, testbed.DefaultKey, state.Credentials)
				assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedIn}, events())
			})
		})
	}
}

// TestSignInWithOtpOfNobody: no code goes to people who may not register.
func TestSignInWithOtpOfNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, err := testbed.NewApp(t, testbed.Emulator(t)).Auth().SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{
			Phone: testbed.NewPhone, Options: tcbauth.SignInWithOtpOptions{ShouldCreateUser: new(false)},
		})
		require.ErrorIs(t, err, tcbauth.CodeNotFound)
		require.ErrorIs(t, err, tcbauth.ErrUserNotFound)
	})
}

func TestSignUpWithOtp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.MailingEmulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		_, err := auth.SignUpWithOtp(t.Context(), tcbauth.SignUpWithOtpRequest{Phone: testbed.NewPhone, Password: "weak"})
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		require.Empty(t, srv.Requests(), "a code that would be wasted is not sent")

		c, err := auth.SignUpWithOtp(t.Context(), tcbauth.SignUpWithOtpRequest{Phone: testbed.NewPhone, Password: testbed.NewPassword})
		c, code := testbed.CodeOf(t, srv, c, err)
		assert.Equal(t, tcbauth.OtpSignUp, c.Kind)
		assert.NotContains(t, testbed.AsJSON(c), testbed.NewPassword, "the password is not kept")
		finish := tcbauth.FinishOtpRequest{
			Challenge: c, Token: code, Password: "weak", Name: "A Newcomer", Username: "newcomer", Gender: "FEMALE", Locale: "en-US",
		}
		_, err = auth.FinishOtp(t.Context(), finish)
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		require.Zero(t, srv.Count("verification/verify"), "the code is not spent on it")
		finish.Password = testbed.NewPassword
		state, err := auth.FinishOtp(t.Context(), finish)
		require.NoError(t, err)
		require.NoError(t, state.UserErr)
		assert.Equal(t, []string{"newcomer", "A Newcomer", "FEMALE", "en-US", testbed.NewPhone}, []string{
			state.User.Username, state.User.Name, state.User.Gender, state.User.Locale, state.User.PhoneNumber,
		})
		assert.True(t, testbed.CanSignIn(t, srv, "newcomer", testbed.NewPassword))

		// Whoever is registered is signed in, and stays as they are.
		c, err = auth.SignUpWithOtp(t.Context(), tcbauth.SignUpWithOtpRequest{Email: testbed.GopherEmail, Password: testbed.NewPassword})
		c, code = testbed.CodeOf(t, srv, c, err)
		state, err = auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: c, Token: code, Password: testbed.NewPassword, Username: "renamed"})
		require.NoError(t, err)
		assert.Equal(t, testbed.Gopher, state.User.Username)
		assert.True(t, testbed.CanSignIn(t, srv, testbed.Gopher, testbed.Password))
		assert.Equal(t, 1, srv.Count("signup"))
	})
}

func TestResetPasswordForEmail(t *testing.T) {
	t.Parallel()
	for name, contact := range map[string]string{"phone": "138 0000 0000", "mail": testbed.GopherEmail} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.MailingEmulator(t)
				auth := testbed.NewApp(t, srv).Auth()
				events := testbed.EventsOf(auth)
				c, err := auth.ResetPasswordForEmail(t.Context(), tcbauth.ResetPasswordForEmailRequest{EmailOrPhone: contact})
				c, code := testbed.CodeOf(t, srv, c, err)
				assert.Equal(t, tcbauth.OtpRecovery, c.Kind)
				for _, weak := range []string{"", "weak"} {
					_, err = auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: c, Token: code, Password: weak})
					require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
				}
				require.Zero(t, srv.Count("verification/verify"))
				state, err := auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: c, Token: code, Password: testbed.NewPassword})
				require.NoError(t, err)
				assert.Equal(t, testbed.GopherSub, state.User.Sub)
				assert.Equal(t, []tcbauth.Event{tcbauth.EventPasswordRecovery, tcbauth.EventSignedIn}, events())
				assert.False(t, testbed.CanSignIn(t, srv, testbed.Gopher, testbed.Password))
				assert.True(t, testbed.CanSignIn(t, srv, testbed.Gopher, testbed.NewPassword))
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		_, err := testbed.NewApp(t, testbed.Emulator(t)).Auth().ResetPasswordForEmail(t.Context(), tcbauth.ResetPasswordForEmailRequest{EmailOrPhone: testbed.NewEmail})
		require.ErrorIs(t, err, tcbauth.CodeNotFound, "nobody has forgotten a password there")
	})
}

// TestReauthenticate is for who is signed in: with a password it sets that, without one it signs in anew.
func TestReauthenticate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		server   func(testing.TB, ...authtest.Option) *authtest.Server
		to       string
		password string
		want     []tcbauth.Event
	}{
		"password by SMS":  {testbed.Emulator, testbed.GopherPhone, testbed.NewPassword, nil},
		"password by mail": {testbed.MailingEmulator, testbed.GopherEmail, testbed.NewPassword, nil},
		"sign in anew":     {testbed.Emulator, testbed.GopherPhone, "", []tcbauth.Event{tcbauth.EventSignedIn}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := test.server(t, authtest.WithSudoByCode())
				store := tcbauth.NewMemoryStore()
				app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
				_, err := app.ForUser("visitor").Reauthenticate(t.Context())
				require.ErrorIs(t, err, tcbauth.ErrNoSession)
				before := testbed.SignInAs(t, app.ForUser("visitor"), testbed.Gopher)

				// As everywhere in a backend, each step has a handle of its own, which has not fetched the user.
				c, err := app.ForUser("visitor").Reauthenticate(t.Context())
				c, code := testbed.CodeOf(t, srv, c, err)
				assert.Equal(t, tcbauth.OtpReauthentication, c.Kind)
				assert.Equal(t, test.to, c.Phone+c.Email, "by mail if they have an address")
				auth := app.ForUser("visitor")
				_, err = auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: c, Token: code, Password: "weak"})
				require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
				testbed.RequireToken(t, auth, before.AccessToken)
				events := testbed.EventsOf(auth)
				state, err := auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: c, Token: code, Password: test.password})
				require.NoError(t, err)
				assert.Equal(t, testbed.GopherSub, state.User.Sub)
				assert.Equal(t, test.want, events())
				testbed.RequireSession(t, store, testbed.KeyOf("visitor"), state.Credentials)
				assert.Equal(t, test.password != "", state.Credentials.AccessToken == before.AccessToken, "the session goes on")
				assert.Equal(t, test.password != "", testbed.CanSignIn(t, srv, testbed.Gopher, testbed.NewPassword))
			})
		})
	}
}

func TestUpdateUserContact(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		req    tcbauth.UpdateUserRequest
		kind   string
		events []tcbauth.Event // of the first step
	}{
		"mail":           {tcbauth.UpdateUserRequest{Email: new(testbed.NewEmail)}, tcbauth.OtpEmailChange, nil},
		"phone":          {tcbauth.UpdateUserRequest{Phone: new("13700000000")}, tcbauth.OtpPhoneChange, nil},
		"phone and name": {tcbauth.UpdateUserRequest{Phone: new(testbed.NewPhone), Nickname: new("Renamed")}, tcbauth.OtpPhoneChange, []tcbauth.Event{tcbauth.EventUserUpdated}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				auth := testbed.NewApp(t, srv).Auth()
				before := testbed.SignInAs(t, auth, testbed.Gopher)
				events := testbed.EventsOf(auth)
				result, err := auth.UpdateUser(t.Context(), test.req)
				require.NoError(t, err)
				c, code := testbed.CodeOf(t, srv, result.Challenge, nil)
				assert.Equal(t, test.kind, c.Kind)
				assert.Equal(t, testbed.GopherPhone, result.User.PhoneNumber, "not yet")
				if test.req.Nickname != nil {
					assert.Equal(t, "Renamed", result.User.Name)
				}
				assert.Equal(t, test.events, events())

				state, err := auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: c, Token: code})
				require.NoError(t, err)
				if test.kind == tcbauth.OtpEmailChange {
					assert.Equal(t, testbed.NewEmail, state.User.Email)
				} else {
					assert.Equal(t, testbed.NewPhone, state.User.PhoneNumber)
				}
				assert.Equal(t, append(test.events, tcbauth.EventUserUpdated), events())
				testbed.RequireToken(t, auth, before.AccessToken)
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		sent := len(srv.Requests())
		_, err := auth.UpdateUser(t.Context(), tcbauth.UpdateUserRequest{Phone: new(testbed.NewPhone), Email: new(testbed.NewEmail), Nickname: new("Renamed")})
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		_, err = auth.UpdateUser(t.Context(), tcbauth.UpdateUserRequest{})
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		assert.Len(t, srv.Requests(), sent)
	})
}

// A code is sent as the digits that the person was sent, however they were pasted, by every method that takes one.
func TestPastedCodes(t *testing.T) {
	t.Parallel()
	const right = "123456"
	info := &tcbauth.VerificationInfo{VerificationID: "v"}
	challenge := &tcbauth.OtpChallenge{Kind: tcbauth.OtpSignUp, Phone: "+86 13800000000", MessageID: "v"}
	for name, use := range map[string]func(ctx context.Context, auth *tcbauth.Auth, code string) error{
		"Verify": func(ctx context.Context, auth *tcbauth.Auth, code string) error {
			_, err := auth.Verify(ctx, tcbauth.VerifyRequest{VerificationID: "v", VerificationCode: code})
			return err
		},
		"Verify, v2": func(ctx context.Context, auth *tcbauth.Auth, code string) error {
			_, err := auth.Verify(ctx, tcbauth.VerifyRequest{VerificationID: "v", VerificationCode: code, Version: "v2"})
			return err
		},
		"SignInWithSms": func(ctx context.Context, auth *tcbauth.Auth, code string) error {
			_, err := auth.SignInWithSms(ctx, tcbauth.SignInWithSmsRequest{VerificationInfo: info, VerificationCode: code, PhoneNum: "13800000000"})
			return err
		},
		"SignInWithEmail": func(ctx context.Context, auth *tcbauth.Auth, code string) error {
			_, err := auth.SignInWithEmail(ctx, tcbauth.SignInWithEmailRequest{VerificationInfo: info, VerificationCode: code, Email: "a@example.com"})
			return err
		},
		"VerifyOtp": func(ctx context.Context, auth *tcbauth.Auth, code string) error {
			_, err := auth.VerifyOtp(ctx, tcbauth.VerifyOtpRequest{Phone: "13800000000", Token: code, MessageID: "v"})
			return err
		},
		"VerifyOtp, phone_change": func(ctx context.Context, auth *tcbauth.Auth, code string) error {
			_, err := auth.VerifyOtp(ctx, tcbauth.VerifyOtpRequest{Type: tcbauth.OtpPhoneChange, Token: code, MessageID: "v"})
			return err
		},
		"FinishOtp": func(ctx context.Context, auth *tcbauth.Auth, code string) error {
			_, err := auth.FinishOtp(ctx, tcbauth.FinishOtpRequest{Challenge: challenge, Token: code})
			return err
		},
		"SignIn": func(ctx context.Context, auth *tcbauth.Auth, code string) error {
			_, err := auth.SignIn(ctx, tcbauth.SignInRequest{Username: "+86 13800000000", VerificationCode: code})
			return err
		},
		"SignUp": func(ctx context.Context, auth *tcbauth.Auth, code string) error {
			_, err := auth.SignUp(ctx, tcbauth.SignUpRequest{PhoneNumber: "13800000000", VerificationCode: code})
			return err
		},
	} {
		for _, pasted := range []string{"123 456", " 123456 ", "１２３４５６", "123-456\r\n", "\u200b123\u00ad456\ufeff", "\u2066123456\u2069"} {
			t.Run(fmt.Sprintf("%s/%+q", name, pasted), func(t *testing.T) {
				t.Parallel()
				p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(200, testbed.GoodAnswer) }}
				require.NoError(t, use(t.Context(), testbed.NewPeerApp(t, p, testbed.SessionStore(t)).Auth(), pasted))
				codes := 0
				for _, r := range p.Requests() {
					var body struct {
						Code string `json:"verification_code"`
					}
					if r.Text != "" {
						require.NoError(t, json.Unmarshal([]byte(r.Text), &body))
					}
					if body.Code != "" {
						codes++
						assert.Equal(t, right, body.Code, r.URL.Path)
					}
				}
				assert.Positive(t, codes)
			})
		}
	}
}

// A token of an earlier code goes along, as in the js-sdk.
func TestVerifyWithToken(t *testing.T) {
	t.Parallel()
	for version, path := range map[string]string{"v1": "/auth/v1/verification/verify", "v2": "/auth/v2/signin/verificationcode"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(200, testbed.GoodAnswer) }}
			_, err := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth().Verify(t.Context(), tcbauth.VerifyRequest{
				VerificationID: "v", VerificationCode: "123456", VerificationToken: "earlier", Version: version,
			})
			require.NoError(t, err)
			require.Len(t, p.Requests(), 1)
			assert.Equal(t, path, p.Requests()[0].URL.Path)
			assert.JSONEq(t, `{"verification_id":"v","verification_code":"123456","verification_token":"earlier"}`, p.Requests()[0].Text)
		})
	}
}

// TestUsage: each step that sends a code passes on what the caller says that it is for, and nothing of its own.
func TestUsage(t *testing.T) {
	t.Parallel()
	type step func(ctx context.Context, auth *tcbauth.Auth, usage string) error
	for name, send := range map[string]step{
		"SignInWithOtp": func(ctx context.Context, auth *tcbauth.Auth, usage string) error {
			_, err := auth.SignInWithOtp(ctx, tcbauth.SignInWithOtpRequest{Email: testbed.NewEmail, Options: tcbauth.SignInWithOtpOptions{Usage: usage}})
			return err
		},
		"SignUpWithOtp": func(ctx context.Context, auth *tcbauth.Auth, usage string) error {
			_, err := auth.SignUpWithOtp(ctx, tcbauth.SignUpWithOtpRequest{Email: testbed.NewEmail, Usage: usage})
			return err
		},
		"ResetPasswordForEmail": func(ctx context.Context, auth *tcbauth.Auth, usage string) error {
			_, err := auth.ResetPasswordForEmail(ctx, tcbauth.ResetPasswordForEmailRequest{EmailOrPhone: testbed.NewEmail, Usage: usage})
			return err
		},
		"Resend": func(ctx context.Context, auth *tcbauth.Auth, usage string) error {
			_, err := auth.Resend(ctx, tcbauth.ResendRequest{Email: testbed.NewEmail, Usage: usage})
			return err
		},
	} {
		for _, usage := range []string{"", "recovery"} {
			t.Run(name+", "+usage, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					peer := testbed.Script(testbed.Reply(http.StatusOK, `{"verification_id":"id-1","expires_in":600}`))
					auth := testbed.NewPeerApp(t, peer, tcbauth.NewMemoryStore()).Auth()
					require.NoError(t, send(t.Context(), auth, usage))
					require.Len(t, peer.Requests(), 1)
					var body struct {
						Usage *string `json:"usage"`
					}
					require.NoError(t, json.Unmarshal([]byte(peer.Requests()[0].Text), &body))
					if usage == "" {
						assert.Nil(t, body.Usage)
						return
					}
					require.NotNil(t, body.Usage)
					assert.Equal(t, usage, *body.Usage)
				})
			})
		}
	}
}
