package wire

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func vesselClient(f roundTrip) *Client {
	return New(Config{
		BaseURL: "https://api.example.com/base", ClientID: "env", HTTPClient: &http.Client{Transport: f}, Timeout: time.Minute, MaxAttempts: 3,
		SDKVersion: "tcbauth/test",
	})
}

func good(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(`{"a":"b"}`)), ContentLength: 9}, nil
}

var vesselRequests = []Request{
	{Op: "Op", Method: http.MethodPost, Path: "v1/x", Body: map[string]string{"a": "b"}, RequestID: "post"},
	{Op: "Op", Method: http.MethodDelete, Path: "v1/x", Auth: Bearer, Token: "token", RequestID: "delete"},
	{Op: "Op", Method: http.MethodGet, Path: "v1/x", Query: url.Values{"q": {"1"}}, Repeatable: true, RequestID: "get"},
	{Op: "Op", Method: http.MethodGet, Path: "v1/x", Body: Empty{}, Auth: Basic, RequestID: "get with body"},
}

// What attempts rely on: resty sends what a copy of an empty request is, once, changes nothing that the copies share, and
// hands out the answer unread.
func TestVessel(t *testing.T) {
	t.Parallel()
	var carried []*http.Request
	c := vesselClient(func(r *http.Request) (*http.Response, error) {
		carried = append(carried, r)
		return good(r)
	})
	before := *c.vessel
	header := maps.Clone(c.vessel.Header)
	for _, req := range vesselRequests {
		_, err := Do[Empty](t.Context(), c, &req)
		require.NoError(t, err)
	}
	assert.Len(t, carried, len(vesselRequests))
	assert.Equal(t, before, *c.vessel)
	assert.Equal(t, header, c.vessel.Header)
	for _, shared := range []any{c.vessel.QueryParam, c.vessel.FormData, c.vessel.PathParams, c.vessel.RawPathParams, c.vessel.Cookies} {
		assert.Empty(t, shared)
	}
}

func TestRestyCarriesNothing(t *testing.T) {
	t.Parallel()
	var carried []*http.Request
	body := &watched{Reader: strings.NewReader("answer")}
	r := *newVessel(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		carried = append(carried, r)
		return &http.Response{StatusCode: http.StatusOK, Body: body}, nil
	})})
	at := &attempt{Context: t.Context()}
	resp, err := r.SetContext(at).Execute(http.MethodGet, "https://api.example.com/")
	require.NoError(t, err)
	require.Len(t, carried, 1)
	assert.Equal(t, http.MethodGet, carried[0].Method)
	assert.Nil(t, carried[0].Body)
	assert.Equal(t, http.Header{"User-Agent": {"tcbauth"}}, carried[0].Header)
	assert.Same(t, at, carried[0].Context().Value(attemptKey{}))
	assert.Zero(t, body.reads, "read by resty")
	require.NoError(t, resp.RawResponse.Body.Close())
}

func TestRestyTriesOnce(t *testing.T) {
	t.Parallel()
	calls := 0
	r := *newVessel(&http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		calls++
		return nil, io.ErrUnexpectedEOF
	})})
	_, err := r.SetContext(t.Context()).Execute(http.MethodGet, "https://api.example.com/")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, 1, calls)
}

type watched struct {
	io.Reader
	reads int
}

func (w *watched) Read(p []byte) (int, error) { w.reads++; return w.Reader.Read(p) }
func (w *watched) Close() error               { return nil }

// Calls at the same time share no part of a request. The race detector looks for more.
func TestAttemptsShareNothing(t *testing.T) {
	t.Parallel()
	c := vesselClient(func(r *http.Request) (*http.Response, error) {
		assert.Equal(t, "/base/auth/v1/x", r.URL.Path)
		id := r.Header.Get("X-Request-Id")
		r.URL.Path, r.Host = "/changed", "changed.example.com" // a bad habit of some transports
		r.Header.Set("X-Request-Id", "changed")
		r.Header.Set("User-Agent", "changed")
		r.Header.Set("Accept", "changed")
		switch id {
		case "post":
			assert.Equal(t, []string{"application/json"}, r.Header["Content-Type"])
			assert.EqualValues(t, 9, r.ContentLength)
		case "delete":
			assert.Equal(t, "Bearer token", r.Header.Get("Authorization"))
			assert.Empty(t, r.URL.RawQuery)
		case "get":
			assert.Equal(t, "q=1&client_id=env", r.URL.RawQuery)
		case "get with body":
			assert.Contains(t, r.Header.Get("Authorization"), "Basic ")
			assert.EqualValues(t, 2, r.ContentLength)
		default:
			assert.Fail(t, "a request of another call", id)
		}
		return good(r)
	})
	var all sync.WaitGroup
	for range 20 {
		for _, req := range vesselRequests {
			all.Go(func() {
				_, err := Do[Empty](t.Context(), c, &req)
				assert.NoError(t, err)
			})
		}
	}
	all.Wait()
	assert.Equal(t, []string{"application/json"}, jsonType)
	assert.Equal(t, []string{"tcbauth"}, userAgent)
}

//nolint:paralleltest // it counts what every goroutine allocates
func TestAllocationsOfARequest(t *testing.T) {
	c := vesselClient(good)
	for _, req := range vesselRequests {
		ctx := t.Context()
		allocs := testing.AllocsPerRun(100, func() {
			if _, err := Do[Empty](ctx, c, &req); err != nil {
				t.Error(err)
			}
		})
		assert.LessOrEqual(t, allocs, 45.0, "%s", req.RequestID)
		t.Log(req.RequestID, allocs)
	}
}
