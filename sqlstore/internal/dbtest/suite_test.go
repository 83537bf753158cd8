package dbtest

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/sqlstore"
	"github.com/cloudbase-community/tcbauth/storetest"
)

// placed is a store that knows where it is.
type placed struct {
	*sqlstore.Store
	place place
}

func TestStore(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		storetest.Suite{
			Open: func(t *testing.T) tcbauth.TokenStore {
				p := p.fresh()
				return placed{p.newStore(t), p}
			},
			Again: func(t *testing.T, store tcbauth.TokenStore) tcbauth.TokenStore {
				p := store.(placed).place
				again, err := p.open(t)
				require.NoError(t, err)
				return placed{again, p}
			},
			Process: func(t *testing.T, store tcbauth.TokenStore, key string) (kill func()) {
				process := testbed.StartProcess(t, workHelper, store.(placed).place.String(), key)
				require.Equal(t, "begun", process.MustHear(t))
				return func() {
					process.Kill(t)
					process.Wait(t)
				}
			},
			Lease: lease,
			Lose: func(t *testing.T, store tcbauth.TokenStore, _ string) {
				p := store.(placed).place
				db, err := p.openDB(t)
				require.NoError(t, err)
				p.exec(t, db, "UPDATE {locks} SET token = ''")
			},
			Break:      breakPlace,
			Hang:       hang,
			HangsWhole: true,
		}.Run(t)
	})
}

// breakPlace takes the tables away.
func breakPlace(t *testing.T, store tcbauth.TokenStore) (mend func()) {
	p := store.(placed).place
	db, err := p.openDB(t)
	require.NoError(t, err)
	for _, table := range []string{"{values}", "{locks}"} {
		p.exec(t, db, "ALTER TABLE "+table+" RENAME TO "+table+"_away")
	}
	return func() {
		for _, table := range []string{"{values}", "{locks}"} {
			p.exec(t, db, "ALTER TABLE "+table+"_away RENAME TO "+table)
		}
	}
}

// hang holds up all statements about the tables, in SQLite those that write.
func hang(t *testing.T, store tcbauth.TokenStore, _ string) (well func()) {
	p := store.(placed).place
	db, err := p.openDB(t)
	require.NoError(t, err)
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	begin, end := []string{"BEGIN EXCLUSIVE"}, "COMMIT"
	switch p.Dialect {
	case sqlstore.PostgreSQL:
		begin = []string{"BEGIN", "LOCK TABLE {values}, {locks} IN ACCESS EXCLUSIVE MODE"}
	case sqlstore.MySQL:
		begin, end = []string{"LOCK TABLES {values} WRITE, {locks} WRITE"}, "UNLOCK TABLES"
	case sqlstore.SQLite:
	}
	for _, statement := range begin {
		p.exec(t, conn, statement)
	}
	return sync.OnceFunc(func() {
		_, err := conn.ExecContext(context.Background(), end)
		assert.NoError(t, err)
		assert.NoError(t, conn.Close())
	})
}
