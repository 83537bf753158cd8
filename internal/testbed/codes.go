package testbed

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// Ask has a code sent, to a phone number or a mail address, and reads it.
func Ask(t testing.TB, srv *authtest.Server, auth *tcbauth.Auth, req tcbauth.GetVerificationRequest) (*tcbauth.VerificationInfo, string) {
	t.Helper()
	info, err := auth.GetVerification(t.Context(), req)
	require.NoError(t, err)
	require.NotEmpty(t, info.VerificationID)
	require.Equal(t, 600, info.ExpiresIn)
	code, err := srv.WaitCode(t.Context(), req.PhoneNumber+req.Email)
	require.NoError(t, err)
	return info, code
}

// Sms is Ask for a phone number, with what SignInWithSms takes.
func Sms(t testing.TB, srv *authtest.Server, auth *tcbauth.Auth, phone string) tcbauth.SignInWithSmsRequest {
	t.Helper()
	info, code := Ask(t, srv, auth, tcbauth.GetVerificationRequest{PhoneNumber: phone})
	return tcbauth.SignInWithSmsRequest{VerificationInfo: info, VerificationCode: code, PhoneNum: phone}
}
