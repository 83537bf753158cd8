package session_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// panicking is a handler of records that panics when it is asked for a level, or with a record.
type panicking struct {
	slog.Handler
	asked bool
}

func (p panicking) Enabled(context.Context, slog.Level) bool {
	if p.asked {
		panic("planted")
	}
	return true
}

func (panicking) Handle(context.Context, slog.Record) error { panic("planted") }

// TestLoggerPanics: a panic of the logger costs no call. A refresh writes its record when the answer is there, so that the new
// refresh token would be lost. In the background nobody else could recover.
func TestLoggerPanics(t *testing.T) {
	t.Parallel()
	for name, logger := range map[string]*slog.Logger{
		"with a record":     slog.New(panicking{}),
		"asked for a level": slog.New(panicking{asked: true}),
		"the zero logger":   new(slog.Logger),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := tcbauth.NewMemoryStore()
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithLogger(logger), tcbauth.WithRefreshAhead(time.Hour)).Auth()
				before := testbed.SignInAs(t, auth, testbed.Gopher)
				srv.Advance(testbed.TokenLifetime)
				after, err := auth.GetCredentials(t.Context())
				require.NoError(t, err)
				assert.NotEqual(t, before.RefreshToken, after.RefreshToken)
				testbed.RequireSession(t, store, testbed.DefaultKey, after)

				srv.Fault(authtest.Fault{Operation: "token", Times: 1, Error: &authtest.Error{Code: "unavailable"}})
				srv.Advance(testbed.TokenLifetime - 10*time.Minute)
				testbed.RequireToken(t, auth, after.AccessToken)
				synctest.Wait()
				assert.Equal(t, 2, srv.Count("token"))
			})
		})
	}
}
