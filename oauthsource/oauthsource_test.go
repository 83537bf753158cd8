package oauthsource_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/oauthsource"
)

const (
	username = "gopher_01"
	password = "correct-horse-1"
)

// newApp returns a client of an emulator, which knows one person.
func newApp(t *testing.T) (*authtest.Server, *tcbauth.App) {
	t.Helper()
	srv := authtest.NewServer(t)
	srv.Seed(authtest.User{Username: username, Password: password})
	app, err := tcbauth.NewApp(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()))
	require.NoError(t, err)
	return srv, app
}

func signIn(t *testing.T, auth *tcbauth.Auth) *tcbauth.Credentials {
	t.Helper()
	state, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: username, Password: password})
	require.NoError(t, err)
	return state.Credentials
}

func TestToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, app := newApp(t)
		c := signIn(t, app.Auth())
		source := oauthsource.New(t.Context(), app.Auth())
		token, err := source.Token()
		require.NoError(t, err)
		assert.Equal(t, &oauth2.Token{AccessToken: c.AccessToken, TokenType: "Bearer", Expiry: c.ExpiresAt}, token)
		assert.WithinDuration(t, time.Now().Add(2*time.Hour-30*time.Second), token.Expiry, time.Second)
		assert.True(t, token.Valid())
		assert.Zero(t, srv.Count("token"))

		<-time.After(2 * time.Hour) // the bubble's
		assert.False(t, token.Valid())
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				fresh, err := source.Token()
				if assert.NoError(t, err) {
					assert.True(t, fresh.Valid())
					assert.NotEqual(t, c.AccessToken, fresh.AccessToken)
				}
			})
		}
		wg.Wait()
		assert.Equal(t, 1, srv.Count("token"))
	})
}

func TestTokenFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, app := newApp(t)
		_, err := oauthsource.New(t.Context(), app.Auth()).Token()
		require.ErrorIs(t, err, tcbauth.ErrNoSession)

		signIn(t, app.Auth())
		ctx, cancel := context.WithCancel(t.Context())
		source := oauthsource.New(ctx, app.Auth())
		_, err = source.Token()
		require.NoError(t, err)
		cancel()
		_, err = source.Token()
		require.ErrorIs(t, err, context.Canceled)
		var e *tcbauth.Error
		require.ErrorAs(t, err, &e)
		_, err = oauthsource.New(t.Context(), app.Auth()).Token()
		require.NoError(t, err)
	})
}

// TestTokenOfABareToken: whose life nobody knows.
func TestTokenOfABareToken(t *testing.T) {
	t.Parallel()
	app, err := tcbauth.NewApp("env-1")
	require.NoError(t, err)
	token, err := oauthsource.New(t.Context(), app.ForToken("bare")).Token()
	require.NoError(t, err)
	assert.Equal(t, &oauth2.Token{AccessToken: "bare", TokenType: "Bearer"}, token)
	assert.True(t, token.Valid())
}

// TestClients: what x/oauth2 makes of the source. A client that caches goes on after the sign-out.
func TestClients(t *testing.T) {
	t.Parallel()
	_, app := newApp(t)
	var mu sync.Mutex
	var got []string
	api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Header.Get("Authorization"))
	}))
	t.Cleanup(api.Close)
	get := func(client *http.Client) error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, api.URL, nil)
		require.NoError(t, err)
		resp, err := client.Do(r)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	first := signIn(t, app.Auth())
	source := oauthsource.New(t.Context(), app.Auth())
	caching := oauth2.NewClient(t.Context(), source)
	asking := &http.Client{Transport: &oauth2.Transport{Source: source}}
	require.NoError(t, get(caching))
	require.NoError(t, get(asking))
	require.NoError(t, app.Auth().SignOut(t.Context()))
	require.NoError(t, get(caching), "as the documentation warns")
	require.ErrorIs(t, get(asking), tcbauth.ErrNoSession)
	second := signIn(t, app.Auth())
	require.NoError(t, get(asking))
	assert.Equal(t, []string{
		"Bearer " + first.AccessToken, "Bearer " + first.AccessToken, "Bearer " + first.AccessToken, "Bearer " + second.AccessToken,
	}, got)
}

// A library that takes an oauth2.TokenSource calls an API as the signed-in user.
func Example() {
	srv, err := authtest.Listen("127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = srv.Close() }()
	srv.Seed(authtest.User{Username: username, Password: password})
	auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	_, err = auth.SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{Username: username, Password: password})
	if err != nil {
		fmt.Println(err)
		return
	}

	source := oauthsource.New(ctx, auth)
	client := &http.Client{Transport: &oauth2.Transport{Source: source}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/auth/v1/user/me", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := client.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 200 OK
}
