package testbed

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// NewPassword is of nobody yet.
const NewPassword = "battery-staple-2"

// CanSignIn says whether somebody has this password, without a trace in any session of the test.
func CanSignIn(t testing.TB, srv *authtest.Server, username, password string) bool {
	t.Helper()
	_, err := NewApp(t, srv).Auth().SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: username, Password: password})
	if err != nil {
		require.ErrorIs(t, err, tcbauth.CodeInvalidUsernameOrPassword)
	}
	return err == nil
}

// Sudo is the sudo token of who is signed in.
func Sudo(t testing.TB, auth *tcbauth.Auth) string {
	t.Helper()
	out, err := auth.Sudo(t.Context(), tcbauth.SudoRequest{Password: Password})
	require.NoError(t, err)
	require.Equal(t, 900, out.ExpiresIn)
	return out.SudoToken
}
