package dbtest

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// address is that of a server, in what its driver opens.
var address = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// TestSilent: a database that accepts and does not answer keeps nobody for longer than he wants, before there is a connection, in
// the middle of it, and while a lock is held.
func TestSilent(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		addr := address.FindString(p.Source)
		if addr == "" {
			t.Skip("NOT TESTED: the database is a file")
		}
		p = p.fresh()
		p.Lease = time.Minute
		p.newStore(t)
		way := testbed.NewHushed(t, addr)
		p.Source = strings.Replace(p.Source, addr, way.Addr, 1)
		connected, unconnected := p.again(t), p.again(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		held, unlock, err := connected.Lock(ctx, "held")
		require.NoError(t, err)
		_, unlockOther, err := connected.Lock(t.Context(), "other")
		require.NoError(t, err)
		way.Silence()
		for what, call := range testbed.StoreCalls(connected) {
			testbed.RequirePrompt(t, what, t.Context(), call)
			if what != "Lock" {
				testbed.RequirePrompt(t, what+" by a holder", held, call)
			}
		}
		for what, call := range testbed.StoreCalls(unconnected) {
			testbed.RequirePrompt(t, what+" without a connection", t.Context(), call)
		}

		start := time.Now()
		unlockOther()
		assert.Less(t, time.Since(start), p.Lease/2, "unlock")
		cancel()
		start = time.Now()
		unlock()
		assert.Less(t, time.Since(start), testbed.UnlockPromptly, "unlock after the end of its context")
	})
}

// TestSilentWithoutDeadline: a Get that has set no deadline learns that the database does not answer, with drivers that return
// when a context ends.
func TestSilentWithoutDeadline(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		addr := address.FindString(p.Source)
		if addr == "" {
			t.Skip("NOT TESTED: the database is a file")
		}
		p = p.fresh()
		p.newStore(t)
		way := testbed.NewHushed(t, addr)
		p.Source = strings.Replace(p.Source, addr, way.Addr, 1)
		store := p.again(t)
		require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
		way.Silence()
		for name, ctx := range map[string]context.Context{"can end": t.Context(), "cannot end": context.WithoutCancel(t.Context())} {
			_, err := store.Get(ctx, "key")
			require.EqualError(t, err, "sqlstore: read: no answer within 2s", name)
		}
	})
}
