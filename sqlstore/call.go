package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	mathrand "math/rand/v2"
	"reflect"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/detach"
)

const (
	// attemptLimit limits one statement.
	attemptLimit = 2 * time.Second

	// Ask often at first, since most locks are held for one small request only.
	firstPoll = 5 * time.Millisecond
	lastPoll  = 100 * time.Millisecond
)

// aside is [detach.Run], since not every driver returns when a context ends, with the reason why ctx has ended.
func aside[T any](ctx context.Context, f func() (T, error)) (T, error) {
	value, err := detach.Run(ctx, f)
	if err != nil && ctx.Err() != nil {
		err = ended(ctx)
	}
	return value, err
}

// limited runs f with a context that ends after limit at the latest. If that ends f, the error is a silentError.
func limited[T any](ctx context.Context, limit time.Duration, f func(ctx context.Context) (T, error)) (T, error) {
	waiting, leave := context.WithTimeoutCause(ctx, limit, silentError{limit})
	defer leave()
	value, err := f(waiting)
	if err != nil && ctx.Err() == nil {
		if silent, ok := context.Cause(waiting).(silentError); ok { //nolint:errorlint // as it was given above
			err = silent
		}
	}
	return value, err
}

// attempt runs f, which makes one statement, for limit at most. If the caller stops waiting earlier, the statement
// continues: a driver that cancels a statement closes its connection, and the database may or may not carry the statement
// out.
func attempt[T any](ctx context.Context, limit time.Duration, f func(ctx context.Context) (T, error)) (T, error) {
	return limited(ctx, limit, func(waiting context.Context) (T, error) {
		return aside(waiting, func() (T, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
			defer cancel()
			value, err := f(ctx)
			if ctx.Err() != nil && err != nil {
				err = silentError{limit}
			}
			return value, err
		})
	})
}

// exec makes one attempt to change rows, and returns their number.
func (s *Store) exec(ctx context.Context, limit time.Duration, stmt statement, args ...any) (int64, error) {
	return attempt(ctx, limit, func(ctx context.Context) (int64, error) {
		result, err := s.db.ExecContext(ctx, stmt.text, stmt.bind(args)...)
		if err != nil {
			return 0, err
		}
		return result.RowsAffected()
	})
}

// change repeats exec until no other statement is in the way.
func (s *Store) change(ctx context.Context, stmt statement, args ...any) (rows int64, err error) {
	err = insist(ctx, 3*s.lease, crowded, func() error {
		rows, err = s.exec(ctx, attemptLimit, stmt, args...)
		return err
	})
	return rows, err
}

// read returns the value of a row, or errNothing. It takes one round trip. It waits for the answer until the deadline of
// ctx, or for attemptLimit if ctx has none.
func read[T string | []byte](ctx context.Context, s *Store, name string) (value T, err error) {
	err = insist(ctx, 3*s.lease, crowded, func() error {
		if _, ok := ctx.Deadline(); ok {
			value, err = readOnce[T](ctx, s, name)
		} else {
			value, err = limited(ctx, attemptLimit, func(ctx context.Context) (T, error) { return readOnce[T](ctx, s, name) })
		}
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = errNothing
	}
	return value, err
}

// readOnce makes the statement of read. It needs no goroutine of its own if the driver returns when ctx ends.
func readOnce[T string | []byte](ctx context.Context, s *Store, name string) (T, error) {
	query := func() (T, error) {
		var value sql.Null[T] // SQLite's driver makes nil of no bytes
		err := s.db.QueryRowContext(ctx, s.sql.get.text, name).Scan(&value)
		return value.V, err
	}
	if s.mindful {
		return query()
	}
	return aside(ctx, query)
}

// isMindful reports whether a driver is known to return when a context ends, even if the database does not answer: it then
// closes its connection. Other drivers may wait for the database.
func isMindful(d driver.Driver) bool {
	kind := reflect.TypeOf(d)
	if kind != nil && kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	return kind != nil &&
		(strings.HasPrefix(kind.PkgPath(), "github.com/jackc/pgx/") || kind.PkgPath() == "github.com/go-sql-driver/mysql")
}

// holds reports whether a token has a lock.
func (s *Store) holds(ctx context.Context, lock, token string) (bool, error) {
	return attempt(ctx, attemptLimit, func(ctx context.Context) (bool, error) {
		var one int
		err := s.db.QueryRowContext(ctx, s.sql.holds.text, lock, token).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return false, nil
		}
		return err == nil, err
	})
}

// insist calls f until it succeeds, fails with an error that again does not accept, limit is over, or ctx is done.
func insist(ctx context.Context, limit time.Duration, again func(error) bool, f func() error) error {
	start := time.Now()
	for delay := firstPoll; ; delay = min(delay*3/2, lastPoll) {
		err := f()
		if err == nil || errors.Is(err, ErrLockLost) || !again(err) || time.Since(start) >= limit || wait(ctx, delay) != nil {
			return err
		}
	}
}

// wait waits for about d, so that processes that started together do not stay in step.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d/2 + mathrand.N(d/2+1)) //nolint:gosec // no secret depends on it
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
