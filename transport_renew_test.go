package tcbauth_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
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

const gatewayRefusal = `{"code":"INVALID_CREDENTIALS","message":"access token invalid","requestId":"r-1"}`

func refusal() testbed.Answer {
	return testbed.Reply(http.StatusUnauthorized, gatewayRefusal, "X-Reason", "no")
}

// tokensRefused is an API that refuses these tokens as the gateway does.
func tokensRefused(tokens ...string) *api {
	return &api{answer: func(r asked) testbed.Answer {
		for _, token := range tokens {
			if r.bearer == token {
				return refusal()
			}
		}
		return testbed.Reply(http.StatusOK, `{"result":"done"}`)
	}}
}

// caller is somebody who is signed in and calls another API of the environment.
type caller struct {
	srv   *authtest.Server
	app   *tcbauth.App
	auth  *tcbauth.Auth
	store tcbauth.TokenStore
	old   *tcbauth.Credentials
	url   string
}

// asCaller runs test in a bubble, as gopher.
func asCaller(t *testing.T, test func(t *testing.T, c *caller)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &caller{srv: testbed.Emulator(t), store: tcbauth.NewMemoryStore()}
		c.app = testbed.NewApp(t, c.srv, tcbauth.WithTokenStore(c.store))
		c.auth, c.url = c.app.Auth(), c.srv.URL+"/v1/functions/hello"
		c.old = testbed.SignInAs(t, c.auth, testbed.Gopher)
		test(t, c)
	})
}

// elsewhere is the same session in another process.
func (c *caller) elsewhere(t *testing.T) *tcbauth.Auth {
	t.Helper()
	return testbed.NewApp(t, c.srv, tcbauth.WithTokenStore(c.store)).Auth()
}

// TestTransportRefused: one refresh and one repeat, with the whole body.
func TestTransportRefused(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]io.Reader{
		"body": strings.NewReader(`{"name":"gopher"}`), "no body": nil, "empty body": http.NoBody, "taken away": strings.NewReader("body"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asCaller(t, func(t *testing.T, c *caller) {
				other := tokensRefused(c.old.AccessToken)
				events := testbed.EventsOf(c.auth)
				r := newRequest(t, c.url, body)
				if name == "taken away" {
					r.Body = nil // and GetBody is still there
				}
				status, said := send(t, c.auth.Transport(other), r)
				assert.Equal(t, http.StatusOK, status)
				assert.Equal(t, `{"result":"done"}`, said)
				fresh := testbed.Stored(t, c.store, testbed.DefaultKey)
				assert.Equal(t, []string{c.old.AccessToken, fresh.AccessToken}, other.bearers())
				assert.Equal(t, other.requests()[0].body, other.requests()[1].body)
				assert.Equal(t, 1, c.srv.Count("token"))
				assert.Equal(t, []tcbauth.Event{tcbauth.EventTokenRefreshed}, events())
				assert.Zero(t, other.open.Load(), "the refusal was closed")
				assert.Empty(t, r.Header)
			})
		})
	}
}

// TestTransportRefusedInTheEnd: the caller gets the 401 as it is, and another API's refusal does not end the session.
func TestTransportRefusedInTheEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare    func(t *testing.T, c *caller)
		request    func(r *http.Request)
		sent       int
		refreshes  int
		hasSession bool
	}{
		"a body that can be read once": {
			request: func(r *http.Request) { r.Body, r.GetBody = io.NopCloser(strings.NewReader("once")), nil },
			sent:    1, hasSession: true,
		},
		"a body that cannot be had again": {
			request: func(r *http.Request) {
				r.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("the file is gone") }
			},
			sent: 1, refreshes: 1, hasSession: true,
		},
		"refused again": {sent: 2, refreshes: 1, hasSession: true},
		"nothing to refresh with": {
			prepare: func(t *testing.T, c *caller) {
				require.NoError(t, c.auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: "T", ExpiresIn: 7200}))
			},
			sent: 1, hasSession: true,
		},
		"signed out elsewhere": {
			prepare: func(t *testing.T, c *caller) { require.NoError(t, c.elsewhere(t).SignOut(t.Context())) },
			sent:    1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asCaller(t, func(t *testing.T, c *caller) {
				if test.prepare != nil {
					test.prepare(t, c)
				}
				other := &api{answer: func(asked) testbed.Answer { return refusal() }}
				r := newRequest(t, c.url, strings.NewReader("body"))
				if test.request != nil {
					test.request(r)
				}
				resp, err := c.auth.Transport(other).RoundTrip(r)
				require.NoError(t, err)
				assert.Equal(t, "no", resp.Header.Get("X-Reason"))
				status, body := answered(t, resp)
				assert.Equal(t, http.StatusUnauthorized, status)
				assert.Equal(t, gatewayRefusal, body)
				assert.Len(t, other.requests(), test.sent)
				assert.Equal(t, test.refreshes, c.srv.Count("token"))
				assert.Equal(t, test.hasSession, testbed.Stored(t, c.store, testbed.DefaultKey) != nil)
				assert.Zero(t, other.open.Load())
			})
		})
	}
}

// TestTransportRefusesForAnotherReason: an API that refuses a brand-new token would refuse the next one too. Its 401s do not
// spend a refresh token each; what it refuses after the next refresh is another token.
func TestTransportRefusesForAnotherReason(t *testing.T) {
	t.Parallel()
	asCaller(t, func(t *testing.T, c *caller) {
		other := &api{answer: func(asked) testbed.Answer { return refusal() }}
		transport := c.auth.Transport(other)
		for i := range 3 {
			status, _ := send(t, transport, newRequest(t, c.url, nil))
			assert.Equal(t, http.StatusUnauthorized, status)
			assert.Equal(t, 1, c.srv.Count("token"), "after %d requests", i+1)
		}
		assert.Len(t, other.requests(), 4)
		_, err := c.auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		require.NoError(t, err)
		send(t, transport, newRequest(t, c.url, nil))
		assert.Equal(t, 3, c.srv.Count("token"))
	})
}

// TestTransportRefusedMany: all requests in flight are refused for the same token, which is replaced once.
func TestTransportRefusedMany(t *testing.T) {
	t.Parallel()
	const callers = 50
	asCaller(t, func(t *testing.T, c *caller) {
		other := tokensRefused(c.old.AccessToken)
		testbed.Slow(c.srv, "token", 1)
		client := testbed.HTTPClient(c.auth.Transport(other))
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				resp, err := client.Do(newRequest(t, c.url, strings.NewReader("body")))
				if assert.NoError(t, err) {
					status, _ := answered(t, resp)
					assert.Equal(t, http.StatusOK, status)
				}
			})
		}
		wg.Wait()
		assert.Equal(t, 1, c.srv.Count("token"))
		assert.Len(t, other.requests(), 2*callers)
		for _, r := range other.requests() {
			assert.Equal(t, "body", r.body)
		}
		assert.Zero(t, other.open.Load())
	})
}

// TestTransportReplacedElsewhere: what another process has refreshed already is not refreshed again.
func TestTransportReplacedElsewhere(t *testing.T) {
	t.Parallel()
	asCaller(t, func(t *testing.T, c *caller) {
		newer, err := c.elsewhere(t).RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		require.NoError(t, err)
		other := tokensRefused(c.old.AccessToken)
		status, _ := send(t, c.auth.Transport(other), newRequest(t, c.url, nil))
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, []string{c.old.AccessToken, newer.AccessToken}, other.bearers())
		assert.Equal(t, 1, c.srv.Count("token"), "the other's")
	})
}

// TestTransportRefusedLater: a fresh token that the API has accepted is refreshed again when it is refused later. What the
// second attempt fails with is the caller's.
func TestTransportRefusedLater(t *testing.T) {
	t.Parallel()
	asCaller(t, func(t *testing.T, c *caller) {
		refused, broken := map[string]bool{c.old.AccessToken: true}, error(nil)
		other := &api{answer: func(r asked) testbed.Answer {
			if refused[r.bearer] {
				return refusal()
			}
			return testbed.Answer{Status: http.StatusOK, Err: broken}
		}}
		transport := c.auth.Transport(other)
		send(t, transport, newRequest(t, c.url, nil))
		refused[testbed.Stored(t, c.store, testbed.DefaultKey).AccessToken] = true
		status, _ := send(t, transport, newRequest(t, c.url, nil))
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, 2, c.srv.Count("token"))

		refused[testbed.Stored(t, c.store, testbed.DefaultKey).AccessToken] = true
		broken = errors.New("connection reset by peer")
		resp, err := transport.RoundTrip(newRequest(t, c.url, nil))
		if err == nil {
			answered(t, resp)
		}
		assert.Equal(t, broken, err)
		assert.Zero(t, other.open.Load())
	})
}

// TestTransportReplacedInVain: what another process has put in its place is refused too, and refreshed by the next request.
func TestTransportReplacedInVain(t *testing.T) {
	t.Parallel()
	asCaller(t, func(t *testing.T, c *caller) {
		newer, err := c.elsewhere(t).RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		require.NoError(t, err)
		other := tokensRefused(c.old.AccessToken, newer.AccessToken)
		transport := c.auth.Transport(other)
		status, _ := send(t, transport, newRequest(t, c.url, nil))
		assert.Equal(t, http.StatusUnauthorized, status)
		assert.Len(t, other.requests(), 2)
		status, _ = send(t, transport, newRequest(t, c.url, nil))
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, 2, c.srv.Count("token"), "the other's, and one")
	})
}

// TestTransportOfSomebodyElse: while the API looks at one person's token, another person signs in. The request was not made
// in their name.
func TestTransportOfSomebodyElse(t *testing.T) {
	t.Parallel()
	for name, signIn := range map[string]func(t *testing.T, c *caller) *tcbauth.Credentials{
		"here": func(t *testing.T, c *caller) *tcbauth.Credentials { return testbed.SignInAs(t, c.auth, testbed.Badger) },
		"elsewhere": func(t *testing.T, c *caller) *tcbauth.Credentials {
			return testbed.SignInAs(t, c.elsewhere(t), testbed.Badger)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asCaller(t, func(t *testing.T, c *caller) {
				var second *tcbauth.Credentials
				other := &api{answer: func(asked) testbed.Answer {
					second = signIn(t, c)
					return refusal()
				}}
				status, body := send(t, c.auth.Transport(other), newRequest(t, c.url, strings.NewReader("Gopher's own words")))
				assert.Equal(t, http.StatusUnauthorized, status)
				assert.Equal(t, gatewayRefusal, body)
				assert.Equal(t, []string{c.old.AccessToken}, other.bearers())
				assert.Zero(t, c.srv.Count("token"))
				testbed.RequireSession(t, c.store, testbed.DefaultKey, second)
			})
		})
	}
}

// TestTransportRefreshFails: the error of the refresh says more than the 401: whether to sign in again, or to wait.
func TestTransportRefreshFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		refused authtest.Error
		want    error
		ended   bool
	}{
		"refused":     {authtest.Error{Code: "invalid_grant", Number: 4026}, tcbauth.ErrSessionExpired, true},
		"unavailable": {authtest.Error{Code: "unavailable"}, tcbauth.CodeUnavailable, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asCaller(t, func(t *testing.T, c *caller) {
				c.srv.Fault(authtest.Fault{Operation: "token", Times: 1, Error: &test.refused})
				other := tokensRefused(c.old.AccessToken)
				resp, err := testbed.HTTPClient(c.auth.Transport(other)).Do(newRequest(t, c.url, nil))
				if err == nil {
					answered(t, resp)
				}
				require.ErrorIs(t, err, test.want)
				assert.Equal(t, "RefreshSession", testbed.ErrorOf(t, err).Op)
				testbed.RequireNoTokens(t, err.Error(), c.old)
				assert.Len(t, other.requests(), 1)
				assert.Zero(t, other.open.Load())
				assert.Equal(t, test.ended, testbed.Stored(t, c.store, testbed.DefaultKey) == nil)
			})
		})
	}
}

// TestTransportCancelled: a request that is given up does not wait for the refresh, which goes on for the others.
func TestTransportCancelled(t *testing.T) {
	t.Parallel()
	asCaller(t, func(t *testing.T, c *caller) {
		testbed.Slow(c.srv, "token", 1)
		other := tokensRefused(c.old.AccessToken)
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		client := testbed.HTTPClient(c.auth.Transport(other))
		failed := testbed.Background(func() (string, error) {
			resp, err := client.Do(newRequest(t, c.url, nil).WithContext(ctx))
			if err == nil {
				answered(t, resp)
			}
			return "", err
		})
		cancel()
		require.ErrorIs(t, (<-failed).Err, context.Canceled)
		assert.Zero(t, time.Since(start))
		assert.Len(t, other.requests(), 1)
		assert.Zero(t, other.open.Load())

		status, _ := send(t, c.auth.Transport(other), newRequest(t, c.url, nil))
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, 1, c.srv.Count("token"))
		assert.NotEqual(t, c.old.AccessToken, testbed.Stored(t, c.store, testbed.DefaultKey).AccessToken)
	})
}

// TestTransportOfAVisitor: handles are made for each request, and share the session and its refresh.
func TestTransportOfAVisitor(t *testing.T) {
	t.Parallel()
	asCaller(t, func(t *testing.T, c *caller) {
		badgers := testbed.SignInAs(t, c.app.ForUser("badger"), testbed.Badger)
		other := tokensRefused(badgers.AccessToken)
		for range 3 {
			status, _ := send(t, c.app.ForUser("badger").Transport(other), newRequest(t, c.url, nil))
			assert.Equal(t, http.StatusOK, status)
		}
		fresh := testbed.Stored(t, c.store, testbed.KeyOf("badger")).AccessToken
		assert.Equal(t, []string{badgers.AccessToken, fresh, fresh, fresh}, other.bearers())
		assert.Equal(t, 1, c.srv.Count("token"))
		testbed.RequireSession(t, c.store, testbed.DefaultKey, c.old)
	})
}

type baseFunc func(r *http.Request) *http.Response

func (f baseFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

// TestTransportOfAScantyBase: what http.Client puts up with, in place of an answer or of its body, ends nobody's goroutine.
func TestTransportOfAScantyBase(t *testing.T) {
	t.Parallel()
	asCaller(t, func(t *testing.T, c *caller) {
		ask := func(base baseFunc) (*http.Response, error) {
			return (&http.Client{Transport: c.auth.Transport(base)}).Do(newRequest(t, c.url, nil))
		}
		resp, err := ask(func(*http.Request) *http.Response { return nil })
		if err == nil {
			answered(t, resp)
		}
		require.ErrorContains(t, err, "neither an answer nor an error")

		resp, err = ask(func(r *http.Request) *http.Response {
			if strings.HasSuffix(r.Header.Get("Authorization"), c.old.AccessToken) {
				return &http.Response{StatusCode: http.StatusUnauthorized}
			}
			return &http.Response{StatusCode: http.StatusNoContent}
		})
		require.NoError(t, err)
		status, body := answered(t, resp)
		assert.Equal(t, http.StatusNoContent, status)
		assert.Empty(t, body)
	})
}
