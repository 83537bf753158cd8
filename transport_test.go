package tcbauth_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// api is another API of the environment, and any other host: it keeps what arrives and answers by a function.
type api struct {
	answer func(r asked) testbed.Answer // nil: 200

	mu   sync.Mutex
	seen []asked
	open atomic.Int32 // bodies of answers that are not closed
}

// asked is a request that arrived.
type asked struct {
	url, bearer, body string
	header            http.Header
}

func (p *api) RoundTrip(r *http.Request) (*http.Response, error) {
	got := asked{url: r.URL.String(), bearer: strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), header: r.Header.Clone()}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err := errors.Join(err, r.Body.Close()); err != nil {
			return nil, err
		}
		got.body = string(body)
	}
	p.mu.Lock()
	p.seen = append(p.seen, got)
	p.mu.Unlock()
	a := testbed.Reply(http.StatusOK, `{"result":"done"}`)
	if p.answer != nil {
		a = p.answer(got)
	}
	if a.Err != nil {
		return nil, a.Err
	}
	p.open.Add(1)
	body := &watched{Reader: strings.NewReader(a.Body), closed: func() { p.open.Add(-1) }}
	return &http.Response{StatusCode: a.Status, Header: a.Header, Body: body, ContentLength: -1, Request: r}, nil
}

func (p *api) requests() []asked {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]asked(nil), p.seen...)
}

// bearers are the tokens that arrived, in order.
func (p *api) bearers() (all []string) {
	for _, r := range p.requests() {
		all = append(all, r.bearer)
	}
	return all
}

// watched is a body that tells when it is closed for the first time.
type watched struct {
	io.Reader
	closed func()
	once   sync.Once
}

func (b *watched) Close() error {
	b.once.Do(b.closed)
	return nil
}

// watchedBody is a body that can be read once, and whether it was closed.
func watchedBody(text string) (body io.ReadCloser, closed *atomic.Bool) {
	closed = new(atomic.Bool)
	return &watched{Reader: strings.NewReader(text), closed: func() { closed.Store(true) }}, closed
}

func newRequest(t *testing.T, target string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, body)
	require.NoError(t, err)
	return r
}

// answered reads an answer to its end, and closes it.
func answered(t *testing.T, resp *http.Response) (status int, body string) {
	t.Helper()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode, string(text)
}

// send sends r through transport and returns the answer.
func send(t *testing.T, transport http.RoundTripper, r *http.Request) (status int, body string) {
	t.Helper()
	resp, err := transport.RoundTrip(r)
	require.NoError(t, err)
	assert.Same(t, r, resp.Request, "the copy's header has the token")
	return answered(t, resp)
}

const functionURL = "https://" + testbed.MethodEnv + ".api.tcloudbasegateway.com/v1/functions/hello"

// withSession is an Auth of somebody with the token plantedAccess, who is not asked for by anything but an API.
func withSession(t *testing.T, opts ...tcbauth.Option) *tcbauth.Auth {
	t.Helper()
	store := tcbauth.NewMemoryStore()
	auth, err := tcbauth.New(testbed.MethodEnv, append([]tcbauth.Option{
		tcbauth.WithTokenStore(store),
		tcbauth.WithHTTPClient(testbed.HTTPClient(&testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer {
			return testbed.Lost(errors.New("no server"))
		}})),
	}, opts...)...)
	require.NoError(t, err)
	testbed.PutSession(t, store, auth.BaseURL())
	return auth
}

// TestTransportLeavesRequestsAlone: a RoundTripper must not change what it is given.
func TestTransportLeavesRequestsAlone(t *testing.T) {
	t.Parallel()
	other := new(api)
	transport := withSession(t).Transport(other)

	r := newRequest(t, functionURL, strings.NewReader(`{"a":1}`))
	r.Header.Set("X-Mine", "1")
	before := r.Header.Clone()
	status, body := send(t, transport, r)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, `{"result":"done"}`, body)
	assert.Equal(t, before, r.Header)
	got := other.requests()[0]
	assert.Equal(t, `{"a":1}`, got.body)
	assert.Equal(t, http.Header{"X-Mine": {"1"}, "Authorization": {"Bearer " + testbed.PlantedAccess}}, got.header)

	for _, own := range []http.Header{
		{"Authorization": {"Basic Zm9vOmJhcg=="}}, {"Authorization": {}}, // none at all is a choice too
		{"authorization": {"Basic Zm9vOmJhcg=="}}, {"AUTHORIZATION": {}}, // as net/http sends what is spelled so
	} {
		r = newRequest(t, functionURL, nil)
		r.Header = own
		send(t, transport, r)
		requests := other.requests()
		assert.Equal(t, own, requests[len(requests)-1].header)
	}
	target, err := url.Parse(functionURL)
	require.NoError(t, err)
	send(t, transport, &http.Request{Method: http.MethodGet, URL: target})
	requests := other.requests()
	assert.Equal(t, testbed.PlantedAccess, requests[len(requests)-1].bearer, "without a header map")
	resp, err := withSession(t).Transport(new(http.Transport)).RoundTrip(&http.Request{Method: http.MethodGet, Header: http.Header{}})
	if err == nil {
		answered(t, resp)
	}
	require.ErrorContains(t, err, "nil Request.URL", "the base knows what to do with it")
	assert.Zero(t, other.open.Load())
}

// TestTransportWithoutAToken: nothing is sent, the body is closed, and the error says why.
func TestTransportWithoutAToken(t *testing.T) {
	t.Parallel()
	done, cancel := context.WithCancel(t.Context())
	cancel()
	nobody, err := tcbauth.NewApp(testbed.MethodEnv)
	require.NoError(t, err)
	for name, test := range map[string]struct {
		auth *tcbauth.Auth
		ctx  context.Context
		want error
	}{
		"nobody":        {nobody.Auth(), t.Context(), tcbauth.ErrNoSession},
		"no user key":   {nobody.ForUser(""), t.Context(), tcbauth.ErrInvalidParams},
		"no bare token": {nobody.ForToken(""), t.Context(), tcbauth.ErrNoSession},
		"done context":  {withSession(t), done, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := new(api)
			client := &http.Client{Transport: test.auth.Transport(other)}
			body, closed := watchedBody("body")
			resp, err := client.Do(newRequest(t, functionURL, body).WithContext(test.ctx))
			if err == nil {
				answered(t, resp)
			}
			require.ErrorIs(t, err, test.want)
			e := testbed.ErrorOf(t, err)
			assert.Equal(t, "Transport", e.Op)
			assert.True(t, closed.Load())
			assert.Empty(t, other.requests())

			resp, err = client.Transport.RoundTrip(newRequest(t, functionURL, nil).WithContext(test.ctx)) // which has no body to close
			if err == nil {
				answered(t, resp)
			}
			require.ErrorIs(t, err, test.want)

			send(t, test.auth.Transport(other), newRequest(t, "https://elsewhere.example/", nil))
			assert.Len(t, other.requests(), 1, "other hosts need no token")
		})
	}
}

// TestTransportTokens: whose token goes out, and that a refused one which is no session's is not replaced.
func TestTransportTokens(t *testing.T) {
	t.Parallel()
	app, err := tcbauth.NewApp(testbed.MethodEnv, tcbauth.WithAccessKey(testbed.PlantedKey))
	require.NoError(t, err)
	publishableKey := testbed.MadeUpToken(`{"alg":"RS256"}`, `{"sub":"anon","meta":{"platform":"PublishableKey"}}`)
	publishable, err := tcbauth.NewApp(testbed.MethodEnv, tcbauth.WithAccessKey(publishableKey))
	require.NoError(t, err)
	for name, test := range map[string]struct {
		auth *tcbauth.Auth
		want string
	}{
		"access key":               {app.Auth(), testbed.PlantedKey},
		"visitor's access key":     {publishable.ForUser("visitor"), publishableKey},
		"bare token":               {app.ForToken("bare-token"), "bare-token"},
		"session before the key":   {withSession(t, tcbauth.WithAccessKey(testbed.PlantedKey)), testbed.PlantedAccess},
		"session without that key": {withSession(t), testbed.PlantedAccess},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const refusal = `{"code":"INVALID_CREDENTIALS","message":"no","requestId":"r"}`
			other := &api{answer: func(r asked) testbed.Answer {
				if r.bearer == testbed.PlantedAccess {
					return testbed.Reply(http.StatusOK, refusal)
				}
				return testbed.Reply(http.StatusUnauthorized, refusal)
			}}
			_, body := send(t, test.auth.Transport(other), newRequest(t, functionURL, strings.NewReader("body")))
			assert.Equal(t, refusal, body)
			assert.Equal(t, []string{test.want}, other.bearers())
		})
	}
}

// TestTransportRefreshesFirst: an expired token is not sent.
func TestTransportRefreshesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		old := testbed.SignInAs(t, auth, testbed.Gopher)
		srv.Advance(2 * time.Hour)
		other := new(api)
		send(t, auth.Transport(other), newRequest(t, srv.URL+"/v1/functions/hello", nil))
		fresh, err := auth.GetAccessToken(t.Context())
		require.NoError(t, err)
		assert.NotEqual(t, old.AccessToken, fresh)
		assert.Equal(t, []string{fresh}, other.bearers())
		assert.Equal(t, 1, srv.Count("token"))
	})
}

// TestTransportBase: what the base fails with is the caller's, and its idle connections are too.
func TestTransportBase(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset by peer")
	base := &idle{api: api{answer: func(asked) testbed.Answer { return testbed.Lost(broken) }}}
	transport := withSession(t).Transport(base)
	resp, err := transport.RoundTrip(newRequest(t, functionURL, nil))
	if err == nil {
		answered(t, resp)
	}
	assert.Equal(t, broken, err)
	assert.Len(t, base.requests(), 1)
	(&http.Client{Transport: transport}).CloseIdleConnections()
	assert.True(t, base.closed)
	(&http.Client{Transport: withSession(t).Transport(new(api))}).CloseIdleConnections() // which has none
}

type idle struct {
	api
	closed bool
}

func (i *idle) CloseIdleConnections() { i.closed = true }

// Without a base it is http.DefaultTransport, over a real connection here.
func TestTransportWithoutABase(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Got", r.Header.Get("Authorization"))
	}))
	t.Cleanup(server.Close)
	client := &http.Client{Transport: withSession(t, tcbauth.WithBaseURL(server.URL)).Transport(nil)}
	resp, err := client.Do(newRequest(t, server.URL, strings.NewReader("body")))
	require.NoError(t, err)
	answered(t, resp)
	assert.Equal(t, "Bearer "+testbed.PlantedAccess, resp.Header.Get("X-Got"))
}

//nolint:paralleltest // http.DefaultTransport is the whole process's
func TestTransportLooksUpTheDefault(t *testing.T) {
	transport := withSession(t).Transport(nil)
	httpmock.Activate(t)
	httpmock.RegisterResponder(http.MethodPost, functionURL, httpmock.NewStringResponder(http.StatusOK, "mocked"))
	_, body := send(t, transport, newRequest(t, functionURL, nil))
	assert.Equal(t, "mocked", body)
}
