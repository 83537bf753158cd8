package reliability

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// Load is what a backend with many users does.
type Load struct {
	Users, Replicas int
	Rate            int           // requests a second, of random users
	Usable          time.Duration // for which an access token is used, so that it is refreshed as time goes by
	Lasts           time.Duration
	Start           Starter
}

// Figures are what a Load has measured.
type Figures struct {
	Store    string
	Load     Load
	Requests int
	AtHand   Times   // GetAccessToken of a new handle, with a token that may be used
	Renewed  Times   // the same where the token had to be refreshed, or somebody else did so
	SignIns  Times   // with a password, and the request for the user's data
	SignOuts Times   // with the request that revokes the session
	Storm    float64 // refreshes a second, when the tokens of all users have expired at once
	Failed   int     // requests, but for those of users who had signed out
	MixedUp  int     // tokens of somebody else
	Sent     int     // refreshes that the server has seen in the storm, of as many users as are signed in
	SignedIn int
}

// Times are how long calls took.
type Times []time.Duration

// At returns the time within which a part of all calls were done.
func (t Times) At(part float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	return t[min(int(part*float64(len(t))), len(t)-1)]
}

func (t Times) String() string {
	if len(t) == 0 {
		return "none"
	}
	return fmt.Sprintf("%v / %v", t.At(0.5).Round(time.Microsecond), t.At(0.99).Round(time.Microsecond))
}

// One request in so many signs its user out. The next one signs them in.
const oneLeavesOf = 100

// Run loads a place and measures.
func (l Load) Run(tb testing.TB, p Place) Figures {
	tb.Helper()
	f := newFleet(tb, p, crew{users: l.Users, replicas: l.Replicas, usable: l.Usable, policy: revoking, start: l.Start})
	out := &measured{Figures: Figures{Store: p.Store, Load: l}}
	var requests sync.WaitGroup
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	start := time.Now()
	for elapsed := time.Duration(0); elapsed < l.Lasts; elapsed = time.Since(start) {
		<-tick.C
		for ; out.Requests < int(elapsed.Seconds()*float64(l.Rate)); out.Requests++ {
			v := f.users[rand.IntN(len(f.users))] //nolint:gosec // no secret depends on it
			app := f.apps[rand.IntN(len(f.apps))] //nolint:gosec // as above
			leaves := rand.IntN(oneLeavesOf) == 0 //nolint:gosec // as above
			requests.Go(func() { out.request(tb, v, app, leaves) })
		}
	}
	requests.Wait()
	out.storm(tb, f)
	if err := f.shutdown(tb.Context()); err != nil {
		tb.Error(err)
	}
	for _, times := range []Times{out.AtHand, out.Renewed, out.SignIns, out.SignOuts} {
		slices.Sort(times)
	}
	return out.Figures
}

// measured are Figures that many requests add to.
type measured struct {
	mu sync.Mutex
	Figures
}

// request is one of a user's.
func (m *measured) request(tb testing.TB, v *user, app *tcbauth.App, leaves bool) {
	before, changes := v.is()
	if leaves || before == out {
		m.leave(tb, v, app)
		return
	}
	begun := time.Now()
	token, err := app.ForUser(v.name).GetAccessToken(tb.Context())
	took := time.Since(begun)
	_, now := v.is()
	atHand := err == nil && v.firstSeen(token).Before(begun)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err != nil && (before != in || changes != now) && gone(err):
	case err != nil:
		m.Failed++
		tb.Logf("%s: %v", v.name, err)
	case owner(token) != v.name:
		m.MixedUp++
	case atHand:
		m.AtHand = append(m.AtHand, took)
	default:
		m.Renewed = append(m.Renewed, took)
	}
}

// leave signs a user out, or in. Two requests for one of them take turns.
func (m *measured) leave(tb testing.TB, v *user, app *tcbauth.App) {
	v.moves.Lock()
	defer v.moves.Unlock()
	presence, _ := v.is()
	change, times := v.signOut, &m.SignOuts
	if presence != in {
		change, times = v.signIn, &m.SignIns
	}
	begun := time.Now()
	err := change(tb.Context(), app)
	took := time.Since(begun)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.Failed++
		tb.Logf("%s comes or goes: %v", v.name, err)
		return
	}
	*times = append(*times, took)
}

// storm has the tokens of all users expire, who then all come back at once.
func (m *measured) storm(tb testing.TB, f *Fleet) {
	f.Server.Advance(m.Load.Usable + slack)
	for _, c := range f.Clocks {
		c.Jump(m.Load.Usable + slack)
	}
	before, begun := f.Server.Count("token"), time.Now()
	f.each(func(i int, v *user) {
		presence, _ := v.is()
		if presence != in {
			return
		}
		token, err := f.apps[i%len(f.apps)].ForUser(v.name).GetAccessToken(tb.Context())
		m.mu.Lock()
		defer m.mu.Unlock()
		m.SignedIn++
		if err != nil {
			m.Failed++
			tb.Logf("%s in the storm: %v", v.name, err)
		} else if owner(token) != v.name {
			m.MixedUp++
		}
	})
	m.Sent = f.Server.Count("token") - before
	m.Storm = float64(m.Sent) / time.Since(begun).Seconds()
}
