package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// LockGet is Lock of key, and then Get of keys with held, in two statements where nobody else has the lock. All are keys of one
// session, and six at most. A value is nil where there is none.
func (s *Store) LockGet(ctx context.Context, key string, keys ...string) (held context.Context, unlock func(), values [][]byte, err error) {
	names, err := namesOf(key, keys)
	if err != nil {
		return nil, nil, nil, err
	}
	held, unlock, found, err := s.take(ctx, nameOf(key), names...)
	if err != nil {
		return nil, nil, nil, err
	}
	values = make([][]byte, len(keys))
	for i, name := range names {
		if values[i] = found[name]; len(values[i]) > maxValue {
			unlock()
			return nil, nil, nil, tooLong("read", len(values[i]))
		}
	}
	return held, unlock, values, nil
}

// Replace stores values under keys, in one statement and with the context of a lock of their session, if the value under the first key
// is still old. Otherwise it does nothing and reports false. ttl is that of Set. The keys are different ones, and six at most.
func (s *Store) Replace(ctx context.Context, old []byte, ttl time.Duration, keys []string, values [][]byte) (done bool, err error) {
	h, names, err := s.holding(ctx, keys)
	if err != nil {
		return false, err
	}
	life, err := lifetimeOf(ttl)
	if err != nil {
		return false, err
	}
	rows := make([][]byte, len(values))
	for i, value := range values {
		if len(value) > maxValue {
			return false, tooLong("write", len(value))
		}
		rows[i] = stored(value)
	}
	done, err = h.swap(ctx, stored(old), names, rows, life)
	if err != nil {
		return false, failed(ctx, "write", err)
	}
	s.trickle(ctx)
	return done, nil
}

// DeleteAll is Delete of all keys in one statement, with the context of a lock of their session. They are different ones, and six at
// most.
func (s *Store) DeleteAll(ctx context.Context, keys ...string) error {
	h, names, err := s.holding(ctx, keys)
	if err != nil {
		return err
	}
	if err := h.put(ctx, names, make([][]byte, len(names)), keepDeleted.Milliseconds()); err != nil {
		return failed(ctx, "delete", err)
	}
	return nil
}

// holding returns the hold that ctx carries on the session of keys, and the names of these.
func (s *Store) holding(ctx context.Context, keys []string) (*hold, []string, error) {
	if err := ended(ctx); err != nil {
		return nil, nil, err
	}
	if len(keys) == 0 {
		return nil, nil, errors.New("sqlstore: no key given")
	}
	names, err := namesOf(keys[0], keys)
	if err != nil {
		return nil, nil, err
	}
	h := s.holdOf(ctx, nameOf(keys[0]))
	if h == nil {
		return nil, nil, errors.New("sqlstore: the context has no lock of the session")
	}
	return h, names, nil
}

// namesOf returns the names of keys, which must be of key's session, so that one lock guards them, and not too many for a statement.
func namesOf(key string, keys []string) ([]string, error) {
	if len(keys) > mostTogether {
		return nil, fmt.Errorf("sqlstore: %d keys are over the limit of %d at once", len(keys), mostTogether)
	}
	session := nameOf(key).session
	names := make([]string, len(keys))
	for i, k := range keys {
		name := nameOf(k)
		if name.session != session {
			return nil, errors.New("sqlstore: the keys are of several sessions")
		}
		names[i] = name.full
	}
	return names, nil
}
