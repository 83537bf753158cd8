package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// A session may come without a sub, or with another than the user's. Its user is known all the same once it was fetched, and
// only as long as it is the same session.
func TestFetchedUserBelongsToItsSession(t *testing.T) {
	t.Parallel()
	for name, sub := range map[string]string{"no sub": "", "another sub": "session-sub", "the user's sub": "user-sub"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
				if r.Method == http.MethodGet {
					return testbed.Reply(http.StatusOK, `{"sub":"user-sub","username":"gopher"}`)
				}
				return testbed.Reply(http.StatusOK, `{"access_token":"at-2","refresh_token":"rt-2","expires_in":7200}`)
			}}
			auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
			set := func(token string) {
				require.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{
					AccessToken: token, RefreshToken: "rt", ExpiresAt: time.Now().Add(time.Hour), Sub: sub,
				}))
			}
			username := func() string {
				state, err := auth.GetSession(t.Context())
				require.NoError(t, err)
				return state.User.Username
			}
			set("at-0")
			assert.Empty(t, username(), "not fetched yet")
			_, err := auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
			require.NoError(t, err)
			assert.Equal(t, "gopher", username())
			_, err = auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
			require.NoError(t, err)
			assert.Equal(t, "gopher", username(), "a refresh changes nobody")
			set("at-3")
			assert.Empty(t, username(), "somebody else's session")
		})
	}
}

// What a caller gets is its own: whatever it changes there, in lists and maps too, no other caller sees it.
func TestUserIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
		if r.Method == http.MethodGet {
			return testbed.Reply(http.StatusOK, `{"sub":"1","groups":[{"id":"g"}],"address":{"country":"CN"},"meta":{"a":1},
				"providers":[{"id":"p","meta":{"b":2}}],"location":{"city":"Shenzhen"}}`)
		}
		return testbed.Reply(http.StatusOK, `{"access_token":"at","refresh_token":"rt","expires_in":7200,"sub":"1"}`)
	}}
	auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
	spoil := func(u *tcbauth.User) {
		require.NotEmpty(t, u.Providers)
		u.Groups[0].ID, u.Address.Country, u.Location.City, u.Providers[0].ID = "admins", "", "", ""
		u.Meta["c"] = nil
		u.Meta["a"][0], u.Providers[0].Meta["b"][0] = '9', '9'
	}
	state, err := auth.SignIn(t.Context(), tcbauth.SignInRequest{Username: "gopher", Password: testbed.Password})
	require.NoError(t, err)
	want, err := json.Marshal(state.User)
	require.NoError(t, err)
	for range 2 {
		spoil(state.User)
		state, err = auth.GetLoginState(t.Context())
		require.NoError(t, err)
		got, err := json.Marshal(state.User)
		require.NoError(t, err)
		assert.JSONEq(t, string(want), string(got))
	}
}

func TestRefreshSessionWithAGivenToken(t *testing.T) {
	t.Parallel()
	var path string
	p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
		path = r.URL.Path
		return testbed.Reply(http.StatusBadRequest, `{"error":"invalid_grant"}`)
	}}
	store := tcbauth.NewMemoryStore()
	auth := testbed.NewPeerApp(t, p, store).Auth()
	given := tcbauth.RefreshSessionRequest{RefreshToken: "another"}
	_, err := auth.RefreshSession(t.Context(), given)
	require.ErrorIs(t, err, tcbauth.ErrNoSession)
	assert.Empty(t, p.Requests())

	require.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{
		AccessToken: "at-0", RefreshToken: "rt-0", ExpiresIn: 7200, Version: "v2",
	}))
	_, err = auth.RefreshSession(t.Context(), given)
	require.ErrorIs(t, err, tcbauth.CodeInvalidGrant)
	require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
	assert.Equal(t, "/auth/v2/token", path, "the stored session's version")
	testbed.RequireToken(t, auth, "at-0")

	// The stored one is refreshed as ever, and its end is the session's.
	_, err = auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{RefreshToken: "rt-0"})
	require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
	testbed.RequireNobody(t, auth)
}

// TestSetCredentialsEndsWithItsContext: nothing is lost with it, so it need not outlive its caller.
func TestSetCredentialsEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]*tcbauth.Credentials{
		"a session": {AccessToken: "a", ExpiresIn: 7200},
		"none":      nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := tcbauth.NewMemoryStore()
				before := &tcbauth.Credentials{AccessToken: "before", ExpiresAt: srv.Now().Add(time.Hour)}
				testbed.Put(t, store, testbed.DefaultKey, before)
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				_, unlock, err := store.(tcbauth.Locker).Lock(t.Context(), testbed.DefaultKey)
				require.NoError(t, err)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				require.ErrorIs(t, auth.SetCredentials(ctx, given), context.DeadlineExceeded)
				assert.Equal(t, time.Second, time.Since(start))
				unlock()
				testbed.RequireSession(t, store, testbed.DefaultKey, before)
				require.NoError(t, auth.SetCredentials(t.Context(), given))
			})
		})
	}
}

// TestExpiryIsCountedHere: an expires_at of the server's own, in its own unit and by its own clock, counts for nothing.
func TestExpiryIsCountedHere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		p := &testbed.Peer{Answer: func(n int, _ testbed.Arrived) testbed.Answer {
			return testbed.Reply(http.StatusOK, fmt.Sprintf(
				`{"access_token":"N%d","refresh_token":"R","expires_in":7200,"sub":"s","expires_at":%d}`, n, now.Add(testbed.TokenLifetime).Unix()))
		}}
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewPeerApp(t, p, store).Auth()
		_, err := auth.SignInCustom(t.Context(), tcbauth.SignInCustomRequest{Ticket: "ticket"})
		require.NoError(t, err)
		want := now.Add(testbed.TokenLifetime - 30*time.Second).Truncate(time.Millisecond)
		for n, token := range []string{"N0", "N1"} {
			for range 3 {
				testbed.RequireToken(t, auth, token)
			}
			require.Len(t, p.Requests(), n+1)
			c := testbed.Stored(t, store, testbed.PeerKey)
			assert.True(t, c.ExpiresAt.Equal(want), c.ExpiresAt)
			if n == 0 {
				_, err = auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
				require.NoError(t, err)
			}
		}
	})
}

// TestSessionLivesOn: an access token is good for two hours, a session for as long as somebody comes back within a month.
func TestSessionLivesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		for i, pause := range []time.Duration{testbed.TokenLifetime, 29 * 24 * time.Hour, 29 * 24 * time.Hour} {
			srv.Advance(pause)
			user, err := auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
			require.NoError(t, err)
			assert.Equal(t, testbed.GopherSub, user.Sub)
			assert.Equal(t, i+1, srv.Count("token"), "the client knew without being refused")
			assert.Equal(t, i+2, srv.Count("user/me"))
		}
	})
}

// TestSessionIsRevokedElsewhere: the next call is refused, the refresh token too, and the session has ended.
func TestSessionIsRevokedElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		copied := testbed.SignInAs(t, auth, testbed.Gopher)
		other := testbed.NewApp(t, srv).Auth()
		require.NoError(t, other.SetCredentials(t.Context(), copied))
		require.NoError(t, other.SignOut(t.Context()))

		_, err := auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
		require.ErrorIs(t, err, tcbauth.CodeInvalidGrant)
		assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey))
		testbed.RequireNobody(t, auth)
		assert.Equal(t, 1, srv.Count("token"))
	})
}
