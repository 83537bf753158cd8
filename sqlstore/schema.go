package sqlstore

import (
	"context"
	"errors"
	"strings"
	"time"
)

const (
	// goneChars limits the text of released tokens that a lock remembers: room for 64.
	goneChars = "1664"

	// keepDeleted is how long the rows of deleted values and free locks are kept.
	keepDeleted = time.Hour

	sweepBatch   = 1000 // rows of one statement of Sweep
	trickleBatch = 100  // and of one with which a Set sweeps
	trickleEvery = 64   // Sets
	trickleLimit = time.Second

	migrateTries = 5
)

// schemas are the statements that make the tables; {prefix} stands for the beginning of their names.
var schemas = map[Dialect]string{
	PostgreSQL: `CREATE TABLE IF NOT EXISTS {prefix}values (
  name text COLLATE "C" PRIMARY KEY,
  value bytea,
  expires bigint NOT NULL,
  writer text NOT NULL,
  number bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS {prefix}values_expires ON {prefix}values (expires);
CREATE TABLE IF NOT EXISTS {prefix}locks (
  name text COLLATE "C" PRIMARY KEY,
  token text COLLATE "C" NOT NULL,
  expires bigint NOT NULL,
  gone text COLLATE "C" NOT NULL
);
`,
	MySQL: `CREATE TABLE IF NOT EXISTS {prefix}values (
  name varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  value mediumblob,
  expires bigint NOT NULL,
  writer varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  number bigint NOT NULL,
  KEY {prefix}values_expires (expires)
) ENGINE=InnoDB;
CREATE TABLE IF NOT EXISTS {prefix}locks (
  name varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  token varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  expires bigint NOT NULL,
  gone varchar(2000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
) ENGINE=InnoDB;
`,
	SQLite: `CREATE TABLE IF NOT EXISTS {prefix}values (
  name text NOT NULL PRIMARY KEY,
  value blob,
  expires integer NOT NULL,
  writer text NOT NULL,
  number integer NOT NULL
);
CREATE INDEX IF NOT EXISTS {prefix}values_expires ON {prefix}values (expires);
CREATE TABLE IF NOT EXISTS {prefix}locks (
  name text NOT NULL PRIMARY KEY,
  token text NOT NULL,
  expires integer NOT NULL,
  gone text NOT NULL
);
`,
}

// Schema returns the statements that make the tables of a Store with these options, unless the tables exist: for a tool
// that migrates, or to read. Each statement ends with a semicolon at the end of a line.
func Schema(dialect Dialect, opts ...Option) (string, error) {
	s, err := configure(dialect, opts)
	if err != nil {
		return "", err
	}
	return s.schema(), nil
}

func (s *Store) schema() string { return strings.ReplaceAll(schemas[s.dialect], "{prefix}", s.prefix) }

// Migrate makes the missing tables with the statements of [Schema]. Several processes may call it at once, and again at
// each start. The database user needs the right to create tables only if a table is missing. Migrate waits for the database
// as long as ctx allows.
func (s *Store) Migrate(ctx context.Context) error {
	if err := ended(ctx); err != nil {
		return err
	}
	var err error
	for range migrateTries { // PostgreSQL fails where another process makes the same table at the same time
		if err = s.migrate(ctx); err == nil || ctx.Err() != nil || wait(ctx, lastPoll) != nil {
			break
		}
	}
	if err != nil {
		return failed(ctx, "migrate", err)
	}
	return nil
}

func (s *Store) migrate(ctx context.Context) error {
	if s.hasTables(ctx) {
		return nil
	}
	for text := range strings.SplitSeq(s.schema(), ";\n") {
		if text == "" {
			continue
		}
		if _, err := aside(ctx, func() (struct{}, error) {
			_, err := s.db.ExecContext(ctx, text)
			return struct{}{}, err
		}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) hasTables(ctx context.Context) bool {
	_, lost := s.holds(ctx, "", "")
	_, missing := read[string](ctx, s, "")
	return lost == nil && errors.Is(missing, errNothing)
}

// Sweep deletes rows that are no longer needed: values after the end of their ttl, and the rows of deleted values and free
// locks, which are kept for an hour. It returns the number of deleted rows. Each Store sweeps a little after some of its
// Sets, so a table does not grow for ever. If many sessions expire, call Sweep about every hour. It works in small steps,
// and several processes may call it at once.
func (s *Store) Sweep(ctx context.Context) (int64, error) {
	if err := ended(ctx); err != nil {
		return 0, err
	}
	var swept int64
	for _, step := range []func() (int64, error){
		func() (int64, error) { return s.change(ctx, s.sql.sweepValues, sweepBatch) },
		func() (int64, error) { return s.change(ctx, s.sql.sweepLocks, sweepBatch, keepDeleted.Milliseconds()) },
	} {
		for {
			rows, err := step()
			swept += rows
			if err != nil {
				return swept, failed(ctx, "sweep", err)
			}
			if rows < sweepBatch {
				break
			}
		}
	}
	return swept, nil
}

// trickle sweeps a little after some of the Sets. Its errors are ignored.
func (s *Store) trickle(ctx context.Context) {
	if s.sets.Add(1)%trickleEvery != 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, trickleLimit)
	defer cancel()
	if _, err := s.change(ctx, s.sql.sweepValues, trickleBatch); err == nil {
		_, _ = s.change(ctx, s.sql.sweepLocks, trickleBatch, keepDeleted.Milliseconds())
	}
}
