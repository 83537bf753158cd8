package testbed

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// The people of every emulator here.
const (
	Gopher      = "gopher_01"
	GopherPhone = "+86 13800000000"
	GopherSub   = "1000000000000000001"
	GopherEmail = "gopher@example.com" // in MailingEmulator

	Badger      = "badger_02"
	BadgerPhone = "+86 13900000000"
	BadgerSub   = "1000000000000000002"

	Password = "correct-horse-1" // of both

	NewPhone = "+86 13700000000" // of nobody yet
	NewEmail = "new@example.com" // of nobody yet
)

// TokenLifetime is how long an access token of the emulator lasts.
const TokenLifetime = 2 * time.Hour

// SignInAnonymously signs somebody in who has no name.
func SignInAnonymously(t testing.TB, auth *tcbauth.Auth) *tcbauth.LoginState {
	t.Helper()
	state, err := auth.SignInAnonymously(t.Context(), tcbauth.SignInAnonymouslyRequest{})
	require.NoError(t, err)
	require.NoError(t, state.UserErr)
	require.Equal(t, "anonymous", state.Credentials.Scope)
	return state
}

// SignInAs signs a person in and returns the session's first tokens.
func SignInAs(t testing.TB, auth *tcbauth.Auth, username string) *tcbauth.Credentials {
	t.Helper()
	state, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: username, Password: Password})
	require.NoError(t, err)
	require.NoError(t, state.UserErr)
	return state.Credentials
}

// GetMe asks the server who is signed in. Signing in has done so once already.
func GetMe(t testing.TB, auth *tcbauth.Auth) (*tcbauth.User, error) {
	t.Helper()
	return auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
}
