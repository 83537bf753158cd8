package model

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// did is an operation of a made-up history. Times are in any unit.
func did(handle int, k kind, person string, call, end int64, change ...func(*record)) *record {
	r := &record{seat: "0", prepared: call, call: call, end: end, op: op{Handle: handle, Kind: k, Person: person}}
	if !k.leaves() && k != setTokens {
		r.Sub, r.Profile, r.Expires = person, person, 1<<40
	}
	for _, f := range change {
		f(r)
	}
	return r
}

func ended(p problem) func(*record) {
	return func(r *record) { r.result = result{Problem: p} }
}

func dead(r *record) { r.unknown, r.result = true, result{} }

// TestJudge holds the checks to histories that are surely right, and to others that surely are not.
func TestJudge(t *testing.T) {
	t.Parallel()
	const gopher, badger, visitor = "gopher_0_0", "badger_0_0", "dEv1ceOfAGuest"
	for name, test := range map[string]struct {
		flavor  flavor
		records []*record
		wrong   bool
	}{
		"nobody, then somebody, then nobody": {calm, []*record{
			did(0, getToken, "", 0, 1, ended(none)), did(0, signIn, gopher, 2, 4), did(0, getToken, gopher, 5, 6),
			did(0, signOut, "", 7, 9), did(0, getInfo, "", 10, 11, ended(none)),
		}, false},
		"the one before the last": {calm, []*record{
			did(0, signIn, gopher, 0, 1), did(0, signIn, badger, 2, 4), did(0, getToken, gopher, 5, 6),
		}, true},
		"either, while somebody signs in": {calm, []*record{
			did(0, signIn, gopher, 0, 1), did(0, signIn, badger, 2, 9), did(0, getToken, badger, 3, 4),
			did(0, getInfo, gopher, 3, 5),
		}, false},
		"back to the one before": {calm, []*record{
			did(0, signIn, gopher, 0, 1), did(0, signIn, badger, 2, 9), did(0, getToken, badger, 3, 4),
			did(0, getInfo, gopher, 5, 6),
		}, true},
		"signed out, and still there": {calm, []*record{
			did(0, signIn, gopher, 0, 1), did(0, signOut, "", 2, 3), did(0, getToken, gopher, 4, 5),
		}, true},
		"a stranger": {calm, []*record{did(0, signIn, gopher, 0, 1), did(0, getInfo, "otter_9_9", 2, 3)}, true},
		"a guest who was not lost": {lossy, []*record{
			did(0, signInGuest, "", 0, 1, ended(fault)), did(0, getToken, visitor, 2, 3), did(0, getInfo, visitor, 4, 5),
		}, false},
		"a guest who becomes another": {calm, []*record{
			did(0, signInGuest, visitor, 0, 1), did(0, getToken, "an0therGuest", 2, 3),
		}, true},
		"a lost sign-in that happened": {lossy, []*record{
			did(0, signIn, gopher, 0, 1, ended(fault)), did(0, getToken, gopher, 2, 3),
		}, false},
		"a lost sign-in that happened too late": {lossy, []*record{
			did(0, signIn, gopher, 0, 1, ended(fault)), did(0, getToken, "", 2, 3, ended(none)), did(0, getToken, gopher, 4, 5),
		}, true},
		"a killed sign-in that happened late": {killed, []*record{
			did(0, signIn, gopher, 0, 1, dead), did(0, getToken, "", 2, 3, ended(none)), did(0, getToken, gopher, 4, 5),
		}, false},
		"an error for no reason": {calm, []*record{did(0, getToken, "", 0, 1, ended(fault))}, true},
		"ended for no reason":    {calm, []*record{did(0, signIn, gopher, 0, 1), did(0, getToken, "", 2, 3, ended(expired))}, true},
		"ended by a lost answer": {lossy, []*record{
			did(0, signIn, gopher, 0, 1), did(0, refresh, "", 2, 3, ended(fault)), did(0, getToken, "", 4, 5, ended(expired)),
			did(0, getToken, "", 6, 7, ended(none)),
		}, false},
		"ended by a sign-out on its way": {calm, []*record{
			did(0, signIn, gopher, 0, 1), did(0, signOut, "", 2, 9), did(0, getToken, "", 3, 4, ended(expired)),
		}, false},
		"refused, and not made in another name": {calm, []*record{
			did(0, signIn, gopher, 0, 1), did(0, signIn, badger, 2, 9), did(0, getInfo, "", 3, 4, ended(expired)),
		}, false},
		"an old handle serves what it has": {calm, []*record{
			did(2, signIn, gopher, 0, 1), did(0, signIn, badger, 2, 3), did(2, getToken, gopher, 4, 5),
			did(2, getToken, badger, 6, 7),
		}, false},
		"an old handle goes back": {calm, []*record{
			did(2, signIn, gopher, 0, 1), did(0, signIn, badger, 2, 3), did(2, getToken, badger, 4, 5),
			did(2, getToken, gopher, 6, 7),
		}, true},
		"an old handle after its own sign-out": {calm, []*record{
			did(2, signIn, gopher, 0, 1), did(2, signOut, "", 2, 3), did(2, getToken, gopher, 4, 5),
		}, true},
		"an old handle after its own sign-in": {calm, []*record{
			did(2, signIn, gopher, 0, 1), did(2, setTokens, badger, 2, 3), did(2, getToken, gopher, 4, 5),
		}, true},
		"an old handle's sign-out of somebody gone": {calm, []*record{
			did(2, signIn, gopher, 0, 1), did(0, signIn, badger, 2, 3), did(2, signOut, "", 4, 5), did(0, getToken, badger, 6, 7),
		}, false},
		"an old handle's sign-out that leaves its person": {calm, []*record{
			did(2, signIn, gopher, 0, 1), did(2, signOut, "", 4, 5), did(0, getToken, gopher, 6, 7),
		}, true},
		"an old handle's sign-out of somebody whom it does not have": {calm, []*record{
			did(2, signIn, gopher, 0, 1), did(0, signIn, badger, 2, 3), did(2, signOut, "", 4, 5),
			did(0, getToken, "", 6, 7, ended(none)),
		}, true},
		"one who signed out as somebody that came in meanwhile": {calm, []*record{
			did(2, signIn, badger, 0, 9), did(2, setTokens, gopher, 1, 4), did(0, setTokens, gopher, 5, 8),
			did(2, signOut, "", 10, 11), did(2, getToken, gopher, 12, 13),
		}, false},
		"the same when it had to look again": {calm, []*record{
			did(2, signIn, gopher, 0, 1, func(r *record) { r.Expires = 0 }), did(0, signIn, badger, 2, 3),
			did(2, signOut, "", 4, 5), did(0, getToken, "", 6, 7, ended(none)),
		}, false},
		"a call in two names": {calm, []*record{
			did(0, signIn, gopher, 0, 1), did(0, signIn, badger, 2, 9),
			did(0, getInfo, badger, 3, 4, func(r *record) { r.Names = []string{gopher, badger} }),
		}, true},
		"somebody else's profile": {calm, []*record{
			did(0, signIn, gopher, 0, 1, func(r *record) { r.Profile = badger }),
		}, true},
		"a dead token": {calm, []*record{
			did(0, signIn, gopher, 0, 1),
			did(0, getToken, gopher, int64(10*time.Second), int64(11*time.Second), func(r *record) { r.Expires = 36 }),
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &judge{clock: clock{began: time.Unix(0, 0), speed: slow}, guests: make(map[string]string), lag: func() time.Duration { return 0 }}
			h := &history{world: world{ID: "made up", Flavor: test.flavor}, key: "visitor", records: test.records}
			text := j.violation(h)
			assert.Equal(t, test.wrong, text != "", text)
		})
	}
}
