package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

// counters count in a store, as sessions are refreshed: read under the lock, written under the lock.
type counters struct {
	store *redisstore.Store
	stop  chan struct{}
	done  sync.WaitGroup
	each  []*counter
}

// counter is one of them. What it finds is what it was told that it had stored, or it was told so in vain.
type counter struct {
	key     string
	counted atomic.Int64
	last    int // as stored
	missing int // counted, and not stored any more
	drops   int // how often that was seen
}

func startCounters(t *testing.T, store *redisstore.Store, n int) *counters {
	t.Helper()
	all := &counters{store: store, stop: make(chan struct{}), each: make([]*counter, n)}
	for i := range all.each {
		c := &counter{key: fmt.Sprintf("users/%d/counter", i)}
		all.each[i] = c
		all.done.Go(func() {
			for {
				select {
				case <-all.stop:
					return
				default:
					if err := c.count(t.Context(), store); err != nil {
						t.Errorf("%s: %v", c.key, err)
						return
					}
				}
			}
		})
	}
	return all
}

func (c *counter) count(ctx context.Context, store *redisstore.Store) error {
	held, unlock, err := store.Lock(ctx, c.key)
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.look(held, store); err != nil {
		return err
	}
	if err := store.Set(held, c.key, []byte(strconv.Itoa(c.last+1)), 0); err != nil {
		return err
	}
	c.counted.Add(1)
	c.last++
	return nil
}

// look reads what is stored.
func (c *counter) look(ctx context.Context, store *redisstore.Store) error {
	n := 0
	value, err := store.Get(ctx, c.key)
	if err == nil {
		n, err = strconv.Atoi(string(value))
	}
	switch {
	case err != nil && !errors.Is(err, tcbauth.ErrNotFound):
		return err
	case n > c.last:
		return fmt.Errorf("%d is stored, which nobody was told of: the last one was %d", n, c.last)
	case n < c.last:
		c.drops++
		c.missing += c.last - n
		c.last = n
	}
	return nil
}

// goOn waits until each of them has counted some more.
func (all *counters) goOn(t *testing.T) {
	t.Helper()
	const more = 10
	before := make([]int64, len(all.each))
	for i, c := range all.each {
		before[i] = c.counted.Load()
	}
	for i, c := range all.each {
		eventually(t.Context(), t, c.key+" goes on", func() bool { return c.counted.Load() >= before[i]+more })
	}
}

// end stops the counters and returns how much they have counted, how much of it the store has lost, and how often that befell one
// of them at most.
func (all *counters) end(t *testing.T) (counted, missing, drops int) {
	t.Helper()
	close(all.stop)
	all.done.Wait()
	for _, c := range all.each {
		eventually(t.Context(), t, "the value can be read", func() bool { return c.look(t.Context(), all.store) == nil })
		counted += int(c.counted.Load())
		missing += c.missing
		drops = max(drops, c.drops)
	}
	return counted, missing, drops
}

// TestReshardUnderLoad: slots move from node to node while their sessions are written. Nothing that was answered is lost.
func TestReshardUnderLoad(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 3, false)
	count := startCounters(t, newStore(t, c, ""), 6)
	for range 3 {
		for _, counter := range count.each {
			slot, from := c.slot(t, counter.key)
			to := (from + 1) % c.masters
			c.begin(t, slot, from, to)
			testbed.Moment(t, 20*time.Millisecond) // of load meanwhile
			c.finish(t, slot, from, to)
		}
	}
	count.goOn(t)
	counted, missing, _ := count.end(t)
	t.Logf("%d counted while 18 slots moved", counted)
	require.Zero(t, missing, "answered and lost")
}

// failovers are the ways in which a replica takes its master's place. start starts nodes; failOver has it happen to the master of a
// session, and returns when it has.
var failovers = map[string]struct {
	start  func(t *testing.T) (p place, failOver func(key string))
	loses  bool // what was answered last, since the replica does not have it yet
	late   bool // what the old master answers until it is told
	stress bool
}{
	"sentinel, the master dies": {loses: true, start: func(t *testing.T) (place, func(string)) {
		s := startSentinel(t)
		return s.place(failoverLease), func(string) { s.failOver(t, func(master int) { s.kill(t, master) }) }
	}},
	"sentinel, by order": {loses: true, late: true, start: func(t *testing.T) (place, func(string)) {
		s := startSentinel(t)
		return s.place(failoverLease), func(string) {
			s.failOver(t, func(int) { ordered(t, s.watcher.Failover(t.Context(), masterName).Err()) })
		}
	}},
	"cluster, the master dies": {loses: true, stress: true, start: func(t *testing.T) (place, func(string)) {
		c := startCluster(t, 3, true)
		return c.place(failoverLease), func(key string) { c.failOver(t, key, func(master, _ int) { c.kill(t, master) }) }
	}},
	"cluster, by order": {start: func(t *testing.T) (place, func(string)) {
		c := startCluster(t, 3, true)
		return c.place(failoverLease), func(key string) {
			c.failOver(t, key, func(_, replica int) { ordered(t, c.clients[replica].ClusterFailover(t.Context()).Err()) })
		}
	}},
}

// ordered takes the answer to an order to fail over. It may be that this is already in progress, or just done; a refusal that lasts
// ends the wait for it.
func ordered(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Logf("a failover was refused: %v", err)
	}
}

// failoverLease is that of a store's locks unless it is told another.
const failoverLease = 10 * time.Second

func eachFailover(t *testing.T, late bool, test func(t *testing.T, p place, loses bool, failOver func(key string))) {
	t.Helper()
	for name, f := range failovers {
		if f.late && !late {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if f.stress && !testbed.Stress() {
				t.Skip("NOT TESTED: a Cluster tells by the time alone that a node is dead, and on a busy machine takes others for " +
					"dead too; TCBAUTH_STRESS=1 has it tested")
			}
			p, failOver := f.start(t)
			test(t, p, f.loses, failOver)
		})
	}
}

// TestFailoverUnderLoad: a replica takes its master's place while sessions are written. All go on, from what the replica has: what
// was answered last may be gone, once, where replication does not wait for it. Nothing else is.
func TestFailoverUnderLoad(t *testing.T) {
	t.Parallel()
	eachFailover(t, true, func(t *testing.T, p place, loses bool, failOver func(key string)) {
		count := startCounters(t, p.newStore(t), 6)
		count.goOn(t)
		failOver(count.each[0].key)
		count.goOn(t)
		counted, missing, drops := count.end(t)
		t.Logf("%d counted, of which the replica did not have %d", counted, missing)
		if loses {
			assert.LessOrEqual(t, drops, 1, "a counter went back more than once")
		} else {
			assert.Zero(t, missing, "answered and lost")
		}
	})
}

// TestRefreshesThroughFailovers: a replica takes its master's place, or the slot of a session moves, while one process refreshes
// the session and the others wait for it.
func TestRefreshesThroughFailovers(t *testing.T) {
	t.Parallel()
	eachFailover(t, false, func(t *testing.T, p place, _ bool, failOver func(key string)) {
		refreshThrough(t, p, 1, func(race *testbed.Race, _ int) { failOver(race.Key()) })
	})
	t.Run("cluster, a slot moves", func(t *testing.T) {
		t.Parallel()
		c := startCluster(t, 3, false)
		refreshThrough(t, c.place(failoverLease), 4, func(race *testbed.Race, _ int) {
			slot, from := c.slot(t, race.Key())
			to := (from + 1) % c.masters
			c.begin(t, slot, from, to)
			c.finish(t, slot, from, to)
		})
	})
}

// TestFailover: the master dies while a lock is held, and a replica takes its place, as Sentinel has it.
func TestFailover(t *testing.T) {
	t.Parallel()
	s := startSentinel(t)
	ctx := t.Context()
	store := s.place(time.Minute).newStore(t) // which a failover must not exceed
	held, unlock, err := store.Lock(ctx, "key")
	require.NoError(t, err)
	defer unlock()
	require.NoError(t, store.Set(held, "key", []byte("before"), 0))
	requireReplicated(t, connect(t, s.nodes[0].addr()), "key")
	s.kill(t, 0)
	require.NoError(t, store.Set(held, "key", []byte("after"), 0))
	value, err := newStore(t, connect(t, s.nodes[1].addr()), "").Get(ctx, "key")
	require.NoError(t, err)
	require.Equal(t, "after", string(value))
	require.NoError(t, held.Err())
}
