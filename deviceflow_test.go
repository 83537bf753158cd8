package tcbauth_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// Everything here waits on the bubble's clock: srv.Now is that clock as long as nobody calls Advance.

// newDevice begins a sign-in on a device that shows a code.
func newDevice(t *testing.T, auth *tcbauth.Auth) *tcbauth.DeviceAuthorizeResponse {
	t.Helper()
	code, err := auth.DeviceAuthorize(t.Context(), tcbauth.DeviceAuthorizeRequest{})
	require.NoError(t, err)
	require.NotEmpty(t, code.UserCode)
	require.Contains(t, code.VerificationURIComplete, code.UserCode)
	require.Equal(t, 600, code.ExpiresIn)
	require.Equal(t, 5, code.Interval)
	return code
}

// polling polls as a device does that takes the server's answer as it is, but for the interval.
func polling(code *tcbauth.DeviceAuthorizeResponse, interval int) tcbauth.PollDeviceTokenRequest {
	return tcbauth.PollDeviceTokenRequest{DeviceCode: code.DeviceCode, Interval: interval, ExpiresIn: code.ExpiresIn}
}

// pauses returns the time before each poll, the first counted from start.
func pauses(srv *authtest.Server, start time.Time) (all []time.Duration) {
	for _, r := range srv.Requests() {
		if r.Operation == "token" {
			all = append(all, r.Time.Sub(start))
			start = r.Time
		}
	}
	return all
}

func seconds(all ...int) (durations []time.Duration) {
	for _, s := range all {
		durations = append(durations, time.Duration(s)*time.Second)
	}
	return durations
}

// The link of the answer leads to a page whose form lets the device in, and names the user who approved.
func TestDeviceLoginByThePage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		code := newDevice(t, auth)
		time.AfterFunc(7*time.Second, func() {
			form := url.Values{"user_code": {code.UserCode}, "login": {testbed.Gopher}, "do": {"approve"}}
			resp, err := srv.Client().PostForm(code.VerificationURIComplete, form) //nolint:noctx // it ends with the bubble
			if assert.NoError(t, err) {
				assert.Equal(t, http.StatusOK, resp.StatusCode)
				assert.NoError(t, resp.Body.Close())
			}
		})
		state, err := auth.PollDeviceToken(t.Context(), polling(code, code.Interval))
		require.NoError(t, err)
		assert.Equal(t, testbed.Gopher, state.User.Username)
	})
}

// TestPollDeviceToken is RFC 8628 from its beginning to its end, with the person at another screen.
func TestPollDeviceToken(t *testing.T) {
	t.Parallel()
	refusal := func(code string) *authtest.Error { return &authtest.Error{Code: code} }
	for name, test := range map[string]struct {
		interval int
		faults   []authtest.Fault // of the first polls
		decide   time.Duration    // when the person does
		want     []time.Duration
	}{
		"at once":         {5, nil, time.Second, seconds(5)},
		"pending":         {5, nil, 12 * time.Second, seconds(5, 5, 5)},
		"server's choice": {0, nil, 7 * time.Second, seconds(5, 5)},
		// The emulator says slow_down to whoever asks twice within the interval that it has in mind, which grows too.
		"too fast":          {1, nil, 4 * time.Second, seconds(1, 1, 6)},
		"slow_down, always": {5, []authtest.Fault{{Times: 3, Error: refusal("slow_down")}}, time.Second, seconds(5, 10, 15, 20)},
		"connection lost": {
			5, []authtest.Fault{{Times: 2, Close: authtest.BeforeCommit}}, time.Second, seconds(5, 10, 20),
		},
		"not available": {5, []authtest.Fault{{Times: 1, Error: refusal("unavailable")}}, time.Second, seconds(5, 10)},
		"too many":      {5, []authtest.Fault{{Times: 1, Error: refusal("resource_exhausted")}}, time.Second, seconds(5, 10)},
		"answer cut": {
			5, []authtest.Fault{{Times: 1, Body: authtest.CutBody}, {Times: 1, Error: refusal("authorization_pending")}},
			58 * time.Second, seconds(5, 10, 5, 5, 5, 5, 5, 5, 5, 5, 5),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := tcbauth.NewMemoryStore()
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				events := testbed.EventsOf(auth)
				code := newDevice(t, auth)
				for _, fault := range test.faults {
					fault.Operation = "token"
					srv.Fault(fault)
				}
				time.AfterFunc(test.decide, func() { srv.ApproveDevice(code.UserCode, testbed.GopherSub) })
				start := srv.Now()
				state, err := auth.PollDeviceToken(t.Context(), polling(code, test.interval))
				require.NoError(t, err)
				require.NoError(t, state.UserErr)
				assert.Equal(t, testbed.Gopher, state.User.Username)
				assert.Equal(t, test.want, pauses(srv, start))
				testbed.RequireSession(t, store, testbed.DefaultKey, state.Credentials)
				testbed.RequireToken(t, auth, state.Credentials.AccessToken)
				assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedIn}, events())
			})
		})
	}
}

// TestPollDeviceTokenEnds: polling ends when there is nothing to wait for any more, and an earlier session stays.
func TestPollDeviceTokenEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		poll   func(*tcbauth.PollDeviceTokenRequest)
		during func(t *testing.T, srv *authtest.Server, userCode string)
		want   error
		after  time.Duration
		polls  int
	}{
		"denied": {
			nil, func(t *testing.T, srv *authtest.Server, userCode string) {
				time.AfterFunc(6*time.Second, func() { srv.DenyDevice(userCode) })
			},
			tcbauth.CodeAccessDenied, 10 * time.Second, 2,
		},
		"expired, by the server": {
			func(r *tcbauth.PollDeviceTokenRequest) { r.ExpiresIn = 0 }, nil, tcbauth.CodeExpiredToken, 600 * time.Second, 120,
		},
		"expired, by ExpiresIn": {
			func(r *tcbauth.PollDeviceTokenRequest) { r.ExpiresIn = 12 }, nil, tcbauth.CodeExpiredToken, 12 * time.Second, 2,
		},
		"expired, before the first poll": {
			func(r *tcbauth.PollDeviceTokenRequest) { r.ExpiresIn = 3 }, nil, tcbauth.CodeExpiredToken, 3 * time.Second, 0,
		},
		"unknown code": {
			func(r *tcbauth.PollDeviceTokenRequest) { r.DeviceCode = "unknown" }, nil, tcbauth.CodeInvalidGrant, 5 * time.Second, 1,
		},
		"server broken for good": {
			nil, func(t *testing.T, srv *authtest.Server, _ string) {
				srv.Fault(authtest.Fault{Operation: "token", Error: &authtest.Error{Code: "internal"}})
			},
			tcbauth.CodeExpiredToken, 600 * time.Second, 12,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := tcbauth.NewMemoryStore()
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				before := testbed.SignInAs(t, auth, testbed.Badger)
				events := testbed.EventsOf(auth)
				code := newDevice(t, auth)
				req := polling(code, 0)
				if test.poll != nil {
					test.poll(&req)
				}
				if test.during != nil {
					test.during(t, srv, code.UserCode)
				}
				start := time.Now()
				_, err := auth.PollDeviceToken(t.Context(), req)
				require.ErrorIs(t, err, test.want)
				e := testbed.ErrorOf(t, err)
				assert.Equal(t, "PollDeviceToken", e.Op)
				assert.NotContains(t, err.Error(), code.DeviceCode)
				assert.Equal(t, test.after, time.Since(start))
				assert.Equal(t, test.polls, srv.Count("token"))
				testbed.RequireSession(t, store, testbed.DefaultKey, before)
				assert.Empty(t, events())
			})
		})
	}
}

// TestPollDeviceTokenCancelled ends at once: between two polls, and while one is under way.
func TestPollDeviceTokenCancelled(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ cancel, delay time.Duration }{
		"before the first poll": {2 * time.Second, 0},
		"between two polls":     {7 * time.Second, 0},
		"during a poll":         {6 * time.Second, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				auth := testbed.NewApp(t, srv).Auth()
				code := newDevice(t, auth)
				if test.delay > 0 {
					srv.Fault(authtest.Fault{Operation: "token", Delay: test.delay})
				}
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(test.cancel, cancel)
				start := time.Now()
				_, err := auth.PollDeviceToken(ctx, polling(code, 5))
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, tcbauth.CodeUnreachable)
				assert.Equal(t, test.cancel, time.Since(start))
				polls := srv.Count("token")
				<-time.After(time.Minute)
				assert.Equal(t, polls, srv.Count("token"), "nobody polls any more")
				testbed.RequireNobody(t, auth)
			})
		})
	}
}

// TestPollDeviceTokenOffline: a device that has lost its network asks less and less often, and is signed in when it is
// back.
func TestPollDeviceTokenOffline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		wire := testbed.NewTap(srv)
		auth := testbed.NewApp(t, srv, wire.Client()).Auth()
		code := newDevice(t, auth)
		wire.Unplugged(true)
		time.AfterFunc(30*time.Second, func() {
			srv.ApproveDevice(code.UserCode, testbed.GopherSub)
			wire.Unplugged(false)
		})
		start := time.Now()
		state, err := auth.PollDeviceToken(t.Context(), polling(code, 5))
		require.NoError(t, err)
		assert.Equal(t, testbed.GopherSub, state.User.Sub)
		assert.Less(t, time.Since(start), 2*time.Minute)
		assert.Equal(t, 1, srv.Count("token"))
	})
}

// TestPollDeviceTokenWithoutAnAnswer: a request that the server may have seen is still followed by another poll, which
// finds out.
func TestPollDeviceTokenWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const session = `{"token_type":"Bearer","access_token":"a","refresh_token":"r","expires_in":7200,"sub":"1"}`
		p := &testbed.Peer{Answer: func(n int, r testbed.Arrived) testbed.Answer {
			switch {
			case n == 0:
				return testbed.Lost(&net.OpError{Op: "read", Err: errors.New("connection reset by peer")})
			case n == 1:
				return testbed.Reply(http.StatusBadGateway, "<html>")
			case r.Method == http.MethodGet:
				return testbed.Reply(http.StatusOK, `{"sub":"1"}`)
			}
			return testbed.Reply(http.StatusOK, session)
		}}
		auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
		start := time.Now()
		_, err := auth.PollDeviceToken(t.Context(), tcbauth.PollDeviceTokenRequest{DeviceCode: "d", Interval: 1})
		require.NoError(t, err)
		var at []time.Duration
		for _, r := range p.Requests() {
			at = append(at, r.At.Sub(start))
		}
		assert.Equal(t, seconds(1, 3, 7, 7), at)
	})
}

// TestPollDeviceTokenMissesPolls: what is no verdict on the device code is a poll that was missed, and the next one finds
// out. A rate limit makes the device ask less often for good.
func TestPollDeviceTokenMissesPolls(t *testing.T) {
	t.Parallel()
	const page = "<html><body>Please sign in to this network</body></html>"
	reset := &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	for name, test := range map[string]struct {
		missed testbed.Answer
		want   []time.Duration // of the polls, with two missed, one pending and one that brings the session
	}{
		"503 with a page":             {testbed.Reply(http.StatusServiceUnavailable, page), seconds(5, 15, 35, 40)},
		"502 with a page":             {testbed.Reply(http.StatusBadGateway, page), seconds(5, 15, 35, 40)},
		"500 with a page":             {testbed.Reply(http.StatusInternalServerError, page), seconds(5, 15, 35, 40)},
		"500 with nothing":            {testbed.Reply(http.StatusInternalServerError, ""), seconds(5, 15, 35, 40)},
		"500, the service's":          {testbed.Reply(http.StatusInternalServerError, `{"error":"internal","error_code":13}`), seconds(5, 15, 35, 40)},
		"500, the gateway's":          {testbed.Reply(http.StatusInternalServerError, `{"code":"SYS_ERR","message":"system error"}`), seconds(5, 15, 35, 40)},
		"504, the gateway's":          {testbed.Reply(http.StatusGatewayTimeout, `{"code":"SERVER_TIMEOUT","message":"timeout"}`), seconds(5, 15, 35, 40)},
		"400, the service failed":     {testbed.Reply(http.StatusBadRequest, `{"error":"unavailable","error_code":14}`), seconds(5, 15, 35, 40)},
		"408 with nothing":            {testbed.Reply(http.StatusRequestTimeout, ""), seconds(5, 15, 35, 40)},
		"a portal's page":             {testbed.Reply(http.StatusOK, page), seconds(5, 15, 35, 40)},
		"a portal's JSON":             {testbed.Reply(http.StatusOK, `{"portal":"https://example.com"}`), seconds(5, 15, 35, 40)},
		"a portal's redirect":         {testbed.Reply(http.StatusFound, ""), seconds(5, 15, 35, 40)},
		"a portal's refusal":          {testbed.Reply(http.StatusNetworkAuthenticationRequired, page), seconds(5, 15, 35, 40)},
		"a proxy's refusal":           {testbed.Reply(http.StatusForbidden, page), seconds(5, 15, 35, 40)},
		"the connection breaks":       {testbed.Lost(reset), seconds(5, 15, 35, 40)},
		"429 with a page":             {testbed.Reply(http.StatusTooManyRequests, page), seconds(5, 15, 30, 45)},
		"429, the gateway's":          {testbed.Reply(http.StatusTooManyRequests, `{"code":"EXCEED_RATELIMIT"}`), seconds(5, 15, 30, 45)},
		"a rate limit, the service's": {testbed.Reply(http.StatusBadRequest, `{"error":"resource_exhausted","error_code":8}`), seconds(5, 15, 30, 45)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				answers := []testbed.Answer{
					test.missed, test.missed, testbed.Reply(http.StatusBadRequest, `{"error":"authorization_pending"}`),
					testbed.Reply(http.StatusOK, `{"token_type":"Bearer","access_token":"a","refresh_token":"r","expires_in":7200,"sub":"1"}`),
				}
				p := &testbed.Peer{Answer: func(n int, r testbed.Arrived) testbed.Answer {
					if r.Method == http.MethodGet {
						return testbed.Reply(http.StatusOK, `{"sub":"1"}`)
					}
					return answers[n]
				}}
				auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
				start := time.Now()
				_, err := auth.PollDeviceToken(t.Context(), tcbauth.PollDeviceTokenRequest{DeviceCode: "d", ExpiresIn: 600})
				require.NoError(t, err)
				var at []time.Duration
				for _, r := range p.Requests() {
					if r.Method == http.MethodPost {
						at = append(at, r.At.Sub(start))
					}
				}
				assert.Equal(t, test.want, at)
			})
		})
	}
}

// TestPollDeviceTokenVerdicts: what the server says about the request itself ends the polling at once, whatever the status.
func TestPollDeviceTokenVerdicts(t *testing.T) {
	t.Parallel()
	for code, status := range map[string]int{
		"access_denied": http.StatusBadRequest, "expired_token": http.StatusBadRequest, "invalid_grant": http.StatusBadRequest,
		"invalid_request": http.StatusBadRequest, "invalid_client": http.StatusUnauthorized, "invalid_scope": http.StatusBadRequest,
		"unauthorized_client": http.StatusForbidden, "unsupported_grant_type": http.StatusBadRequest,
		"invalid_argument": http.StatusBadRequest, "not_found": http.StatusNotFound,
		"Access_Denied": http.StatusInternalServerError, "EXPIRED_TOKEN": http.StatusOK,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer {
					return testbed.Reply(status, `{"error":"`+code+`","error_description":"network timeout"}`)
				}}
				auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
				start := time.Now()
				_, err := auth.PollDeviceToken(t.Context(), tcbauth.PollDeviceTokenRequest{DeviceCode: "d", ExpiresIn: 600})
				require.ErrorIs(t, err, tcbauth.Code(strings.ToLower(code)))
				assert.Equal(t, 5*time.Second, time.Since(start))
				assert.Len(t, p.Requests(), 1)
			})
		})
	}
}

// TestAuthorizeDevice: whoever is signed in elsewhere lets the device act for them.
func TestAuthorizeDevice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		device, phone := testbed.NewApp(t, srv).Auth(), testbed.NewApp(t, srv).Auth()
		code := newDevice(t, device)
		err := phone.AuthorizeDevice(t.Context(), tcbauth.AuthorizeDeviceRequest{UserCode: code.UserCode})
		require.ErrorIs(t, err, tcbauth.ErrNoSession)
		there := testbed.SignInAs(t, phone, testbed.Badger)
		err = phone.AuthorizeDevice(t.Context(), tcbauth.AuthorizeDeviceRequest{UserCode: "WRNG-CODE"})
		require.ErrorIs(t, err, tcbauth.CodeNotFound)
		require.NoError(t, phone.AuthorizeDevice(t.Context(), tcbauth.AuthorizeDeviceRequest{UserCode: code.UserCode}))

		state, err := device.PollDeviceToken(t.Context(), polling(code, 0))
		require.NoError(t, err)
		assert.Equal(t, testbed.Badger, state.User.Username)
		assert.NotEqual(t, there.AccessToken, state.Credentials.AccessToken, "a session of its own")
		require.NoError(t, device.SignOut(t.Context()))
		_, err = testbed.GetMe(t, phone)
		require.NoError(t, err)
	})
}
