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

	// leastLease leaves time for the three renewals in a lease to reach Redis and come back.
	leastLease = 100 * time.Millisecond
)

// Option changes a default of [New]. Every option is checked there; a bad one is an error.
type Option func(*config) error

// config is what the options change.
type config struct {
	prefix string
	lease  time.Duration
}

// WithPrefix sets the beginning of the names of all keys in Redis; the default is "tcbauth:". Programs that share sessions
// use the same prefix. Other programs that use the same Redis need another one.
func WithPrefix(prefix string) Option {
	return func(c *config) error {
		if strings.ContainsAny(prefix, "{}") {
			return errors.New("WithPrefix: the prefix has a brace, which would change the hash tag")
		}
		c.prefix = prefix
		return nil
	}
}

// WithLockLease sets the time after which a lock ends if its process stops renewing it, at least 100 ms; the default is 10
// s. While a lock is held it is renewed at least three times in a lease. With a short lease, others wait less after a
// process has died. With a long lease, a process can be stopped, or cut off from Redis, for longer before it loses its
// lock. While Redis cannot be reached, as in a failover, calls try for three leases.
func WithLockLease(lease time.Duration) Option {
	return func(c *config) error {
		if lease < leastLease {
			return fmt.Errorf("WithLockLease: %v is less than %v", lease, leastLease)
		}
		c.lease = lease
		return nil
	}
}
