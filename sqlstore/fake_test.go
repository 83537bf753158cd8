package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fake is a database that notes what it is asked, and answers what a test wants it to.
type fake struct {
	answer func(text string) (rows [][]driver.Value, err error) // of a SELECT as many rows, of a change a row for each one changed

	mu    sync.Mutex
	asked []string
}

func (f *fake) ask(text string) ([][]driver.Value, error) {
	f.mu.Lock()
	f.asked = append(f.asked, text)
	f.mu.Unlock()
	return f.answer(text)
}

func (f *fake) taken() (asked []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked, f.asked = f.asked, nil
	return asked
}

func (f *fake) Connect(context.Context) (driver.Conn, error) { return fakeConn{f}, nil }
func (f *fake) Driver() driver.Driver                        { return nil }

type fakeConn struct{ *fake }

func (fakeConn) Prepare(string) (driver.Stmt, error) { panic("no statement is prepared") }
func (fakeConn) Begin() (driver.Tx, error)           { panic("no transaction is begun") }
func (fakeConn) Close() error                        { return nil }

func (c fakeConn) QueryContext(_ context.Context, text string, _ []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.ask(text)
	if err != nil {
		return nil, err
	}
	return &fakeRows{rows}, nil
}

func (c fakeConn) ExecContext(_ context.Context, text string, _ []driver.NamedValue) (driver.Result, error) {
	rows, err := c.ask(text)
	return driver.RowsAffected(len(rows)), err
}

type fakeRows struct{ rows [][]driver.Value }

func (r *fakeRows) Columns() []string {
	if len(r.rows) == 0 {
		return []string{"value"}
	}
	return make([]string, len(r.rows[0]))
}

func (r *fakeRows) Close() error { return nil }

func (r *fakeRows) Next(dest []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(dest, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}

// oneRow is the answer of a database that does what it is asked.
func oneRow(string) ([][]driver.Value, error) {
	return [][]driver.Value{{[]byte("value")}}, nil
}

func newFake(t *testing.T, f *fake) *Store {
	t.Helper()
	db := sql.OpenDB(f)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	store, err := New(db, PostgreSQL)
	require.NoError(t, err)
	return store
}
