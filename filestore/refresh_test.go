package filestore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

func TestProcessesShareOneRefresh(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	testbed.ShareOneRefresh(t, store.dir, store)
}

func TestProcessesAreKilled(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	testbed.SurviveKills(t, store.dir, store, 0)
}

// helpRefresh refreshes until the test ends it. Every session is printed before it can be stored. Its arguments are those
// of testbed.Tokens.
func helpRefresh(args []string) error {
	go testbed.ExitWithTest()
	dir, url, name := args[0], args[1], args[2]
	store, err := New(dir)
	if err != nil {
		return err
	}
	now := fmt.Sprint(time.Now().UnixNano())
	auth, err := testbed.RaceAuth(store, url, name, now, &http.Client{Transport: printing{}})
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

// TestKilledWhileRefreshing kills a process that refreshes, at some moment: the stored session is the one before or the
// one after, never a mixture. (If the new one was lost between the server and the file, the person must sign in again:
// no client can help that.)
func TestKilledWhileRefreshing(t *testing.T) {
	t.Parallel()
	const rounds = 20
	store, err := New(filepath.Join(t.TempDir(), "sessions"))
	require.NoError(t, err)
	race := testbed.NewRace(t, store.dir, store, authtest.Rotating())
	newest := 0
	for range rounds {
		given := []*tcbauth.Credentials{race.SignIn(t)}
		peer := race.Start(t, "refresh")
		first := hearSession(t, peer)
		require.NotNil(t, first, "the helper ended before it did its work")
		given = append(given, first)
		// The moment is what the test is about, and nothing tells it: anywhere in some refreshes.
		testbed.Moment(t, rand.N(30*time.Millisecond)) //nolint:gosec // no secret depends on it
		peer.Kill(t)
		for {
			c := hearSession(t, peer)
			if c == nil {
				break
			}
			given = append(given, c)
		}
		peer.Wait(t)

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, unlock, err := store.Lock(ctx, race.Key())
		cancel()
		require.NoError(t, err, "the lock of a process that is dead")
		c := race.Stored(t)
		unlock()
		before, after := given[len(given)-2], given[len(given)-1]
		require.True(t, samePair(c, before) || samePair(c, after), "neither of the last two of %d sessions", len(given))
		if samePair(c, after) {
			newest++
		}
	}
	t.Logf("the newest session was stored in %d of %d rounds", newest, rounds)
}

func samePair(a, b *tcbauth.Credentials) bool {
	return a.AccessToken == b.AccessToken && a.RefreshToken == b.RefreshToken
}

// hearSession reads what printing printed, nil at the end.
func hearSession(t *testing.T, peer *testbed.Process) *tcbauth.Credentials {
	t.Helper()
	line, err := peer.Hear()
	if errors.Is(err, io.EOF) {
		return nil // what it did not print whole it cannot have stored
	}
	require.NoError(t, err)
	c := new(tcbauth.Credentials)
	require.NoError(t, json.Unmarshal([]byte(line), c))
	require.NotEmpty(t, c.RefreshToken, "not a session but an error")
	return c
}
