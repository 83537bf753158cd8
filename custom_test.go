package tcbauth_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

func TestSignInWithCustomTicket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		events := testbed.EventsOf(auth)
		_, err := auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{})
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams, "there is no source either")
		state, err := auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{Ticket: testbed.TicketFor(t, srv, "person-1")})
		require.NoError(t, err)
		require.NoError(t, state.UserErr)
		require.Len(t, state.User.Providers, 1)
		assert.Equal(t, "custom", state.User.Providers[0].ID)
		assert.Equal(t, "person-1", state.User.Providers[0].ProviderUserID)
		testbed.RequireSession(t, store, testbed.DefaultKey, state.Credentials)
		assert.Empty(t, testbed.Stored(t, store, testbed.DefaultKey).Version)
		assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedIn}, events())

		old := testbed.TicketFor(t, srv, "person-2")
		srv.Advance(10 * time.Minute)
		for _, ticket := range []string{old, "no ticket", testbed.TicketFor(t, srv, "x")} {
			_, err = auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{Ticket: ticket})
			require.ErrorIs(t, err, tcbauth.CodeInvalidArgument)
			assert.NotContains(t, err.Error(), ticket)
		}
		testbed.RequireSession(t, store, testbed.DefaultKey, state.Credentials)

		again, err := auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{Ticket: testbed.TicketFor(t, srv, "person-1")})
		require.NoError(t, err)
		assert.Equal(t, state.User.Sub, again.User.Sub)
	})
}

// TestSignInCustom is the lower layer's: a session and nothing else.
func TestSignInCustom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		events := testbed.EventsOf(auth)
		c, err := auth.SignInCustom(t.Context(), tcbauth.SignInCustomRequest{Ticket: testbed.TicketFor(t, srv, "person-1")})
		require.NoError(t, err)
		testbed.RequireSession(t, store, testbed.DefaultKey, c)
		assert.Zero(t, srv.Count("user/me"))
		assert.Empty(t, events())

		// With a refresh token the session is refreshed like any other.
		srv.Advance(testbed.TokenLifetime)
		fresh, err := auth.GetCredentials(t.Context())
		require.NoError(t, err)
		assert.Equal(t, c.Sub, fresh.Sub)
		assert.Equal(t, 1, srv.Count("token"))
		assert.Equal(t, 1, srv.Count("signin/custom"))
	})
}

// TestCustomLoginIsOff: the server then knows no provider of that name.
func TestCustomLoginIsOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithLoginOff(authtest.LoginCustom))
		auth := testbed.NewApp(t, srv).Auth()
		_, err := auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{Ticket: testbed.TicketFor(t, srv, "person-1")})
		require.ErrorIs(t, err, tcbauth.CodeNotFound)
		testbed.RequireNobody(t, auth)
	})
}

func TestTicketSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		source := &testbed.Issuer{Server: srv}
		app := testbed.NewApp(t, srv, source.Option())
		signIn := func(auth *tcbauth.Auth) (*tcbauth.LoginState, error) {
			return auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{})
		}
		one, err := signIn(app.ForUser("person/1"))
		require.ErrorIs(t, err, tcbauth.CodeInvalidArgument, "a slash is in no id of a ticket")
		require.Nil(t, one)
		one, err = signIn(app.ForUser("person-1"))
		require.NoError(t, err)
		two, err := signIn(app.ForUser("person-2"))
		require.NoError(t, err)
		assert.NotEqual(t, one.User.Sub, two.User.Sub)
		source.Will("person-2", nil)
		same, err := signIn(app.Auth())
		require.NoError(t, err)
		assert.Equal(t, two.User.Sub, same.User.Sub)
		assert.Equal(t, []string{"person/1", "person-1", "person-2", ""}, source.Keys)

		source.Will("", testbed.ErrDisk)
		_, err = signIn(app.ForUser("person-1"))
		require.ErrorIs(t, err, testbed.ErrDisk)
		assert.Equal(t, "SignInWithCustomTicket", testbed.ErrorOf(t, err).Op)
		none := tcbauth.WithTicketSource(func(context.Context, string) (string, error) { return "", nil })
		sent := len(srv.Requests())
		_, err = signIn(testbed.NewApp(t, srv, none).ForUser("person-1"))
		require.ErrorContains(t, err, "the ticket source: it has none")
		assert.Len(t, srv.Requests(), sent)
		_, err = app.ForUser("person-1").SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{Ticket: testbed.TicketFor(t, srv, "person-1")})
		require.NoError(t, err, "a ticket of the caller's needs no source")
		_, err = signIn(app.ForToken("bare"))
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		_, err = signIn(app.ForUser(""))
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		assert.Len(t, source.Keys, 5, "no ticket is made for who cannot use it")
	})
}

// TestCustomSignsInAnew: a custom session without a refresh token has somebody who can vouch for its person again. That
// happens once, however many need it.
func TestCustomSignsInAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const callers = 100
		srv, source, app, store, first := testbed.CustomSession(t)
		auth := app.ForUser("person-1")
		events := testbed.EventsOf(auth)
		testbed.RequireToken(t, auth, first.AccessToken)
		srv.Advance(testbed.TokenLifetime)
		has, err := app.ForUser("person-1").HasLoginState(t.Context())
		require.NoError(t, err)
		assert.True(t, has)
		testbed.Slow(srv, "signin/custom", 1)
		var results [callers]testbed.Outcome
		var wg sync.WaitGroup
		for i := range results {
			handle := auth
			if i%2 == 1 {
				handle = app.ForUser("person-1")
			}
			wg.Go(func() { results[i].Token, results[i].Err = handle.GetAccessToken(t.Context()) })
		}
		wg.Wait()
		for _, got := range results {
			require.NoError(t, got.Err)
			require.True(t, got.Token == results[0].Token, "two tokens at a time")
		}
		assert.NotEqual(t, first.AccessToken, results[0].Token)
		assert.Equal(t, 2, srv.Count("signin/custom"))
		assert.Equal(t, []string{"person-1", "person-1"}, source.Keys)
		assert.Equal(t, first.Sub, testbed.Stored(t, store, testbed.KeyOf("person-1")).Sub)
		assert.Zero(t, srv.Count("token"))
		assert.NotContains(t, events(), tcbauth.EventSignedIn)
		assert.Len(t, testbed.DeviceIDs(srv), 1)
	})
}

// TestCustomIsKept: what goes wrong with getting a ticket costs nobody the session.
func TestCustomIsKept(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		uid  string
		err  error
		want error
		sent int // tickets
	}{
		"source fails":        {"", testbed.ErrDisk, testbed.ErrDisk, 0},
		"somebody else":       {"person-2", nil, tcbauth.ErrOtherUser, 1},
		"ticket not accepted": {"x", nil, tcbauth.CodeInvalidArgument, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, source, app, store, first := testbed.CustomSession(t)
				auth := app.ForUser("person-1")
				source.Will(test.uid, test.err)
				srv.Advance(testbed.TokenLifetime)
				_, err := auth.GetAccessToken(t.Context())
				require.Error(t, err)
				if test.want != nil {
					require.ErrorIs(t, err, test.want)
				}
				assert.Equal(t, errors.Is(test.want, tcbauth.ErrOtherUser), errors.Is(err, tcbauth.CodeUnauthenticated), "only who is somebody else has to sign in again")
				require.NotErrorIs(t, err, tcbauth.ErrSessionExpired, "the session goes on")
				assert.Equal(t, 1+test.sent, srv.Count("signin/custom"))
				testbed.RequireSession(t, store, testbed.KeyOf("person-1"), first)

				source.Will("", nil)
				user, err := testbed.GetMe(t, auth)
				require.NoError(t, err)
				assert.Equal(t, first.Sub, user.Sub)
			})
		})
	}
}

// TestCustomTokenIsRefused: a 401 is answered with a new ticket, once.
func TestCustomTokenIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, source, app, store, first := testbed.CustomSession(t)
		auth := app.ForUser("person-1")
		testbed.RefuseBearers(srv, 1, 0)
		user, err := testbed.GetMe(t, auth)
		require.NoError(t, err)
		assert.Equal(t, first.Sub, user.Sub)
		assert.Len(t, source.Keys, 2)
		assert.NotEqual(t, first.AccessToken, testbed.Stored(t, store, testbed.KeyOf("person-1")).AccessToken)

		testbed.RefuseBearers(srv, 2, 0)
		_, err = testbed.GetMe(t, auth)
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		assert.Len(t, source.Keys, 3)
		assert.Nil(t, testbed.Stored(t, store, testbed.KeyOf("person-1")))
	})
}

// TestCustomWithoutSource: nobody can vouch for the person, so the session ends with its token.
func TestCustomWithoutSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithoutCustomRefreshToken())
		auth := testbed.NewApp(t, srv).Auth()
		_, err := auth.SignInCustom(t.Context(), tcbauth.SignInCustomRequest{Ticket: testbed.TicketFor(t, srv, "person-1")})
		require.NoError(t, err)
		srv.Advance(testbed.TokenLifetime)
		_, err = auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		assert.Equal(t, 1, srv.Count("signin/custom"))
	})
}
