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

	// leastLease leaves time for the three renewals in a lease to reach the database and come back.
	leastLease = 100 * time.Millisecond
)

// Option changes a default of [New] and [Schema]. Every option is checked there; a bad one is an error.
type Option func(*config) error

// config is what the options change.
type config struct {
	prefix string
	lease  time.Duration
}

// A name that no dialect has to quote. The longest one of a table or an index stays under the limit of all dialects.
var prefixes = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,39}$`)

// WithPrefix sets the beginning of the names of the tables: lower-case letters, digits and underscores, at most 40. The
// default is "tcbauth_", for the tables tcbauth_values and tcbauth_locks. Programs that share sessions use the same prefix.
// Other programs in the same database need another one.
func WithPrefix(prefix string) Option {
	return func(c *config) error {
		if !prefixes.MatchString(prefix) {
			return errors.New("WithPrefix: the prefix is not 1 to 40 small letters, digits and underscores")
		}
		c.prefix = prefix
		return nil
	}
}

// WithLockLease sets the time after which a lock ends if its process stops renewing it, at least 100 ms; the default is 10
// s. While a lock is held it is renewed three times in a lease. With a short lease, others wait less after a process has
// died. With a long lease, a process can be stopped, or cut off from the database, for longer before it loses its lock. The
// database must answer each statement within a third of the lease: otherwise Lock fails, or the lock is not renewed in time.
// All Stores on the same tables should use the same lease.
func WithLockLease(lease time.Duration) Option {
	return func(c *config) error {
		if lease < leastLease {
			return fmt.Errorf("WithLockLease: %v is less than %v", lease, leastLease)
		}
		c.lease = lease
		return nil
	}
}
