package tcbauth_test

import (
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// granted is the provider_token of somebody at WeChat.
func granted(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth, person authtest.ProviderUser) string {
	t.Helper()
	token, err := auth.GrantProviderToken(t.Context(), tcbauth.GrantProviderTokenRequest{
		ProviderID: testbed.Wechat, ProviderCode: srv.ProviderCode(testbed.Wechat, person),
	})
	require.NoError(t, err)
	require.Equal(t, person.Sub, token.ProviderProfile.Sub)
	return token.ProviderToken
}

func TestSignInWithOAuth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		srv.ProviderCode(testbed.Wechat, authtest.ProviderUser{Sub: "wechat-badger"})
		srv.ProviderCode(testbed.Wechat, testbed.Mole)
		srv.ProviderCode(testbed.Wechat, authtest.ProviderUser{Sub: "wechat-gopher"})

		c, err := app.ForUser("visitor").SignInWithOAuth(t.Context(), tcbauth.SignInWithOAuthRequest{
			Provider: testbed.Wechat, Options: tcbauth.SignInWithOAuthOptions{
				RedirectTo: "https://app.example/back?from=menu#top", QueryParams: map[string]string{"login_hint": testbed.Mole.Sub},
			},
		})
		require.NoError(t, err)
		assert.Equal(t, "https://app.example/back", c.RedirectURI)
		assert.Equal(t, tcbauth.OAuthSignIn, c.Kind)
		query := testbed.Browse(t, srv, c)
		require.Equal(t, c.State, query.Get("state"))

		auth := app.ForUser("visitor") // the browser is back, in another request
		events := testbed.EventsOf(auth)
		sent := len(srv.Requests())
		for _, state := range []string{"", "another", c.State + "x"} {
			forged := url.Values{"code": query["code"], "state": {state}}
			_, err = auth.VerifyOAuth(t.Context(), tcbauth.VerifyOAuthRequest{Challenge: c, Query: forged})
			require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		}
		_, err = auth.VerifyOAuth(t.Context(), tcbauth.VerifyOAuthRequest{Query: query})
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		assert.Len(t, srv.Requests(), sent)

		state, err := auth.VerifyOAuth(t.Context(), tcbauth.VerifyOAuthRequest{Challenge: c, Query: query})
		require.NoError(t, err)
		require.NoError(t, state.UserErr)
		assert.Equal(t, testbed.Mole.Name, state.User.Name)
		testbed.RequireSession(t, store, testbed.KeyOf("visitor"), state.Credentials)
		assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedIn}, events())
		assert.Equal(t, []string{testbed.Wechat}, testbed.Bound(t, auth))

		_, err = auth.VerifyOAuth(t.Context(), tcbauth.VerifyOAuthRequest{Challenge: c, Query: query})
		require.ErrorIs(t, err, tcbauth.CodeProviderError, "a code is good once")
		testbed.RequireSession(t, store, testbed.KeyOf("visitor"), state.Credentials)
	})
}

// TestOAuthIsRefused: the third party's word for what went wrong is the error's, wherever it is said.
func TestOAuthIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		options := tcbauth.SignInWithOAuthOptions{RedirectTo: "https://app.example", State: "a-state-of-ours"}
		_, err := auth.SignInWithOAuth(t.Context(), tcbauth.SignInWithOAuthRequest{Provider: "wx_unknown", Options: options})
		require.ErrorIs(t, err, tcbauth.CodeProviderNotEnabled)
		require.ErrorIs(t, err, tcbauth.ErrProviderNotEnabled)

		c, err := auth.SignInWithOAuth(t.Context(), tcbauth.SignInWithOAuthRequest{Provider: testbed.Wechat, Options: options})
		require.NoError(t, err)
		assert.Equal(t, "a-state-of-ours", c.State)
		query := testbed.Browse(t, srv, c) // nobody is there
		_, err = auth.VerifyOAuth(t.Context(), tcbauth.VerifyOAuthRequest{Challenge: c, Query: query})
		require.ErrorIs(t, err, tcbauth.CodeAccessDenied)
		assert.Zero(t, srv.Count("provider/token"))
		testbed.RequireNobody(t, auth)
	})
}

func TestLinkIdentity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		assert.Empty(t, testbed.Bound(t, auth))
		srv.ProviderCode(testbed.Wechat, testbed.Mole)
		var events []tcbauth.AuthEvent
		auth.OnAuthStateChange(func(e tcbauth.AuthEvent) { events = append(events, e) })
		link := func() (*tcbauth.LoginState, error) {
			c, err := auth.LinkIdentity(t.Context(), tcbauth.LinkIdentityRequest{Provider: testbed.Wechat, RedirectTo: "https://app.example/"})
			require.NoError(t, err)
			require.Equal(t, tcbauth.OAuthBindIdentity, c.Kind)
			return auth.VerifyOAuth(t.Context(), tcbauth.VerifyOAuthRequest{Challenge: c, Query: testbed.Browse(t, srv, c)})
		}
		state, err := link()
		require.NoError(t, err)
		assert.Equal(t, testbed.GopherSub, state.Credentials.Sub, "nobody else is signed in now")
		assert.Equal(t, []string{testbed.Wechat}, testbed.Bound(t, auth))
		all, err := auth.GetProviders(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 2, all.Total)
		assert.Len(t, all.Data, 2)

		testbed.SignInAs(t, auth, testbed.Badger)
		_, err = link()
		require.ErrorIs(t, err, tcbauth.CodeFailedPrecondition, "it is somebody else's")
		assert.Empty(t, testbed.Bound(t, auth))
		require.NoError(t, auth.SignOut(t.Context()))
		_, err = link()
		require.ErrorIs(t, err, tcbauth.ErrNoSession)

		synctest.Wait()
		var binds []tcbauth.AuthEvent
		for _, e := range events {
			if e.Event == tcbauth.EventBindIdentity {
				assert.Equal(t, testbed.Wechat, e.Provider)
				binds = append(binds, e)
			}
		}
		require.Len(t, binds, 3)
		require.NoError(t, binds[0].Err)
		require.ErrorIs(t, binds[1].Err, tcbauth.CodeFailedPrecondition)
		require.ErrorIs(t, binds[2].Err, tcbauth.ErrNoSession)
	})
}

// TestUnlinkIdentity: who signed in by a third party cannot any more.
func TestUnlinkIdentity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		require.NoError(t, auth.BindWithProvider(t.Context(), tcbauth.BindWithProviderRequest{ProviderToken: granted(t, srv, auth, testbed.Mole)}))
		signIn := func() (*tcbauth.LoginState, error) {
			return auth.SignInWithProvider(t.Context(), tcbauth.SignInWithProviderRequest{
				ProviderToken: granted(t, srv, auth, testbed.Mole), ForceDisableSignUp: true,
			})
		}
		state, err := signIn()
		require.NoError(t, err)
		assert.Equal(t, testbed.GopherSub, state.User.Sub)

		require.NoError(t, auth.UnlinkIdentity(t.Context(), tcbauth.UnlinkIdentityRequest{Provider: testbed.Wechat}))
		assert.Empty(t, testbed.Bound(t, auth))
		require.ErrorIs(t, auth.UnlinkIdentity(t.Context(), tcbauth.UnlinkIdentityRequest{Provider: testbed.Wechat}), tcbauth.CodeNotFound)
		_, err = signIn()
		require.ErrorIs(t, err, tcbauth.CodeNotFound)
		testbed.RequireToken(t, auth, state.Credentials.AccessToken)
	})
}

// TestSignInWithProvider registers whoever is new, unless that is forbidden. A v2 session stays one.
func TestSignInWithProvider(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		_, err := auth.SignInWithProvider(t.Context(), tcbauth.SignInWithProviderRequest{
			ProviderToken: granted(t, srv, auth, testbed.Mole), ForceDisableSignUp: true,
		})
		require.ErrorIs(t, err, tcbauth.CodeNotFound)
		testbed.RequireNobody(t, auth)
		first, err := auth.SignInWithIdToken(t.Context(), tcbauth.SignInWithIdTokenRequest{
			Token: granted(t, srv, auth, testbed.Mole), Provider: testbed.Wechat,
		})
		require.NoError(t, err)
		require.NoError(t, first.UserErr)
		assert.Equal(t, testbed.Mole.Name, first.User.Name)
		assert.Equal(t, "v1", testbed.Stored(t, store, testbed.DefaultKey).Version)

		renamed := testbed.Mole
		renamed.Name = "Mole the Second"
		state, err := auth.SignInWithProvider(t.Context(), tcbauth.SignInWithProviderRequest{
			ProviderToken: granted(t, srv, auth, renamed), SyncProfile: true, Version: "v2",
		})
		require.NoError(t, err)
		assert.Equal(t, first.User.Sub, state.User.Sub)
		assert.Equal(t, renamed.Name, state.User.Name)
		assert.Equal(t, "v2", testbed.Stored(t, store, testbed.DefaultKey).Version)
		assert.Equal(t, 1, srv.Count("v2/user/me"))
		srv.Advance(testbed.TokenLifetime)
		_, err = auth.GetCredentials(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, srv.Count("v2/token"))
		assert.Zero(t, srv.Count("token"))

		other, err := auth.TransByProvider(t.Context(), tcbauth.TransByProviderRequest{ProviderToken: granted(t, srv, auth, testbed.Mole)})
		require.NoError(t, err)
		assert.Equal(t, first.User.Sub, other.Sub)
		assert.False(t, testbed.Stored(t, store, testbed.DefaultKey).AccessToken == other.AccessToken, "it is handed out and not stored")
	})
}

// TestSignInWithSmsBinds: a third party's account is bound on the way, for people who are known and for those who are new.
func TestSignInWithSmsBinds(t *testing.T) {
	t.Parallel()
	for name, phone := range map[string]string{"known": testbed.GopherPhone, "new": testbed.NewPhone} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t, authtest.WithoutLimits())
				logged, log := testbed.Warnings()
				auth := testbed.NewApp(t, srv, logged).Auth()
				token := granted(t, srv, auth, testbed.Mole)
				req := testbed.Sms(t, srv, auth, phone)
				req.BindInfo = &tcbauth.BindInfo{ProviderToken: token}
				state, err := auth.SignInWithSms(t.Context(), req)
				require.NoError(t, err)
				require.NoError(t, state.UserErr)
				require.Len(t, state.User.Providers, 1, "the user is fetched after that")
				assert.Equal(t, []string{testbed.Wechat}, testbed.Bound(t, auth))

				// The account is somebody's already: signed in all the same, and told so.
				events := testbed.EventsOf(auth)
				req = testbed.Sms(t, srv, auth, testbed.BadgerPhone)
				req.BindInfo = &tcbauth.BindInfo{ProviderToken: token}
				state, err = auth.SignInWithSms(t.Context(), req)
				require.NoError(t, err)
				require.ErrorIs(t, state.UserErr, tcbauth.CodeFailedPrecondition)
				assert.Equal(t, testbed.Badger, state.User.Username)
				assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedIn}, events())
				assert.Contains(t, log.String(), "failed_precondition")
				assert.False(t, strings.Contains(log.String(), token))
			})
		})
	}
}
