package sqlstore

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

const (
	defaultPrefix = "tcbauth_"
	defaultLease  = 10 * time.Second

	// leastLease leaves time for the renewals, of which there are three in a lease, to reach the database and come back.
	leastLease = 100 * time.Millisecond
)

// Option changes how a [Store] works; see [New]. A value that makes no sense is an error of New.
type Option func(*Store) error

// A name that no dialect has to quote. The longest one of a table or an index stays under the limit of all dialects.
var prefixes = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,39}$`)

// WithPrefix sets what the names of the tables begin with; "tcbauth_" if not given, which makes tcbauth_values and
// tcbauth_locks. Programs that are to share sessions give the same one, and others in the same database another. It has small
// letters, digits and underscores, 40 at most.
func WithPrefix(prefix string) Option {
	return func(s *Store) error {
		if !prefixes.MatchString(prefix) {
			return errors.New("WithPrefix: the prefix is not 1 to 40 small letters, digits and underscores")
		}
		s.prefix = prefix
		return nil
	}
}

// WithLockLease sets how long a lock outlives its last renewal, at least 100 ms; 10 s if not given. It is renewed three
// times in a lease while it is held. A short lease lets others go on sooner after a process died; a long one lets a holder
// be stopped, or cut off from the database, for longer before it loses its lock. All Stores on the same tables should have the same.
func WithLockLease(lease time.Duration) Option {
	return func(s *Store) error {
		if lease < leastLease {
			return fmt.Errorf("WithLockLease: %v is less than %v", lease, leastLease)
		}
		s.lease = lease
		return nil
	}
}
