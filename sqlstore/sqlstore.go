// Package sqlstore keeps sessions in a database, for programs that run as many processes on many machines: all of them share
// the sessions and take turns at refreshing them. It needs database/sql and a driver of the caller's choice, and imports none.
//
//	db, err := sql.Open("pgx", "postgres://app@db/app")
//	store, err := sqlstore.New(db, sqlstore.PostgreSQL)
//	err = store.Migrate(ctx) // or run what sqlstore.Schema returns
//	app, err := tcbauth.NewApp("your-env-id", tcbauth.WithTokenStore(store))
//
// A Get is one SELECT, and one round trip with a driver that needs no more for it: pgx does, and go-sql-driver/mysql with
// interpolateParams=true. SQLite needs a file, journal_mode=WAL and a busy_timeout; a database in memory is there once for each
// connection, so limit those to one.
//
// The values stand in the database as they are: whoever can read them, its backups or a log of its statements can act as the
// people who signed in. Put [tcbauth.Sealed] around the store if those are open to others.
//
// # Locks
//
// A lock is a row that says whose it is and until when, by the database's clock; no other clock counts. A process that dies
// leaves it behind for the rest of its lease at most. No connection and no transaction lasts for as long as a lock is held: each
// statement is a transaction of its own, so any number of locks can be held at once, with a pool of any size. The
// goroutines of a Store queue in it, and one of them asks the database, a few times at first and then some ten times a
// second.
//
// A lock that expires can be lost by a holder that lives: one that was stopped, or cut off from the database, for longer than the
// lease. Such a holder must not overwrite what the next one wrote. Therefore each holder has a random token, its fence, and Get,
// Set and Delete with the context that Lock returned look for it in the row of the lock, in the same statement as they act. If
// somebody else has had the lock since, they do nothing and return [ErrLockLost]; if nobody has, they go ahead even
// though the lock has expired, since a session that was just refreshed has no other copy. The writes of a holder are numbered, so
// that one which comes late does not replace a later one, and a token that was given up never gets a lock.
//
// What a fence cannot do is stop a holder from using what is outside the database: one that is stopped between taking the
// lock and sending a refresh, for longer than the lease, sends it when it wakes. The lease is the time for which that
// is unlikely enough.
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

	// forEver is a time to live in ms, of more than a hundred million years, which a bigint has room for beside the time.
	forEver = int64(1) << 62
)

// Store is a [tcbauth.TokenStore], [tcbauth.Locker], [tcbauth.StringGetter] and [tcbauth.Interruptible] in a database. Make one
// with [New]; it is safe for concurrent use, and needs no Close. Any number of Stores, in one process or in many, may share
// the tables.
//
// A call returns when its context ends, also where the database has gone silent and the driver waits for it: it is made in a
// goroutine of its own, but for a Get without a lock with pgx or go-sql-driver/mysql, which are known to return in time. A change
// that goes on when its caller has left, for 2 s at most, comes before all that this Store begins later for the same key.
//
// An error never has a key's user part or a value in it, as far as the driver's errors have none.
type Store struct {
	db      *sql.DB
	dialect Dialect
	prefix  string
	lease   time.Duration
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

// New returns the store in db, which stays the caller's to close. It does no I/O: the tables are made by [Store.Migrate], or
// with what [Schema] returns.
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
	s := &Store{dialect: dialect, prefix: defaultPrefix, lease: defaultLease}
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("sqlstore: an Option is nil")
		}
		if err := opt(s); err != nil {
			return nil, fmt.Errorf("sqlstore: %w", err)
		}
	}
	s.sql = newStatements(dialect, s.prefix)
	return s, nil
}

// Get returns the value under key, or [tcbauth.ErrNotFound], also when its ttl is over. With the context of a lock it is
// ErrLockLost if the lock was lost, so that a holder learns of it before it acts on what it reads. A value of more than 1 MiB is
// refused.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) { return get[[]byte](ctx, s, key) }

// GetString is Get with the value as a string.
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

// Set stores value, at most 1 MiB, under key. It is not found any more after ttl, in steps of a millisecond and by the
// database's clock, and deleted by a sweep; a ttl of 0 keeps it until it is replaced or deleted.
func (s *Store) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := ended(ctx); err != nil {
		return err
	}
	if len(value) > maxValue {
		return tooLong("write", len(value))
	}
	life, err := lifetimeOf(ttl)
	if err != nil {
		return err
	}
	value = stored(value)
	name := nameOf(key)
	if h := s.holdOf(ctx, name); h != nil {
		err = h.put(ctx, []string{name.full}, [][]byte{value}, life)
	} else {
		err = s.changeInOrder(ctx, name, s.sql.put, name.full, value, life)
	}
	if err != nil {
		return failed(ctx, "write", err)
	}
	s.trickle(ctx)
	return nil
}

// lifetimeOf is how long a value is kept, in ms.
func lifetimeOf(ttl time.Duration) (int64, error) {
	switch {
	case ttl < 0:
		return 0, fmt.Errorf("sqlstore: write: the ttl %v is negative", ttl)
	case ttl > 0:
		return ttl.Milliseconds() + 1, nil
	}
	return forEver, nil
}

// stored is a copy of a value, which its caller may use again while a write that he has left goes on. No bytes are not NULL.
func stored(value []byte) []byte { return append(make([]byte, 0, len(value)), value...) }

// Delete removes key. Nothing there is not an error.
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

// changeInOrder changes a value without a lock. A change whose caller has left comes before all that begin later.
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

// Interruptible is true.
func (*Store) Interruptible() bool { return true }

func tooLong(what string, n int) error {
	return fmt.Errorf("sqlstore: %s: a value of %d bytes is over the limit of %d", what, n, maxValue)
}

// name is what the tables have for a key: at most 108 of the characters that no database changes.
type name struct {
	full    string
	session string // with which full begins
}

// mostLast is how long the last part of a key may be without being hashed.
const mostLast = 64

// nameOf splits a key at its last slash: what is before it is the same for all keys of one visitor's session. It is hashed,
// since a session cookie's value may be in it, which must not show in listings and logs; what follows is the name of a
// kind of value, and tells whoever looks what a key is for, unless it is long or has letters that databases compare in their
// own ways.
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

// foreign reports whether r is not one of the characters of names.
func foreign(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !bytes.ContainsRune([]byte("-_.%"), r)
}
