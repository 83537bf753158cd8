package redisstore_test

import (
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestRedisRestarts: Redis is killed or stopped, and starts again with its data, while one process refreshes and the others
// wait for it. None notices, and nothing is refreshed twice.
func TestRedisRestarts(t *testing.T) {
	t.Parallel()
	srv := startServer(t, "--appendonly", "yes")
	rounds := 2
	if testbed.Stress() {
		rounds = 20
	}
	refreshThrough(t, oneNode(srv.addr(), "", 10*time.Second), rounds, func(_ *testbed.Race, round int) {
		signal := os.Kill
		if round%2 == 0 {
			signal = os.Interrupt
		}
		srv.stop(t, signal)
		srv.start(t)
	})
}

// refreshThrough has processes find a session expired, once in each round. While one of them refreshes it and the others wait for
// that, disturb has something happen to Redis. None notices, and nothing is refreshed twice.
func refreshThrough(t *testing.T, p place, rounds int, disturb func(race *testbed.Race, round int)) {
	t.Helper()
	processes := 4
	if testbed.Stress() {
		processes = 20
	}
	store := p.newStore(t)
	race := testbed.NewRace(t, p.String(), store, authtest.Rotating().RevokingReuse())
	race.Server.Fault(authtest.Fault{Operation: "token", Delay: 300 * time.Millisecond})
	peers := make([]*testbed.Process, processes)
	for i := range peers {
		peers[i] = race.Start(t, testbed.TokenHelper)
		defer peers[i].End(t)
	}
	race.Ask(t, peers...)
	last := race.RequireToken(t, testbed.Heard(t, peers...)...)
	for round := 1; round <= rounds; round++ {
		race.Expire()
		race.Ask(t, peers...)
		eventually(t.Context(), t, "a refresh is under way", func() bool { return race.Server.Count("token") == round })
		disturb(race, round)
		token := race.RequireToken(t, testbed.Heard(t, peers...)...)
		require.NotEqual(t, last, token)
		require.Equal(t, round, race.Server.Count("token"))
		requireStoredToken(t, store, race.Key(), token)
		last = token
	}
	t.Logf("%d processes, %d rounds, %d refreshes", processes, rounds, race.Server.Count("token"))
}

// requireStoredToken: the session that is stored has the token. Its client may have to find a new master first.
func requireStoredToken(t *testing.T, store tcbauth.TokenStore, key, token string) {
	t.Helper()
	var stored tcbauth.Credentials
	eventually(t.Context(), t, "the session can be read", func() bool {
		value, err := store.Get(t.Context(), key)
		return err == nil && stored.UnmarshalJSON(value) == nil
	})
	require.True(t, stored.AccessToken == token, "another session is stored")
}

// TestRedisForgets: Redis starts again without its data while a process refreshes. The session is gone, as with everything
// in that Redis, and who was refreshing it does not bring it back; signing in does.
func TestRedisForgets(t *testing.T) {
	t.Parallel()
	srv := startServer(t, "--appendonly", "no", "--save", "")
	store := newStore(t, connect(t, srv.addr()), "")
	race := testbed.NewRace(t, oneNode(srv.addr(), "", 10*time.Second).String(), store, authtest.Rotating().RevokingReuse())
	race.Expire()
	answers := &heldAnswers{answered: make(chan struct{}, 1), goOn: make(chan struct{})}
	t.Cleanup(answers.CloseIdleConnections)
	token := func() (string, error) {
		auth, err := testbed.RaceAuth(newStore(t, connect(t, srv.addr()), ""), race.Server.URL, "refreshing-process", race.Now(),
			&http.Client{Transport: answers})
		if err != nil {
			return "", err
		}
		return auth.GetAccessToken(t.Context())
	}
	refreshed := make(chan error, 1)
	go func() {
		_, err := token()
		refreshed <- err
	}()
	<-answers.answered
	srv.stop(t, os.Kill)
	srv.start(t)
	close(answers.goOn)
	require.ErrorIs(t, <-refreshed, tcbauth.ErrNoSession)
	require.Equal(t, 1, race.Server.Count("token"))
	_, err := store.Get(t.Context(), race.Key())
	require.ErrorIs(t, err, tcbauth.ErrNotFound)

	race.SignIn(t)
	got, err := token()
	require.NoError(t, err)
	race.RequireToken(t, got)
}

// heldAnswers is a transport that keeps the server's answers back until goOn is closed.
type heldAnswers struct {
	http.Transport
	answered chan struct{} // gets an element for the first one
	goOn     chan struct{}
}

func (h *heldAnswers) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := h.Transport.RoundTrip(r)
	select {
	case h.answered <- struct{}{}:
	default:
	}
	<-h.goOn
	return response, err
}
