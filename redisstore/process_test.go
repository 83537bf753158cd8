package redisstore_test

import (
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// eachKind runs test on each kind of Redis: one node, a master behind a Sentinel, and a Cluster of six nodes.
func eachKind(t *testing.T, lease time.Duration, test func(t *testing.T, p place)) {
	t.Helper()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		needsMonths(t, prefix)
		test(t, oneNode(addr, prefix, lease))
	})
	t.Run("sentinel", func(t *testing.T) {
		t.Parallel()
		test(t, startSentinel(t).place(lease))
	})
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		test(t, startCluster(t, 3, true).place(lease))
	})
}

func TestProcessesShareOneRefresh(t *testing.T) {
	t.Parallel()
	eachKind(t, 10*time.Second, func(t *testing.T, p place) { testbed.ShareOneRefresh(t, p.String(), p.newStore(t)) })
}

// The lease is longer than a busy machine lets a process wait for its turn: one that loses the lock while it lives is another
// test's matter.
func TestProcessesAreKilled(t *testing.T) {
	t.Parallel()
	eachKind(t, 2*time.Second, func(t *testing.T, p place) { testbed.SurviveKills(t, p.String(), p.newStore(t), p.Lease) })
}
