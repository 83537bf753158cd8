package reliability

import (
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// revoking is the server that forgives least: a refresh token that comes twice ends its session.
var revoking = authtest.Rotating().RevokingReuse()

const (
	spentUnseen = "the server has spent the refresh token and its answer with the next one was lost"
	keptApart   = "the replica that refreshed could not store the next refresh token, and another one sent the spent token"
)

// Nothing is the name of the fault that is none.
const Nothing = "nothing"

// ServerFaults are what can go wrong with refreshes at the server and with clocks, whatever the store.
func ServerFaults(lasts time.Duration) []Fault {
	faults := []Fault{
		{Name: Nothing, Begin: func(testing.TB, *Fleet) func() { return func() {} }},
		{Name: "server slow: 2 s a refresh", Begin: ofServer(authtest.Fault{Operation: "token", Delay: 2 * time.Second})},
		{Name: "server silent", Begin: ofServer(authtest.Fault{Operation: "token", Delay: time.Hour})},
		{Name: "server answers 503", Begin: ofServer(authtest.Fault{Operation: "token", Error: &authtest.Error{Code: "unavailable", Number: 14, Status: 503, Description: "try later"}})},
		{Name: "connection cut before the refresh", Begin: ofServer(authtest.Fault{Operation: "token", Close: authtest.BeforeCommit})},
		{Name: "connection cut after the refresh", Begin: ofServer(authtest.Fault{Operation: "token", Close: authtest.AfterCommit}), Loses: spentUnseen, Share: 1},
		{
			Name: "the same, with a minute's grace for spent tokens", Policy: authtest.RotatingWithGrace(time.Minute),
			Begin: ofServer(authtest.Fault{Operation: "token", Close: authtest.AfterCommit}),
		},
		{
			Name: "the same, and the server does not rotate", Policy: authtest.Static(),
			Begin: ofServer(authtest.Fault{Operation: "token", Close: authtest.AfterCommit}),
		},
		{
			Name: "a proxy's page of 502 in place of the answer, with a minute's grace", Policy: authtest.RotatingWithGrace(time.Minute),
			Begin: ofServer(authtest.Fault{Operation: "token", Body: authtest.HTML}),
		},
		{
			Name: "answers cut in the middle, with a minute's grace", Policy: authtest.RotatingWithGrace(time.Minute),
			Begin: ofServer(authtest.Fault{Operation: "token", Every: 2, Body: authtest.CutBody}),
		},
		{Name: "server's clock a day forward", Begin: func(_ testing.TB, f *Fleet) func() {
			f.Server.Advance(24 * time.Hour)
			return func() {}
		}},
		{Name: "a replica's clock a day ahead, then right", Begin: ofClocks(24*time.Hour, 1)},
		{Name: "a replica's clock a day behind, then right", Begin: ofClocks(-24*time.Hour, 1)},
		{Name: "all clocks of replicas a day ahead, then right", Begin: ofClocks(24*time.Hour, -1)},
		{Name: "all clocks of replicas a day behind, then right", Begin: ofClocks(-24*time.Hour, -1)},
	}
	for i := range faults {
		faults[i].Lasts = lasts
		if faults[i].Policy == (authtest.RefreshPolicy{}) {
			faults[i].Policy = revoking
		}
	}
	return faults
}

// Faults are those of a store that is ill.
func (w *Ward) Faults(lasts time.Duration) []Fault {
	ill := func(s Sickness) func(testing.TB, *Fleet) func() {
		return func(testing.TB, *Fleet) func() { return w.Infect(s) }
	}
	return []Fault{
		{Name: "store fails", Begin: ill(Fails), Lasts: lasts, Policy: revoking, Loses: keptApart, Share: 0.1},
		{Name: "store hangs", Begin: ill(Hangs), Lasts: lasts, Policy: revoking},
		{Name: "store takes no writes", Begin: ill(FailsWrites), Lasts: lasts, Policy: revoking, Loses: keptApart, Share: 0.1},
	}
}

// ofServer puts a fault of the emulator in force, and lifts it.
func ofServer(fault authtest.Fault) func(testing.TB, *Fleet) func() {
	return func(_ testing.TB, f *Fleet) func() { return f.Server.Fault(fault).Lift }
}

// ofClocks has the clocks of the first n replicas, or of all if n is negative, jump and jump back.
func ofClocks(by time.Duration, n int) func(testing.TB, *Fleet) func() {
	return func(_ testing.TB, f *Fleet) func() {
		clocks := f.Clocks
		if n >= 0 {
			clocks = clocks[:n]
		}
		jump := func(d time.Duration) {
			for _, c := range clocks {
				c.Jump(d)
			}
		}
		jump(by)
		return func() { jump(-by) }
	}
}
