package testbed

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// codeLifetime is the lifetime of a code by email to an address, or by SMS for "".
func codeLifetime(email string) time.Duration {
	if email != "" {
		return 10 * time.Minute
	}
	return 5 * time.Minute
}

// Ask has a code sent, to a phone number or a mail address, and reads it.
func Ask(t testing.TB, srv *authtest.Server, auth *tcbauth.Auth, req tcbauth.GetVerificationRequest) (*tcbauth.VerificationInfo, string) {
	t.Helper()
	info, err := auth.GetVerification(t.Context(), req)
	require.NoError(t, err)
	require.NotEmpty(t, info.VerificationID)
	require.Equal(t, codeLifetime(req.Email), time.Duration(info.ExpiresIn)*time.Second)
	code, err := srv.WaitCode(t.Context(), req.PhoneNumber+req.Email)
	require.NoError(t, err)
	return info, code
}

// Sms has a code sent to a phone number, reads it, and returns what SignInWithSms takes.
func Sms(t testing.TB, srv *authtest.Server, auth *tcbauth.Auth, phone string) tcbauth.SignInWithSmsRequest {
	t.Helper()
	info, code := Ask(t, srv, auth, tcbauth.GetVerificationRequest{PhoneNumber: phone})
	return tcbauth.SignInWithSmsRequest{VerificationInfo: info, VerificationCode: code, PhoneNum: phone}
}

// CodeOf reads the code of a challenge that was just made. The challenge comes back as a store or a browser's session
// gives it back: out of JSON.
func CodeOf(t testing.TB, srv *authtest.Server, c *tcbauth.OtpChallenge, err error) (*tcbauth.OtpChallenge, string) {
	t.Helper()
	require.NoError(t, err)
	require.True(t, c.ExpiresAt.Equal(srv.Now().Add(codeLifetime(c.Email))), c.ExpiresAt)
	code, err := srv.WaitCode(t.Context(), c.Phone+c.Email)
	require.NoError(t, err)
	data, err := json.Marshal(c)
	require.NoError(t, err)
	kept := new(tcbauth.OtpChallenge)
	require.NoError(t, json.Unmarshal(data, kept))
	require.Equal(t, c, kept)
	return kept, code
}
