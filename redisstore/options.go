package redisstore

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	defaultPrefix = "tcbauth:"
	defaultLease  = 10 * time.Second

	// leastLease leaves time for the renewals, of which there are three in a lease, to reach Redis and come back.
	leastLease = 100 * time.Millisecond
)

// Option changes how a [Store] works; see [New]. A value that makes no sense is an error of New.
type Option func(*Store) error

// WithPrefix sets what the names of all keys in Redis begin with; "tcbauth:" if not given. Programs that are to share
// sessions give the same one, and others that use the same Redis another.
func WithPrefix(prefix string) Option {
	return func(s *Store) error {
		if strings.ContainsAny(prefix, "{}") {
			return errors.New("WithPrefix: the prefix has a brace, which would change the hash tag")
		}
		s.prefix = prefix
		return nil
	}
}

// WithLockLease sets how long a lock outlives its last renewal, at least 100 ms; 10 s if not given. It is renewed three
// times in a lease or more often while it is held. A short lease lets others go on sooner after a process died; a long one lets a
// holder be stopped, or cut off from Redis, for longer before it loses its lock. A Redis that is away for the time being, as in a
// failover, is waited for for three leases.
func WithLockLease(lease time.Duration) Option {
	return func(s *Store) error {
		if lease < leastLease {
			return fmt.Errorf("WithLockLease: %v is less than %v", lease, leastLease)
		}
		s.lease = lease
		return nil
	}
}
