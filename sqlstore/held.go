package sqlstore

import (
	"context"
	"database/sql"
	"errors"
)

// look reads the values under names for the caller that has a lock. It reports false if another has the lock.
func (h *hold) look(ctx context.Context, names []string) (found map[string][]byte, mine bool, err error) {
	s := h.store
	stmt := s.sql.heldGet[len(names)-1]
	args := []any{h.name.full, h.token}
	for _, name := range names {
		args = append(args, name)
	}
	found, err = attempt(ctx, attemptLimit, func(ctx context.Context) (found map[string][]byte, err error) {
		rows, err := s.db.QueryContext(ctx, stmt.text, stmt.bind(args)...)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			if found == nil {
				found = make(map[string][]byte)
			}
			var name sql.NullString
			var value []byte
			if err := rows.Scan(&name, &value); err != nil {
				return nil, err
			}
			if name.Valid {
				found[name.String] = stored(value) // SQLite's driver makes nil of no bytes
			}
		}
		return found, rows.Err()
	})
	return found, found != nil, err
}

// get reads a value for the caller that has a lock.
func (h *hold) get(ctx context.Context, name string) ([]byte, error) {
	var found map[string][]byte
	err := insist(ctx, 3*h.store.lease, passing, func() error {
		got, mine, err := h.look(ctx, []string{name})
		if err == nil && !mine {
			err = h.lost()
		}
		found = got
		return err
	})
	value, ok := found[name]
	if err == nil && !ok {
		err = errNothing
	}
	return value, err
}

// lost ends held after its lock was lost.
func (h *hold) lost() error {
	h.cancel(ErrLockLost)
	return ErrLockLost
}

// put stores values for the caller that has a lock, and deletes those that are nil. The rows are kept for lifetime, in ms.
// An attempt may be repeated: it has a number, and does nothing if a later one was done.
func (h *hold) put(ctx context.Context, names []string, values [][]byte, lifetime int64) error {
	s := h.store
	args := append([]any{h.name.full, h.token, h.number.Add(1), lifetime}, rowsOf(names, values)...)
	return insist(ctx, 3*s.lease, passing, func() error {
		rows, err := s.exec(ctx, attemptLimit, s.sql.heldPut[len(names)-1], args...)
		if err == nil && rows == 0 {
			err = h.check(ctx)
		}
		return err
	})
}

// swap is put if the first value is still old. It reports whether it was.
func (h *hold) swap(ctx context.Context, old []byte, names []string, values [][]byte, lifetime int64) (done bool, err error) {
	s, number := h.store, h.number.Add(1)
	args := append([]any{h.name.full, h.token, number, lifetime, old}, rowsOf(names, values)...)
	err = insist(ctx, 3*s.lease, passing, func() error {
		rows, err := s.exec(ctx, attemptLimit, s.sql.swap[len(names)-1], args...)
		if done = rows > 0; err == nil && !done {
			done, err = h.swapped(ctx, names[0], number)
		}
		return err
	})
	return done, err
}

// swapped reports whether an attempt to swap that changed nothing was done before, by an attempt whose answer was lost.
func (h *hold) swapped(ctx context.Context, name string, number int64) (done bool, err error) {
	s := h.store
	done, err = attempt(ctx, attemptLimit, func(ctx context.Context) (bool, error) {
		var last sql.NullInt64
		args := s.sql.swapped.bind([]any{h.name.full, h.token, name, number})
		err := s.db.QueryRowContext(ctx, s.sql.swapped.text, args...).Scan(&last)
		return last.Valid, err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = h.lost()
	}
	return done, err
}

// rowsOf returns names and values as arguments.
func rowsOf(names []string, values [][]byte) (args []any) {
	for i, value := range values {
		var stored any // a slice that is nil would be no NULL to every driver
		if value != nil {
			stored = value
		}
		args = append(args, names[i], stored)
	}
	return args
}
