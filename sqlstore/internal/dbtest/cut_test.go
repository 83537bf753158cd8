package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/sqlstore"
)

// cutter ends connections as an administrator does, those of one user.
type cutter struct {
	db        *sql.DB
	list, end string
}

// cuttable returns a cutter, and the place for the connections of its user.
func (p place) cuttable(t *testing.T, db *sql.DB) (cutter, place) {
	t.Helper()
	name := "cut_" + strings.ToLower(rand.Text()[:12])
	p.exec(t, db, "CREATE USER "+name)
	if p.Dialect == sqlstore.PostgreSQL {
		p.exec(t, db, "ALTER USER "+name+" SUPERUSER")
		p.Source = strings.Replace(p.Source, "tcbauth@", name+"@", 1)
		return cutter{db, "SELECT pid FROM pg_stat_activity WHERE usename = '" + name + "'", "SELECT pg_terminate_backend($1)"}, p
	}
	p.exec(t, db, "GRANT ALL ON *.* TO "+name)
	p.Source = strings.Replace(p.Source, "root@", name+"@", 1)
	return cutter{db, "SELECT id FROM information_schema.processlist WHERE user = '" + name + "'", "KILL ?"}, p
}

// TestConnectionsAreCut: connections end in the middle of statements. Nobody who has a lock is told of it, and what was answered is
// there.
func TestConnectionsAreCut(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		if p.Dialect == sqlstore.SQLite {
			t.Skip("NOT TESTED: the database is a file")
		}
		p = p.fresh()
		p.Lease = 10 * time.Second
		p.newStore(t)
		db, err := p.openDB(t)
		require.NoError(t, err)
		cutter, p := p.cuttable(t, db)
		store := p.again(t)

		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var all sync.WaitGroup
		var cuts, finished atomic.Int32
		all.Go(func() {
			for last := int32(-1); ctx.Err() == nil; testbed.Moment(t, 2*time.Millisecond) {
				if now := finished.Load(); now != last { // or a slow machine would never finish one
					last = now
					cuts.Add(cutter.cut(t))
				}
			}
		})
		const holders, rounds = 4, 10
		var counting sync.WaitGroup
		for i := range holders {
			counting.Go(func() {
				key := "users/" + strconv.Itoa(i) + "/key"
				for round := range rounds {
					if err := count(ctx, store, key, round); !assert.NoError(t, err, "%s, round %d", key, round) {
						return
					}
					finished.Add(1)
				}
			})
		}
		counting.Wait()
		stop()
		all.Wait()
		t.Logf("%d connections were cut", cuts.Load())
	})
}

// count reads what is to be there and writes what comes next. A lock may be asked for again.
func count(ctx context.Context, store *sqlstore.Store, key string, round int) error {
	var held context.Context
	var unlock func()
	var err error
	for range 1000 {
		if held, unlock, err = store.Lock(ctx, key); err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	defer unlock()
	value, err := store.GetString(held, key)
	if round == 0 && errors.Is(err, tcbauth.ErrNotFound) {
		value, err = "0", nil
	}
	if err == nil && value != strconv.Itoa(round) {
		err = errors.New("another value: " + value)
	}
	if err != nil {
		return err
	}
	if round%2 == 0 {
		return store.Set(held, key, []byte(strconv.Itoa(round+1)), 0)
	}
	done, err := store.Replace(held, []byte(value), 0, []string{key}, [][]byte{[]byte(strconv.Itoa(round + 1))})
	if err == nil && !done {
		err = errors.New("not replaced")
	}
	return err
}

func (c cutter) cut(t *testing.T) (n int32) {
	rows, err := c.db.QueryContext(t.Context(), c.list)
	if !assert.NoError(t, err) {
		return 0
	}
	var ids []int64
	for rows.Next() {
		var id int64
		assert.NoError(t, rows.Scan(&id))
		ids = append(ids, id)
	}
	assert.NoError(t, errors.Join(rows.Err(), rows.Close()))
	for _, id := range ids {
		if _, err := c.db.ExecContext(t.Context(), c.end, id); err == nil { // or it was gone
			n++
		}
	}
	return n
}
