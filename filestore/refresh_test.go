package filestore_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/filestore"
)

const (
	username   = "gopher_01"
	password   = "correct-horse-1"
	sessionKey = "credentials_authtest"
	lifetime   = 2 * time.Hour
)

// Both helpers get the URL and the environment of an emulator as their arguments.
func init() {
	filestore.Helpers["tokens"] = helpTokens
	filestore.Helpers["refresh"] = helpRefresh
}

// helpTokens prints the access token, or the error, for every line on its standard input: the emulator's time, as
// nanoseconds since 1970. Each time it is a new client, as a tool is that is started again.
func helpTokens(store *filestore.Store) error {
	client := new(http.Client)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var now int64
		if _, err := fmt.Sscan(in.Text(), &now); err != nil {
			return err
		}
		auth, err := newAuth(store, os.Args[1], os.Args[2], tcbauth.WithHTTPClient(client),
			tcbauth.WithClock(func() time.Time { return time.Unix(0, now) }))
		if err != nil {
			return err
		}
		token, err := auth.GetAccessToken(context.Background())
		if err != nil {
			token = "error: " + strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Println(token)
	}
	return in.Err()
}

// helpRefresh refreshes until the test ends it. Every session is printed before it can be stored.
func helpRefresh(store *filestore.Store) error {
	go func() { // ends with the test
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	auth, err := newAuth(store, os.Args[1], os.Args[2], tcbauth.WithHTTPClient(&http.Client{Transport: printing{}}))
	if err != nil {
		return err
	}
	for {
		if _, err := auth.RefreshSession(context.Background(), tcbauth.RefreshSessionRequest{}); err != nil {
			return err
		}
	}
}

// printing is a transport that prints every answer, on one line, before it hands it over.
type printing struct{}

func (printing) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	if _, err := fmt.Printf("%s\n", body); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func newAuth(store *filestore.Store, url, env string, opts ...tcbauth.Option) (*tcbauth.Auth, error) {
	return tcbauth.New(env, append([]tcbauth.Option{tcbauth.WithBaseURL(url), tcbauth.WithTokenStore(store)}, opts...)...)
}

// emulator starts a server for other processes, whose refresh tokens are good once, and a store for them.
func emulator(t *testing.T) (srv *authtest.Server, store *filestore.Store, dir string) {
	t.Helper()
	srv, err := authtest.Listen("127.0.0.1:0", authtest.WithRefreshPolicy(authtest.Rotating()))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	srv.Seed(authtest.User{Username: username, Password: password})
	dir = filepath.Join(t.TempDir(), "sessions")
	store, err = filestore.New(dir)
	require.NoError(t, err)
	return srv, store, dir
}

func signIn(t *testing.T, srv *authtest.Server, store *filestore.Store) *tcbauth.Credentials {
	t.Helper()
	auth, err := newAuth(store, srv.URL, srv.Env, tcbauth.WithClock(srv.Now))
	require.NoError(t, err)
	state, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: username, Password: password})
	require.NoError(t, err)
	return state.Credentials
}

// peer is a helper that answers a line with a line.
type peer struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// TestProcessesShareOneRefresh: a session whose refresh token is good once, and many processes that all find it expired
// at the same moment.
func TestProcessesShareOneRefresh(t *testing.T) {
	t.Parallel()
	const processes, rounds = 20, 20
	srv, store, dir := emulator(t)
	last := signIn(t, srv, store).AccessToken
	client, err := tcbauth.NewApp(srv.Env, tcbauth.WithBaseURL(srv.URL))
	require.NoError(t, err)

	peers := make([]peer, processes)
	for i := range peers {
		cmd := filestore.HelperCommand(t, "tokens", dir, srv.URL, srv.Env)
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		defer func() { // before the test's context ends, which would kill it
			assert.NoError(t, in.Close())
			assert.NoError(t, cmd.Wait())
		}()
		peers[i] = peer{in, bufio.NewReader(out)}
	}
	ask := func() (tokens []string) {
		now := srv.Now().UnixNano()
		for _, p := range peers {
			_, err := fmt.Fprintln(p.in, now)
			require.NoError(t, err)
		}
		for _, p := range peers {
			line, err := p.out.ReadString('\n')
			require.NoError(t, err)
			tokens = append(tokens, strings.TrimSpace(line))
		}
		return tokens
	}
	for _, token := range ask() { // all are there
		require.Equal(t, last, token)
	}
	start := time.Now()
	for round := 1; round <= rounds; round++ {
		srv.Advance(lifetime)
		tokens := ask()
		for _, token := range tokens {
			require.Equal(t, tokens[0], token, "round %d", round)
		}
		require.NotEqual(t, last, tokens[0])
		last = tokens[0]
		require.Equal(t, round, srv.Count("token"), "refreshes after so many rounds")
		user, err := client.ForToken(last).GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
		require.NoError(t, err)
		require.Equal(t, username, user.Username)
	}
	t.Logf("%d processes, %d rounds: %v a round", processes, rounds, time.Since(start)/rounds)
}

// TestKilledWhileRefreshing kills a process that refreshes, at some moment: the stored session is the one before or the
// one after, never a mixture. (If the new one was lost between the server and the file, the person must sign in again:
// no client can help that.)
func TestKilledWhileRefreshing(t *testing.T) {
	t.Parallel()
	const rounds = 20
	srv, store, dir := emulator(t)
	newest := 0
	for range rounds {
		given := []*tcbauth.Credentials{signIn(t, srv, store)}
		cmd := filestore.HelperCommand(t, "refresh", dir, srv.URL, srv.Env)
		cmd.Stderr = os.Stderr
		_, err := cmd.StdinPipe()
		require.NoError(t, err)
		pipe, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		out := bufio.NewReader(pipe)
		first := readSession(t, out)
		require.NotNil(t, first, "the helper ended before it did its work")
		given = append(given, first)
		// The moment is what the test is about, and nothing tells it: anywhere in some refreshes.
		select {
		case <-time.After(rand.N(30 * time.Millisecond)): //nolint:gosec // no secret depends on it
		case <-t.Context().Done():
		}
		require.NoError(t, cmd.Process.Kill(), "the helper ended by itself")
		for {
			c := readSession(t, out)
			if c == nil {
				break
			}
			given = append(given, c)
		}
		require.Error(t, cmd.Wait(), "killed")

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		held, unlock, err := store.Lock(ctx, sessionKey)
		require.NoError(t, err, "the lock of a process that is dead")
		data, err := store.Get(held, sessionKey)
		unlock()
		cancel()
		require.NoError(t, err)
		var c tcbauth.Credentials
		require.NoError(t, json.Unmarshal(data, &c))
		before, after := given[len(given)-2], given[len(given)-1]
		require.True(t, samePair(&c, before) || samePair(&c, after), "neither of the last two of %d sessions", len(given))
		if samePair(&c, after) {
			newest++
		}
	}
	t.Logf("the newest session was stored in %d of %d rounds", newest, rounds)
}

func samePair(a, b *tcbauth.Credentials) bool {
	return a.AccessToken == b.AccessToken && a.RefreshToken == b.RefreshToken
}

// readSession reads what printing printed, nil at the end.
func readSession(t *testing.T, out *bufio.Reader) *tcbauth.Credentials {
	t.Helper()
	line, err := out.ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		return nil // what it did not print whole it cannot have stored
	}
	require.NoError(t, err)
	c := new(tcbauth.Credentials)
	require.NoError(t, json.Unmarshal(line, c))
	require.NotEmpty(t, c.RefreshToken, "not a session but an error")
	return c
}
