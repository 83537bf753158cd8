package reliability

import (
	"os"
	"testing"
	"time"
)

// The environment that asks for large runs.
const (
	loadEnv   = "TCBAUTH_LOAD"
	faultsEnv = "TCBAUTH_FAULTS"
)

// LargeLoad is what is run on every store where the environment asks for it, and else skips the test.
func LargeLoad(tb testing.TB) Load {
	tb.Helper()
	text := os.Getenv(loadEnv)
	if text == "" {
		tb.Skipf("NOT LOADED: %s says for how long, such as 30s", loadEnv)
	}
	lasts, err := time.ParseDuration(text)
	if err != nil {
		tb.Fatal(err)
	}
	return Load{Users: 2000, Replicas: 2, Rate: 300, Usable: 30 * time.Second, Lasts: lasts, Start: OnLoopback}
}

// Check loads a place, records the figures, and fails where something was lost or mixed up.
func (l Load) Check(tb testing.TB, p Place) {
	tb.Helper()
	f := l.Run(tb, p)
	tb.Logf("%s: %d requests; median / 99 %%: token at hand %v (%d), renewed %v (%d), sign-in %v, sign-out %v; %.0f refreshes a second",
		f.Store, f.Requests, f.AtHand, len(f.AtHand), f.Renewed, len(f.Renewed), f.SignIns, f.SignOuts, f.Storm)
	if f.Failed > 0 || f.MixedUp > 0 {
		tb.Errorf("%d requests failed, %d were mixed up", f.Failed, f.MixedUp)
	}
	if f.Sent != f.SignedIn {
		tb.Errorf("%d refreshes for %d users", f.Sent, f.SignedIn)
	}
	if most := len(f.AtHand) + len(f.Renewed); most == 0 {
		tb.Error("nothing was measured")
	}
	f.Record(tb)
}

// LargeTrial is how faults are tried on every store where the environment asks for it, and else skips the test.
func LargeTrial(tb testing.TB) Size {
	tb.Helper()
	if os.Getenv(faultsEnv) == "" {
		tb.Skipf("NOT TESTED in real time: %s=1 has 60 users on each store meet each fault, which takes minutes", faultsEnv)
	}
	return Size{
		Users: 60, Replicas: 2, Pause: time.Second, Usable: 4 * time.Second, Calm: 5 * time.Second, Start: OnLoopback,
	}
}

// Check tries a fault, records the outcome, and fails where it is one that must not be.
func (s Size) Check(tb testing.TB, p Place, fault Fault) Outcome {
	tb.Helper()
	out := s.Try(tb, p, fault)
	tb.Logf("%s, %s: %d calls, failed: %s; %d lost, %d mixed up, recovery %v, %d refreshes", out.Store, out.Fault, out.Calls,
		out.failed(), out.Lost, out.MixedUp, out.Recovery.Round(time.Millisecond), out.Refreshes)
	if err := out.Err(); err != nil {
		tb.Error(err)
	}
	if fault.Name == Nothing && len(out.Failed) > 0 {
		tb.Error("calls fail where nothing is wrong: the machine is too slow for this, and no row of it means anything")
	}
	out.Record(tb)
	return out
}
