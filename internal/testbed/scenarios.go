package testbed

import (
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// Stress reports whether tests are to take the time for many processes, rounds and kills: TCBAUTH_STRESS is set.
func Stress() bool { return os.Getenv("TCBAUTH_STRESS") != "" }

// ShareOneRefresh is about a session whose refresh token is good once, and processes that all find it expired at the same
// moment. In each round, one of them refreshes it, and all have the new token.
func ShareOneRefresh(t *testing.T, where string, store tcbauth.TokenStore) {
	t.Helper()
	processes, rounds := 6, 5
	if Stress() {
		processes, rounds = 20, 20
	}
	r := NewRace(t, where, store, authtest.Rotating().RevokingReuse())
	peers := r.start(t, processes)
	defer end(t, peers)
	r.Ask(t, peers...)
	last := r.RequireToken(t, Heard(t, peers...)...) // all are there
	start := time.Now()
	for round := 1; round <= rounds; round++ {
		r.Expire()
		r.Ask(t, peers...)
		token := r.RequireToken(t, Heard(t, peers...)...)
		if token == last {
			t.Fatalf("round %d: the token is the old one", round)
		}
		if n := r.Server.Count("token"); n != round {
			t.Fatalf("%d refreshes in %d rounds", n, round)
		}
		last = token
	}
	t.Logf("%d processes, %d rounds, %d refreshes: %v a round", processes, rounds, r.Server.Count("token"),
		time.Since(start).Round(time.Millisecond)/time.Duration(rounds))
}

// SurviveKills kills processes at random moments while they find a session expired. Those that are left must all have the
// new token, no later than takeover after the kill beside what the machine needs: the lock of one that was killed is free.
//
// One that is killed after the server has spent the refresh token, and before the new one is in the store, takes the only
// copy with it. With a server that takes the spent token again for a short time nothing is lost by that, which the first
// part of the test shows. The second part has a server that does not, and revokes the session instead: the person must sign
// in again, and that must be the only case.
func SurviveKills(t *testing.T, where string, store tcbauth.TokenStore, takeover time.Duration) {
	t.Helper()
	processes, kills := 6, 15
	if Stress() {
		processes, kills = 20, 200
	}
	for name, policy := range map[string]authtest.RefreshPolicy{
		"grace":    authtest.RotatingWithGrace(time.Minute).RevokingReuse(),
		"no grace": authtest.Rotating().RevokingReuse(),
	} {
		t.Run(name, func(t *testing.T) { // one after the other: each has the store to itself
			k := &killing{Race: NewRace(t, where, store, policy), grace: name == "grace", takeover: takeover}
			k.run(t, processes, kills)
		})
	}
}

type killing struct {
	*Race
	grace    bool
	takeover time.Duration

	kills, rounds int
	inherited     int           // rounds in which a process refreshed after another had been killed at it
	lost          int           // sessions whose only copy a killed process had
	longest       time.Duration // from a kill to the last answer
}

// slack is what a slow machine needs beside the time that is measured.
const slack = 10 * time.Second

func (k *killing) run(t *testing.T, processes, kills int) {
	t.Helper()
	k.Server.Fault(authtest.Fault{Operation: "token", Delay: 5 * time.Millisecond}) // so that there is something to interrupt
	peers := k.start(t, processes)
	defer func() { end(t, peers) }()
	k.Ask(t, peers...)
	k.RequireToken(t, Heard(t, peers...)...)
	for k.kills < kills {
		k.rounds++
		k.Expire()
		before := k.Server.Count("token")
		k.Ask(t, peers...)
		Moment(t, rand.N(40*time.Millisecond)) //nolint:gosec // no secret depends on it

		rand.Shuffle(processes, func(i, j int) { peers[i], peers[j] = peers[j], peers[i] }) //nolint:gosec // as above
		n := min(processes/2, kills-k.kills)
		victims, survivors := peers[:n], peers[n:]
		for _, p := range victims {
			p.Kill(t)
		}
		start := time.Now()
		k.kills += n
		answers := Heard(t, survivors...)
		k.longest = max(k.longest, time.Since(start))
		if k.longest > k.takeover+slack {
			t.Fatalf("a lock was left behind for %v", k.longest)
		}
		refreshes := k.refreshes(before)
		if len(refreshes) > 1 {
			k.inherited++
		}
		if strings.HasPrefix(answers[0], failure) && k.takenAlong(refreshes, victims) {
			k.lost++
			k.SignIn(t)
			k.Ask(t, survivors...)
			answers = Heard(t, survivors...)
		}
		token := k.RequireToken(t, answers...)
		for i, p := range victims {
			p.Wait(t)
			peers[i] = k.Start(t, TokenHelper)
		}
		k.Ask(t, peers[:n]...)
		k.RequireToken(t, append(Heard(t, peers[:n]...), token)...)
	}
	t.Logf("%d kills in %d rounds of %d processes: %d refreshes begun by one and finished by another, %d sessions lost "+
		"with their only copy, at most %v from a kill to the last answer", k.kills, k.rounds, processes, k.inherited, k.lost,
		k.longest.Round(time.Millisecond))
}

// refreshes returns the requests for new tokens after the first n.
func (k *killing) refreshes(n int) (requests []authtest.Request) {
	for _, request := range k.Server.Requests() {
		if request.Operation == "token" {
			requests = append(requests, request)
		}
	}
	return requests[len(requests)-(k.Server.Count("token")-n):]
}

// takenAlong reports whether the session is lost because whoever refreshed it was killed when the server had done it: the
// only case, and only without grace.
func (k *killing) takenAlong(refreshes []authtest.Request, victims []*Process) bool {
	done := slices.IndexFunc(refreshes, func(r authtest.Request) bool { return r.Status == http.StatusOK })
	return !k.grace && done >= 0 && slices.ContainsFunc(victims, func(p *Process) bool {
		return p.Name == refreshes[done].Header.Get("X-Device-Id")
	})
}

func end(t *testing.T, peers []*Process) {
	t.Helper()
	for _, p := range peers {
		p.End(t)
	}
}
