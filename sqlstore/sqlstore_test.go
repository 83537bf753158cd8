package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"reflect"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNew(t *testing.T) {
	t.Parallel()
	db := sql.OpenDB(&fake{})
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for name, tt := range map[string]struct {
		db      *sql.DB
		dialect Dialect
		opts    []Option
		want    string
	}{
		"no database":      {nil, SQLite, nil, "sqlstore: no database given"},
		"no dialect":       {db, 0, nil, "sqlstore: there is no Dialect(0)"},
		"unknown dialect":  {db, 4, nil, "sqlstore: there is no Dialect(4)"},
		"nil option":       {db, MySQL, []Option{nil}, "sqlstore: an Option is nil"},
		"no prefix":        {db, MySQL, []Option{WithPrefix("")}, "sqlstore: WithPrefix: the prefix is not 1 to 40 small letters"},
		"quote in prefix":  {db, MySQL, []Option{WithPrefix(`a"; --`)}, "WithPrefix: "},
		"digit in front":   {db, MySQL, []Option{WithPrefix("1a")}, "WithPrefix: "},
		"too long a name":  {db, MySQL, []Option{WithPrefix(strings.Repeat("a", 41))}, "WithPrefix: "},
		"short lease":      {db, MySQL, []Option{WithLockLease(time.Millisecond)}, "WithLockLease: 1ms is less than 100ms"},
		"no lease":         {db, MySQL, []Option{WithLockLease(0)}, "WithLockLease: 0s is less than 100ms"},
		"second one wrong": {db, MySQL, []Option{WithPrefix("a_"), WithLockLease(-1)}, "WithLockLease: -1ns is less than 100ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := New(tt.db, tt.dialect, tt.opts...)
			require.ErrorContains(t, err, tt.want)
			assert.Nil(t, store)
			if tt.db != nil {
				_, err = Schema(tt.dialect, tt.opts...)
				require.ErrorContains(t, err, tt.want)
			}
		})
	}
	assert.NotEqual(t, reflect.TypeFor[*Store](), reflect.TypeFor[Option]().In(0), "a Store in use cannot be changed")
}

// A schema can be given to any tool: each statement ends at the end of a line, and no table has another name than was asked for.
func TestSchema(t *testing.T) {
	t.Parallel()
	for _, dialect := range []Dialect{PostgreSQL, MySQL, SQLite} {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			schema, err := Schema(dialect, WithPrefix("app_"))
			require.NoError(t, err)
			assert.Contains(t, schema, "CREATE TABLE IF NOT EXISTS app_values (")
			assert.Contains(t, schema, "CREATE TABLE IF NOT EXISTS app_locks (")
			assert.Contains(t, schema, "app_values_expires")
			assert.NotContains(t, schema, "{")
			assert.True(t, strings.HasSuffix(schema, ";\n"))
			assert.Equal(t, strings.Count(schema, "CREATE "), strings.Count(schema, ";\n"))

			standard, err := Schema(dialect)
			require.NoError(t, err)
			assert.Equal(t, strings.ReplaceAll(schema, "app_", "tcbauth_"), standard)
		})
	}
}

// Whoever reads a listing of the tables learns what kind of value a row has, and nothing that a visitor's cookie has.
func TestNames(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[\w-]{43}(/[\w.%-]{0,64}|#[\w-]{43})$`)
	seen := map[string]string{}
	for _, key := range []string{
		"credentials_env", "users/secret-cookie/credentials_env", "users/secret-cookie/device_id", "users/secret-cookie/",
		"users/plain", "credentials_env secret", "secret\x00", "secret\xff", "secret\xfe", "", strings.Repeat("s", 64),
		strings.Repeat("s", 65), strings.Repeat("s", 66), "用户/secret 张三", "Credentials_Env", "a%2Fb", "#" + digest("credentials_env"),
	} {
		name := nameOf(key)
		assert.Regexp(t, form, name.full)
		assert.LessOrEqual(t, len(name.full), 108)
		if strings.Contains(key, "/") {
			assert.NotContains(t, name.full, "secret")
		}
		assert.Empty(t, seen[name.full], "%q has the name of another key", key)
		seen[name.full] = fmt.Sprintf("%q", key)
	}
	assert.Equal(t, nameOf("users/1/credentials_env").session, nameOf("users/1/device_id").session)
	assert.NotEqual(t, nameOf("users/1/credentials_env").session, nameOf("users/2/credentials_env").session)
}

// What a server does for each request is one SELECT, and neither prepares a statement nor begins a transaction.
func TestGetIsOneStatement(t *testing.T) {
	t.Parallel()
	f := &fake{answer: oneRow}
	store := newFake(t, f)
	value, err := store.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, "value", string(value))
	text, err := store.GetString(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, "value", text)
	asked := f.taken()
	require.Len(t, asked, 2)
	assert.Regexp(t, "^SELECT value FROM tcbauth_values WHERE name = \\$1 ", asked[0])
	assert.Equal(t, asked[0], asked[1])

	f.answer = func(string) ([][]driver.Value, error) { return [][]driver.Value{{make([]byte, maxValue+1)}}, nil }
	_, err = store.Get(t.Context(), "key")
	require.EqualError(t, err, "sqlstore: read: a value of 1048577 bytes is over the limit of 1048576")
	require.EqualError(t, store.Set(t.Context(), "key", make([]byte, maxValue+1), 0),
		"sqlstore: write: a value of 1048577 bytes is over the limit of 1048576")
	require.EqualError(t, store.Set(t.Context(), "key", nil, -1), "sqlstore: write: the ttl -1ns is negative")
}

// A driver that does not mind contexts, beside a database that does not answer, keeps nobody for longer than he wants to wait.
func TestCallsEndWithContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		store := newFake(t, &fake{answer: func(text string) ([][]driver.Value, error) {
			<-answer
			return oneRow(text)
		}})
		for name, call := range map[string]func(ctx context.Context) error{
			"Get":     func(ctx context.Context) error { _, err := store.Get(ctx, "key"); return err },
			"Set":     func(ctx context.Context) error { return store.Set(ctx, "key", nil, 0) },
			"Delete":  func(ctx context.Context) error { return store.Delete(ctx, "key") },
			"Lock":    func(ctx context.Context) error { _, _, err := store.Lock(ctx, "key"); return err },
			"Migrate": store.Migrate,
			"Sweep":   func(ctx context.Context) error { _, err := store.Sweep(ctx); return err },
		} {
			for _, limit := range []time.Duration{time.Second, time.Minute} {
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				start := time.Now()
				err := call(ctx)
				took := time.Since(start)
				cancel()
				if name == "Get" || limit == time.Second { // the others have a limit for each attempt
					require.ErrorIs(t, err, context.DeadlineExceeded, name)
				}
				require.Error(t, err, name)
				assert.LessOrEqual(t, took, limit, name)
			}
		}
		close(answer)
		synctest.Wait()
	})
}

// A database that accepts everything and answers nothing is an error for a caller that has set no deadline. With a lock it gets
// more time, and so does Lock.
func TestSilenceEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answer, answers := make(chan struct{}), atomic.Bool{}
		store := newFake(t, &fake{answer: func(text string) ([][]driver.Value, error) {
			if !answers.Load() {
				<-answer
			}
			return oneRow(text)
		}})
		answers.Store(true)
		held, unlock, err := store.Lock(context.WithoutCancel(t.Context()), "key")
		require.NoError(t, err)
		answers.Store(false)
		get := func(ctx context.Context) error { _, err := store.Get(ctx, "key"); return err }
		for name, tt := range map[string]struct {
			call  func(ctx context.Context) error
			ctx   context.Context //nolint:containedctx // of the call
			after time.Duration
			want  string
		}{
			"Get":                  {get, context.WithoutCancel(t.Context()), 2 * time.Second, "sqlstore: read: no answer within 2s"},
			"Get that can be left": {get, t.Context(), 2 * time.Second, "sqlstore: read: no answer within 2s"},
			"Get with a lock":      {get, held, 30 * time.Second, "sqlstore: read: no answer within 2s"},
			"Lock": {func(ctx context.Context) error {
				_, _, err := store.Lock(ctx, "other")
				return err
			}, context.WithoutCancel(t.Context()), 30 * time.Second, "sqlstore: lock: no answer within 2s"},
		} {
			start := time.Now()
			require.EqualError(t, tt.call(tt.ctx), tt.want, name)
			assert.InDelta(t, tt.after.Seconds(), time.Since(start).Seconds(), 3, name)
		}
		close(answer)
		unlock()
		synctest.Wait()
	})
}

var errOutage = &net.OpError{Op: "dial", Err: errors.New("connection refused")}

// A database that is away fails whoever has no lock at once. A holder has what nobody else has, and waits for three leases.
func TestHoldersOutlastAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: oneRow}
		store := newFake(t, f)
		held, unlock, err := store.Lock(t.Context(), "key")
		require.NoError(t, err)
		defer unlock()
		back := time.Now().Add(20 * time.Second)
		f.answer = func(text string) ([][]driver.Value, error) {
			if time.Now().Before(back) {
				return nil, errOutage
			}
			return oneRow(text)
		}
		start := time.Now()
		require.ErrorIs(t, store.Set(t.Context(), "key", nil, 0), errOutage)
		_, err = store.Get(t.Context(), "key")
		require.ErrorIs(t, err, errOutage)
		_, _, err = store.Lock(t.Context(), "other")
		require.ErrorIs(t, err, errOutage)
		assert.Zero(t, time.Since(start))
		require.NoError(t, store.Set(held, "key", nil, 0))
		assert.InDelta(t, 20, time.Since(start).Seconds(), 1)

		back = time.Now().Add(time.Hour)
		start = time.Now()
		require.ErrorIs(t, store.Delete(held, "key"), errOutage)
		assert.InDelta(t, 30, time.Since(start).Seconds(), 1)
		back = time.Now()
	})
}

// A lease runs from when it was asked for: a lock that comes when most of it is over is asked for again.
func TestSlowLockIsAskedForAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := time.Second
		f := &fake{answer: func(text string) ([][]driver.Value, error) {
			time.Sleep(slow) //nolint:forbidigo // in a bubble
			slow = 0
			return oneRow(text)
		}}
		store := newFake(t, f)
		store.lease = time.Second
		_, unlock, err := store.Lock(t.Context(), "key")
		require.NoError(t, err)
		assert.Len(t, f.taken(), 2)
		unlock()
	})
}

// A database that is too slow for the lease gives no lock that could be kept: the caller learns why, and the lock is free again.
func TestDatabaseIsTooSlowForTheLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(text string) ([][]driver.Value, error) {
			time.Sleep(80 * time.Millisecond) //nolint:forbidigo // in a bubble
			return oneRow(text)
		}}
		store := newFake(t, f)
		store.lease = 100 * time.Millisecond
		_, _, err := store.Lock(t.Context(), "key")
		require.EqualError(t, err, "sqlstore: lock: the database took 80ms, too long for a lease of 100ms")
		synctest.Wait()
		time.Sleep(time.Second) //nolint:forbidigo // in a bubble
		asked := f.taken()
		require.Len(t, asked, 4)
		assert.Regexp(t, "^UPDATE tcbauth_locks SET token = ''", asked[3])
	})
}

type pgError string

func (e pgError) Error() string    { return "ERROR: (SQLSTATE " + string(e) + ")" }
func (e pgError) SQLState() string { return string(e) }

func TestErrorsThatPass(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err              error
		crowded, passing bool
	}{
		"PostgreSQL: serialization":        {pgError("40001"), true, true},
		"PostgreSQL: deadlock":             {fmt.Errorf("wrapped: %w", pgError("40P01")), true, true},
		"PostgreSQL: starts":               {pgError("57P03"), false, true},
		"PostgreSQL: connection":           {pgError("08006"), false, true},
		"PostgreSQL: took too long":        {pgError("57014"), false, true},
		"PostgreSQL: idle for too long":    {pgError("57P05"), false, true},
		"MySQL: interrupted":               {errors.New("Error 1317 (70100): Query execution was interrupted"), false, true},
		"MySQL: took too long":             {errors.New("Error 3024 (HY000): Query execution was interrupted, maximum statement execution time exceeded"), false, true},
		"MariaDB: took too long":           {errors.New("Error 1969 (70100): Query execution was interrupted (max_statement_time exceeded)"), false, true},
		"MariaDB: killed":                  {errors.New("Error 1927 (70100): Connection was killed"), false, true},
		"PostgreSQL: no table":             {pgError("42P01"), false, false},
		"MySQL: deadlock":                  {errors.New("Error 1213 (40001): Deadlock found when trying to get lock"), true, true},
		"MySQL: wait":                      {errors.New("Error 1205 (HY000): Lock wait timeout exceeded"), true, true},
		"MySQL: without a state":           {errors.New("Error 1213: Deadlock found when trying to get lock"), true, true},
		"MySQL: too many connections":      {errors.New("Error 1040 (08004): Too many connections"), false, true},
		"MySQL: no table":                  {errors.New("Error 1146 (42S02): Table 'a.b' doesn't exist"), false, false},
		"MySQL: connection":                {errors.New("invalid connection"), false, true},
		"SQLite: busy":                     {errors.New("database is locked (5) (SQLITE_BUSY)"), true, true},
		"SQLite: no table":                 {errors.New("SQL logic error: no such table: a (1)"), false, false},
		"network":                          {errOutage, false, true},
		"a connection that is of no use":   {driver.ErrBadConn, false, true},
		"no answer":                        {silentError{time.Second}, false, true},
		"no row":                           {sql.ErrNoRows, false, false},
		"a number that begins like others": {errors.New("Error 12130 (HY000): no"), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.crowded, crowded(tt.err), "crowded")
			assert.Equal(t, tt.passing, passing(tt.err), "passing")
		})
	}
}

// TestDriverPanics: a panic of the driver is an error of the call, whose text has nothing of it, and ends no process.
func TestDriverPanics(t *testing.T) {
	t.Parallel()
	store := newFake(t, &fake{answer: func(string) ([][]driver.Value, error) { panic("a secret") }})
	for name, call := range map[string]func() error{
		"Get":    func() error { _, err := store.Get(t.Context(), "key"); return err },
		"Set":    func() error { return store.Set(t.Context(), "key", nil, 0) },
		"Delete": func() error { return store.Delete(t.Context(), "key") },
	} {
		err := call()
		require.ErrorContains(t, err, "panic (string)", name)
		assert.NotContains(t, err.Error(), "secret", name)
	}
}
