package testbed

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

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// Peer is the other side of a client, as a transport: it answers by a function and keeps what arrived.
type Peer struct {
	Answer func(n int, r Arrived) Answer // n counts from 0

	mu   sync.Mutex
	seen []Arrived
}

// Script is a peer that gives these answers, one after the other, and none to what comes after them.
func Script(answers ...Answer) *Peer {
	return &Peer{Answer: func(n int, _ Arrived) Answer {
		if n >= len(answers) {
			return Lost(errors.New("nothing is scripted for this request"))
		}
		return answers[n]
	}}
}

// Arrived is a request that a Peer got.
type Arrived struct {
	*http.Request
	Text string // its body
	At   time.Time
}

// Requests returns those that arrived so far, in order.
func (p *Peer) Requests() []Arrived {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

// Answer is what a peer says, or the error without a word of it. Its length is not announced unless it is given, as
// behind many proxies.
type Answer struct {
	Status int
	Body   string
	Header http.Header
	Length int64 // announced, 0: not
	Err    error
}

// Reply is an answer in JSON with headers, whose names and values take turns.
func Reply(status int, body string, headers ...string) Answer {
	header := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i+1 < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	return Answer{Status: status, Body: body, Header: header}
}

// Lost is no answer: the transport fails with err.
func Lost(err error) Answer { return Answer{Err: err} }

// Page is what a proxy says in place of the server.
const Page = "<!DOCTYPE html><html><body>Please sign in to the network</body></html>"

// HTML answers with Page.
func HTML(status int) Answer { return Reply(status, Page, "Content-Type", "text/html") }

// RoundTrip keeps r and answers it.
func (p *Peer) RoundTrip(r *http.Request) (*http.Response, error) {
	a := p.hear(r)
	if a.Err != nil {
		return nil, a.Err
	}
	length := a.Length
	if length == 0 {
		length = -1
	}
	return &http.Response{
		StatusCode: a.Status, Header: a.Header, Body: io.NopCloser(strings.NewReader(a.Body)), ContentLength: length,
	}, nil
}

// hear keeps r and returns the answer to it.
func (p *Peer) hear(r *http.Request) Answer {
	got := Arrived{Request: r, At: time.Now()}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return Lost(err)
		}
		got.Text = string(body)
	}
	p.mu.Lock()
	n := len(p.seen)
	p.seen = append(p.seen, got)
	p.mu.Unlock()
	return p.Answer(n, got)
}

// NewPeerApp returns an App of MethodEnv whose requests p answers.
func NewPeerApp(t testing.TB, p *Peer, store tcbauth.TokenStore, opts ...tcbauth.Option) *tcbauth.App {
	t.Helper()
	app, err := tcbauth.NewApp(MethodEnv, append([]tcbauth.Option{
		tcbauth.WithHTTPClient(&http.Client{Transport: p}), tcbauth.WithTokenStore(store), tcbauth.WithClientSecret(PlantedClientSecret),
	}, opts...)...)
	require.NoError(t, err)
	return app
}

// SessionStore returns a store for NewPeerApp. It holds a session that lasts an hour and can be refreshed.
func SessionStore(t testing.TB) tcbauth.TokenStore {
	t.Helper()
	store := tcbauth.NewMemoryStore()
	PutSession(t, store, "")
	return store
}

// PutSession puts what SessionStore holds into a store, for a client of MethodEnv with this base URL.
func PutSession(t testing.TB, store tcbauth.TokenStore, baseURL string) {
	t.Helper()
	Put(t, store, SessionKey(baseURL, MethodEnv), &tcbauth.Credentials{
		TokenType: "Bearer", AccessToken: PlantedAccess, RefreshToken: PlantedRefresh, ExpiresIn: 7200,
		ExpiresAt: time.Now().Add(time.Hour), Scope: "user", Sub: PlantedSub,
	})
	require.NoError(t, store.Set(t.Context(), DeviceKey(baseURL, MethodEnv, ""), []byte("0123456789abcdef"), 0))
	pending, err := json.Marshal(map[string]any{"value": FinishOtp(tcbauth.OtpSignIn, "").Challenge, "until": time.Now().Add(time.Hour)})
	require.NoError(t, err)
	require.NoError(t, store.Set(t.Context(), PendingKey(baseURL, MethodEnv, ""), pending, 0))
}
