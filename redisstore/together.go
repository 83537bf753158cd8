package redisstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// LockGet is Lock of key, then Get of keys with held. It takes one round trip if the lock is free. All keys must be of one
// session. A value is nil if nothing is stored.
func (s *Store) LockGet(ctx context.Context, key string, keys ...string) (held context.Context, unlock func(), values [][]byte, err error) {
	names, err := s.names(key, keys)
	if err != nil {
		return nil, nil, nil, err
	}
	h, err := s.take(ctx, key, names...)
	if err != nil {
		return nil, nil, nil, err
	}
	held, unlock = h.begin(ctx)
	values = make([][]byte, len(keys))
	for i, k := range keys {
		if h.values == nil {
			values[i], err = s.Get(held, k)
		} else {
			values[i], err = checked(h.values, i)
		}
		if err != nil && !errors.Is(err, tcbauth.ErrNotFound) {
			unlock()
			return nil, nil, nil, err
		}
	}
	return held, unlock, values, nil
}

// checked returns one of the values that came with a lock.
func checked(values []any, i int) ([]byte, error) {
	if i >= len(values) || values[i] == nil {
		return nil, tcbauth.ErrNotFound
	}
	value := []byte(text(values, i))
	if len(value) > maxValue {
		return nil, tooLong("read", len(value))
	}
	return value, nil
}

// Replace stores values under keys in one step, with the context of a lock of their session, if the value under the first
// key is still old. Otherwise it does nothing and reports false. ttl is as for Set.
func (s *Store) Replace(ctx context.Context, old []byte, ttl time.Duration, keys []string, values [][]byte) (done bool, err error) {
	h, names, err := s.holding(ctx, keys)
	if err != nil {
		return false, err
	}
	if ttl, err = checkedTTL(ttl); err != nil {
		return false, err
	}
	args := []any{h.number.Add(1), bytes.Clone(old), ttl.Milliseconds()}
	for _, value := range values {
		if len(value) > maxValue {
			return false, tooLong("write", len(value))
		}
		args = append(args, bytes.Clone(value))
	}
	reply, err := h.insist(ctx, swap, names, args...)
	if err != nil {
		return false, failed(ctx, "write", err)
	}
	return len(reply) > 1 && reply[1] == int64(answerYes), nil
}

// DeleteAll deletes all keys in one step, with the context of a lock of their session.
func (s *Store) DeleteAll(ctx context.Context, keys ...string) error {
	h, names, err := s.holding(ctx, keys)
	if err != nil {
		return err
	}
	if err := h.delete(ctx, names...); err != nil {
		return failed(ctx, "delete", err)
	}
	return nil
}

// holding returns the hold of ctx for the session of keys, and the names of keys in Redis.
func (s *Store) holding(ctx context.Context, keys []string) (*hold, []string, error) {
	if err := ended(ctx); err != nil {
		return nil, nil, err
	}
	if len(keys) == 0 {
		return nil, nil, errors.New("redisstore: no key given")
	}
	names, err := s.names(keys[0], keys)
	if err != nil {
		return nil, nil, err
	}
	h := s.holdOf(ctx, s.name(keys[0]))
	if h == nil {
		return nil, nil, errors.New("redisstore: the context has no lock of the session")
	}
	return h, names, nil
}

// names returns the names of values in Redis. They must be of one session, so that a script can use them together.
func (s *Store) names(key string, keys []string) ([]string, error) {
	session := s.name(key).session
	names := make([]string, len(keys))
	for i, k := range keys {
		name := s.name(k)
		if name.session != session {
			return nil, errors.New("redisstore: the keys are of several sessions")
		}
		names[i] = name.value
	}
	return names, nil
}

func tooLong(what string, size int) error {
	return fmt.Errorf("redisstore: %s: a value of %d bytes is over the limit of %d", what, size, maxValue)
}

// checkedTTL returns ttl in milliseconds, and at least one if it is not 0.
func checkedTTL(ttl time.Duration) (time.Duration, error) {
	switch {
	case ttl < 0:
		return 0, fmt.Errorf("redisstore: write: the ttl %v is negative", ttl)
	case ttl > 0:
		return max(ttl.Truncate(time.Millisecond), time.Millisecond), nil
	}
	return 0, nil
}
