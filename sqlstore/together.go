package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// LockGet is Lock of key, then Get of keys with held. It takes two statements if the lock is free. All keys must be of one
// session, and at most six. A value is nil if nothing is stored.
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

// Replace stores values under keys in one statement, with the context of a lock of their session, if the value under the
// first key is still old. Otherwise it does nothing and reports false. ttl is as for Set. The keys must be different, and
// at most six.
func (s *Store) Replace(ctx context.Context, old []byte, ttl time.Duration, keys []string, values [][]byte) (done bool, err error) {
	h, names, err := s.holding(ctx, keys)
	if err != nil {
		return false, err
	}
	lifetime, err := lifetimeOf(ttl)
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
	done, err = h.swap(ctx, stored(old), names, rows, lifetime)
	if err != nil {
		return false, failed(ctx, "write", err)
	}
	s.trickle(ctx)
	return done, nil
}

// DeleteAll deletes all keys in one statement, with the context of a lock of their session. The keys must be different, and
// at most six.
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

// holding returns the hold of ctx for the session of keys, and the names of keys.
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

// namesOf returns the names of keys. They must be of key's session, so that one lock guards them, and not too many for one
// statement.
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
