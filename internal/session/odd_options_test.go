package session_test

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

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
