package wire_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// script answers requests in order, the last answer over and over.
type script struct {
	answers []said

	mu  sync.Mutex
	at  []time.Time
	ids []string
}

// said is one answer of a script.
type said struct {
	status  int
	body    string
	headers []string
	length  int64 // announced, 0: not
	err     error
	silent  bool                // until the request is given up
	stuck   bool                // after the header
	readErr error               // of the body
	heard   func(*http.Request) // is shown the request
}

func says(status int, body string, headers ...string) said {
	return said{status: status, body: body, headers: headers}
}

func fails(err error) said { return said{err: err} }

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	a := s.answers[min(len(s.at), len(s.answers)-1)]
	s.at, s.ids = append(s.at, time.Now()), append(s.ids, r.Header.Get("X-Request-Id"))
	s.mu.Unlock()
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
	}
	if a.heard != nil {
		a.heard(r)
	}
	if a.silent {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if a.err != nil {
		return nil, a.err
	}
	resp := &http.Response{
		StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a.body)), ContentLength: cmp.Or(a.length, -1),
	}
	for i := 0; i+1 < len(a.headers); i += 2 {
		resp.Header.Set(a.headers[i], a.headers[i+1])
	}
	if a.readErr != nil {
		resp.Body = io.NopCloser(iotest.ErrReader(a.readErr))
	}
	if a.stuck {
		resp.Body = hangingBody{r.Context()}
	}
	return resp, nil
}

func (s *script) sent() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

func newClient(rt http.RoundTripper) *wire.Client { return newClientOf(&http.Client{Transport: rt}) }

func newClientOf(hc *http.Client) *wire.Client {
	return wire.New(wire.Config{
		BaseURL: "https://api.example.com", ClientID: "env", ClientSecret: "planted-client-secret",
		HTTPClient: hc, Timeout: 5 * time.Second, MaxAttempts: 3, SDKVersion: "tcbauth/test",
	})
}

var (
	post = wire.Request{Op: "Op", Method: http.MethodPost, Path: "v1/verification", Body: map[string]string{"a": "b"}, RequestID: "id"}
	get  = wire.Request{Op: "Op", Method: http.MethodGet, Path: "v1/user/me", RequestID: "id", Repeatable: true}
)

type value struct {
	A string `json:"a"`
}

// failure returns the Failure of a call that must fail.
func failure(t *testing.T, err error) *wire.Failure {
	t.Helper()
	require.Error(t, err)
	f, ok := errors.AsType[*wire.Failure](err)
	require.True(t, ok, "%T", err)
	return f
}

func TestRepeats(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Err: errors.New("refused")}
	lost := errors.New("connection reset by peer")
	unavailable := `{"error":"unavailable"}`
	tests := map[string]struct {
		first said
		post  int // requests, when all are answered like the first
		get   int
	}{
		"dial":                      {fails(refused), 3, 3},
		"dial, wrapped":             {fails(fmt.Errorf("x: %w", refused)), 3, 3},
		"DNS":                       {fails(&net.DNSError{Err: "no such host"}), 3, 3},
		"lost":                      {fails(lost), 1, 3},
		"EOF":                       {fails(io.EOF), 1, 3},
		"read":                      {fails(&net.OpError{Op: "read", Err: lost}), 1, 3},
		"write":                     {fails(&net.OpError{Op: "write", Err: lost}), 1, 3},
		"hangs":                     {said{silent: true}, 1, 3},
		"certificate":               {fails(&tls.CertificateVerificationError{Err: errors.New("x")}), 1, 1},
		"certificate while dialing": {fails(&net.OpError{Op: "dial", Err: x509.UnknownAuthorityError{}}), 1, 1},
		"unknown authority":         {fails(x509.UnknownAuthorityError{}), 1, 1},
		"other host's certificate":  {fails(x509.HostnameError{Certificate: new(x509.Certificate), Host: "x"}), 1, 1},
		"expired certificate":       {fails(x509.CertificateInvalidError{Reason: x509.Expired}), 1, 1},
		"429":                       {says(429, "slow down"), 1, 3},
		"429 in the server's":       {says(429, `{"error":"resource_exhausted"}`), 1, 3},
		"502":                       {says(502, "x"), 1, 3},
		"503":                       {says(503, "x"), 1, 3},
		"504":                       {says(504, "x"), 1, 3},
		"503 in the server's":       {says(503, unavailable), 1, 3},
		"500":                       {says(500, unavailable), 1, 1},
		"501":                       {says(501, "x"), 1, 1},
		"400":                       {says(400, unavailable), 1, 1},
		"401":                       {says(401, `{"error":"unauthenticated"}`), 1, 1},
		"200 with an error":         {says(200, unavailable), 1, 1},
		"307":                       {says(307, "", "Location", "https://elsewhere.example"), 1, 1},
		"not JSON":                  {says(200, "x"), 1, 1},
		"cut":                       {said{status: 200, body: `{"a":`, length: 100}, 1, 3},
		"good":                      {says(200, `{"a":"b"}`), 1, 1},
	}
	for name, tt := range tests {
		for method, want := range map[string]int{http.MethodPost: tt.post, http.MethodGet: tt.get} {
			t.Run(name+"/"+method, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := &script{answers: []said{tt.first}}
					req := post
					if method == http.MethodGet {
						req = get
					}
					out, err := wire.Do[value](t.Context(), newClient(s), new(req))
					assert.Len(t, s.sent(), want)
					for _, id := range s.ids {
						assert.Equal(t, "id", id)
					}
					if name == "good" {
						require.NoError(t, err)
						assert.Equal(t, "b", out.A)
						return
					}
					f := failure(t, err)
					assert.Nil(t, out)
					if method == http.MethodPost && (want == 3 || strings.Contains(name, "certificate")) {
						assert.NotErrorIs(t, f, wire.ErrOutcomeUnknown, "nothing was sent")
					}
				})
			})
		}
	}
}

func TestRepeatSucceeds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []said{
			fails(&net.OpError{Op: "dial", Err: errors.New("refused")}), says(200, `{"a":"b"}`),
		}}
		out, err := wire.Do[value](t.Context(), newClient(s), new(post))
		require.NoError(t, err)
		assert.Equal(t, "b", out.A)
		assert.Len(t, s.sent(), 2)
	})
}

// Nothing was sent at first; what comes after may have been.
func TestRepeatEndsWithLostReply(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []said{
			fails(&net.OpError{Op: "dial", Err: errors.New("refused")}), fails(io.ErrUnexpectedEOF),
		}}
		_, err := wire.Do[value](t.Context(), newClient(s), new(post))
		require.ErrorIs(t, failure(t, err), wire.ErrOutcomeUnknown)
		assert.Len(t, s.sent(), 2)
	})
}

func TestRepeatHonoursRetryAfter(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		headers  []string
		body     string
		requests int
		pause    time.Duration // the least
	}{
		"shorter than ours": {[]string{"Retry-After", "0"}, "x", 3, 500 * time.Millisecond},
		"5 s":               {[]string{"Retry-After", "5"}, "x", 3, 5 * time.Second},
		"8 s":               {[]string{"Retry-After", "8"}, "x", 3, 8 * time.Second},
		"9 s":               {[]string{"Retry-After", "9"}, "x", 1, 0},
		"huge":              {[]string{"Retry-After", "99999999999"}, "x", 1, 0},
		"larger than all":   {[]string{"Retry-After", "99999999999999999999999"}, "x", 1, 0},
		"far date":          {[]string{"Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"}, "x", 1, 0},
		"negative":          {[]string{"Retry-After", "-1"}, "x", 3, 500 * time.Millisecond},
		"garbage":           {[]string{"Retry-After", "soon"}, "x", 3, 500 * time.Millisecond},
		"date":              {[]string{"Retry-After", "Sat, 01 Jan 2000 00:00:06 GMT", "Date", "Sat, 01 Jan 2000 00:00:00 GMT"}, "x", 3, 6 * time.Second},
		"date of a server whose clock is wrong": {
			[]string{"Retry-After", "Sat, 01 Jan 2050 00:00:06 GMT", "Date", "Sat, 01 Jan 2050 00:00:00 GMT"}, "x", 3, 6 * time.Second,
		},
		"body":                  {nil, `{"error":"unavailable","retry_after":4}`, 3, 4 * time.Second},
		"body, huge":            {nil, `{"error":"unavailable","retry_after":99999999999}`, 1, 0},
		"body, larger than all": {nil, `{"error":"unavailable","retry_after":1e999}`, 1, 0},
		"body, 9 s":             {nil, `{"error":"unavailable","retryAfter":9}`, 1, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: []said{says(503, tt.body, tt.headers...)}}
				_, err := wire.Do[value](t.Context(), newClient(s), new(get))
				assert.Equal(t, 503, failure(t, err).StatusCode)
				at := s.sent()
				require.Len(t, at, tt.requests)
				for i := 1; i < len(at); i++ {
					assert.GreaterOrEqual(t, at[i].Sub(at[i-1]), tt.pause)
					assert.LessOrEqual(t, at[i].Sub(at[i-1]), max(tt.pause, 2*time.Second))
				}
			})
		})
	}
}

func TestContextEndsWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []said{says(503, "x", "Retry-After", "8")}}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		_, err := wire.Do[value](ctx, newClient(s), new(get))
		assert.Equal(t, 503, failure(t, err).StatusCode, "what is known is told")
		assert.Equal(t, 3*time.Second, time.Since(start))
		assert.Len(t, s.sent(), 1)
	})
}

type hangingBody struct{ ctx context.Context }

func (b hangingBody) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}

func (hangingBody) Close() error { return nil }

// An error of another http.Client inside the transport has the URL in its text, which may hold a token.
func TestURLsAreNotInErrors(t *testing.T) {
	t.Parallel()
	inner := &url.Error{Op: "Get", URL: "https://api.example.com/?token=planted", Err: errors.New("reset")}
	for name, err := range map[string]error{"plain": errors.New("reset"), "inner client": inner, "wrapped": fmt.Errorf("proxy: %w", inner)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := post
			req.Query = url.Values{"token": {"planted"}}
			s := &script{answers: []said{fails(err)}}
			_, err := wire.Do[value](t.Context(), newClient(s), new(req))
			f := failure(t, err)
			assert.NotContains(t, f.Error()+f.Err.Error(), "planted")
		})
	}
}

// A redirect whose Location is no URL is a redirect like any other.
func TestRedirectWithBadLocation(t *testing.T) {
	t.Parallel()
	s := &script{answers: []said{says(307, "", "Location", "https://[::1/?token=planted")}}
	_, err := wire.Do[value](t.Context(), newClient(s), new(post))
	f := failure(t, err)
	assert.NotContains(t, f.Err.Error(), "planted")
	assert.Equal(t, 307, f.StatusCode)
	require.ErrorIs(t, f, wire.ErrInvalidResponse)
	assert.Len(t, s.sent(), 1)
}

// The js-sdk sends a body with a GET, too (WIRE.md 7.9).
func TestBodyOfEveryMethod(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		req := post
		req.Method = method
		var length int64
		s := &script{answers: []said{{status: 200, body: `{"a":"b"}`, heard: func(r *http.Request) { length = r.ContentLength }}}}
		_, err := wire.Do[value](t.Context(), newClient(s), new(req))
		require.NoError(t, err, method)
		assert.EqualValues(t, len(`{"a":"b"}`), length, method)
	}
}
