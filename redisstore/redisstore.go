// Package redisstore keeps sessions in Redis, for programs that run as several processes or on several machines. All
// processes share the sessions, and only one of them refreshes a session at a time.
//
//	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{"redis:6379"}, ContextTimeoutEnabled: true})
//	store, err := redisstore.New(client)
//	app, err := tcbauth.NewApp("your-env-id", tcbauth.WithTokenStore(store))
//
// A single node, Sentinel and Cluster work, with Redis 5 or newer, or another server that speaks its protocol and runs its
// scripts. All keys of one session have the same hash tag, so they are in one slot of a Cluster. The package sends GET,
// SET, DEL, EVALSHA and EVAL; its scripts use TIME, PERSIST, PEXPIRE and the commands for hashes.
//
// The values are not encrypted: whoever can read them can act as the signed-in users. Put [tcbauth.Sealed] around the store
// if others can read Redis, its backups or its replicas. Redis must not evict keys: an evicted session signs its user out.
//
// # Locks
//
// A lock is a hash in Redis. The process that has the lock renews it several times in each lease, and each renewal changes
// the hash. A process that waits for the lock watches the hash. If it does not change for one lease, the waiting process
// takes the lock. So a process that dies delays others for one lease.
//
// A process can lose its lock while it is still running: if it was stopped, or cut off from Redis, for longer than the
// lease. It must not overwrite what the next process wrote. Therefore each lock has a fencing token: a number greater than
// all earlier ones, stored in the same hash. Get, Set and Delete with the context that Lock returned are scripts. They
// compare the token and do their work in one step. A script that finds that another process has taken the lock does nothing,
// and the call returns [ErrLockLost]. If no other process has taken it, the script does its work, even after the lease: a
// session that was just refreshed has no other copy.
//
// Each process measures a lease with its own clock, so a jump of Redis's clock does no harm. A lock that is held has no
// time to live, so Redis does not evict it where it evicts only keys that have one. Redis can forget a lock: in a restart
// without its data, or in a failover to a replica that was behind. The process that had the lock then keeps it if Redis has
// answered it within the lease, since no other process can have taken the lock in that time; otherwise the lock is lost. A
// fencing token is Redis's time in microseconds, or the last token plus one if that is greater. So it grows even if Redis
// has forgotten the last one. Redis keeps a lock for an hour after its release.
//
// Commands that arrive late do no harm: an old copy of a command neither takes nor renews a lock that was released, and an
// old copy of a write under a lock changes nothing. A Set or Delete without a lock has no number: a copy that was delayed on the
// network can undo a later change.
//
// A fencing token protects Redis only. A process that takes the lock, is then stopped for longer than the lease, and sends
// its refresh when it continues, is not held back. Choose a lease that makes this unlikely enough.
package redisstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/keylock"
)

const maxValue = 1 << 20 // bytes; a session is a few kB

// ErrLockLost means that the call was made with the context of a lock that another caller has taken since. The last attempt
// of the call did nothing; an earlier attempt whose answer was lost may have done its work.
var ErrLockLost = errors.New("redisstore: the lock was lost: another process or call has taken it since")

// Store is a [tcbauth.TokenStore], [tcbauth.Locker], [tcbauth.StringGetter] and [tcbauth.Interruptible] in Redis. Make one
// with [New]. It is safe for concurrent use and needs no Close. Several Stores, in one process or in many, may share a
// Redis.
//
// A call returns when its context ends, even if Redis does not answer. There is one exception, for speed. If a Get has no
// lock, its context has a deadline, and the client observes deadlines (its option ContextTimeoutEnabled), the Get runs
// without a goroutine of its own. It then ends at the deadline, but an earlier cancellation takes effect only after the
// client's ReadTimeout, 5 s by default. If the caller of a Set or Delete has stopped waiting, the change may still be made,
// but before all changes of the same key that this Store begins later.
//
// No error contains the user part of a key, or a value.
type Store struct {
	config
	client  redis.UniversalClient
	spoken  atomic.Bool   // Redis has answered a script
	minds   bool          // the client ends its calls at the deadlines of their contexts
	locks   keylock.Locks // by key of a lock
	changes keylock.Locks // by key of a value
}

var (
	_ tcbauth.TokenStore    = (*Store)(nil)
	_ tcbauth.Locker        = (*Store)(nil)
	_ tcbauth.Interruptible = (*Store)(nil)
	_ tcbauth.StringGetter  = (*Store)(nil)
)

// New returns a store that uses client. It sends nothing. The caller closes client.
func New(client redis.UniversalClient, opts ...Option) (*Store, error) {
	if client == nil {
		return nil, errors.New("redisstore: no client given")
	}
	s := &Store{client: client, config: config{prefix: defaultPrefix, lease: defaultLease}, minds: mindsDeadlines(client)}
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("redisstore: an Option is nil")
		}
		if err := opt(&s.config); err != nil {
			return nil, fmt.Errorf("redisstore: %w", err)
		}
	}
	return s, nil
}

// Get returns the value under key, or [tcbauth.ErrNotFound]. With the context of a lock it asks the master, never a
// replica, and returns ErrLockLost if the lock was lost, so that the caller learns of it before it uses the value. A value
// of more than 1 MiB is an error.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := s.GetString(ctx, key)
	if err != nil {
		return nil, err
	}
	return []byte(value), nil
}

// GetString is Get, with the value as a string. It makes no copy.
func (s *Store) GetString(ctx context.Context, key string) (string, error) {
	if err := ended(ctx); err != nil {
		return "", err
	}
	name := s.name(key)
	var value string
	var err error
	if h := s.holdOf(ctx, name); h != nil {
		var data []byte
		data, err = h.get(ctx, name)
		value = string(data)
	} else if s.clientEnds(ctx) {
		value, err = s.client.Get(ctx, name.value).Result()
	} else {
		value, err = aside(ctx, func() (string, error) { return s.client.Get(ctx, name.value).Result() })
	}
	switch {
	case errors.Is(err, redis.Nil):
		return "", tcbauth.ErrNotFound
	case err != nil:
		s.heard(ctx, err)
		return "", failed(ctx, "read", err)
	case len(value) > maxValue:
		return "", tooLong("read", len(value))
	}
	return value, nil
}

// Set stores value, at most 1 MiB, under key. Redis deletes it after ttl, which counts in milliseconds; with a ttl of 0 it
// is kept until it is replaced or deleted.
func (s *Store) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := ended(ctx); err != nil {
		return err
	}
	if len(value) > maxValue {
		return tooLong("write", len(value))
	}
	ttl, err := checkedTTL(ttl)
	if err != nil {
		return err
	}
	name := s.name(key)
	if h := s.holdOf(ctx, name); h != nil {
		err = h.set(ctx, name, value, ttl)
	} else {
		value = bytes.Clone(value) // the caller may use it again while a write that he has left goes on
		err = s.change(ctx, name.value, func() error { return s.client.Set(ctx, name.value, value, ttl).Err() })
	}
	if err != nil {
		return failed(ctx, "write", err)
	}
	return nil
}

// Delete removes key. If nothing is stored, that is not an error.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := ended(ctx); err != nil {
		return err
	}
	name := s.name(key)
	var err error
	if h := s.holdOf(ctx, name); h != nil {
		err = h.delete(ctx, name.value)
	} else {
		err = s.change(ctx, name.value, func() error { return s.client.Del(ctx, name.value).Err() })
	}
	if err != nil {
		return failed(ctx, "delete", err)
	}
	return nil
}

// change makes one change of key without a lock. If its caller has stopped waiting, the change is still made before all
// later ones.
func (s *Store) change(ctx context.Context, key string, f func() error) error {
	leave, err := s.changes.Lock(ctx, key)
	if err != nil {
		return err
	}
	_, err = aside(ctx, func() (struct{}, error) {
		defer leave()
		err := f()
		s.heard(ctx, err)
		return struct{}{}, err
	})
	return err
}

// Interruptible returns true.
func (*Store) Interruptible() bool { return true }

// clientEnds reports whether a call of the client ends with ctx by itself. A context with a deadline is the one case in
// which this package relies on that although the client does not fully do it: see [Store].
func (s *Store) clientEnds(ctx context.Context) bool {
	if ctx.Done() == nil {
		return true
	}
	_, ok := ctx.Deadline()
	return ok && s.minds
}

// mindsDeadlines reports whether a client observes the deadlines of contexts: its option ContextTimeoutEnabled. A client
// that is not one of go-redis's own types counts as one that does not.
func mindsDeadlines(client redis.UniversalClient) bool {
	switch client := client.(type) { // what NewUniversalClient returns is one of these too
	case interface{ Options() *redis.Options }:
		return client.Options().ContextTimeoutEnabled
	case interface{ Options() *redis.ClusterOptions }:
		opts := client.Options()
		return opts.ContextTimeoutEnabled && opts.ClusterSlots == nil // which may ask others, as that of a Sentinel does
	case interface{ Options() *redis.RingOptions }:
		return client.Options().ContextTimeoutEnabled
	}
	return false
}

// name holds the names in Redis for one key of the store.
type name struct {
	value   string
	session string // prefix and hash tag, with which value begins
	last    string // with which value ends
}

// name splits a key at its last slash. The part before it is the same for all keys of one user's session and becomes the
// hash tag. It is hashed, since it may contain the value of a session cookie, which must not appear in Redis's logs and
// listings. The part after it names the kind of value and is readable for an operator.
func (s *Store) name(key string) name {
	slash := strings.LastIndexByte(key, '/') + 1
	sum := sha256.Sum256([]byte(key[:slash]))
	var tag [43]byte // base64.RawURLEncoding.EncodedLen(len(sum))
	base64.RawURLEncoding.Encode(tag[:], sum[:])

	// One allocation: a name is made for every call.
	const kind = "value:"
	session := len(s.prefix) + len("{}") + len(tag)
	var b strings.Builder
	b.Grow(session + len(kind) + len(key) - slash)
	b.WriteString(s.prefix)
	b.WriteByte('{')
	b.Write(tag[:])
	b.WriteByte('}')
	b.WriteString(kind)
	b.WriteString(key[slash:])
	value := b.String()
	return name{value: value, session: value[:session], last: value[session+len(kind):]}
}

// lock is the key of the lock. Older versions of this package used "lock:" and "fence:"; those keys expire.
func (n name) lock() string { return n.session + "hold:" + n.last }
