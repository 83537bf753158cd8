package dbtest

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// Many sessions expire at once, of the same visitors in several processes, which have few connections to share. Each is
// refreshed once, and everybody gets the token.
func TestFewConnectionsManyRefreshes(t *testing.T) {
	t.Parallel()
	const connections, processes, visitors = 4, 2, 64
	eachDatabase(t, func(t *testing.T, p place) {
		p = p.fresh()
		p.Connections, p.Lease = connections, 10*time.Second
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		srv, err := authtest.Listen("127.0.0.1:0", authtest.WithRefreshPolicy(authtest.Rotating().RevokingReuse()))
		require.NoError(t, err)
		transport := &http.Transport{MaxIdleConnsPerHost: visitors}
		t.Cleanup(func() {
			transport.CloseIdleConnections()
			require.NoError(t, srv.Close())
		})
		p.newStore(t)
		var apps []*tcbauth.App
		for range processes {
			store, err := p.open(t)
			require.NoError(t, err)
			app, err := tcbauth.NewApp(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithTokenStore(store),
				tcbauth.WithHTTPClient(&http.Client{Transport: transport}))
			require.NoError(t, err)
			apps = append(apps, app)
		}

		var all sync.WaitGroup
		each := func(f func(visitor int) error) {
			for visitor := range visitors {
				all.Go(func() { assert.NoError(t, f(visitor)) })
			}
		}
		each(func(visitor int) error { return signInAndExpire(ctx, srv, apps[0], name(visitor)) })
		all.Wait()
		require.False(t, t.Failed())

		start := time.Now()
		tokens := make([][visitors]string, processes)
		for i, app := range apps {
			each(func(visitor int) (err error) {
				tokens[i][visitor], err = app.ForUser(name(visitor)).GetAccessToken(ctx)
				return err
			})
		}
		all.Wait()
		t.Logf("%d refreshes through %d connections took %v", visitors, connections, time.Since(start).Round(time.Millisecond))
		assert.Equal(t, visitors, srv.Count("token"))
		assert.Equal(t, tokens[0], tokens[1])
	})
}

func name(visitor int) string { return fmt.Sprintf("visitor-%06d", visitor) }

// signInAndExpire stores a session whose access token has expired.
func signInAndExpire(ctx context.Context, srv *authtest.Server, app *tcbauth.App, name string) error {
	const password = "correct-horse-1"
	srv.Seed(authtest.User{Sub: name, Username: name, Password: password})
	state, err := app.ForUser(name).SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{Username: name, Password: password})
	if err != nil {
		return err
	}
	expired := *state.Credentials
	expired.ExpiresAt = time.Now().Add(-time.Hour)
	return app.ForUser(name).SetCredentials(ctx, &expired)
}
