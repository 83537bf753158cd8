package dbtest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/sqlstore"
)

// All processes of a program migrate when they start.
func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		p = p.fresh()
		var all sync.WaitGroup
		for range 8 {
			store, err := p.open(t)
			require.NoError(t, err)
			all.Go(func() { assert.NoError(t, store.Migrate(t.Context())) })
		}
		all.Wait()
		store := p.newStore(t) // migrates again
		require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
		require.NoError(t, store.Migrate(t.Context()))
		value, err := store.GetString(t.Context(), "key")
		require.NoError(t, err)
		assert.Equal(t, "value", value)
	})
}

func (p place) count(t *testing.T, query string) (n int) {
	t.Helper()
	db, err := p.openDB(t)
	require.NoError(t, err)
	require.NoError(t, db.QueryRowContext(t.Context(), p.tables(query)).Scan(&n))
	return n
}

// A sweep takes what is over, in more than one step, and nothing else.
func TestSweep(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		p = p.fresh()
		p.Lease = 10 * time.Second
		store := p.newStore(t)
		db, err := p.openDB(t)
		require.NoError(t, err)
		ctx := t.Context()
		for key, ttl := range map[string]time.Duration{"for ever": 0, "a month": 31 * 24 * time.Hour, "over": time.Millisecond} {
			require.NoError(t, store.Set(ctx, key, []byte("value"), ttl))
		}
		require.NoError(t, store.Set(ctx, "deleted", []byte("value"), 0))
		require.NoError(t, store.Delete(ctx, "deleted"))
		held, unlock, err := store.Lock(ctx, "locked")
		require.NoError(t, err)
		_, unlockFree, err := store.Lock(ctx, "free")
		require.NoError(t, err)
		unlockFree()
		require.Eventually(t, func() bool {
			_, err := store.Get(ctx, "over")
			return errors.Is(err, tcbauth.ErrNotFound)
		}, 30*time.Second, time.Millisecond)

		swept, err := store.Sweep(ctx)
		require.NoError(t, err)
		assert.EqualValues(t, 1, swept, "what was deleted or given up is remembered for an hour")
		hour := "3600001"
		p.exec(t, db, "UPDATE {values} SET expires = expires - "+hour+" WHERE value IS NULL")
		p.exec(t, db, "UPDATE {locks} SET expires = expires - "+hour+" WHERE token = ''")
		numbers := "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2499) "
		if p.Dialect == sqlstore.MySQL { // has it after INSERT
			p.exec(t, db, "SET STATEMENT max_recursive_iterations = 5000 FOR INSERT INTO {values} "+numbers+
				"SELECT concat('n', i), NULL, 0, '', 0 FROM n")
		} else {
			p.exec(t, db, numbers+"INSERT INTO {values} (name, expires, writer, number) SELECT 'n' || i, 0, '', 0 FROM n")
		}
		swept, err = store.Sweep(ctx)
		require.NoError(t, err)
		assert.EqualValues(t, 2502, swept)
		assert.Equal(t, 2, p.count(t, "SELECT count(*) FROM {values}"))
		assert.Equal(t, 1, p.count(t, "SELECT count(*) FROM {locks}"))
		require.NoError(t, store.Set(held, "locked", nil, 0))
		unlock()
		_, err = store.Get(ctx, "a month")
		require.NoError(t, err)

		// Without a Sweep, the Sets of a store see to it.
		p.exec(t, db, "UPDATE {values} SET expires = 0")
		for range 64 {
			require.NoError(t, store.Set(ctx, "another", nil, 0))
		}
		assert.Equal(t, 1, p.count(t, "SELECT count(*) FROM {values}"))
	})
}

// What asks for a lock and was left is done by the database all the same, when it can. Nobody has to wait for its lease.
func TestAbandonedLockIsFree(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		p = p.fresh()
		p.Lease = time.Minute
		store := placed{p.newStore(t), p}
		other, err := p.open(t)
		require.NoError(t, err)
		for range 5 {
			well := hang(t, store, "")
			defer well()
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			_, _, err := store.Lock(ctx, "key")
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
			well()
			for _, s := range []*sqlstore.Store{other, store.Store} {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				held, unlock, err := s.Lock(ctx, "key")
				require.NoError(t, err)
				require.NoError(t, s.Set(held, "key", []byte("value"), 0))
				unlock()
				cancel()
			}
		}
	})
}

// A lease that is over is nobody's until somebody takes it: the holder has the only copy of a new session.
func TestHolderOfAnOldLeaseWrites(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		p = p.fresh()
		p.Lease = time.Minute // so that it is not renewed here
		store := p.newStore(t)
		db, err := p.openDB(t)
		require.NoError(t, err)
		held, unlock, err := store.Lock(t.Context(), "key")
		require.NoError(t, err)
		defer unlock()
		p.exec(t, db, "UPDATE {locks} SET expires = 1")
		require.NoError(t, store.Set(held, "key", []byte("value"), 0))

		other, err := p.open(t)
		require.NoError(t, err)
		_, unlockOther, err := other.Lock(t.Context(), "key")
		require.NoError(t, err)
		require.ErrorIs(t, store.Delete(held, "key"), sqlstore.ErrLockLost)
		require.ErrorIs(t, context.Cause(held), sqlstore.ErrLockLost)
		unlockOther()
		value, err := other.GetString(t.Context(), "key")
		require.NoError(t, err)
		assert.Equal(t, "value", value)
	})
}

// Whoever waits for a lock has no connection meanwhile: one is enough for all.
func TestWaitersNeedNoConnection(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		p = p.fresh()
		p.Connections, p.Lease = 1, 10*time.Second
		store := p.newStore(t)
		held, unlock, err := store.Lock(t.Context(), "key")
		require.NoError(t, err)
		const waiters = 100
		var all sync.WaitGroup
		for range waiters {
			all.Go(func() {
				_, unlock, err := store.Lock(t.Context(), "key")
				if assert.NoError(t, err) {
					unlock()
				}
			})
		}
		require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
		require.NoError(t, store.Set(held, "key", []byte("the holder's"), 0))
		unlock()
		all.Wait()
		value, err := store.GetString(t.Context(), "key")
		require.NoError(t, err)
		assert.Equal(t, "the holder's", value)
	})
}

// Between the look at the lock and the write nobody can take the lock: a write that meets somebody who takes it waits, and is
// refused.
func TestWriteWaitsForWhoTakesTheLock(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		p = p.fresh()
		p.Lease = time.Minute
		store := p.newStore(t)
		held, unlock, err := store.Lock(t.Context(), "key")
		require.NoError(t, err)
		defer unlock()
		require.NoError(t, store.Set(held, "key", []byte("old"), 0))

		db, err := p.openDB(t)
		require.NoError(t, err)
		taker, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer func() { assert.NoError(t, taker.Close()) }()
		begin := "BEGIN"
		if p.Dialect == sqlstore.SQLite {
			begin = "BEGIN IMMEDIATE"
		}
		p.exec(t, taker, begin)
		p.exec(t, taker, "UPDATE {locks} SET token = 'another'")
		written := make(chan error, 1)
		go func() { written <- store.Set(held, "key", []byte("late"), 0) }()
		testbed.Moment(t, 200*time.Millisecond)
		select {
		case err := <-written:
			t.Errorf("the write did not wait: %v", err)
			written <- err
		default:
		}
		p.exec(t, taker, "COMMIT")
		require.ErrorIs(t, <-written, sqlstore.ErrLockLost)
		value, err := store.GetString(t.Context(), "key")
		require.NoError(t, err)
		assert.Equal(t, "old", value)
	})
}
