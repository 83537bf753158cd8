package session_test

import (
	"fmt"
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/filestore"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestEndlessSession: credentials that never end, as their owner says, are read as they were written.
func TestEndlessSession(t *testing.T) {
	t.Parallel()
	for name, expiresIn := range map[string]int{"an hour": 3600, "the longest": math.MaxInt32, "longer than any": math.MaxInt} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := testbed.NewPeerApp(t, testbed.Script(), tcbauth.NewMemoryStore())
			for _, end := range []time.Time{{}, time.Now().Add(time.Duration(min(expiresIn, math.MaxInt32)) * time.Second)} {
				c := &tcbauth.Credentials{AccessToken: "opaque", ExpiresIn: expiresIn, ExpiresAt: end}
				require.NoError(t, app.ForUser("person").SetCredentials(t.Context(), c))
				testbed.RequireToken(t, app.ForUser("person"), "opaque")
			}
		})
	}
}

// TestHugeTimeout: a timeout that never ends is a way to say that there is none.
func TestHugeTimeout(t *testing.T) {
	t.Parallel()
	for _, timeout := range []time.Duration{math.MaxInt64, math.MaxInt64 / 4, 100 * 365 * 24 * time.Hour} {
		for _, attempts := range []int{1, 10} {
			t.Run(fmt.Sprint(timeout, attempts), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					auth := testbed.NewApp(t, srv, tcbauth.WithTimeout(timeout), tcbauth.WithMaxAttempts(attempts)).ForUser("person")
					before := testbed.SignInAs(t, auth, testbed.Gopher)
					srv.Advance(testbed.TokenLifetime)
					after, err := auth.GetCredentials(t.Context())
					require.NoError(t, err)
					require.NotEqual(t, before.AccessToken, after.AccessToken)
				})
			})
		}
	}
}

// TestCodeThatLivesForAges: its challenge is not over before it has begun.
func TestCodeThatLivesForAges(t *testing.T) {
	t.Parallel()
	p := testbed.Script(testbed.Reply(http.StatusOK, `{"verification_id":"sent","is_user":true,"expires_in":`+fmt.Sprint(math.MaxInt)+`}`))
	auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).ForUser("person")
	challenge, err := auth.SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: testbed.GopherPhone})
	require.NoError(t, err)
	require.Greater(t, time.Until(challenge.ExpiresAt), 24*time.Hour)
}

// TestDeviceCodeThatLivesForAges is asked for until the server decides, once in each interval.
func TestDeviceCodeThatLivesForAges(t *testing.T) {
	t.Parallel()
	for _, req := range []tcbauth.PollDeviceTokenRequest{{ExpiresIn: math.MaxInt}, {Interval: math.MaxInt}, {Interval: math.MinInt, ExpiresIn: math.MinInt}} {
		t.Run(fmt.Sprint(req.Interval, req.ExpiresIn), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := testbed.Script(testbed.Reply(http.StatusBadRequest, `{"error":"authorization_pending"}`),
					testbed.Reply(http.StatusBadRequest, `{"error":"access_denied"}`))
				auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).ForUser("person")
				began := time.Now()
				req.DeviceCode = "device"
				_, err := auth.PollDeviceToken(t.Context(), req)
				require.ErrorIs(t, err, tcbauth.CodeAccessDenied)
				if req.Interval <= 0 {
					require.Equal(t, 10*time.Second, time.Since(began))
				} else {
					require.Greater(t, time.Since(began), 24*time.Hour)
				}
			})
		})
	}
}

// wrapper is a store around another one, which answers whether it is interruptible.
type wrapper struct{ *testbed.HookedStore }

func (w *wrapper) Interruptible() bool { return w.TokenStore != nil }

// TestNilStore: a constructor returns one beside its error. A program that does not look at that is told at once.
func TestNilStore(t *testing.T) {
	t.Parallel()
	for name, store := range map[string]tcbauth.TokenStore{"nil": nil, "a file store": (*filestore.Store)(nil), "a wrapper": (*wrapper)(nil)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tcbauth.NewApp("env", tcbauth.WithTokenStore(store))
			require.EqualError(t, err, "tcbauth: WithTokenStore: a nil store")
			_, err = tcbauth.Sealed(store, make([]byte, 32))
			require.EqualError(t, err, "tcbauth: Sealed: a nil store")
		})
	}
}

// TestStorePanicsAtOnce: a store that cannot even say whether it is interruptible fails in its calls, as any other one.
func TestStorePanicsAtOnce(t *testing.T) {
	t.Parallel()
	app, err := tcbauth.NewApp("env", tcbauth.WithTokenStore(new(wrapper)))
	require.NoError(t, err)
	_, err = app.ForUser("person").GetAccessToken(t.Context())
	require.ErrorIs(t, err, tcbauth.ErrStore)
}
