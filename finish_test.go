package tcbauth_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// A code costs an SMS: it is not spent for somebody whose session ended between the two steps.
func TestFinishOtpWithoutASessionSpendsNoCode(t *testing.T) {
	t.Parallel()
	steps := map[string]func(t *testing.T, auth *tcbauth.Auth) *tcbauth.OtpChallenge{
		"new number": func(t *testing.T, auth *tcbauth.Auth) *tcbauth.OtpChallenge {
			result, err := auth.UpdateUser(t.Context(), tcbauth.UpdateUserRequest{Phone: new(newPhone)})
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
				challenge, code := codeOf(t, srv, first(t, auth), nil)
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
