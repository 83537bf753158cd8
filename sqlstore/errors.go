package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// ErrLockLost means that the call was made with the context of a lock that another caller has taken since, or that was
// released. This attempt did nothing; an earlier attempt whose answer was lost may have done its work.
var ErrLockLost = errors.New("sqlstore: the lock was lost: another process or call has taken it since")

// errNothing means that the statement has found no row.
var errNothing = errors.New("no such row")

// ended is ctx's error, joined with ErrLockLost if the lost lock ended ctx.
func ended(ctx context.Context) error {
	err := ctx.Err()
	if err != nil && errors.Is(context.Cause(ctx), ErrLockLost) {
		return lostError{err}
	}
	return err
}

// lostError is ErrLockLost as the cause of a context.
type lostError struct{ ended error }

func (e lostError) Error() string   { return ErrLockLost.Error() }
func (e lostError) Unwrap() []error { return []error{ErrLockLost, e.ended} }

// failed wraps an error of the database for a caller of this package.
func failed(ctx context.Context, what string, err error) error {
	if end := ended(ctx); end != nil {
		return end
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		select {
		case <-ctx.Done(): // its timer was a little late
			return ended(ctx)
		case <-time.After(time.Second):
			return context.DeadlineExceeded
		}
	}
	if errors.Is(err, ErrLockLost) {
		return err
	}
	return fmt.Errorf("sqlstore: %s: %w", what, err)
}

// silentError means that no answer came within the limit of an attempt.
type silentError struct{ limit time.Duration }

func (e silentError) Error() string { return fmt.Sprintf("no answer within %v", e.limit) }

// slowError means that the database has given a lock when most of the lease was over.
type slowError struct{ took, lease time.Duration }

func (e slowError) Error() string {
	return fmt.Sprintf("the database took %v, too long for a lease of %v", e.took.Round(time.Millisecond), e.lease)
}

// crowded reports whether the database has refused a statement only because others used the same rows. It has then done
// nothing, and the statement can be repeated. database/sql has no common form for this error, and this package imports no
// drivers.
func crowded(err error) bool {
	switch code(err) {
	case "40001", "40P01", "55P03", // PostgreSQL: serialization, deadlock, lock_timeout
		"1020", "1205", "1213": // MySQL: changed since it was read, lock wait timeout, deadlock
		return true
	}
	text := err.Error()
	return strings.Contains(text, "database is locked") || strings.Contains(text, "database table is locked") // SQLite
}

// passing reports whether err goes away by itself: the database starts, stops, fails over, or cannot be reached.
func passing(err error) bool {
	if crowded(err) {
		return true
	}
	switch code := code(err); code {
	case "53300", "25006", // PostgreSQL: too many connections; read only
		"1040", "1203", "1290", "1792", "1836", // MySQL: the same
		"1053", "1317", "1927", "1969", "3024": // MySQL: shutdown; whoever ends a statement or a connection; a limit of time
		return true
	default:
		// PostgreSQL: a lost connection; an action of an operator, such as a shutdown or a start; a time limit
		if len(code) == 5 && (strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57")) {
			return true
		}
	}
	if _, silent := errors.AsType[silentError](err); silent {
		return true
	}
	_, network := errors.AsType[net.Error](err)
	return network || slices.ContainsFunc([]error{driver.ErrBadConn, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed},
		func(target error) bool { return errors.Is(err, target) }) || strings.Contains(err.Error(), "invalid connection")
}

// code returns the code of an answer of the database: an SQLSTATE of PostgreSQL, a number of MySQL, or "".
func code(err error) string {
	if answer, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return answer.SQLState()
	}
	if _, text, ok := strings.Cut(err.Error(), "Error "); ok { // Error 1213 (40001): Deadlock found
		number, _, _ := strings.Cut(text, ":")
		number, _, _ = strings.Cut(number, " ")
		return number
	}
	return ""
}
