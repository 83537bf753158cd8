package everymethod_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

func TestSecretsStayIn(t *testing.T) {
	t.Parallel()
	for name, row := range testbed.MethodRows {
		for kind, quoting := range testbed.Indiscreet {
			for step := range row.Needed() {
				if row.Local {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/request %d", name, kind, step), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						p := &testbed.Peer{Answer: func(n int, r testbed.Arrived) testbed.Answer {
							if n < step {
								return row.Good()
							}
							return quoting(r)
						}}
						var log testbed.Diary
						var watch testbed.Watch
						opts := append(row.Opts[:len(row.Opts):len(row.Opts)], tcbauth.WithLogger(log.Logger()), watch.Option())
						_, err := testbed.CallMethod(t.Context(), testbed.NewPeerApp(t, p, testbed.SessionStore(t), opts...).Auth(), name, row)
						if kind != "wrong types" && kind != "code" && !row.Ended { // good answers of some calls
							require.Error(t, err)
						}
						testbed.AssertErrorKeepsSecrets(t, err)
						assert.NotEmpty(t, log.String())
						testbed.AssertNoSecret(t, "log", log.String())
						testbed.AssertNoSecret(t, "observer", watch.String())
						calls := watch.Calls()
						assert.NotEmpty(t, calls, "each request is a call's")
						assert.Len(t, watch.Started(), len(calls), "each call that begins ends")
						assertSecretsAreWhereTheyBelong(t, p.Requests())
					})
				})
			}
		}
	}
}

// The good path logs too, and what fails beside it is logged as a warning.
func TestSecretsStayInOnSuccess(t *testing.T) {
	t.Parallel()
	forEachMethod(t, nil, func(t *testing.T, name string, row testbed.MethodRow) {
		for kind, quoting := range testbed.Indiscreet {
			p := &testbed.Peer{Answer: func(n int, r testbed.Arrived) testbed.Answer {
				if n < row.Needed() {
					return row.Good()
				}
				return quoting(r)
			}}
			var log testbed.Diary
			opts := append(row.Opts[:len(row.Opts):len(row.Opts)], tcbauth.WithLogger(log.Logger()))
			auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t), opts...).Auth()
			defer auth.OnAuthStateChange(func(tcbauth.AuthEvent) { panic(testbed.PlantedAccess) })()
			result, err := testbed.CallMethod(t.Context(), auth, name, row)
			synctest.Wait() // for the handler's panic
			require.NoError(t, err, kind)
			if state, ok := result.(*tcbauth.LoginState); ok {
				testbed.AssertErrorKeepsSecrets(t, state.UserErr)
			}
			testbed.AssertNoSecret(t, "log", log.String())
			assertSecretsAreWhereTheyBelong(t, p.Requests())
		}
	})
}

// assertSecretsAreWhereTheyBelong: secrets go to the API's host, in the Authorization or the body. Only what the js-sdk
// sends in a query, because there is no body, does so here. The client secret goes with Basic and with a refresh.
func assertSecretsAreWhereTheyBelong(t *testing.T, requests []testbed.Arrived) {
	t.Helper()
	for _, r := range requests {
		assert.Equal(t, testbed.MethodHost, r.URL.Host)
		testbed.AssertNoSecret(t, "path", r.URL.Path)
		if r.Method != http.MethodGet && r.Method != http.MethodDelete {
			testbed.AssertNoSecret(t, "URL", r.URL.String())
		}
		for name, values := range r.Header {
			if name != "Authorization" {
				testbed.AssertNoSecret(t, "header "+name, strings.Join(values, " "))
			}
		}
		basic := r.Header.Get("Authorization") == "Basic "+testbed.PlantedBasic
		assert.Equal(t, basic, strings.Contains(r.Header.Get("Authorization"), "Basic"))
		if !strings.HasSuffix(r.URL.Path, "/token") {
			assert.NotContains(t, r.Text, testbed.PlantedClientSecret)
		}
	}
}

// An expired session is refreshed on the way; an anonymous one may be made anew, with Basic.
func TestSecretsStayInWhileRefreshing(t *testing.T) {
	t.Parallel()
	for kind, quoting := range testbed.Indiscreet {
		for _, scope := range []string{"user", "anonymous"} {
			t.Run(kind+"/"+scope, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					store := tcbauth.NewMemoryStore()
					expired := tcbauth.Credentials{AccessToken: testbed.PlantedAccess, RefreshToken: testbed.PlantedRefresh, Scope: scope, ExpiresIn: 60, ExpiresAt: time.Now().Add(-time.Hour)}
					if scope == "anonymous" {
						expired.RefreshToken = ""
					}
					data, err := json.Marshal(expired)
					require.NoError(t, err)
					require.NoError(t, store.Set(t.Context(), testbed.PeerKey, data, 0))
					p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer { return quoting(r) }}
					var log testbed.Diary
					var watch testbed.Watch
					auth := testbed.NewPeerApp(t, p, store, tcbauth.WithLogger(log.Logger()), watch.Option()).Auth()
					_, err = auth.GetAccessToken(t.Context())
					testbed.RequireError(t, err)
					testbed.AssertErrorKeepsSecrets(t, err)
					require.NotEmpty(t, p.Requests())
					testbed.AssertNoSecret(t, "log", log.String())
					testbed.AssertNoSecret(t, "observer", watch.String())
					assert.NotEmpty(t, watch.Refreshes())
					assertSecretsAreWhereTheyBelong(t, p.Requests())
				})
			})
		}
	}
}

// A transport that panics with what it was given must not carry it into an error of the shared refresh.
func TestPanicOfTransportIsNotQuoted(t *testing.T) {
	t.Parallel()
	var log testbed.Diary
	p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer { panic(testbed.Quotes(r)) }}
	auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t), tcbauth.WithLogger(log.Logger())).Auth()
	_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
	testbed.RequireError(t, err)
	testbed.AssertErrorKeepsSecrets(t, err)
	testbed.AssertNoSecret(t, "log", log.String())
}

func TestSecretsStayInWhenStoreFails(t *testing.T) {
	t.Parallel()
	forEachMethod(t, nil, func(t *testing.T, name string, row testbed.MethodRow) {
		for _, broken := range [][]string{{"Get"}, {"Set"}, {"Delete"}, {"Lock"}, {"Get", "Set", "Delete", "Lock"}} {
			p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return row.Good() }}
			var log testbed.Diary
			opts := append(row.Opts[:len(row.Opts):len(row.Opts)], tcbauth.WithLogger(log.Logger()))
			for _, handle := range []func(*tcbauth.App) *tcbauth.Auth{
				(*tcbauth.App).Auth, func(app *tcbauth.App) *tcbauth.Auth { return app.ForUser(testbed.PlantedPhone) },
			} {
				store := testbed.NewBrokenStore(testbed.SessionStore(t), broken...) // in which no refresh token has been spent
				_, err := testbed.CallMethod(t.Context(), handle(testbed.NewPeerApp(t, p, store, opts...)), name, row)
				if err != nil {
					e := testbed.ErrorOf(t, err)
					if !errors.Is(err, tcbauth.ErrNoSession) && !errors.Is(err, tcbauth.ErrNoOtp) {
						require.ErrorIs(t, err, tcbauth.ErrStore)
						require.ErrorIs(t, err, testbed.ErrDisk)
					}
					assert.NotErrorIs(t, e, tcbauth.ErrSessionExpired, "a store that fails ends no session")
				}
				testbed.AssertErrorKeepsSecrets(t, err)
				testbed.AssertNoSecret(t, "log", log.String())
			}
		}
	})
}
