package tcbauth_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// emulator starts a server in memory, inside a bubble, with both people on it.
func emulator(t *testing.T, opts ...authtest.Option) *authtest.Server {
	t.Helper()
	srv := authtest.NewServer(t, append(opts, authtest.WithOnRequest(drove))...)
	srv.Seed(
		authtest.User{Sub: gopherSub, Username: gopher, Phone: gopherPhone, Password: peoplesPassword, Groups: []string{"staff"}},
		authtest.User{Sub: badgerSub, Username: badger, Phone: badgerPhone, Password: peoplesPassword},
	)
	return srv
}

// newApp returns a client of srv, which goes by the server's clock.
func newApp(t *testing.T, srv *authtest.Server, opts ...tcbauth.Option) *tcbauth.App {
	t.Helper()
	app, err := tcbauth.NewApp(srv.Env, append([]tcbauth.Option{
		tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()), tcbauth.WithClock(srv.Now),
	}, opts...)...)
	require.NoError(t, err)
	return app
}

// signInAs signs a person in and returns the session's first tokens.
func signInAs(t *testing.T, auth *tcbauth.Auth, username string) *tcbauth.Credentials {
	t.Helper()
	state, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: username, Password: peoplesPassword})
	require.NoError(t, err)
	require.NoError(t, state.UserErr)
	return state.Credentials
}

// keyOf is where the session of ForUser(user) is stored.
func keyOf(user string) string { return "users/" + url.PathEscape(user) + "/" + defaultKey }

// stored returns the session under key, nil for none.
func stored(t *testing.T, store tcbauth.TokenStore, key string) *tcbauth.Credentials {
	t.Helper()
	data, err := store.Get(t.Context(), key)
	if errors.Is(err, tcbauth.ErrNotFound) {
		return nil
	}
	require.NoError(t, err)
	c := new(tcbauth.Credentials)
	require.NoError(t, c.UnmarshalJSON(data))
	return c
}

// put stores a session behind the client's back, as another process does that takes no lock.
func put(t *testing.T, store tcbauth.TokenStore, key string, c *tcbauth.Credentials) {
	t.Helper()
	data, err := c.MarshalJSON()
	require.NoError(t, err)
	require.NoError(t, store.Set(t.Context(), key, data, 0))
}

// requireSession requires that c is stored, both tokens of it.
func requireSession(t *testing.T, store tcbauth.TokenStore, key string, c *tcbauth.Credentials) {
	t.Helper()
	got := stored(t, store, key)
	require.NotNil(t, got, "no session is stored")
	require.True(t, got.AccessToken == c.AccessToken && got.RefreshToken == c.RefreshToken, "another pair is stored")
}

// requireToken requires that a call gives exactly this token.
func requireToken(t *testing.T, auth *tcbauth.Auth, want string) {
	t.Helper()
	token, err := auth.GetAccessToken(t.Context())
	require.NoError(t, err)
	require.True(t, token == want, "another token than the expected one")
}

// requireNobody requires that auth knows of no session.
func requireNobody(t *testing.T, auth *tcbauth.Auth) {
	t.Helper()
	has, err := auth.HasLoginState(t.Context())
	require.NoError(t, err)
	require.False(t, has)
	_, err = auth.GetAccessToken(t.Context())
	require.ErrorIs(t, err, tcbauth.ErrNoSession)
	require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
}

// testStore is a memory store without locks, in which a test can have anything happen first.
type testStore struct {
	tcbauth.TokenStore

	mu   sync.Mutex
	hook func(op, key string) error
}

func newTestStore() *testStore { return &testStore{TokenStore: tcbauth.NewMemoryStore()} }

// on has hook called before each Get, Set, Delete and Lock; its error is theirs. nil ends it.
func (s *testStore) on(hook func(op, key string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = hook
}

func (s *testStore) run(op, key string) error {
	s.mu.Lock()
	hook := s.hook
	s.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook(op, key)
}

func (s *testStore) Get(ctx context.Context, key string) ([]byte, error) {
	if err := s.run("Get", key); err != nil {
		return nil, err
	}
	return s.TokenStore.Get(ctx, key)
}

func (s *testStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := s.run("Set", key); err != nil {
		return err
	}
	return s.TokenStore.Set(ctx, key, value, ttl)
}

func (s *testStore) Delete(ctx context.Context, key string) error {
	if err := s.run("Delete", key); err != nil {
		return err
	}
	return s.TokenStore.Delete(ctx, key)
}

// lockingStore is a testStore with locks.
type lockingStore struct{ *testStore }

func newLockingStore() lockingStore { return lockingStore{newTestStore()} }

func (s lockingStore) Lock(ctx context.Context, key string) (context.Context, func(), error) {
	if err := s.run("Lock", key); err != nil {
		return nil, nil, err
	}
	return s.TokenStore.(tcbauth.Locker).Lock(ctx, key)
}

// newBrokenStore returns a store over inner in which these operations always fail.
func newBrokenStore(inner tcbauth.TokenStore, ops ...string) lockingStore {
	s := lockingStore{&testStore{TokenStore: inner}}
	s.on(func(op, _ string) error {
		if slices.Contains(ops, op) {
			return errDisk
		}
		return nil
	})
	return s
}

// fails lets an operation of the store fail for its first n calls; -1 is all.
func fails(op string, n int) func(string, string) error {
	return func(got, _ string) error {
		if got != op || n == 0 {
			return nil
		}
		n--
		return errDisk
	}
}

// tap is a transport that a test can listen to and cut.
type tap struct {
	base     http.RoundTripper
	answered func(path string) // called when the whole answer is there

	mu       sync.Mutex
	unplug   bool
	requests []tapped
}

type tapped struct{ path, authorization string }

func newTap(srv *authtest.Server) *tap { return &tap{base: srv.Client().Transport} }

func (p *tap) client() tcbauth.Option { return tcbauth.WithHTTPClient(httpClient(p)) }

func httpClient(transport http.RoundTripper) *http.Client { return &http.Client{Transport: transport} }

func (p *tap) unplugged(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unplug = yes
}

// bearers returns the Authorization headers of the requests to a path so far.
func (p *tap) bearers(path string) (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.requests {
		if r.path == path {
			all = append(all, r.authorization)
		}
	}
	return all
}

func (p *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	p.requests = append(p.requests, tapped{r.URL.Path, r.Header.Get("Authorization")})
	unplug := p.unplug
	p.mu.Unlock()
	if unplug {
		return nil, &net.OpError{Op: "dial", Err: errors.New("no route to host")}
	}
	resp, err := p.base.RoundTrip(r)
	if err != nil || p.answered == nil {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	p.answered(r.URL.Path)
	return resp, nil
}

// warnings is an option that logs warnings, and where they go.
func warnings() (tcbauth.Option, *bytes.Buffer) {
	log := new(bytes.Buffer) // a slog handler writes one record at a time
	return tcbauth.WithLogger(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))), log
}

// requireNoTokens requires that no token of the sessions stands in text.
func requireNoTokens(t *testing.T, text string, sessions ...*tcbauth.Credentials) {
	t.Helper()
	for _, c := range sessions {
		require.NotContains(t, text, c.AccessToken)
		require.NotContains(t, text, c.RefreshToken)
	}
}

// outcome is what a call in another goroutine came to.
type outcome struct {
	token string
	err   error
}

// background makes a call in another goroutine, and returns once that goroutine waits for something or is done.
func background(call func() (string, error)) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		token, err := call()
		done <- outcome{token, err}
	}()
	synctest.Wait()
	return done
}

// slow makes the next n calls of an operation take a second.
func slow(srv *authtest.Server, operation string, n int) {
	srv.Fault(authtest.Fault{Operation: operation, Times: n, Delay: time.Second})
}

func accessTokenOf(c *tcbauth.Credentials, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return c.AccessToken, nil
}

// forcing is a forced refresh, for background.
func forcing(ctx context.Context, auth *tcbauth.Auth) func() (string, error) {
	return func() (string, error) {
		return accessTokenOf(auth.RefreshSession(ctx, tcbauth.RefreshSessionRequest{}))
	}
}

// getting is GetAccessToken, for background.
func getting(ctx context.Context, auth *tcbauth.Auth) func() (string, error) {
	return func() (string, error) { return auth.GetAccessToken(ctx) }
}

// eventsOf listens to auth from now on. The function returns the events so far, as soon as all are delivered.
func eventsOf(auth *tcbauth.Auth) func() []tcbauth.Event {
	var events []tcbauth.Event
	auth.OnAuthStateChange(func(e tcbauth.AuthEvent) { events = append(events, e.Event) })
	return func() []tcbauth.Event {
		synctest.Wait()
		return events
	}
}
