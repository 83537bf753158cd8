package session_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestChallengesNameTheirPerson and the device that began them. A challenge that only signs in names nobody.
func TestChallengesNameTheirPerson(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		begin func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.OtpChallenge, error)
		sub   string
	}{
		"another phone": {func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.OtpChallenge, error) {
			testbed.SignInAs(t, auth, testbed.Gopher)
			out, err := auth.UpdateUser(t.Context(), tcbauth.UpdateUserRequest{Phone: new(testbed.NewPhone)})
			require.NoError(t, err)
			return out.Challenge, nil
		}, testbed.GopherSub},
		"another mail address": {func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.OtpChallenge, error) {
			testbed.SignInAs(t, auth, testbed.Gopher)
			out, err := auth.UpdateUser(t.Context(), tcbauth.UpdateUserRequest{Email: new(testbed.NewEmail)})
			require.NoError(t, err)
			return out.Challenge, nil
		}, testbed.GopherSub},
		"reauthentication": {func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.OtpChallenge, error) {
			testbed.SignInAs(t, auth, testbed.Gopher)
			return auth.Reauthenticate(t.Context())
		}, testbed.GopherSub},
		"sign-in": {func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.OtpChallenge, error) {
			return auth.SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: testbed.GopherPhone})
		}, ""},
		"sign-up": {func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.OtpChallenge, error) {
			return auth.SignUpWithOtp(t.Context(), tcbauth.SignUpWithOtpRequest{Phone: testbed.NewPhone})
		}, ""},
		"a forgotten password": {func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.OtpChallenge, error) {
			return auth.ResetPasswordForEmail(t.Context(), tcbauth.ResetPasswordForEmailRequest{EmailOrPhone: testbed.GopherPhone})
		}, ""},
	} {
		for handle, h := range bothHandles {
			t.Run(name+", "+handle, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					c, err := test.begin(t, h.open(testbed.NewApp(t, srv)))
					require.NoError(t, err)
					assert.Equal(t, test.sub, c.Sub)
					for _, r := range srv.Requests() {
						if r.Operation == "verification" {
							assert.Equal(t, r.Header.Get("X-Device-Id"), c.DeviceID)
						}
					}
					require.NotEmpty(t, c.DeviceID)
					assert.Equal(t, c, throughJSON(t, c))
				})
			})
		}
	}
}

// TestOAuthChallengesNameTheirPerson: one that binds an account says to whom.
func TestOAuthChallengesNameTheirPerson(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		srv.ProviderCode(testbed.Wechat, testbed.Mole)
		auth := testbed.NewApp(t, srv).Auth()
		c, err := auth.SignInWithOAuth(t.Context(), tcbauth.SignInWithOAuthRequest{
			Provider: testbed.Wechat, Options: tcbauth.SignInWithOAuthOptions{RedirectTo: "https://app.example/back"},
		})
		require.NoError(t, err)
		assert.Empty(t, c.Sub)
		testbed.SignInAs(t, auth, testbed.Gopher)
		c, err = wechatLink(t, auth)
		require.NoError(t, err)
		assert.Equal(t, testbed.GopherSub, c.Sub)
		assert.Equal(t, c, throughJSON(t, c))
		query := testbed.Browse(t, srv, c)
		for _, sub := range []string{"", testbed.BadgerSub, testbed.GopherSub + "0"} {
			other := *c
			other.Sub = sub
			_, err = auth.VerifyOAuth(t.Context(), tcbauth.VerifyOAuthRequest{Challenge: &other, Query: query})
			require.Error(t, err, "a challenge of %q", sub)
		}
		assert.Zero(t, srv.Count("provider/token"), "the third party's code was spent")
		_, err = auth.VerifyOAuth(t.Context(), tcbauth.VerifyOAuthRequest{Challenge: c, Query: query})
		require.NoError(t, err)
		assert.Equal(t, []string{testbed.Wechat}, testbed.Bound(t, auth))
	})
}

// TestChallengeOfNobody: one that changes an account and names nobody, or somebody else, is refused before the code is
// spent.
func TestChallengeOfNobody(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{tcbauth.OtpPhoneChange, tcbauth.OtpEmailChange, tcbauth.OtpReauthentication} {
		for name, sub := range map[string]string{"nobody": "", "somebody else": testbed.BadgerSub, "a longer id": testbed.GopherSub + "0"} {
			t.Run(kind+", "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					auth := testbed.NewApp(t, srv).Auth()
					testbed.SignInAs(t, auth, testbed.Gopher)
					c := &tcbauth.OtpChallenge{Kind: kind, Phone: testbed.NewPhone, MessageID: "m", Sub: sub}
					if kind == tcbauth.OtpEmailChange {
						c.Phone, c.Email = "", testbed.NewEmail
					}
					_, err := auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: c, Token: "123456", Password: testbed.NewPassword})
					require.Error(t, err)
					assert.Zero(t, srv.Count("verification/verify"))
				})
			})
		}
	}
}

// TestDeviceIDOfAForgedChallenge: a challenge's device id that no header can carry is not sent.
func TestDeviceIDOfAForgedChallenge(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]string{"a line break": "0123456789abcdef\r\nX-Evil: 1", "too short": "x", "too long": string(make([]byte, 100))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				auth := testbed.NewApp(t, srv).ForUser("visitor")
				c, err := auth.SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: testbed.GopherPhone})
				c, code := testbed.CodeOf(t, srv, c, err)
				c.DeviceID = id
				_, _ = auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: c, Token: code}) // refused, or sent with another id
				for _, seen := range testbed.DeviceIDs(srv) {
					assert.Len(t, seen, 36)
					assert.NotEqual(t, id, seen)
				}
			})
		})
	}
}
