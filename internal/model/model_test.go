package model

import (
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	lengthEnv = "TCBAUTH_MODEL"
	opsEnv    = "TCBAUTH_MODEL_OPS"
	seedEnv   = "TCBAUTH_MODEL_SEED"

	// shortRun is how long each store is tested in an ordinary run of the tests.
	shortRun = 1500 * time.Millisecond
)

// TestModel holds sessions on every store against the model. The package comment says what that is.
func TestModel(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedEnv); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, seedEnv)
	}
	for name, test := range map[string]struct {
		place  func(testing.TB) string
		shared bool // by processes
	}{
		"memory": {func(testing.TB) string { return memoryPlace }, false},
		"file":   {filePlace, true},
		"redis":  {redisPlace, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &run{place: test.place(t), seed: seed, bubblesAtATime: 1}
			long := r.setLimit(t)
			if long {
				r.bubblesAtATime = runtime.GOMAXPROCS(0)
			}
			began := time.Now()
			for !r.over() {
				r.bubbles(t)
				if long && test.shared && !r.over() { // not in a short run, where the time of a busy machine means nothing
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
		})
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
