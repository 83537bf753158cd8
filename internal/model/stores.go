package model

import (
	"io"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

const (
	lengthEnv = "TCBAUTH_MODEL"
	opsEnv    = "TCBAUTH_MODEL_OPS"
	seedEnv   = "TCBAUTH_MODEL_SEED"

	// shortRun is how long each kind of store is tested in an ordinary run of the tests.
	shortRun = 1500 * time.Millisecond
)

// Open opens a store at a place, which is what a test makes of that word. lease is that of its locks, where they have one. The
// Closer ends what the store needs.
type Open func(place string, lease time.Duration) (tcbauth.TokenStore, io.Closer, error)

// Stores are those of one kind at one place.
type Stores struct {
	Open  Open
	Place string
	Alone bool // each store has a place of its own: there is one, for the Apps of this process
}

// Test holds sessions in the stores against the model. The package comment says what that is. Unless they are Alone, TestMain
// must know Helper with the same Open.
func (s Stores) Test(t *testing.T) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedEnv); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, seedEnv)
	}
	r := &run{stores: s, seed: seed, bubblesAtATime: 1}
	long := r.setLimit(t)
	if long {
		r.bubblesAtATime = runtime.GOMAXPROCS(0)
	}
	began := time.Now()
	for !r.over() {
		r.bubbles(t)
		if long && !s.Alone && !r.over() { // not in a short run, where the time of a busy machine means nothing
			r.era(t)
		}
	}
	took := time.Since(began)
	t.Logf("model: %s=%d, %d operations in %v, %.0f a second, in %d worlds; %d with an unknown end; %d histories took too "+
		"long to check", seedEnv, seed, r.done.Load(), took.Round(time.Millisecond),
		float64(r.done.Load())/took.Seconds(), r.worlds.Load(), r.unknown.Load(), r.undecided.Load())
	if r.violation != "" {
		t.Errorf("model: violation after %d operations (%s=%d): %s", r.after, seedEnv, seed, r.violation)
	}
}

// setLimit reads from the environment how long the run is, and reports whether it says so.
func (r *run) setLimit(t *testing.T) (long bool) {
	t.Helper()
	if text := os.Getenv(opsEnv); text != "" {
		ops, err := strconv.ParseInt(text, 10, 64)
		require.NoError(t, err, opsEnv)
		r.limit.ops, long = ops, true
	}
	length := shortRun
	if text := os.Getenv(lengthEnv); text != "" {
		var err error
		length, err = time.ParseDuration(text)
		require.NoError(t, err, lengthEnv)
		long = true
	} else if long {
		return true
	}
	r.limit.until = time.Now().Add(length)
	return long
}
