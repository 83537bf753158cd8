package tcbauth_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

func TestSetCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		for name, c := range map[string]*tcbauth.Credentials{
			"access_token": {ExpiresIn: 7200, RefreshToken: "r"},
			"expires_in":   {AccessToken: "a", RefreshToken: "r"},
			"Extra":        {AccessToken: "a", RefreshToken: "r", ExpiresIn: 60, Extra: map[string]json.RawMessage{"x": json.RawMessage("{")}},
		} {
			var invalid *tcbauth.ValidationError
			require.ErrorAs(t, auth.SetCredentials(t.Context(), c), &invalid)
			assert.Equal(t, name, invalid.Field)
		}
		testbed.RequireNobody(t, auth)

		given := &tcbauth.Credentials{AccessToken: "a", RefreshToken: "r", ExpiresIn: 7200, Groups: []string{"staff"}}
		require.NoError(t, auth.SetCredentials(t.Context(), given))
		assert.True(t, given.ExpiresAt.IsZero(), "the caller's value is left alone")
		given.AccessToken, given.Groups[0] = "changed later", "changed later"
		testbed.RequireToken(t, auth, "a")
		c := testbed.Stored(t, store, testbed.DefaultKey)
		assert.Equal(t, "Bearer", c.TokenType)
		assert.Equal(t, []string{"staff"}, c.Groups)
		assert.True(t, c.ExpiresAt.Equal(srv.Now().Add(testbed.TokenLifetime-30*time.Second).Truncate(time.Millisecond)), c.ExpiresAt)

		until := srv.Now().Add(time.Minute).Truncate(time.Millisecond)
		require.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: "b", ExpiresAt: until}))
		assert.True(t, testbed.Stored(t, store, testbed.DefaultKey).ExpiresAt.Equal(until))

		require.NoError(t, auth.SetCredentials(t.Context(), nil))
		testbed.RequireNobody(t, auth)
		assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey))
		assert.Empty(t, srv.Requests(), "the server is not asked")
	})
}

func TestHasLoginState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		expired := srv.Now().Add(-time.Hour)
		for name, test := range map[string]struct {
			session *tcbauth.Credentials
			want    bool
		}{
			"nobody":                {nil, false},
			"valid":                 {&tcbauth.Credentials{AccessToken: "a", ExpiresAt: srv.Now().Add(time.Hour)}, true},
			"expired, renewable":    {&tcbauth.Credentials{AccessToken: "a", RefreshToken: "r", ExpiresAt: expired}, true},
			"refresh token alone":   {&tcbauth.Credentials{RefreshToken: "r"}, true},
			"expired":               {&tcbauth.Credentials{AccessToken: "a", ExpiresAt: expired}, false},
			"expired and anonymous": {&tcbauth.Credentials{AccessToken: "a", Scope: "anonymous", ExpiresAt: expired}, true},
		} {
			store := testbed.NewHookedStore()
			if test.session != nil {
				testbed.Put(t, store, testbed.DefaultKey, test.session)
			}
			auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
			has, err := auth.HasLoginState(t.Context())
			require.NoError(t, err, name)
			assert.Equal(t, test.want, has, name)

			store.On(testbed.Fails("Get", -1))
			_, err = testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth().HasLoginState(t.Context())
			require.ErrorIs(t, err, tcbauth.ErrStore, name)
			require.ErrorIs(t, err, testbed.ErrDisk, name)
		}
		has, err := testbed.NewApp(t, srv).ForToken("bare").HasLoginState(t.Context())
		require.NoError(t, err)
		assert.True(t, has)
		assert.Empty(t, srv.Requests())
	})
}

func TestGetCredentialsReturnsACopy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		signedIn := testbed.SignInAs(t, auth, testbed.Gopher)
		want := signedIn.AccessToken
		signedIn.AccessToken, signedIn.Groups[0] = "changed", "changed"
		for range 2 {
			c, err := auth.GetCredentials(t.Context())
			require.NoError(t, err)
			require.Equal(t, []string{"staff"}, c.Groups)
			require.True(t, c.AccessToken == want)
			c.AccessToken, c.Groups[0] = "changed", "changed"
		}
		c, err := testbed.NewApp(t, srv).ForToken("bare").GetCredentials(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "bare", c.AccessToken)
	})
}

// TestVisitorsApart: the keys are a caller's, of any text, and each is a session of its own.
func TestVisitorsApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		// Some are what others would be if they were escaped twice, not at all or as a path.
		keys := []string{
			"a", "A", "a/b", "a%2Fb", "a%252Fb", "../x", "x", "..", ".", "%2F", "/", "a ", " ", "用户", "\u00e9", "e\u0301",
			"\x00", "\xff", "device_id", "users/a", "a/" + testbed.DefaultKey, "?#",
		}
		tokens := make(map[string]string)
		for i, key := range keys {
			username := []string{testbed.Gopher, testbed.Badger}[i%2]
			tokens[key] = testbed.SignInAs(t, app.ForUser(key), username).AccessToken
		}
		defaultSession := testbed.SignInAs(t, app.Auth(), testbed.Badger)
		for i, key := range keys {
			testbed.RequireToken(t, app.ForUser(key), tokens[key])
			user, err := app.ForUser(key).GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
			require.NoError(t, err)
			assert.Equal(t, []string{testbed.GopherSub, testbed.BadgerSub}[i%2], user.Sub, "%q", key)
			assert.NotNil(t, testbed.Stored(t, store, testbed.KeyOf(key)), "%q", key)
		}
		for i, key := range keys {
			require.NoError(t, app.ForUser(key).SignOut(t.Context()))
			testbed.RequireNobody(t, app.ForUser(key))
			for _, other := range keys[i+1:] {
				testbed.RequireToken(t, app.ForUser(other), tokens[other])
			}
		}
		testbed.RequireSession(t, store, testbed.DefaultKey, defaultSession)
	})
}

// TestVisitorWithoutAKey: a key that somebody forgot to look up must not become everybody's session.
func TestVisitorWithoutAKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := testbed.NewLockingStore()
		touched := false
		store.On(func(string, string) error { touched = true; return nil })
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).ForUser("")
		_, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: testbed.Gopher, Password: testbed.Password})
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		_, err = auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		_, err = auth.HasLoginState(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		require.ErrorIs(t, auth.SignOut(t.Context()), tcbauth.ErrInvalidParams)
		require.ErrorIs(t, auth.SetCredentials(t.Context(), nil), tcbauth.ErrInvalidParams)
		assert.Empty(t, srv.Requests())
		assert.False(t, touched, "the store was used")
	})
}

// TestSignOutOnAnotherReplica is seen by the next request, which makes a handle of its own.
func TestSignOutOnAnotherReplica(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		here := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		there := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		c := testbed.SignInAs(t, here.ForUser("visitor"), testbed.Gopher)
		testbed.RequireToken(t, there.ForUser("visitor"), c.AccessToken)
		require.NoError(t, there.ForUser("visitor").SignOut(t.Context()))
		testbed.RequireNobody(t, here.ForUser("visitor"))
		next := testbed.SignInAs(t, there.ForUser("visitor"), testbed.Badger)
		testbed.RequireToken(t, here.ForUser("visitor"), next.AccessToken)
	})
}

// A refused refresh token is one test, whichever error code the server refuses it with. A refused access token is another.
func TestInvalidGrantIsOneTest(t *testing.T) {
	t.Parallel()
	for _, code := range []tcbauth.Code{
		tcbauth.CodeInvalidGrant, tcbauth.CodeInvalidRefreshToken, tcbauth.CodeRefreshTokenExpired, tcbauth.CodeRefreshTokenExhausted,
		tcbauth.CodeUnauthenticated,
	} {
		p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer {
			return testbed.Reply(http.StatusUnauthorized, `{"error":"`+string(code)+`"}`)
		}}
		app := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore())
		auth := app.Auth()
		_, err := auth.SetSession(t.Context(), tcbauth.SetSessionRequest{AccessToken: "a", RefreshToken: "other"})
		require.ErrorIs(t, err, tcbauth.CodeInvalidGrant, code)
		require.ErrorIs(t, err, code)
		for i, req := range []tcbauth.RefreshSessionRequest{{}, {RefreshToken: "another"}} {
			require.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: "a", RefreshToken: "r" + string(rune('0'+i)), ExpiresIn: 60}))
			_, err = auth.RefreshSession(t.Context(), req)
			require.ErrorIs(t, err, tcbauth.CodeInvalidGrant, code)
			require.ErrorIs(t, err, tcbauth.ErrSessionExpired, code)
		}
		_, err = app.ForToken("t").GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
		assert.Equal(t, code == tcbauth.CodeInvalidGrant, errors.Is(err, tcbauth.CodeInvalidGrant), "%v: it was the access token", err)
	}
	require.ErrorIs(t, tcbauth.NewError(tcbauth.CodeRefreshTokenExpired, ""), tcbauth.CodeInvalidGrant)
	require.NotErrorIs(t, tcbauth.NewError(tcbauth.CodeUnauthenticated, ""), tcbauth.CodeInvalidGrant)
}

// Without WithStoredOtp there is no stored challenge to speak of: that is a mistake of the program, and the error names the option.
func TestStoredOtpWithoutTheOption(t *testing.T) {
	t.Parallel()
	auth := testbed.NewPeerApp(t, new(testbed.Peer), tcbauth.NewMemoryStore()).Auth()
	_, err := auth.StoredOtp(t.Context())
	require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
	assert.ErrorContains(t, err, "WithStoredOtp")
	_, err = auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Token: "123456"})
	require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
	assert.ErrorContains(t, err, "WithStoredOtp")
}

// A mock may return the bare error values: they match what their comments say.
func TestBareErrorValues(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, tcbauth.ErrNoOtp, tcbauth.ErrVerificationFailed)
	for _, err := range []error{tcbauth.ErrNoSession, tcbauth.ErrSessionExpired, tcbauth.ErrOtherUser} {
		require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
		require.NotErrorIs(t, err, tcbauth.ErrVerificationFailed)
	}
}
