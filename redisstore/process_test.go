package redisstore_test

import (
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/refreshrace"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

func TestProcessesShareOneRefresh(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		store := newStore(t, connect(t, addr), prefix)
		refreshrace.ShareOneRefresh(t, place(addr, prefix, 10*time.Second), store)
	})
}

func TestProcessesAreKilled(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		store := newStore(t, connect(t, addr), prefix, redisstore.WithLockLease(lease))
		refreshrace.SurviveKills(t, place(addr, prefix, lease), store, lease)
	})
}
