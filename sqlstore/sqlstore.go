// Package sqlstore keeps sessions in a database, for programs that run as several processes or on several machines. All
// processes share the sessions, and only one of them refreshes a session at a time. The package uses database/sql with a
// driver that you choose, and imports none.
//
//	db, err := sql.Open("pgx", "postgres://app@db/app")
//	store, err := sqlstore.New(db, sqlstore.PostgreSQL)
//	err = store.Migrate(ctx) // or run what sqlstore.Schema returns
//	app, err := tcbauth.NewApp("your-env-id", tcbauth.WithTokenStore(store))
//
// A Get is one SELECT. It takes one round trip if the driver needs no more, as pgx does, and go-sql-driver/mysql with
// interpolateParams=true. SQLite needs a file, journal_mode=WAL and a busy_timeout. An SQLite database in memory exists
// once for each connection, so limit the pool to one connection.
//
// The values are not encrypted: whoever can read the database, its backups or a log of its statements can act as the
// signed-in users. Put [tcbauth.Sealed] around the store if others can read them.
//
// # Locks
//
// A lock is a row that says who has it and until when, by the database's clock; no other clock counts. If a process dies,
// its lock ends at the end of its lease. A lock keeps no connection and no transaction: each statement is a transaction of
// its own, so any number of locks can be held at once, with a pool of any size. The goroutines of a Store queue inside the
// process, and one of them asks the database, quickly at first and then about ten times a second.
//
// A process can lose its lock while it is still running: if it was stopped, or cut off from the database, for longer than
// the lease. It must not overwrite what the next process wrote. Therefore each lock has a fencing token, a random text in
// its row. Get, Set and Delete with the context that Lock returned compare the token and do their work in one statement. If
// another process has taken the lock since, they do nothing and return [ErrLockLost]. If no other process has, they do
// their work, even after the lease: a session that was just refreshed has no other copy. The writes under a lock are
// numbered, so that a late copy of one does not replace a later one. A released token never gets a lock again.
//
// A fencing token protects the database only. A process that takes the lock, is then stopped for longer than the lease, and
// sends its refresh when it continues, is not held back. Choose a lease that makes this unlikely enough.
package sqlstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/keylock"
)

const (
	maxValue = 1 << 20 // bytes; a session is a few kB

	// forEver is a ttl in ms of more than a hundred million years. A bigint can hold it plus the current time.
	forEver = int64(1) << 62
)

// Store is a [tcbauth.TokenStore], [tcbauth.Locker], [tcbauth.StringGetter] and [tcbauth.Interruptible] in a database. Make
// one with [New]. It is safe for concurrent use and needs no Close. Several Stores, in one process or in many, may share
// the tables.
//
// A call returns when its context ends, even if the database does not answer and the driver waits for it. For this each
// call runs in a goroutine of its own, except a Get without a lock with pgx or go-sql-driver/mysql, which are known to
// return in time. If the caller of a Set or Delete has stopped waiting, the change may still be made. Without a lock, later
// changes of the same key by this Store wait for it for up to 2 s. If the database carries it out after that, it replaces
// what they stored. A change under a lock replaces no later one under a lock.
//
// No error contains the user part of a key, or a value, unless the driver's error contains it.
type Store struct {
	config
	db      *sql.DB
	dialect Dialect
	mindful bool // the driver returns when a context ends
	sql     *statements
	locks   keylock.Locks // by name
	changes keylock.Locks // by name
	sets    atomic.Uint32 // since the beginning
}

var (
	_ tcbauth.TokenStore    = (*Store)(nil)
	_ tcbauth.Locker        = (*Store)(nil)
	_ tcbauth.StringGetter  = (*Store)(nil)
	_ tcbauth.Interruptible = (*Store)(nil)
)

// New returns a store in db. It sends nothing. The caller closes db. [Store.Migrate] makes the tables, or your own tool
// with the statements of [Schema].
func New(db *sql.DB, dialect Dialect, opts ...Option) (*Store, error) {
	if db == nil {
		return nil, errors.New("sqlstore: no database given")
	}
	s, err := configure(dialect, opts)
	if err != nil {
		return nil, err
	}
	s.db, s.mindful = db, isMindful(db.Driver())
	return s, nil
}

func configure(dialect Dialect, opts []Option) (*Store, error) {
	if schemas[dialect] == "" {
		return nil, fmt.Errorf("sqlstore: there is no %v", dialect)
	}
	s := &Store{dialect: dialect, config: config{prefix: defaultPrefix, lease: defaultLease}}
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("sqlstore: an Option is nil")
		}
		if err := opt(&s.config); err != nil {
			return nil, fmt.Errorf("sqlstore: %w", err)
		}
	}
	s.sql = newStatements(dialect, s.prefix)
	return s, nil
}

// Get returns the value under key, or [tcbauth.ErrNotFound], also after the end of its ttl. With the context of a lock it
// returns ErrLockLost if the lock was lost, so that the caller learns of it before it uses the value. A value of more than
// 1 MiB is an error.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) { return get[[]byte](ctx, s, key) }

// GetString is Get, with the value as a string.
func (s *Store) GetString(ctx context.Context, key string) (string, error) {
	return get[string](ctx, s, key)
}

func get[T string | []byte](ctx context.Context, s *Store, key string) (value T, err error) {
	var none T
	if err := ended(ctx); err != nil {
		return none, err
	}
	name := nameOf(key)
	if h := s.holdOf(ctx, name); h != nil {
		var held []byte
		held, err = h.get(ctx, name.full)
		value = T(held)
	} else {
		value, err = read[T](ctx, s, name.full)
	}
	switch {
	case errors.Is(err, errNothing):
		return none, tcbauth.ErrNotFound
	case err != nil:
		return none, failed(ctx, "read", err)
	case len(value) > maxValue:
		return none, tooLong("read", len(value))
	}
	return value, nil
}

// Set stores value, at most 1 MiB, under key. After ttl, which counts in milliseconds by the database's clock, the value is
// no longer found, and a sweep deletes it. With a ttl of 0 it is kept until it is replaced or deleted.
func (s *Store) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := ended(ctx); err != nil {
		return err
	}
	if len(value) > maxValue {
		return tooLong("write", len(value))
	}
	lifetime, err := lifetimeOf(ttl)
	if err != nil {
		return err
	}
	value = stored(value)
	name := nameOf(key)
	if h := s.holdOf(ctx, name); h != nil {
		err = h.put(ctx, []string{name.full}, [][]byte{value}, lifetime)
	} else {
		err = s.changeInOrder(ctx, name, s.sql.put, name.full, value, lifetime)
	}
	if err != nil {
		return failed(ctx, "write", err)
	}
	s.trickle(ctx)
	return nil
}

// lifetimeOf returns how long a value is kept, in ms.
func lifetimeOf(ttl time.Duration) (int64, error) {
	switch {
	case ttl < 0:
		return 0, fmt.Errorf("sqlstore: write: the ttl %v is negative", ttl)
	case ttl > 0:
		return ttl.Milliseconds() + 1, nil
	}
	return forEver, nil
}

// stored is a copy of a value: a caller that has stopped waiting may change its slice while the write continues. No bytes
// are an empty value, not NULL.
func stored(value []byte) []byte { return append(make([]byte, 0, len(value)), value...) }

// Delete removes key. If nothing is stored, that is not an error.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := ended(ctx); err != nil {
		return err
	}
	name := nameOf(key)
	var err error
	if h := s.holdOf(ctx, name); h != nil {
		err = h.put(ctx, []string{name.full}, [][]byte{nil}, keepDeleted.Milliseconds())
	} else {
		err = s.changeInOrder(ctx, name, s.sql.remove, name.full, keepDeleted.Milliseconds())
	}
	if err != nil {
		return failed(ctx, "delete", err)
	}
	return nil
}

// changeInOrder changes a value without a lock. If its caller has stopped waiting, later changes still wait for the end of
// its attempt: not longer, since a driver may wait for ever for a database that does not answer.
func (s *Store) changeInOrder(ctx context.Context, name name, stmt statement, args ...any) error {
	leave, err := s.changes.Lock(ctx, name.full)
	if err != nil {
		return err
	}
	_, err = aside(ctx, func() (struct{}, error) {
		defer leave()
		return struct{}{}, insist(ctx, 3*s.lease, crowded, func() error {
			_, err := s.exec(context.WithoutCancel(ctx), attemptLimit, stmt, args...)
			return err
		})
	})
	return err
}

// Interruptible returns true.
func (*Store) Interruptible() bool { return true }

func tooLong(what string, n int) error {
	return fmt.Errorf("sqlstore: %s: a value of %d bytes is over the limit of %d", what, n, maxValue)
}

// name is the name of a key in the tables: at most 108 characters that no database changes.
type name struct {
	full    string
	session string // with which full begins
}

// mostLast is the longest last part of a key that is not hashed.
const mostLast = 64

// nameOf splits a key at its last slash. The part before it is the same for all keys of one user's session. It is hashed,
// since it may contain the value of a session cookie, which must not appear in listings and logs. The part after it names
// the kind of value and is readable for an operator, unless it is long or has letters that databases compare in their own
// ways.
func nameOf(key string) name {
	slash := strings.LastIndexByte(key, '/') + 1
	session, last := digest(key[:slash]), key[slash:]
	if len(last) > mostLast || strings.ContainsFunc(last, foreign) {
		return name{session + "#" + digest(last), session}
	}
	return name{session + "/" + last, session}
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// foreign reports whether names cannot contain r.
func foreign(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !bytes.ContainsRune([]byte("-_.%"), r)
}
