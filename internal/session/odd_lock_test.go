package session_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// oddLocks is a store whose Lock is a function.
type oddLocks struct {
	*testbed.HookedStore
	lock func(ctx context.Context) (context.Context, func(), error)
}

func (s oddLocks) Lock(ctx context.Context, _ string) (context.Context, func(), error) {
	return s.lock(ctx)
}

// TestOddLocks: locks that break their contract are failures of the store, and end no process.
func TestOddLocks(t *testing.T) {
	t.Parallel()
	for name, lock := range map[string]func(ctx context.Context) (context.Context, func(), error){
		"no context": func(context.Context) (context.Context, func(), error) { return nil, func() {}, nil },
		"no unlock":  func(ctx context.Context) (context.Context, func(), error) { return ctx, nil, nil },
		"nothing":    func(context.Context) (context.Context, func(), error) { return nil, nil, nil },
		"late, and a panic": func(ctx context.Context) (context.Context, func(), error) {
			<-time.After(time.Hour)
			return ctx, func() { panic("unlock") }, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(oddLocks{testbed.NewHookedStore(), lock})).Auth()
				c := &tcbauth.Credentials{AccessToken: "a", ExpiresIn: 7200}
				require.ErrorIs(t, auth.SetCredentials(t.Context(), c), tcbauth.ErrStore)
				testbed.Moment(t, 2*time.Hour)
			})
		})
	}
}
