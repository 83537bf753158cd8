package model

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// flavor is what goes wrong in a world.
type flavor string

const (
	calm   flavor = "calm"   // nothing but slowness
	hasty  flavor = "hasty"  // callers leave early
	lossy  flavor = "lossy"  // answers are lost
	sick   flavor = "sick"   // the store fails now and then, and locks are lost
	shaky  flavor = "shaky"  // the store fails under one App, which has to know what was not stored
	killed flavor = "killed" // a process is killed
)

// faulty reports whether the store fails now and then.
func (f flavor) faulty() bool { return f == sick || f == shaky }

// excuses reports whether a session may end by itself in such a world: its refresh token can be spent without a successor.
func (f flavor) excuses() bool { return f == lossy || f == sick || f == killed }

// world is a small part of a run: some keys in a part of the store of its own, with new Apps, from the first operation to
// the check of the history. It stays small, so that checking is quick and a failure is short.
type world struct {
	ID     string
	Flavor flavor
	Ahead  bool // sessions are refreshed ahead
	Prompt bool // the store says that its calls end with their contexts
	Apart  bool // each App has a store of its own on the same place
}

// newWorld chooses a world. Only with can there be kills.
func newWorld(rng *rand.Rand, id string, kills bool) world {
	flavors := []flavor{calm, calm, calm, calm, hasty, hasty, lossy, lossy, sick, shaky, shaky, shaky}
	if kills {
		flavors = append(flavors, killed, killed)
	}
	w := world{
		Flavor: flavors[rng.IntN(len(flavors))],
		Ahead:  rng.IntN(3) == 0, Prompt: rng.IntN(2) == 0, Apart: kills || rng.IntN(3) == 0,
	}
	w.ID = fmt.Sprintf("%s-%s", id, w.Flavor)
	return w
}

// animals are the people who sign in under a key.
var animals = [...]string{"gopher", "badger", "otter"}

// generator chooses the operations of one goroutine.
type generator struct {
	rng    *rand.Rand
	world  world
	key    string
	people []string
	handle int // the goroutine's own long-lived one
	mood   mood
}

// A mood says how often each kind is chosen, of a hundred, and how long a goroutine waits between operations at most.
type mood struct {
	shares []share
	idle   time.Duration
}

type share struct {
	kind   kind
	weight int
}

var moods = []mood{
	{shares: []share{ // a bit of everything
		{getToken, 50}, {hasSession, 12}, {getInfo, 9}, {refresh, 3}, {signIn, 5}, {signOut, 8},
		{setSession, 2}, {setTokens, 6}, {clearTokens, 3}, {signInGuest, 2},
	}},
	{shares: []share{ // people come and go at once
		{getToken, 50}, {hasSession, 8}, {getInfo, 7}, {signIn, 3}, {signOut, 8}, {setSession, 4}, {setTokens, 14}, {clearTokens, 6},
	}},
	{shares: []share{ // refreshes
		{getToken, 44}, {getInfo, 8}, {refresh, 22}, {signIn, 4}, {signOut, 9}, {setSession, 4}, {setTokens, 7}, {clearTokens, 2},
	}},
	{shares: []share{ // anonymous people
		{getToken, 50}, {hasSession, 5}, {getInfo, 9}, {refresh, 8}, {signInGuest, 12}, {signOut, 8}, {setTokens, 4}, {clearTokens, 4},
	}},
	{shares: []share{ // people stay, and their tokens expire
		{getToken, 66}, {hasSession, 9}, {getInfo, 15}, {refresh, 1}, {signIn, 2}, {signOut, 1}, {setTokens, 3}, {signInGuest, 3},
	}, idle: 70 * time.Millisecond},
}

// next chooses an operation. Its Spare is still to be got.
func (g *generator) next() op {
	o := op{World: g.world, Key: g.key, Kind: g.kind(), Person: g.people[g.rng.IntN(len(g.people))]}
	switch {
	case g.key == "":
		o.Handle = 1 // App.Auth is one and the same
	case o.Kind != clearTokens && g.rng.IntN(5) < 2:
		o.Handle = g.handle
	}
	if g.world.Flavor == hasty && g.rng.IntN(6) == 0 && o.Kind != setTokens && o.Kind != clearTokens {
		o.Cut = time.Duration(1 + g.rng.IntN(int(time.Duration(5+35*g.rng.IntN(2))*time.Millisecond))) // soon, or in the middle
	}
	return o
}

func (g *generator) kind() kind {
	for {
		n := g.rng.IntN(100)
		for _, w := range g.mood.shares {
			if n -= w.weight; n < 0 {
				if g.suits(w.kind) {
					return w.kind
				}
				break
			}
		}
	}
}

func (g *generator) suits(k kind) bool {
	switch k {
	case clearTokens: // says nothing of the session that it means, so what it does to a handle's is not clear
		return g.key != ""
	case signInGuest: // two values are written, and what one of them without the other gives is not promised
		return !g.world.Flavor.faulty() && g.world.Flavor != killed
	default:
		return true
	}
}
