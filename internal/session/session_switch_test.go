package session_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// switching is a session under one key that is changed while a call is under way which has read the old one.
type switching struct {
	srv        *authtest.Server
	store      *lateStore
	app, other *tcbauth.App  // on one store
	used       *tcbauth.Auth // has signed testbed.Gopher in, and makes the change
	first      *tcbauth.Auth // of the call that is under way
}

// sessionChanges are what may become of gopher's session. They return who is signed in afterwards, "" for nobody.
var sessionChanges = map[string]func(t *testing.T, w *switching) string{
	"signed out, and somebody else in": func(t *testing.T, w *switching) string {
		require.NoError(t, w.used.SignOut(t.Context()))
		return testbed.SignInAs(t, w.used, testbed.Badger).Sub
	},
	"somebody else signed in": func(t *testing.T, w *switching) string { return testbed.SignInAs(t, w.used, testbed.Badger).Sub },
	"somebody else's tokens set": func(t *testing.T, w *switching) string {
		c := testbed.SignInAs(t, testbed.NewApp(t, w.srv).Auth(), testbed.Badger)
		require.NoError(t, w.used.SetCredentials(t.Context(), c))
		return c.Sub
	},
	"somebody else's session taken over": func(t *testing.T, w *switching) string {
		c := testbed.SignInAs(t, testbed.NewApp(t, w.srv).Auth(), testbed.Badger)
		fresh, err := w.used.SetSession(t.Context(), tcbauth.SetSessionRequest{AccessToken: c.AccessToken, RefreshToken: c.RefreshToken})
		require.NoError(t, err)
		return fresh.Sub
	},
	"signed out": func(t *testing.T, w *switching) string {
		require.NoError(t, w.used.SignOut(t.Context()))
		return ""
	},
	"signed out by redirect": func(t *testing.T, w *switching) string {
		_, err := w.used.SignOutWithRedirect(t.Context(), tcbauth.SignOutRequest{})
		require.NoError(t, err)
		return ""
	},
	"forgotten": func(t *testing.T, w *switching) string {
		require.NoError(t, w.used.SetCredentials(t.Context(), nil))
		return ""
	},
	"deleted": func(t *testing.T, w *switching) string {
		_, err := w.used.DeleteMe(t.Context(), tcbauth.DeleteMeRequest{SudoToken: testbed.Sudo(t, w.used)})
		require.NoError(t, err)
		return ""
	},
}

// sessionReaders are calls that tell whose session it is.
var sessionReaders = map[string]func(t *testing.T, auth *tcbauth.Auth) (sub string, err error){
	"GetAccessToken": func(t *testing.T, auth *tcbauth.Auth) (string, error) {
		token, err := auth.GetAccessToken(t.Context())
		if err != nil {
			return "", err
		}
		return subIn(t, token), nil
	},
	"GetCredentials": func(t *testing.T, auth *tcbauth.Auth) (string, error) {
		c, err := auth.GetCredentials(t.Context())
		if err != nil {
			return "", err
		}
		return c.Sub, nil
	},
	"GetSession": func(t *testing.T, auth *tcbauth.Auth) (string, error) {
		state, err := auth.GetSession(t.Context())
		if err != nil {
			return "", err
		}
		assert.Equal(t, state.Credentials.Sub, state.User.Sub)
		return state.Credentials.Sub, nil
	},
	"GetLoginState": func(t *testing.T, auth *tcbauth.Auth) (string, error) {
		state, err := auth.GetLoginState(t.Context())
		if err != nil {
			return "", err
		}
		assert.Equal(t, state.Credentials.Sub, state.User.Sub)
		return state.Credentials.Sub, nil
	},
	"GetClaims": func(t *testing.T, auth *tcbauth.Auth) (string, error) {
		token, err := auth.GetClaims(t.Context())
		if err != nil {
			return "", err
		}
		return token.Claims.Subject, nil
	},
	"GetUserInfo": func(t *testing.T, auth *tcbauth.Auth) (string, error) {
		user, err := testbed.GetMe(t, auth)
		if err != nil {
			return "", err
		}
		return user.Sub, nil
	},
	"RefreshSession": func(t *testing.T, auth *tcbauth.Auth) (string, error) {
		c, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		if err != nil {
			return "", err
		}
		return c.Sub, nil
	},
	"Transport": func(t *testing.T, auth *tcbauth.Auth) (string, error) {
		cloud := cloudAPI()
		resp, err := auth.Transport(cloud).RoundTrip(newRequest(t.Context(), auth))
		if err != nil {
			return "", err
		}
		require.NoError(t, resp.Body.Close())
		return subIn(t, strings.TrimPrefix(cloud.Requests()[0].Header.Get("Authorization"), "Bearer ")), nil
	},
	"HasLoginState": func(t *testing.T, auth *tcbauth.Auth) (string, error) {
		has, err := auth.HasLoginState(t.Context())
		if err == nil && !has {
			err = tcbauth.ErrNoSession
		}
		return "", err
	},
}

// TestCallSeesItsOwnBeginning: a call that begins after a change has returned acts on what the change has left, however
// long a call takes that has read the session before.
func TestCallSeesItsOwnBeginning(t *testing.T) {
	t.Parallel()
	visitor := func(app *tcbauth.App) *tcbauth.Auth { return app.ForUser("visitor") }
	for handle, test := range map[string]struct {
		open   func(*tcbauth.App) *tcbauth.Auth
		second func(w *switching) *tcbauth.Auth
	}{
		"a fresh handle":                      {visitor, func(w *switching) *tcbauth.Auth { return w.app.ForUser("visitor") }},
		"the handle of the call under way":    {visitor, func(w *switching) *tcbauth.Auth { return w.first }},
		"the handle that made the change":     {visitor, func(w *switching) *tcbauth.Auth { return w.used }},
		"a fresh handle of another App":       {visitor, func(w *switching) *tcbauth.Auth { return w.other.ForUser("visitor") }},
		"the default session, used elsewhere": {nil, func(w *switching) *tcbauth.Auth { return w.first }},
	} {
		for change, do := range sessionChanges {
			for call, read := range sessionReaders {
				if call != "GetAccessToken" && handle != "a fresh handle" {
					continue
				}
				t.Run(handle+", "+change+", "+call, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						w := &switching{srv: testbed.Emulator(t), store: newLateStore()}
						w.app = testbed.NewApp(t, w.srv, tcbauth.WithTokenStore(w.store))
						w.other = testbed.NewApp(t, w.srv, tcbauth.WithTokenStore(w.store))
						if test.open == nil {
							w.used, w.first = w.other.Auth(), w.app.Auth()
						} else {
							w.used, w.first = test.open(w.app), test.open(w.app)
						}
						testbed.SignInAs(t, w.used, testbed.Gopher)

						release := w.store.hold(t, "Get")
						first := testbed.Background(testbed.Getting(t.Context(), w.first))
						who := do(t, w)
						second := test.second(w)
						done := testbed.Background(func() (string, error) { return read(t, second) })
						release()
						<-first // it began before the change: either answer is right
						for range 2 {
							got := <-done
							if who == "" {
								require.ErrorIs(t, got.Err, tcbauth.ErrNoSession)
							} else {
								require.NoError(t, got.Err)
								if call != "HasLoginState" {
									require.Equal(t, who, got.Token, "another person's")
								}
							}
							done = testbed.Background(func() (string, error) { return read(t, second) })
						}
						<-done
					})
				})
			}
		}
	}
}

// TestErrorOfALook: that the store failed one call is no matter to a call that begins later.
func TestErrorOfALook(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{"the store": testbed.ErrDisk, "a store's cancelled context": context.Canceled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := testbed.NewLockingStore()
				app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
				c := testbed.SignInAs(t, app.ForUser("visitor"), testbed.Gopher)
				gate := make(chan struct{})
				store.On(func(op, key string) error {
					if op == "Get" && isSession(key) {
						store.On(nil)
						<-gate
						return failure
					}
					return nil
				})
				first := testbed.Background(testbed.Getting(t.Context(), app.ForUser("visitor")))
				second := testbed.Background(testbed.Getting(t.Context(), app.ForUser("visitor")))
				close(gate)
				got := <-second
				require.NoError(t, got.Err)
				assert.True(t, got.Token == c.AccessToken)
				require.ErrorIs(t, (<-first).Err, tcbauth.ErrStore)
			})
		})
	}
}

type contextKey string

// ownStore keeps whose context its reads of a session had.
type ownStore struct {
	testbed.LockingStore
	mine contextKey
	seen chan any
}

func (s ownStore) Get(ctx context.Context, key string) ([]byte, error) {
	if isSession(key) {
		s.seen <- ctx.Value(s.mine)
	}
	return s.LockingStore.Get(ctx, key)
}

// TestReadsUnderItsOwnContext: each call reads the store itself, so that a trace of it has its own reads.
func TestReadsUnderItsOwnContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := ownStore{testbed.NewLockingStore(), "caller", make(chan any, 100)}
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		testbed.SignInAs(t, app.ForUser("visitor"), testbed.Gopher)
		gate := make(chan struct{})
		store.On(func(op, key string) error {
			if op == "Get" && isSession(key) {
				<-gate
			}
			return nil
		})
		for len(store.seen) > 0 {
			<-store.seen
		}
		one := testbed.Background(testbed.Getting(context.WithValue(t.Context(), store.mine, "one"), app.ForUser("visitor")))
		two := testbed.Background(testbed.Getting(context.WithValue(t.Context(), store.mine, "two"), app.ForUser("visitor")))
		close(gate)
		require.NoError(t, (<-one).Err)
		require.NoError(t, (<-two).Err)
		close(store.seen)
		var readers []any
		for reader := range store.seen {
			readers = append(readers, reader)
		}
		assert.ElementsMatch(t, []any{"one", "two"}, readers)
	})
}
