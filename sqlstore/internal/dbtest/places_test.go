package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/cloudbase-community/tcbauth/sqlstore"
)

// Where the databases are that scripts/with-postgres.sh and scripts/with-mariadb.sh start.
const (
	postgresEnv = "TCBAUTH_POSTGRES"
	mariadbEnv  = "TCBAUTH_MARIADB"
)

// place is where a store is, also for another process.
type place struct {
	Driver, Source string
	Dialect        sqlstore.Dialect
	Prefix         string
	Lease          time.Duration
	Connections    int // 0: 16
}

// lease is long enough for renewals, which have a third of it, on a machine with much other work.
const lease = 2 * time.Second

// eachDatabase runs a test on each database that is there, with tables of its own.
func eachDatabase(t *testing.T, test func(t *testing.T, p place)) {
	t.Helper()
	for name, p := range map[string]place{
		"sqlite":   {Driver: "sqlite", Dialect: sqlstore.SQLite},
		"postgres": {Driver: "pgx", Dialect: sqlstore.PostgreSQL, Source: os.Getenv(postgresEnv)},
		"mariadb":  {Driver: "mysql", Dialect: sqlstore.MySQL, Source: os.Getenv(mariadbEnv)},
		"mariadb prepared": {
			Driver: "mysql", Dialect: sqlstore.MySQL,
			Source: strings.Replace(os.Getenv(mariadbEnv), "interpolateParams=true", "clientFoundRows=true", 1),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if p.Driver == "sqlite" {
				p.Source = "file:" + filepath.Join(t.TempDir(), "sessions.db") + "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)"
			}
			if p.Source == "" {
				t.Skipf("NOT TESTED on %v: neither %s nor %s names it; scripts/with-*.sh do", p.Dialect, postgresEnv, mariadbEnv)
			}
			p.Lease = lease
			p.unflushed(t)
			test(t, p)
		})
	}
}

// unflushed has the database answer without waiting for a busy disk: no machine crashes here.
func (p *place) unflushed(t *testing.T) {
	t.Helper()
	switch p.Dialect {
	case sqlstore.SQLite:
		p.Source += "&_pragma=synchronous(OFF)"
	case sqlstore.PostgreSQL:
		p.Source += "&synchronous_commit=off"
	case sqlstore.MySQL: // has no such setting for a connection
		db, err := p.openDB(t)
		require.NoError(t, err)
		p.exec(t, db, "SET GLOBAL innodb_flush_log_at_trx_commit = 0")
	}
}

// fresh is the place with other tables.
func (p place) fresh() place {
	p.Prefix = "t_" + strings.ToLower(rand.Text()) + "_"
	if p.Driver == "sqlite" {
		p.Source = strings.Replace(p.Source, "sessions", "sessions"+p.Prefix, 1)
	}
	return p
}

// openDB connects to a place. t closes it, if there is one.
func (p place) openDB(t *testing.T) (*sql.DB, error) {
	db, err := sql.Open(p.Driver, p.Source)
	if err != nil {
		return nil, err
	}
	connections := p.Connections
	if connections == 0 {
		connections = 16
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if t != nil {
		t.Cleanup(func() { _ = db.Close() }) // of a connection that the server has ended, a driver may say an error here
	}
	return db, nil
}

// open returns a store on tables that are there.
func (p place) open(t *testing.T) (*sqlstore.Store, error) {
	db, err := p.openDB(t)
	if err != nil {
		return nil, err
	}
	return p.storeIn(db)
}

func (p place) storeIn(db *sql.DB) (*sqlstore.Store, error) {
	return sqlstore.New(db, p.Dialect, sqlstore.WithPrefix(p.Prefix), sqlstore.WithLockLease(p.Lease))
}

// again returns another store on tables that are there.
func (p place) again(t *testing.T) *sqlstore.Store {
	t.Helper()
	store, err := p.open(t)
	require.NoError(t, err)
	return store
}

// newStore returns a store on new tables, which t removes.
func (p place) newStore(t *testing.T) *sqlstore.Store {
	t.Helper()
	store := p.again(t)
	require.NoError(t, store.Migrate(t.Context()))
	db, err := p.openDB(t)
	require.NoError(t, err)
	t.Cleanup(func() {
		for _, table := range []string{"values", "locks"} {
			_, err := db.ExecContext(context.WithoutCancel(t.Context()), "DROP TABLE "+p.Prefix+table)
			assert.NoError(t, err)
		}
	})
	return store
}

// String is what another process gets.
func (p place) String() string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// exec makes a statement, in which {values} and {locks} are the tables.
func (p place) exec(t *testing.T, db interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}, query string,
) {
	t.Helper()
	_, err := db.ExecContext(context.WithoutCancel(t.Context()), p.tables(query))
	require.NoError(t, err)
}

func (p place) tables(query string) string {
	return strings.NewReplacer("{values}", p.Prefix+"values", "{locks}", p.Prefix+"locks").Replace(query)
}
