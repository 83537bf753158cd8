package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// TestMain lets an emulator make its key, which all of this process share, before a request with a limit waits for it.
func TestMain(m *testing.M) {
	srv, err := authtest.Listen("127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	srv.IssueToken(authtest.TokenSpec{})
	if err := srv.Close(); err != nil {
		log.Fatal(err)
	}
	os.Exit(m.Run())
}

// start runs the service and returns what it says first and where it serves. stop ends it.
func start(t *testing.T, cfg config) (said, service string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, cfg, in, slog.New(slog.DiscardHandler))
		_ = in.Close()
	}()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var found bool
		if service, found = strings.CutPrefix(lines.Text(), "listening on "); found {
			break
		}
		said += lines.Text() + "\n"
	}
	return said, service, func() {
		cancel()
		require.NoError(t, <-ended)
		assert.False(t, lines.Scan())
	}
}

// TestRun: without arguments it serves on an emulator, says where, and ends when it is told to.
func TestRun(t *testing.T) {
	t.Parallel()
	said, service, stop := start(t, config{addr: "127.0.0.1:0"})
	require.Regexp(t, `^http://127\.0\.0\.1:\d+$`, service)
	emulator := regexp.MustCompile(`http://\S+`).FindString(said)
	for _, target := range []string{emulator, service} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, http.StatusOK, resp.StatusCode, target)
	}
	stop()
}

// skipOn32Bits ends a test on Redis where there is none in Go.
func skipOn32Bits(t *testing.T) {
	t.Helper()
	if strconv.IntSize == 32 {
		t.Skip("SKIPPED: miniredis reads the lifetime of a session, in milliseconds, as an int: a month does not fit into 32 bits")
	}
}

// TestRunOnRedis: another process finishes a login that one has begun, and a restart signs nobody out.
func TestRunOnRedis(t *testing.T) {
	t.Parallel()
	skipOn32Bits(t)
	server := miniredis.RunT(t)
	srv, err := authtest.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	cfg := config{addr: "127.0.0.1:0", env: srv.Env, baseURL: srv.URL, redisURL: "redis://" + server.Addr()}
	visitor := newBrowser(t, "", http.DefaultTransport)
	in := func(step func()) {
		_, service, stop := start(t, cfg)
		visitor.moveTo(service)
		step()
		stop()
	}
	in(func() { visitor.post(t, "/login/code", "phone", phone) })
	code, err := srv.WaitCode(t.Context(), phone)
	require.NoError(t, err)
	in(func() { require.Contains(t, visitor.post(t, "/login", "code", code).text, "Signed in") })
	in(func() {
		require.NotNil(t, visitor.me(t))
		for _, key := range server.Keys() {
			assert.NotContains(t, key, visitor.cookies(t)[sessionCookie])
			assert.Positive(t, server.TTL(key), key)
		}
		visitor.post(t, "/logout")
		assert.Nil(t, visitor.me(t))
	})
}

// TestMetrics: operators see what the service has asked CloudBase and its store for, and nothing of whom.
func TestMetrics(t *testing.T) {
	t.Parallel()
	said, service, stop := start(t, config{addr: "127.0.0.1:0", metricsAddr: "127.0.0.1:0"})
	visitor := newBrowser(t, service, http.DefaultTransport)
	require.Contains(t, visitor.post(t, "/login/code", "phone", phone).text, `name="code"`)
	visitor.post(t, "/login", "code", wrong)
	assert.Equal(t, http.StatusNotFound, visitor.get(t, "/metrics").status, "they are no visitor's business")
	page := regexp.MustCompile(`(http://\S+)/metrics`).FindStringSubmatch(said)
	require.NotNil(t, page, said)
	got := newBrowser(t, page[1], http.DefaultTransport).get(t, "/metrics")
	require.Equal(t, http.StatusOK, got.status)
	var scopes []struct{ Metrics []struct{ Name, Unit string } }
	require.NoError(t, json.Unmarshal([]byte(got.text), &scopes))
	require.Len(t, scopes, 1)
	units := map[string]string{}
	for _, m := range scopes[0].Metrics {
		units[m.Name] = m.Unit
	}
	assert.Equal(t, map[string]string{"tcbauth.call.duration": "s", "tcbauth.call.attempts": "{attempt}", "tcbauth.store.duration": "s"}, units)
	assert.Contains(t, got.text, "SignInWithOtp")
	for _, secret := range []string{phone, wrong, visitor.cookies(t)[loginCookie]} {
		assert.NotContains(t, got.text, secret)
	}
	stop()
}

// TestShutdown: a request that has begun comes to its end.
func TestShutdown(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	app, err := tcbauth.NewApp("your-env-id")
	require.NoError(t, err)
	began := make(chan struct{})
	stopping := make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		<-stopping
		_, _ = io.WriteString(w, "to the end")
	})
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, listener, slow, app, slog.New(slog.NewTextHandler(writerFunc(func(p []byte) {
			if strings.Contains(string(p), "shutting down") {
				close(stopping)
			}
		}), nil)))
	}()
	answer := make(chan string, 1)
	go func() {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String(), nil)
		if !assert.NoError(t, err) {
			return
		}
		resp, err := http.DefaultClient.Do(r)
		if !assert.NoError(t, err) {
			return
		}
		text, err := io.ReadAll(resp.Body)
		assert.NoError(t, err)
		assert.NoError(t, resp.Body.Close())
		answer <- string(text)
	}()
	<-began
	cancel()
	assert.Equal(t, "to the end", <-answer)
	require.NoError(t, <-ended)
}

// TestShutdownStores: the service ends after the refresh that a visitor's request has begun, though the visitor is gone.
func TestShutdownStores(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := authtest.NewServer(t, authtest.WithRefreshPolicy(authtest.Rotating()))
		srv.Seed(authtest.User{Username: "gopher_01", Password: "correct-horse-1"})
		late := &lateRefresh{next: srv.Client().Transport, asked: make(chan struct{}), answer: make(chan struct{})}
		store := tcbauth.NewMemoryStore()
		open := func(transport http.RoundTripper) *tcbauth.App {
			app, err := tcbauth.NewApp(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithTokenStore(store),
				tcbauth.WithHTTPClient(&http.Client{Transport: transport}))
			require.NoError(t, err)
			return app
		}
		app := open(late)
		before, err := app.ForUser("visitor").SignInWithPassword(t.Context(),
			tcbauth.SignInWithPasswordRequest{Username: "gopher_01", Password: "correct-horse-1"})
		require.NoError(t, err)

		ctx, stop := context.WithCancel(t.Context())
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		ended := make(chan error, 1)
		go func() { ended <- serve(ctx, listener, http.NotFoundHandler(), app, slog.New(slog.DiscardHandler)) }()
		visit, leave := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := app.ForUser("visitor").RefreshSession(visit, tcbauth.RefreshSessionRequest{})
			left <- err
		}()
		<-late.asked
		leave()
		require.ErrorIs(t, <-left, context.Canceled)
		stop()
		synctest.Wait()
		assert.Empty(t, ended, "it has ended with a refresh under way")

		close(late.answer)
		require.NoError(t, <-ended)
		next := open(srv.Client().Transport).ForUser("visitor") // after a restart
		after, err := next.GetSession(t.Context())
		require.NoError(t, err)
		assert.NotEqual(t, before.Credentials.RefreshToken, after.Credentials.RefreshToken)
		_, err = next.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		require.NoError(t, err)
	})
}

// lateRefresh keeps back the answer to a refresh.
type lateRefresh struct {
	next          http.RoundTripper
	asked, answer chan struct{}
}

func (l *lateRefresh) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if strings.HasSuffix(r.URL.Path, "/token") {
		close(l.asked)
		<-l.answer
	}
	return resp, err
}

type writerFunc func(p []byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}

// TestSite: cookies and codes do not cross a network in the clear.
func TestSite(t *testing.T) {
	t.Parallel()
	here, err := net.ResolveTCPAddr("tcp", "127.0.0.1:8080")
	require.NoError(t, err)
	everywhere, err := net.ResolveTCPAddr("tcp", "0.0.0.0:8080")
	require.NoError(t, err)
	for _, test := range []struct {
		given string
		addr  net.Addr
		want  string // "": refused
	}{
		{"", here, "http://127.0.0.1:8080"},
		{"http://localhost:8080", here, "http://localhost:8080"},
		{"https://login.example.com/", everywhere, "https://login.example.com"},
		{"https://login.example.com:8443", here, "https://login.example.com:8443"},
		{"", everywhere, ""},
		{"http://login.example.com", here, ""},
		{"https://login.example.com/path", here, ""},
		{"https://user@login.example.com", here, ""},
		{"https://login.example.com?a=b", here, ""},
		{"ftp://login.example.com", here, ""},
		{"login.example.com", here, ""},
		{"https://%zz", here, ""},
	} {
		got, err := publicSite(test.given, test.addr)
		if test.want == "" {
			assert.Error(t, err, test.given)
			continue
		}
		require.NoError(t, err, test.given)
		assert.Equal(t, test.want, got.String())
	}
}

// TestRunRefuses what cannot work before it listens for visitors.
func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]config{
		"address":     {addr: "nonsense"},
		"plain http":  {addr: "127.0.0.1:0", publicURL: "http://login.example.com"},
		"environment": {addr: "127.0.0.1:0", env: "not an id"},
		"Redis":       {addr: "127.0.0.1:0", redisURL: "nonsense"},
		"no Redis":    {addr: "127.0.0.1:0", redisURL: "redis://127.0.0.1:1"},
	} {
		require.Error(t, run(t.Context(), cfg, io.Discard, slog.New(slog.DiscardHandler)), name)
	}
	err := run(t.Context(), config{addr: "127.0.0.1:0", redisURL: "redis://user:hunter2@%zz"}, io.Discard, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "REDIS_URL")
	assert.NotContains(t, err.Error(), "hunter2")
}
