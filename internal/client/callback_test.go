package client_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestTicketSourceHasTroubleOfItsOwn: what it says of another session, which it may get by another client of this package,
// is not about this one.
func TestTicketSourceHasTroubleOfItsOwn(t *testing.T) {
	t.Parallel()
	const accessKey = "the-access-key"
	for name, test := range map[string]struct{ err, want error }{
		"refused":               {fmt.Errorf("our service account: %w", tcbauth.CodeInvalidGrant), tcbauth.CodeInvalidGrant},
		"nobody signed in":      {fmt.Errorf("our service account: %w", tcbauth.ErrNoSession), tcbauth.ErrNoSession},
		"expired":               {fmt.Errorf("our service account: %w", tcbauth.ErrSessionExpired), tcbauth.ErrSessionExpired},
		"refused, to a client":  {&tcbauth.Error{Op: "RefreshSession", Code: tcbauth.CodeInvalidGrant}, tcbauth.CodeInvalidGrant},
		"expired, for a client": {&tcbauth.Error{Op: "RefreshSession", Err: tcbauth.ErrSessionExpired}, tcbauth.ErrSessionExpired},
		"nobody, for a client":  {&tcbauth.Error{Op: "GetAccessToken", Err: tcbauth.ErrNoSession}, tcbauth.ErrNoSession},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for when, refused := range map[string]bool{"token expired": false, "token refused": true} {
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t, authtest.WithoutCustomRefreshToken())
					source := &testbed.Issuer{Server: srv}
					wire := testbed.NewTap(srv)
					store := tcbauth.NewMemoryStore()
					auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), source.Option(), wire.Client(),
						tcbauth.WithAccessKey(accessKey)).ForUser("person-1")
					state, err := auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{})
					require.NoError(t, err, when)

					source.Will("", test.err)
					if refused {
						testbed.RefuseBearers(srv, 1, 0)
					} else {
						srv.Advance(testbed.TokenLifetime)
						_, err = auth.GetAccessToken(t.Context())
						require.ErrorIs(t, err, test.want, when)
						assert.Contains(t, err.Error(), "the ticket source:", when)
					}
					_, err = testbed.GetMe(t, auth)
					require.ErrorIs(t, err, test.want, when)
					require.ErrorIs(t, err, test.err, when)
					assert.Contains(t, err.Error(), "the ticket source:", when)
					assert.NotContains(t, wire.Bearers("/auth/v1/user/me"), "Bearer "+accessKey, when)
					testbed.RequireSession(t, store, testbed.KeyOf("person-1"), state.Credentials)

					source.Will("", nil)
					user, err := testbed.GetMe(t, auth)
					require.NoError(t, err, when)
					assert.Equal(t, state.Credentials.Sub, user.Sub, when)
				})
			}
		})
	}
}

// TestTicketOfAnotherUserThanTheTokens: a session need not have a sub for its user to be known.
func TestTicketOfAnotherUserThanTheTokens(t *testing.T) {
	t.Parallel()
	own := testbed.MadeUpToken(testbed.UserHeader, testbed.UserClaims)
	other := testbed.MadeUpToken(testbed.UserHeader, `{"sub":"mallory"}`)
	for name, test := range map[string]struct {
		token, answer string
		want          error
	}{
		"other sub":           {own, `{"access_token":"N","expires_in":7200,"sub":"mallory"}`, tcbauth.ErrOtherUser},
		"other token":         {own, `{"access_token":"` + other + `","expires_in":7200}`, tcbauth.ErrOtherUser},
		"nobody's token":      {own, `{"access_token":"N","expires_in":7200}`, tcbauth.ErrOtherUser},
		"nobody's session":    {"A", `{"access_token":"N","expires_in":7200,"sub":"mallory"}`, tcbauth.ErrOtherUser},
		"the same sub":        {own, `{"access_token":"N","expires_in":7200,"sub":"` + testbed.PlantedSub + `"}`, nil},
		"the same in a token": {own, `{"access_token":"` + own + `","expires_in":7200}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(http.StatusOK, test.answer) }}
			store := tcbauth.NewMemoryStore()
			auth := testbed.NewPeerApp(t, p, store, tcbauth.WithClock(func() time.Time { return now }),
				tcbauth.WithTicketSource(func(context.Context, string) (string, error) { return "ticket", nil })).Auth()
			require.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: test.token, ExpiresIn: 60}))
			now = now.Add(time.Hour)
			_, err := auth.GetAccessToken(t.Context())
			kept := testbed.Stored(t, store, testbed.PeerKey)
			require.NotNil(t, kept)
			assert.Len(t, p.Requests(), 1)
			if test.want == nil {
				require.NoError(t, err)
				assert.True(t, kept.ExpiresAt.After(now))
				return
			}
			require.ErrorIs(t, err, test.want)
			assert.Equal(t, test.token, kept.AccessToken)
			assert.True(t, kept.ExpiresAt.Before(now))
		})
	}
}
