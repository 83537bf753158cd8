package client_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

var refreshCall = tcbauth.CallStart{Op: "RefreshSession", Method: http.MethodPost, Path: "v1/token"}

// TestObserverOfCalls: each way that a call can end is told, with what it has cost.
func TestObserverOfCalls(t *testing.T) {
	t.Parallel()
	unavailable := &authtest.Error{Code: "unavailable", Status: 503}
	for name, tt := range map[string]struct {
		before func(srv *authtest.Server, tap *testbed.Tap)
		want   []tcbauth.CallEnd // without what all have, the request id and the server
	}{
		"good": {
			func(*authtest.Server, *testbed.Tap) {},
			[]tcbauth.CallEnd{{StatusCode: 200, Attempts: 1}},
		},
		"tried again": {
			func(srv *authtest.Server, _ *testbed.Tap) {
				srv.Fault(authtest.Fault{Operation: "user/me", Times: 2, Error: unavailable})
			},
			[]tcbauth.CallEnd{{StatusCode: 200, Attempts: 3}},
		},
		"in vain": {
			func(srv *authtest.Server, _ *testbed.Tap) {
				srv.Fault(authtest.Fault{Operation: "user/me", Times: 3, Error: unavailable})
			},
			[]tcbauth.CallEnd{{Code: tcbauth.CodeUnavailable, Category: tcbauth.CategoryServiceError, StatusCode: 503, Attempts: 3}},
		},
		"without a way to the server": {
			func(_ *authtest.Server, tap *testbed.Tap) { tap.Unplugged(true) },
			[]tcbauth.CallEnd{{Code: tcbauth.CodeUnreachable, Category: tcbauth.CategoryServiceError, Attempts: 3}},
		},
		"with an expired token": {
			func(srv *authtest.Server, _ *testbed.Tap) { srv.Advance(testbed.TokenLifetime) },
			[]tcbauth.CallEnd{
				{CallStart: refreshCall, StatusCode: 200, Attempts: 1},
				{StatusCode: 200, Attempts: 1, Refreshed: true},
			},
		},
		"with a refused token": {
			func(srv *authtest.Server, _ *testbed.Tap) { testbed.RefuseBearers(srv, 1, 0) },
			[]tcbauth.CallEnd{
				{CallStart: refreshCall, StatusCode: 200, Attempts: 1},
				{StatusCode: 200, Attempts: 2, Refreshed: true},
			},
		},
		"with a refused refresh token": {
			func(srv *authtest.Server, _ *testbed.Tap) {
				srv.Advance(testbed.TokenLifetime)
				srv.Fault(authtest.Fault{Operation: "token", Error: &authtest.Error{Code: "invalid_grant", Number: 4026}})
			},
			[]tcbauth.CallEnd{
				{CallStart: refreshCall, Code: tcbauth.CodeInvalidGrant, Category: tcbauth.CategoryInvalidCredentials, StatusCode: 400, Attempts: 1},
				{Code: tcbauth.CodeInvalidGrant, Category: tcbauth.CategoryInvalidCredentials},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, watch := testbed.Emulator(t), new(testbed.Watch)
				tap := testbed.NewTap(srv)
				auth := testbed.NewApp(t, srv, tap.Client(), watch.Option()).Auth()
				testbed.SignInAs(t, auth, testbed.Gopher)
				watch.Started()
				watch.Calls()
				tt.before(srv, tap)
				start := time.Now()
				_, err := testbed.GetMe(t, auth)
				got, started := watch.Calls(), watch.Started()
				last := got[len(got)-1]
				assert.Equal(t, last.Category == "", err == nil)
				assert.Equal(t, time.Since(start), last.Duration)
				require.Len(t, started, len(got))
				assert.Equal(t, last.CallStart, started[0], "a refresh is made on the way")
				for i := range got {
					assert.NotEmpty(t, got[i].RequestID)
					assert.Equal(t, "authtest.authtest.invalid", got[i].Server)
					got[i].RequestID, got[i].Server, got[i].Duration = "", "", 0
				}
				for i := range tt.want {
					if tt.want[i].Op == "" {
						tt.want[i].CallStart = tcbauth.CallStart{Op: "GetUserInfo", Method: http.MethodGet, Path: "v1/user/me"}
					}
				}
				assert.Equal(t, tt.want, got)
			})
		})
	}
}

// TestObserverOfRefreshes: whoever waits for one, it is told once.
func TestObserverOfRefreshes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		anonymous bool
		fault     *authtest.Error
		want      []tcbauth.RefreshEnd
		ends      []tcbauth.SessionEnd
	}{
		"good": {want: []tcbauth.RefreshEnd{{Outcome: tcbauth.RefreshDone}}},
		"refused": {
			fault: &authtest.Error{Code: "invalid_grant"},
			want:  []tcbauth.RefreshEnd{{Outcome: tcbauth.RefreshRefused, Code: tcbauth.CodeInvalidGrant, Category: tcbauth.CategoryInvalidCredentials}},
			ends:  []tcbauth.SessionEnd{{Reason: tcbauth.SessionExpired, Code: tcbauth.CodeInvalidGrant}},
		},
		"in vain": {
			fault: &authtest.Error{Code: "internal"},
			want:  []tcbauth.RefreshEnd{{Outcome: tcbauth.RefreshFailed, Code: tcbauth.CodeInternal, Category: tcbauth.CategoryServiceError}},
		},
		"anew": {
			anonymous: true,
			want:      []tcbauth.RefreshEnd{{Outcome: tcbauth.RefreshReplaced}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, watch := testbed.Emulator(t), new(testbed.Watch)
				auth := testbed.NewApp(t, srv, watch.Option()).Auth()
				if tt.anonymous {
					testbed.SignInAnonymously(t, auth)
				} else {
					testbed.SignInAs(t, auth, testbed.Gopher)
				}
				srv.Advance(testbed.TokenLifetime)
				if !tt.anonymous {
					srv.Fault(authtest.Fault{Operation: "token", Delay: time.Second, Error: tt.fault})
				}
				first, second := testbed.Background(testbed.Getting(t.Context(), auth)), testbed.Background(testbed.Getting(t.Context(), auth))
				<-first
				<-second
				got := watch.Refreshes()
				for i := range got {
					got[i].Duration = 0
				}
				assert.Equal(t, tt.want, got)
				assert.Equal(t, tt.ends, watch.Sessions())
			})
		})
	}
}

// TestObserverOfSessionEnds: each is told once, with its reason.
func TestObserverOfSessionEnds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		end  func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth)
		want []tcbauth.SessionEnd
	}{
		"signed out": {
			func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) {
				require.NoError(t, auth.SignOut(t.Context()))
			},
			[]tcbauth.SessionEnd{{Reason: tcbauth.SessionSignedOut}},
		},
		"deleted": {
			func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) {
				_, err := auth.DeleteMe(t.Context(), tcbauth.DeleteMeRequest{SudoToken: testbed.Sudo(t, auth)})
				require.NoError(t, err)
			},
			[]tcbauth.SessionEnd{{Reason: tcbauth.SessionSignedOut}},
		},
		"forgotten": {
			func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) {
				require.NoError(t, auth.SetCredentials(t.Context(), nil))
			},
			[]tcbauth.SessionEnd{{Reason: tcbauth.SessionForgotten}},
		},
		"ended by the server": {
			func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
				testbed.RefuseBearers(srv, 2, 0)
				_, err := testbed.GetMe(t, auth)
				require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
			},
			[]tcbauth.SessionEnd{{Reason: tcbauth.SessionExpired, Code: tcbauth.CodeUnauthenticated}},
		},
		"nobody is there": {
			func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) {
				require.NoError(t, auth.SetCredentials(t.Context(), nil))
				require.NoError(t, auth.SetCredentials(t.Context(), nil))
				require.ErrorIs(t, auth.SignOut(t.Context()), tcbauth.ErrNoSession)
			},
			[]tcbauth.SessionEnd{{Reason: tcbauth.SessionForgotten}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, watch := testbed.Emulator(t), new(testbed.Watch)
				app := testbed.NewApp(t, srv, watch.Option())
				auth, other := app.ForUser("visitor"), app.ForUser("visitor")
				events := testbed.EventsOf(other) // who only finds it is not told as one that ends it
				signedIn := testbed.SignInAs(t, auth, testbed.Gopher)
				testbed.RequireToken(t, other, signedIn.AccessToken)
				tt.end(t, srv, auth)
				srv.Advance(testbed.TokenLifetime)
				_, err := other.GetSession(t.Context())
				require.ErrorIs(t, err, tcbauth.ErrNoSession)
				assert.NotEmpty(t, events())
				assert.Equal(t, tt.want, watch.Sessions())
			})
		})
	}
}

// TestObserverOfStores: each call of a store is told by its kind.
func TestObserverOfStores(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, watch, store := testbed.Emulator(t), new(testbed.Watch), testbed.NewLockingStore()
		auth := testbed.NewApp(t, srv, watch.Option(), tcbauth.WithTokenStore(store)).Auth()
		kinds := func() (all []tcbauth.StoreOpKind) {
			for _, op := range watch.Stored() {
				assert.False(t, op.Failed, op.Kind)
				all = append(all, op.Kind)
			}
			return all
		}
		testbed.SignInAs(t, auth, testbed.Gopher) // which finds nothing at first
		assert.Subset(t, kinds(), []tcbauth.StoreOpKind{tcbauth.StoreGet, tcbauth.StoreSet, tcbauth.StoreLock, tcbauth.StoreUnlock})
		require.NoError(t, auth.SignOut(t.Context()))
		assert.Contains(t, kinds(), tcbauth.StoreDelete)

		store.On(func(string, string) error {
			testbed.Moment(t, 3*time.Second)
			return testbed.ErrDisk
		})
		_, err := auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrStore)
		assert.Equal(t, []tcbauth.StoreOp{{Kind: tcbauth.StoreGet, Duration: 3 * time.Second, Failed: true}}, watch.Stored())

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = auth.GetAccessToken(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, []tcbauth.StoreOp{{Kind: tcbauth.StoreGet, Duration: time.Second, Failed: true}}, watch.Stored())

		gone, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		_, err = auth.GetAccessToken(gone)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, []tcbauth.StoreOp{{Kind: tcbauth.StoreGet, Duration: time.Second}}, watch.Stored(), "that is no failure of the store")
		testbed.Moment(t, time.Minute) // until the store has returned
	})
}

// TestObserverChangesContext: what CallStart returns reaches the transport, the store and the end of the call.
func TestObserverChangesContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		type key struct{}
		var mu sync.Mutex
		var said []string
		say := func(ctx context.Context, what string) {
			if what == "unlock" { // which nobody waits for
				return
			}
			of, _ := ctx.Value(key{}).(string)
			mu.Lock()
			defer mu.Unlock()
			said = append(said, fmt.Sprintf("%s of %s", what, of))
		}
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			say(r.Context(), "request")
			return srv.Client().Transport.RoundTrip(r)
		})
		auth := testbed.NewApp(t, srv, tcbauth.WithHTTPClient(testbed.HTTPClient(transport)), tcbauth.WithObserver(tcbauth.Observer{
			CallStart: func(ctx context.Context, c tcbauth.CallStart) context.Context {
				say(ctx, c.Op)
				return context.WithValue(ctx, key{}, c.Op)
			},
			CallEnd: func(ctx context.Context, _ tcbauth.CallEnd) { say(ctx, "end") },
			Store:   func(ctx context.Context, op tcbauth.StoreOp) { say(ctx, string(op.Kind)) },
			Refresh: func(ctx context.Context, _ tcbauth.RefreshEnd) { say(ctx, "refresh") },
		})).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		said = nil
		_, err := testbed.GetMe(t, auth)
		require.NoError(t, err)
		assert.Equal(t, []string{
			"GetUserInfo of ", "get of GetUserInfo", "lock of GetUserInfo", "get of GetUserInfo",
			"RefreshSession of GetUserInfo", "request of RefreshSession", "end of RefreshSession", "refresh of GetUserInfo",
			"get of GetUserInfo", "set of GetUserInfo", "request of GetUserInfo", "end of GetUserInfo",
		}, slices.DeleteFunc(said, func(s string) bool { return s == "reserve of GetUserInfo" }))
	})
}

// TestObserverPanics: nothing else changes, and what it panicked with is not logged.
func TestObserverPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		warnings, log := testbed.Warnings()
		auth := testbed.NewApp(t, srv, warnings, tcbauth.WithObserver(tcbauth.Observer{
			CallStart:  func(context.Context, tcbauth.CallStart) context.Context { panic(testbed.PlantedAccess) },
			CallEnd:    func(context.Context, tcbauth.CallEnd) { panic(testbed.PlantedAccess) },
			Refresh:    func(context.Context, tcbauth.RefreshEnd) { panic(testbed.PlantedAccess) },
			Store:      func(context.Context, tcbauth.StoreOp) { panic(testbed.PlantedAccess) },
			SessionEnd: func(context.Context, tcbauth.SessionEnd) { panic(testbed.PlantedAccess) },
		})).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		_, err := testbed.GetMe(t, auth)
		require.NoError(t, err)
		require.NoError(t, auth.SignOut(t.Context()))
		synctest.Wait() // for the lock that is given back after the caller has gone
		assert.Contains(t, log.String(), "an Observer panicked")
		testbed.AssertNoSecret(t, "log", log.String())
	})
}

// TestObserverOfNothing: functions that are missing are not called, and a context that is missing is the caller's.
func TestObserverOfNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, o := range []tcbauth.Observer{
			{}, {CallStart: func(context.Context, tcbauth.CallStart) context.Context { return nil }},
		} {
			srv := testbed.Emulator(t)
			auth := testbed.NewApp(t, srv, tcbauth.WithObserver(o)).Auth()
			testbed.SignInAs(t, auth, testbed.Gopher)
			srv.Advance(testbed.TokenLifetime)
			_, err := testbed.GetMe(t, auth)
			require.NoError(t, err)
			require.NoError(t, auth.SignOut(t.Context()))
		}
	})
}

// TestObserverOfPanickingTransport: a call that never returns is over all the same.
func TestObserverOfPanickingTransport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, watch := testbed.Emulator(t), new(testbed.Watch)
		transport := roundTrip(func(*http.Request) (*http.Response, error) { panic("the transport") })
		auth := testbed.NewApp(t, srv, watch.Option(), tcbauth.WithHTTPClient(testbed.HTTPClient(transport))).Auth()
		assert.Panics(t, func() { _ = getCode(t, auth) })
		calls := watch.Calls()
		require.Len(t, calls, 1)
		assert.Equal(t, tcbauth.CategoryUnknown, calls[0].Category, "it has not succeeded")
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
