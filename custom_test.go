package tcbauth_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// signTicket signs a custom-login ticket with the environment's key file, as the node-sdk does: the times are
// milliseconds (WIRE.md 9).
func signTicket(keyFile []byte, uid string, now time.Time) (string, error) {
	var key struct {
		ID      string `json:"private_key_id"`
		Private string `json:"private_key"`
		Env     string `json:"env_id"`
	}
	if err := json.Unmarshal(keyFile, &key); err != nil {
		return "", err
	}
	block, _ := pem.Decode([]byte(key.Private))
	if block == nil {
		return "", errors.New("the private key is not PEM")
	}
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		return "", err
	}
	claims := asJSON(map[string]any{
		"alg": "RS256", "env": key.Env, "uid": uid, "iat": now.UnixMilli(), "exp": now.Add(10 * time.Minute).UnixMilli(),
		"refresh": 3600_000, "expire": now.Add(7 * 24 * time.Hour).UnixMilli(),
	})
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode([]byte(claims))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return key.ID + "/@@/" + text + "." + encode(signature), nil
}

func ticketFor(t *testing.T, srv *authtest.Server, uid string) string {
	t.Helper()
	ticket, err := signTicket(srv.TicketKey(), uid, srv.Now())
	require.NoError(t, err)
	return ticket
}

// issuer is a TicketSource. It gives a ticket for uid, or of whoever has the user key if uid is "".
type issuer struct {
	srv *authtest.Server

	mu   sync.Mutex
	uid  string
	err  error
	keys []string // for whom it was asked
}

func (i *issuer) option() tcbauth.Option { return tcbauth.WithTicketSource(i.ticket) }

func (i *issuer) ticket(_ context.Context, userKey string) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = append(i.keys, userKey)
	if i.err != nil {
		return "", i.err
	}
	if i.uid != "" {
		return signTicket(i.srv.TicketKey(), i.uid, i.srv.Now())
	}
	return signTicket(i.srv.TicketKey(), userKey, i.srv.Now())
}

func (i *issuer) will(uid string, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.uid, i.err = uid, err
}

// customSession signs in by a ticket of the source, on a server whose custom sessions have no refresh token.
func customSession(t *testing.T) (srv *authtest.Server, source *issuer, app *tcbauth.App, store tcbauth.TokenStore, c *tcbauth.Credentials) {
	t.Helper()
	srv = emulator(t, authtest.WithoutCustomRefreshToken())
	source, store = &issuer{srv: srv}, tcbauth.NewMemoryStore()
	app = newApp(t, srv, source.option(), tcbauth.WithTokenStore(store))
	state, err := app.ForUser("person-1").SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{})
	require.NoError(t, err)
	require.Empty(t, state.Credentials.RefreshToken)
	require.Equal(t, []string{"person-1"}, source.keys)
	return srv, source, app, store, state.Credentials
}

func TestSignInWithCustomTicket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		events := eventsOf(auth)
		_, err := auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{})
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams, "there is no source either")
		state, err := auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{Ticket: ticketFor(t, srv, "person-1")})
		require.NoError(t, err)
		require.NoError(t, state.UserErr)
		require.Len(t, state.User.Providers, 1)
		assert.Equal(t, "custom", state.User.Providers[0].ID)
		assert.Equal(t, "person-1", state.User.Providers[0].ProviderUserID)
		requireSession(t, store, defaultKey, state.Credentials)
		assert.Empty(t, stored(t, store, defaultKey).Version)
		assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedIn}, events())

		old := ticketFor(t, srv, "person-2")
		srv.Advance(10 * time.Minute)
		for _, ticket := range []string{old, "no ticket", ticketFor(t, srv, "x")} {
			_, err = auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{Ticket: ticket})
			require.ErrorIs(t, err, tcbauth.CodeInvalidArgument)
			assert.NotContains(t, err.Error(), ticket)
		}
		requireSession(t, store, defaultKey, state.Credentials)

		again, err := auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{Ticket: ticketFor(t, srv, "person-1")})
		require.NoError(t, err)
		assert.Equal(t, state.User.Sub, again.User.Sub)
	})
}

// TestSignInCustom is the lower layer's: a session and nothing else.
func TestSignInCustom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := newApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		events := eventsOf(auth)
		c, err := auth.SignInCustom(t.Context(), tcbauth.SignInCustomRequest{Ticket: ticketFor(t, srv, "person-1")})
		require.NoError(t, err)
		requireSession(t, store, defaultKey, c)
		assert.Zero(t, srv.Count("user/me"))
		assert.Empty(t, events())

		// With a refresh token the session is refreshed like any other.
		srv.Advance(lifetime)
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
		srv := emulator(t, authtest.WithLoginOff(authtest.LoginCustom))
		auth := newApp(t, srv).Auth()
		_, err := auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{Ticket: ticketFor(t, srv, "person-1")})
		require.ErrorIs(t, err, tcbauth.CodeNotFound)
		requireNobody(t, auth)
	})
}

func TestTicketSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t)
		source := &issuer{srv: srv}
		app := newApp(t, srv, source.option())
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
		source.will("person-2", nil)
		same, err := signIn(app.Auth())
		require.NoError(t, err)
		assert.Equal(t, two.User.Sub, same.User.Sub)
		assert.Equal(t, []string{"person/1", "person-1", "person-2", ""}, source.keys)

		source.will("", errDisk)
		_, err = signIn(app.ForUser("person-1"))
		require.ErrorIs(t, err, errDisk)
		assert.Equal(t, "SignInWithCustomTicket", errorOf(t, err).Op)
		_, err = app.ForUser("person-1").SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{Ticket: ticketFor(t, srv, "person-1")})
		require.NoError(t, err, "a ticket of the caller's needs no source")
		_, err = signIn(app.ForToken("bare"))
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		_, err = signIn(app.ForUser(""))
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		assert.Len(t, source.keys, 5, "no ticket is made for who cannot use it")
	})
}

// TestCustomSignsInAnew: a custom session without a refresh token has somebody who can vouch for its person again. That
// happens once, however many need it.
func TestCustomSignsInAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const callers = 100
		srv, source, app, store, first := customSession(t)
		auth := app.ForUser("person-1")
		events := eventsOf(auth)
		requireToken(t, auth, first.AccessToken)
		srv.Advance(lifetime)
		has, err := app.ForUser("person-1").HasLoginState(t.Context())
		require.NoError(t, err)
		assert.True(t, has)
		slow(srv, "signin/custom", 1)
		var results [callers]outcome
		var wg sync.WaitGroup
		for i := range results {
			handle := auth
			if i%2 == 1 {
				handle = app.ForUser("person-1")
			}
			wg.Go(func() { results[i].token, results[i].err = handle.GetAccessToken(t.Context()) })
		}
		wg.Wait()
		for _, got := range results {
			require.NoError(t, got.err)
			require.True(t, got.token == results[0].token, "two tokens at a time")
		}
		assert.NotEqual(t, first.AccessToken, results[0].token)
		assert.Equal(t, 2, srv.Count("signin/custom"))
		assert.Equal(t, []string{"person-1", "person-1"}, source.keys)
		assert.Equal(t, first.Sub, stored(t, store, keyOf("person-1")).Sub)
		assert.Zero(t, srv.Count("token"))
		assert.NotContains(t, events(), tcbauth.EventSignedIn)
		assert.Len(t, deviceIDs(srv), 1)
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
		"source fails":        {"", errDisk, errDisk, 0},
		"somebody else":       {"person-2", nil, tcbauth.ErrOtherUser, 1},
		"ticket not accepted": {"x", nil, tcbauth.CodeInvalidArgument, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, source, app, store, first := customSession(t)
				auth := app.ForUser("person-1")
				source.will(test.uid, test.err)
				srv.Advance(lifetime)
				_, err := auth.GetAccessToken(t.Context())
				require.Error(t, err)
				if test.want != nil {
					require.ErrorIs(t, err, test.want)
				}
				require.NotErrorIs(t, err, tcbauth.CodeUnauthenticated, "the session goes on")
				assert.Equal(t, 1+test.sent, srv.Count("signin/custom"))
				requireSession(t, store, keyOf("person-1"), first)

				source.will("", nil)
				user, err := getMe(t, auth)
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
		srv, source, app, store, first := customSession(t)
		auth := app.ForUser("person-1")
		refuseBearers(srv, 1, 0)
		user, err := getMe(t, auth)
		require.NoError(t, err)
		assert.Equal(t, first.Sub, user.Sub)
		assert.Len(t, source.keys, 2)
		assert.NotEqual(t, first.AccessToken, stored(t, store, keyOf("person-1")).AccessToken)

		refuseBearers(srv, 2, 0)
		_, err = getMe(t, auth)
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		assert.Len(t, source.keys, 3)
		assert.Nil(t, stored(t, store, keyOf("person-1")))
	})
}

// TestCustomWithoutSource: nobody can vouch for the person, so the session ends with its token.
func TestCustomWithoutSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := emulator(t, authtest.WithoutCustomRefreshToken())
		auth := newApp(t, srv).Auth()
		_, err := auth.SignInCustom(t.Context(), tcbauth.SignInCustomRequest{Ticket: ticketFor(t, srv, "person-1")})
		require.NoError(t, err)
		srv.Advance(lifetime)
		_, err = auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		assert.Equal(t, 1, srv.Count("signin/custom"))
	})
}
