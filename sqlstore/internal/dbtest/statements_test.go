package dbtest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/sqlstore"
)

// noting connects to a database and notes what that is asked for.
type noting struct {
	driver driver.Driver
	source string

	mu         sync.Mutex
	statements []string
	lose       int // so many answers to changes, though they are made
}

func (n *noting) Connect(context.Context) (driver.Conn, error) {
	conn, err := n.driver.Open(n.source)
	return notingConn{conn, n}, err
}

func (n *noting) Driver() driver.Driver { return n.driver }

// note notes the beginning of a statement: what it does, and to which table.
func (n *noting) note(query string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.statements = append(n.statements, strings.Join(strings.Fields(query)[:3], " "))
}

// taken returns what was noted since it was called last.
func (n *noting) taken() (statements []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	statements, n.statements = n.statements, nil
	return statements
}

func (n *noting) loseNext(answers int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lose = answers
}

// answer is that to a change.
func (n *noting) answer(result driver.Result, err error) (driver.Result, error) {
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lose--; n.lose >= 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return result, nil
}

type notingConn struct {
	driver.Conn
	to *noting
}

func (c notingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.to.note(query)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c notingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.to.note(query)
	return c.to.answer(c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args))
}

// PrepareContext is for a driver that has not made a statement at once: it was noted then.
func (c notingConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	stmt, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	return notingStmt{stmt, c.to}, err
}

type notingStmt struct {
	driver.Stmt
	to *noting
}

func (s notingStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

func (s notingStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.to.answer(s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args))
}

func (c notingConn) CheckNamedValue(value *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(value)
	}
	return driver.ErrSkip
}

// noted returns another store on tables that are there, and what notes its statements.
func (p place) noted(t *testing.T) (*sqlstore.Store, *noting) {
	t.Helper()
	plain, err := p.openDB(t)
	require.NoError(t, err)
	asked := &noting{driver: plain.Driver(), source: p.Source}
	db := sql.OpenDB(asked)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	store, err := p.storeIn(db)
	require.NoError(t, err)
	return store, asked
}

// TestStatements counts what the database is asked for a refresh and for a sign-out.
func TestStatements(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		p = p.fresh()
		p.Lease = time.Minute // so that none is renewed
		p.newStore(t)
		store, asked := p.noted(t)
		srv := testbed.Emulator(t)
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		auth := app.ForUser("visitor")
		testbed.SignInAs(t, auth, testbed.Gopher)
		before, err := auth.GetAccessToken(t.Context())
		require.NoError(t, err)
		srv.Advance(testbed.TokenLifetime)
		refreshing := app.ForUser("visitor")
		asked.taken()
		after, err := refreshing.GetAccessToken(t.Context())
		require.NoError(t, err)
		require.NotEqual(t, before, after)
		_, unlock, err := p.again(t).Lock(t.Context(), testbed.VisitorKey(srv.URL, srv.Env, "visitor")) // the flight is over
		require.NoError(t, err)
		unlock()
		refresh := asked.taken()
		require.NoError(t, app.ForUser("visitor").SignOut(t.Context()))
		signOut := asked.taken()
		t.Logf("a refresh: %q; a sign-out: %q", refresh, signOut)
		assert.LessOrEqual(t, len(refresh), 5, "a refresh")
		assert.LessOrEqual(t, len(signOut), 7, "a sign-out")
	})
}
