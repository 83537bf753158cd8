package redisstore_test

import (
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

func TestProcessesShareOneRefresh(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		needsMonths(t, prefix)
		store := newStore(t, connect(t, addr), prefix)
		testbed.ShareOneRefresh(t, place(addr, prefix, 10*time.Second), store)
	})
}

// The lease is longer than a busy machine lets a process wait for its turn: one that loses the lock while it lives is another
// test's matter.
func TestProcessesAreKilled(t *testing.T) {
	t.Parallel()
	const lease = 2 * time.Second
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		needsMonths(t, prefix)
		store := newStore(t, connect(t, addr), prefix, redisstore.WithLockLease(lease))
		testbed.SurviveKills(t, place(addr, prefix, lease), store, lease)
	})
}
