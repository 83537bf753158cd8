package tcbauth_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// peer is the other side of a client: it answers by a function and keeps what arrived.
type peer struct {
	answer func(n int, r arrived) answer // n counts from 0

	mu   sync.Mutex
	seen []arrived
}

// script is a peer that gives these answers, one after the other, and none to what comes after them.
func script(answers ...answer) *peer {
	return &peer{answer: func(n int, _ arrived) answer {
		if n >= len(answers) {
			return lost(errors.New("nothing is scripted for this request"))
		}
		return answers[n]
	}}
}

type arrived struct {
	*http.Request
	body string
	at   time.Time
}

func (p *peer) requests() []arrived {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

// answer is what a peer says, or the error without a word of it. Its length is not announced unless it is given, as
// behind many proxies.
type answer struct {
	status int
	body   string
	header http.Header
	length int64 // announced, 0: not
	err    error
}

func reply(status int, body string, headers ...string) answer {
	header := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i+1 < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	return answer{status: status, body: body, header: header}
}

func lost(err error) answer { return answer{err: err} }

func (p *peer) RoundTrip(r *http.Request) (*http.Response, error) {
	a := p.hear(r)
	if a.err != nil {
		return nil, a.err
	}
	length := a.length
	if length == 0 {
		length = -1
	}
	return &http.Response{
		StatusCode: a.status, Header: a.header, Body: io.NopCloser(strings.NewReader(a.body)), ContentLength: length,
	}, nil
}

// hear keeps r and returns the answer to it.
func (p *peer) hear(r *http.Request) answer {
	got := arrived{Request: r, at: time.Now()}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return lost(err)
		}
		got.body = string(body)
	}
	p.mu.Lock()
	n := len(p.seen)
	p.seen = append(p.seen, got)
	p.mu.Unlock()
	return p.answer(n, got)
}

// newPeerApp returns an App whose requests p answers, with a session in store.
func newPeerApp(t *testing.T, p *peer, store tcbauth.TokenStore, opts ...tcbauth.Option) *tcbauth.App {
	t.Helper()
	app, err := tcbauth.NewApp(methodEnv, append([]tcbauth.Option{
		tcbauth.WithHTTPClient(&http.Client{Transport: p}), tcbauth.WithTokenStore(store), tcbauth.WithClientSecret(plantedClientSecret),
	}, opts...)...)
	require.NoError(t, err)
	return app
}

// sessionStore holds a session that lasts an hour and can be refreshed.
func sessionStore(t *testing.T) tcbauth.TokenStore {
	t.Helper()
	store := tcbauth.NewMemoryStore()
	data, err := json.Marshal(tcbauth.Credentials{
		TokenType: "Bearer", AccessToken: plantedAccess, RefreshToken: plantedRefresh, ExpiresIn: 7200,
		ExpiresAt: time.Now().Add(time.Hour), Scope: "user", Sub: plantedSub,
	})
	require.NoError(t, err)
	require.NoError(t, store.Set(t.Context(), "credentials_"+methodEnv, data, 0))
	require.NoError(t, store.Set(t.Context(), "device_id", []byte("0123456789abcdef"), 0))
	return store
}

// requireError requires err to be what every method fails with.
func requireError(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	var e *tcbauth.Error
	require.ErrorAs(t, err, &e)
	assert.NotEmpty(t, e.Op, "Op of %v", err)
	assertNoSecret(t, "error", err.Error())
}

// errorOf is the *Error that err has to be.
func errorOf(t *testing.T, err error) *tcbauth.Error {
	t.Helper()
	requireError(t, err)
	e, _ := errors.AsType[*tcbauth.Error](err)
	return e
}

// callGiven makes a call that sends one request and is answered by given, and returns what it fails with.
func callGiven(t *testing.T, given answer) *tcbauth.Error {
	t.Helper()
	p := &peer{answer: func(int, arrived) answer { return given }}
	auth := newPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
	_, err := auth.Verify(t.Context(), tcbauth.VerifyRequest{VerificationID: plantedID, VerificationCode: plantedCode})
	e := errorOf(t, err)
	require.Len(t, p.requests(), 1)
	assert.Equal(t, "Verify", e.Op)
	assert.Equal(t, http.MethodPost, e.Method)
	assert.Equal(t, "/auth/v1/verification/verify", e.Path)
	assert.Equal(t, p.requests()[0].Header.Get("X-Request-Id"), e.RequestID)
	return e
}
