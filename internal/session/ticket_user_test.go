package session_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestTicketSourceIsToldWhoseSession: a server whose visitors' keys are random ids can give a ticket for the person whose
// session ends, and makes nobody of the id.
func TestTicketSourceIsToldWhoseSession(t *testing.T) {
	t.Parallel()
	for handle, h := range bothHandles {
		t.Run(handle, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t, authtest.WithoutCustomRefreshToken())
				var mu sync.Mutex
				people := make(map[string]string) // uid by sub, as a server's own table of users has it
				var asked []string
				source := tcbauth.WithTicketSource(func(ctx context.Context, userKey string) (string, error) {
					mu.Lock()
					defer mu.Unlock()
					sub := tcbauth.TicketUser(ctx)
					asked = append(asked, userKey+"|"+sub)
					if uid, ok := people[sub]; ok {
						return testbed.SignTicket(srv.TicketKey(), uid, srv.Now())
					}
					return testbed.SignTicket(srv.TicketKey(), "person-1", srv.Now())
				})
				store := tcbauth.NewMemoryStore()
				open := func() *tcbauth.Auth { return h.open(testbed.NewApp(t, srv, source, tcbauth.WithTokenStore(store))) }
				state, err := open().SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{})
				require.NoError(t, err)
				sub := state.Credentials.Sub
				people[sub] = "person-1"
				key := strings.TrimPrefix(handle, "default") // the default session has none
				assert.Equal(t, []string{key + "|"}, asked, "at a first sign-in there is nobody yet")

				for range 2 {
					srv.Advance(testbed.TokenLifetime)
					user, err := testbed.GetMe(t, open())
					require.NoError(t, err)
					assert.Equal(t, sub, user.Sub)
				}
				_, err = open().RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
				require.NoError(t, err)
				assert.Equal(t, []string{key + "|", key + "|" + sub, key + "|" + sub, key + "|" + sub}, asked)

				_, err = open().SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{})
				require.NoError(t, err)
				assert.Equal(t, key+"|", asked[4], "who signs in need not be who was there")
			})
		})
	}
}

// TestTicketUserOfAToken: a session that does not name its person has a token that does.
func TestTicketUserOfAToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithoutCustomRefreshToken())
		var asked []string
		source := tcbauth.WithTicketSource(func(ctx context.Context, _ string) (string, error) {
			asked = append(asked, tcbauth.TicketUser(ctx))
			return testbed.SignTicket(srv.TicketKey(), "person-1", srv.Now())
		})
		store := tcbauth.NewMemoryStore()
		app := testbed.NewApp(t, srv, source, tcbauth.WithTokenStore(store))
		state, err := app.Auth().SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{})
		require.NoError(t, err)
		c := testbed.Stored(t, store, testbed.DefaultKey)
		c.Sub = ""
		testbed.Put(t, store, testbed.DefaultKey, c)
		srv.Advance(testbed.TokenLifetime)
		_, err = testbed.NewApp(t, srv, source, tcbauth.WithTokenStore(store)).Auth().GetAccessToken(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"", state.Credentials.Sub}, asked)
		assert.Empty(t, tcbauth.TicketUser(t.Context()), "elsewhere there is nobody")
	})
}
