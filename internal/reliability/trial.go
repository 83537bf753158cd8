package reliability

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// Fault is something that goes wrong for a while.
type Fault struct {
	Name  string
	Lasts time.Duration
	// Begin brings it about, and returns what ends it.
	Begin  func(tb testing.TB, f *Fleet) (end func())
	Policy authtest.RefreshPolicy
	Loses  string  // why sessions may end; "": none may
	Share  float64 // of the users, at most, whose sessions may end by that
}

// Size is how many users a trial has, and how fast they are.
type Size struct {
	Users, Replicas int
	Pause           time.Duration // between two calls of a goroutine, at most; each user has one at each replica
	Usable          time.Duration // for which an access token is used
	Calm            time.Duration // before the fault, and after everybody was served again
	Start           Starter
}

const (
	patience  = 5 * time.Second  // with a call, as of a server that has to answer somebody
	recovery  = 90 * time.Second // in which everybody must have been served again
	slack     = time.Second      // since tokens last for whole seconds
	lastWait  = 20 * time.Second // with a call when all is over
	leaverOf  = 8                // one user in so many signs out and in again
	askServer = 4                // one call in so many asks the server who is signed in; the others want an access token
)

// trial is one fault in one place, while it is tried.
type trial struct {
	tb    testing.TB
	fault Fault
	size  Size
	fleet *Fleet

	over      chan struct{}
	ended     atomic.Pointer[time.Time] // when the fault was over
	remaining atomic.Int64              // goroutines that were not served since
	recovered chan struct{}             // closed when there are none

	mu  sync.Mutex
	out Outcome
}

// Try has the users of a place call on while a fault happens, and returns what came of it.
func (s Size) Try(tb testing.TB, p Place, fault Fault) Outcome {
	tb.Helper()
	ctx := tb.Context()
	t := &trial{
		tb: tb, fault: fault, size: s, over: make(chan struct{}), recovered: make(chan struct{}),
		fleet: newFleet(tb, p, crew{users: s.Users, replicas: s.Replicas, usable: s.Usable, policy: fault.Policy, start: s.Start}),
		out:   Outcome{Fault: fault.Name, Store: p.Store, Lasted: fault.Lasts, Failed: make(map[string]int)},
	}
	var seats, leavers sync.WaitGroup
	t.remaining.Store(int64(s.Users * s.Replicas))
	for i, v := range t.fleet.users {
		for _, app := range t.fleet.apps {
			seats.Go(func() { t.sit(ctx, v, app) })
		}
		if i%leaverOf == 0 {
			leavers.Go(func() { t.comeAndGo(ctx, v, t.fleet.apps[i/leaverOf%len(t.fleet.apps)], i/leaverOf%2 == 0) })
		}
	}
	wait(ctx, s.Calm)
	end := fault.Begin(tb, t.fleet)
	wait(ctx, fault.Lasts)
	end()
	now := time.Now()
	t.ended.Store(&now)
	select {
	case <-t.recovered:
	case <-time.After(recovery):
		t.out.note("%d goroutines were not served within %v", t.remaining.Load(), recovery)
	}
	wait(ctx, s.Calm)
	close(t.over)
	seats.Wait()
	leavers.Wait()
	t.checkAll(ctx)
	if err := t.fleet.shutdown(ctx); err != nil {
		t.out.note("shutting down: %v", err)
	}
	for _, v := range t.fleet.users {
		if v.ended {
			t.out.Lost++
		}
	}
	if t.out.Lost > 0 {
		t.out.Why = fault.Loses
	}
	if most := int(fault.Share * float64(s.Users)); t.out.Lost > most {
		t.out.note("%d sessions of %d were lost, where %d may be", t.out.Lost, s.Users, most)
	}
	t.out.Refreshes = t.fleet.Server.Count("token")
	return t.out
}

// sit makes calls as a user at one replica, one after the other.
func (t *trial) sit(ctx context.Context, v *user, app *tcbauth.App) {
	served := false
	serve := func() {
		if !served && t.ended.Load() != nil {
			served = true
			if t.remaining.Add(-1) == 0 {
				close(t.recovered)
			}
		}
	}
	for !t.isOver() {
		wait(ctx, rand.N(t.size.Pause)) //nolint:gosec // no secret depends on it
		before, changes := v.is()
		err := t.call(ctx, v, app)
		after, now := v.is()
		if before != in || after != in || changes != now { // whatever it was told may be right
			serve()
			continue
		}
		t.count(err)
		switch {
		case gone(err):
			v.told()
			for now == changes && !t.isOver() { // the user would have to sign in
				serve()
				wait(ctx, t.size.Pause)
				_, now = v.is()
			}
		case err == nil:
			serve()
		}
	}
}

func (t *trial) isOver() bool {
	select {
	case <-t.over:
		return true
	default:
		return false
	}
}

// call makes one call, as a request of the user's does, and looks whose the answer is.
func (t *trial) call(ctx context.Context, v *user, app *tcbauth.App) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	auth := app.ForUser(v.name)
	if rand.IntN(askServer) == 0 { //nolint:gosec // no secret depends on it
		user, err := auth.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
		if err == nil {
			t.belongs(v, user.Sub)
		}
		return err
	}
	begun := time.Now()
	token, err := auth.GetAccessToken(ctx)
	if err == nil {
		t.belongs(v, owner(token))
		t.isFresh(v, token, begun)
	}
	return err
}

// isFresh sees that nobody is given an access token that is known for longer than it is to be used, whatever the clocks say.
func (t *trial) isFresh(v *user, token string, begun time.Time) {
	if age := begun.Sub(v.firstSeen(token)); age > t.size.Usable+slack {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.out.note("%s was given a token of %v ago, which expired after %v", v.name, age, t.size.Usable)
	}
}

// belongs sees that what a user got is theirs.
func (t *trial) belongs(v *user, sub string) {
	if sub == v.name {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.out.MixedUp++
	t.out.note("%s was %q", v.name, sub)
}

// count takes the outcome of a call.
func (t *trial) count(err error) {
	word := told(err)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.out.Calls++
	if word == "" {
		return
	}
	t.out.Failed[word]++
	if word == untold {
		t.out.note("not told: %v", err)
	}
	if end := t.ended.Load(); end != nil && !gone(err) {
		t.out.Recovery = max(t.out.Recovery, time.Since(*end))
	}
}

// comeAndGo signs a user out and in again, now and then, and at last out or in.
func (t *trial) comeAndGo(ctx context.Context, v *user, app *tcbauth.App, stays bool) {
	for !t.isOver() {
		wait(ctx, t.size.Usable/2+rand.N(t.size.Usable)) //nolint:gosec // no secret depends on it
		for _, change := range []func(context.Context, *tcbauth.App) error{v.signOut, v.signIn} {
			short, cancel := context.WithTimeout(ctx, patience)
			t.count(change(short, app))
			cancel()
			wait(ctx, rand.N(t.size.Usable)) //nolint:gosec // as above
		}
	}
	last := v.signOut
	if stays {
		last = v.signIn
	}
	long, cancel := context.WithTimeout(ctx, lastWait)
	defer cancel()
	if err := last(long, app); err != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.out.note("%s cannot come or go when all is over: %v", v.name, err)
	}
}

// checkAll looks, when all is over, at every user's session from every replica.
func (t *trial) checkAll(ctx context.Context) {
	t.fleet.each(func(_ int, v *user) {
		for _, app := range t.fleet.apps {
			if problem := t.check(ctx, v, app); problem != "" {
				t.mu.Lock()
				t.out.note("%s: %s", v.name, problem)
				t.mu.Unlock()
			}
		}
	})
}

func (t *trial) check(ctx context.Context, v *user, app *tcbauth.App) (problem string) {
	ctx, cancel := context.WithTimeout(ctx, lastWait)
	defer cancel()
	token, err := app.ForUser(v.name).GetAccessToken(ctx)
	presence, _ := v.is()
	switch {
	case presence == out && gone(err):
		return ""
	case presence == out:
		return fmt.Sprintf("signed out and there again (%v)", err)
	case gone(err):
		v.told()
		return ""
	case err != nil:
		return fmt.Sprintf("neither signed in nor told why: %v", err)
	}
	t.belongs(v, owner(token))
	user, err := app.ForToken(token).GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
	if err != nil {
		return fmt.Sprintf("the server does not take the token: %v", err)
	}
	t.belongs(v, user.Sub)
	return ""
}

// wait waits, unless ctx ends first.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
