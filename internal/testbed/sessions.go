package testbed

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// Stored returns the session under key, nil for none.
func Stored(t testing.TB, store tcbauth.TokenStore, key string) *tcbauth.Credentials {
	t.Helper()
	data, err := store.Get(t.Context(), key)
	if errors.Is(err, tcbauth.ErrNotFound) {
		return nil
	}
	require.NoError(t, err)
	c := new(tcbauth.Credentials)
	require.NoError(t, c.UnmarshalJSON(data))
	return c
}

// Put stores a session behind the client's back, as another process does that takes no lock.
func Put(t testing.TB, store tcbauth.TokenStore, key string, c *tcbauth.Credentials) {
	t.Helper()
	data, err := c.MarshalJSON()
	require.NoError(t, err)
	require.NoError(t, store.Set(t.Context(), key, data, 0))
}

// RequireSession requires that c is stored, both tokens of it.
func RequireSession(t testing.TB, store tcbauth.TokenStore, key string, c *tcbauth.Credentials) {
	t.Helper()
	got := Stored(t, store, key)
	require.NotNil(t, got, "no session is stored")
	require.True(t, got.AccessToken == c.AccessToken && got.RefreshToken == c.RefreshToken, "another pair is stored")
}

// RequireToken requires that a call gives exactly this token.
func RequireToken(t testing.TB, auth *tcbauth.Auth, want string) {
	t.Helper()
	token, err := auth.GetAccessToken(t.Context())
	require.NoError(t, err)
	require.True(t, token == want, "another token than the expected one")
}

// RequireNobody requires that auth knows of no session.
func RequireNobody(t testing.TB, auth *tcbauth.Auth) {
	t.Helper()
	has, err := auth.HasLoginState(t.Context())
	require.NoError(t, err)
	require.False(t, has)
	_, err = auth.GetAccessToken(t.Context())
	require.ErrorIs(t, err, tcbauth.ErrNoSession)
	require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
}

// RequireNoTokens requires that no token of the sessions stands in text.
func RequireNoTokens(t testing.TB, text string, sessions ...*tcbauth.Credentials) {
	t.Helper()
	for _, c := range sessions {
		require.NotContains(t, text, c.AccessToken)
		require.NotContains(t, text, c.RefreshToken)
	}
}

// EventsOf listens to auth from now on. The function returns the events so far, as soon as all are delivered.
func EventsOf(auth *tcbauth.Auth) func() []tcbauth.Event {
	var events []tcbauth.Event
	auth.OnAuthStateChange(func(e tcbauth.AuthEvent) { events = append(events, e.Event) })
	return func() []tcbauth.Event {
		synctest.Wait()
		return events
	}
}
