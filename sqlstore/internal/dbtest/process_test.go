package dbtest

import (
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

func TestProcessesShareOneRefresh(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		p = p.fresh()
		p.Lease = 10 * time.Second
		testbed.ShareOneRefresh(t, p.String(), p.newStore(t))
	})
}

// The lease is longer than a busy machine lets a process wait for its turn: one that loses the lock while it lives is another
// test's matter.
func TestProcessesAreKilled(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		p = p.fresh()
		p.Lease = 2 * time.Second
		store := p.newStore(t)
		testbed.SurviveKills(t, p.String(), store, p.Lease)
	})
}
