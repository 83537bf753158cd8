package tcbauth_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/filestore"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// A code costs an SMS: it is not spent for somebody whose session ended between the two steps.
func TestFinishOtpWithoutASessionSpendsNoCode(t *testing.T) {
	t.Parallel()
	steps := map[string]func(t *testing.T, auth *tcbauth.Auth) *tcbauth.OtpChallenge{
		"new number": func(t *testing.T, auth *tcbauth.Auth) *tcbauth.OtpChallenge {
			result, err := auth.UpdateUser(t.Context(), tcbauth.UpdateUserRequest{Phone: new(testbed.NewPhone)})
			require.NoError(t, err)
			return result.Challenge
		},
		"new password": func(t *testing.T, auth *tcbauth.Auth) *tcbauth.OtpChallenge {
			challenge, err := auth.Reauthenticate(t.Context())
			require.NoError(t, err)
			return challenge
		},
	}
	for name, first := range steps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				auth := testbed.NewApp(t, srv).Auth()
				testbed.SignInAs(t, auth, testbed.Gopher)
				challenge, code := testbed.CodeOf(t, srv, first(t, auth), nil)
				require.NoError(t, auth.SignOut(t.Context()))
				req := tcbauth.FinishOtpRequest{Challenge: challenge, Token: code}
				if name == "new password" {
					req.Password = "another-Passw0rd"
				}

				_, err := auth.FinishOtp(t.Context(), req)
				require.ErrorIs(t, err, tcbauth.ErrNoSession)
				assert.Zero(t, srv.Count("verification/verify"))

				testbed.SignInAs(t, auth, testbed.Gopher)
				_, err = auth.FinishOtp(t.Context(), req)
				require.NoError(t, err, "the code is still good")
			})
		})
	}
}

// Nor is it spent where it is only to be checked for a change: the result would be a session that is not there.
func TestVerifyOtpOfAChangeWithoutASessionSpendsNoCode(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{tcbauth.OtpPhoneChange, tcbauth.OtpEmailChange} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				auth := testbed.NewApp(t, srv).Auth()
				info, err := auth.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: testbed.NewPhone})
				require.NoError(t, err)
				code, err := srv.WaitCode(t.Context(), testbed.NewPhone)
				require.NoError(t, err)
				req := tcbauth.VerifyOtpRequest{Type: kind, Token: code, MessageID: info.VerificationID}

				_, err = auth.VerifyOtp(t.Context(), req)
				require.ErrorIs(t, err, tcbauth.ErrNoSession)
				assert.Zero(t, srv.Count("verification/verify"))

				testbed.SignInAs(t, auth, testbed.Gopher)
				state, err := auth.VerifyOtp(t.Context(), req)
				require.NoError(t, err, "the code is still good")
				assert.Equal(t, testbed.GopherSub, state.User.Sub)
			})
		})
	}
}

// TestFinishOtpOfWhomTheServerDoesNotName: it did not say whether somebody is registered, and they are.
func TestFinishOtpOfWhomTheServerDoesNotName(t *testing.T) {
	t.Parallel()
	for name, req := range map[string]tcbauth.SignInWithOtpRequest{"phone": {Phone: testbed.GopherPhone}, "mail": {Email: testbed.GopherEmail}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.MailingEmulator(t, authtest.WithoutIsUser())
				auth := testbed.NewApp(t, srv).Auth()
				challenge, err := auth.SignInWithOtp(t.Context(), req)
				challenge, code := testbed.CodeOf(t, srv, challenge, err)
				assert.Equal(t, tcbauth.OtpSignUp, challenge.Kind)
				assert.False(t, challenge.IsUser)
				assert.True(t, challenge.IsUserUnknown)
				state, err := auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: challenge, Token: code})
				require.NoError(t, err)
				require.NoError(t, state.UserErr)
				assert.Equal(t, testbed.GopherSub, state.User.Sub)
				assert.Equal(t, 1, srv.Count("verification/verify"), "the code is spent once")
				assert.Equal(t, 1, srv.Count("signup"))
				assert.Equal(t, 1, srv.Count("signin"))
			})
		})
	}
}

// TestFinishOtpAgain: a challenge is good until its code was right or is too old.
func TestFinishOtpAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.MailingEmulator(t)
		srv.FixCode(testbed.GopherPhone, "123456")
		auth := testbed.NewApp(t, srv).Auth()
		finish := func(c *tcbauth.OtpChallenge, code, messageID string) error {
			_, err := auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: c, Token: code, MessageID: messageID})
			return err
		}
		ask := func() *tcbauth.OtpChallenge {
			t.Helper()
			srv.Advance(time.Minute)
			c, err := auth.SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: testbed.GopherPhone})
			require.NoError(t, err)
			return c
		}
		c := ask()
		require.ErrorIs(t, finish(c, "654321", ""), tcbauth.ErrVerificationFailed)
		require.NoError(t, finish(c, "123456", ""))
		require.ErrorIs(t, finish(c, "123456", ""), tcbauth.ErrVerificationFailed, "spent")

		c = ask()
		srv.Advance(600 * time.Second)
		assert.False(t, srv.Now().Before(c.ExpiresAt))
		require.ErrorIs(t, finish(c, "123456", ""), tcbauth.ErrVerificationFailed)

		for _, kind := range []string{"signup", ""} {
			c = ask()
			srv.Advance(time.Minute)
			info, err := auth.Resend(t.Context(), tcbauth.ResendRequest{Type: kind, Phone: "138 0000 0000"})
			require.NoError(t, err)
			require.ErrorIs(t, finish(c, "123456", ""), tcbauth.ErrVerificationFailed, "the code before")
			require.NoError(t, finish(c, "123456", info.VerificationID))
		}
		_, err := auth.Resend(t.Context(), tcbauth.ResendRequest{Phone: testbed.NewPhone})
		require.ErrorIs(t, err, tcbauth.CodeNotFound)
	})
}

// finishing is what another process is to finish.
type finishing struct {
	URL, Env, Dir string
	Finish        tcbauth.FinishOtpRequest
}

// helpFinish is that process of TestFinishOtpElsewhere.
func helpFinish(args []string) error {
	var help finishing
	if err := json.Unmarshal([]byte(args[0]), &help); err != nil {
		return err
	}
	store, err := filestore.New(help.Dir)
	if err != nil {
		return err
	}
	auth, err := tcbauth.New(help.Env, tcbauth.WithBaseURL(help.URL), tcbauth.WithTokenStore(store))
	if err != nil {
		return err
	}
	_, err = auth.FinishOtp(context.Background(), help.Finish)
	return err
}

// TestFinishOtpElsewhere: one process has the code sent, another one that shares the store takes it.
func TestFinishOtpElsewhere(t *testing.T) {
	t.Parallel()
	srv, err := authtest.Listen("127.0.0.1:0", authtest.WithoutLimits())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	dir := filepath.Join(t.TempDir(), "sessions")
	store, err := filestore.New(dir)
	require.NoError(t, err)
	here := func() *tcbauth.Auth { return testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth() }
	elsewhere := func(c *tcbauth.OtpChallenge) {
		t.Helper()
		code, err := srv.WaitCode(t.Context(), c.Phone+c.Email)
		require.NoError(t, err)
		require.NoError(t, testbed.HelperCommand(t, "finish", testbed.AsJSON(finishing{
			srv.URL, srv.Env, dir, tcbauth.FinishOtpRequest{Challenge: c, Token: code, Username: "newcomer"},
		})).Run())
	}

	c, err := here().SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: testbed.NewPhone})
	require.NoError(t, err)
	elsewhere(c)
	user, err := testbed.GetMe(t, here())
	require.NoError(t, err, "signed in there is signed in here")
	assert.Equal(t, "newcomer", user.Username)

	result, err := here().UpdateUser(t.Context(), tcbauth.UpdateUserRequest{Email: new(testbed.NewEmail)})
	require.NoError(t, err)
	elsewhere(result.Challenge)
	user, err = testbed.GetMe(t, here())
	require.NoError(t, err)
	assert.Equal(t, testbed.NewEmail, user.Email)
}
