package bench_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// visitor is the id in a visitor's cookie: 32 bytes in base64url.
const visitor = "pFQ4xJ0s9Xc1m2cWZB3z5w0m7h8uE6yT4qKdRnVbLgA"

// visitedApp has a visitor's session in store.
func visitedApp(tb testing.TB, store tcbauth.TokenStore) *tcbauth.App {
	tb.Helper()
	app, err := tcbauth.NewApp(benchEnv, tcbauth.WithTokenStore(store))
	require.NoError(tb, err)
	require.NoError(tb, app.ForUser(visitor).SetCredentials(tb.Context(), &tcbauth.Credentials{
		AccessToken: opaque(900), RefreshToken: opaque(64), ExpiresIn: 7200,
	}))
	return app
}

// BenchmarkForUser: what a server pays for a request of a visitor's. make is the handle alone, which is to cost less than
// a microsecond; first-use is the handle and its access token, compared with reading and decoding the stored session by
// hand; next-use is the second token of a handle.
func BenchmarkForUser(b *testing.B) {
	ctx := b.Context()
	store := tcbauth.NewMemoryStore()
	app := visitedApp(b, store)
	b.Run("make", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			app.ForUser(visitor)
		}
	})
	firstUse, byHand := visits(b)
	b.Run("first-use", func(b *testing.B) { alone(b, firstUse) })
	b.Run("by-hand", func(b *testing.B) { alone(b, byHand) })
	b.Run("pairs", func(b *testing.B) {
		var p pairs
		for b.Loop() {
			require.NoError(b, p.measure(firstUse, byHand))
		}
		b.ReportMetric(p.ratio(), "ratio")
		b.ReportMetric(p.first(), "tcbauth-ns/op")
		b.ReportMetric(p.second(), "byhand-ns/op")
	})
	used := app.ForUser(visitor)
	b.Run("next-use", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !hasToken(ctx, used) {
				b.Fatal("no token")
			}
		}
	})
}

// visits returns two ways to a visitor's token in a memory store: by a handle of its own, and by hand.
func visits(tb testing.TB) (firstUse, byHand func() error) {
	tb.Helper()
	ctx, store := tb.Context(), tcbauth.NewMemoryStore()
	app := visitedApp(tb, store)
	firstUse = func() error { return needToken(ctx, app.ForUser(visitor)) }
	byHand = func() error {
		data, err := store.Get(ctx, testbed.VisitorKey("", benchEnv, visitor))
		if err != nil {
			return err
		}
		var c tcbauth.Credentials
		return c.UnmarshalJSON(data)
	}
	return firstUse, byHand
}

// persons returns two ways to ask the server who a token is of, which a request has brought: by a handle of its own, and by
// hand.
func persons(tb testing.TB, at endpoint) (ofToken, byHand func() error) {
	tb.Helper()
	const deviceID = "0123456789abcdef0123456789abcdef"
	ctx, token := tb.Context(), opaque(900)
	app, err := tcbauth.NewApp(benchEnv, tcbauth.WithBaseURL(at.base), tcbauth.WithDeviceID(deviceID),
		tcbauth.WithHTTPClient(&http.Client{Transport: at.transport()}))
	require.NoError(tb, err)
	ofToken = func() error {
		user, err := app.ForToken(token).GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
		if err != nil {
			return err
		}
		return loggedIn(nil, user.Sub, user.PhoneNumber)
	}
	hand := &handWritten{
		client: &http.Client{Transport: at.transport()}, base: at.base, clientID: benchEnv, deviceID: deviceID,
		version: "tcbauth/" + tcbauth.Version(),
	}
	byHand = func() error {
		user := new(handUser)
		if err := hand.send(ctx, http.MethodGet, "/auth/v1/user/me", token, nil, user); err != nil {
			return err
		}
		return loggedIn(nil, user.Sub, user.PhoneNumber)
	}
	for _, f := range []func() error{ofToken, byHand} { // connected before anything is measured
		require.NoError(tb, f())
	}
	return ofToken, byHand
}

// TestForUserReadsTheStoreOnce: a handle that is made and not used costs no I/O, one that is used costs one read.
func TestForUserReadsTheStoreOnce(t *testing.T) {
	t.Parallel()
	store := testbed.NewLockingStore()
	app := visitedApp(t, store)
	var touched []string
	store.On(func(op, key string) error { touched = append(touched, op+" "+key); return nil })
	auth := app.ForUser(visitor)
	assert.Empty(t, touched)
	for range 3 {
		testbed.RequireToken(t, auth, opaque(900))
	}
	assert.Equal(t, []string{"Get " + testbed.VisitorKey("", benchEnv, visitor)}, touched)
}
