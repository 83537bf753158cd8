// Package redisstore keeps sessions in Redis, for programs that run as many processes on many machines: all of them
// share the sessions and take turns at refreshing them.
//
//	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{"redis:6379"}, ContextTimeoutEnabled: true})
//	store, err := redisstore.New(client)
//	app, err := tcbauth.NewApp("your-env-id", tcbauth.WithTokenStore(store))
//
// One node, Sentinel and Cluster will do, with Redis 5 or newer or what speaks its protocol and runs its scripts: all
// keys of one session have the same hash tag, so that they are in one slot. The commands are GET, SET, DEL, EVALSHA and EVAL, and in
// scripts TIME, PERSIST, PEXPIRE and those of hashes.
//
// The values stand in Redis as they are: whoever can read them can act as the people who signed in. Put
// [tcbauth.Sealed] around the store if Redis, its backups or its replicas are open to others. Redis must not evict: a
// session that is gone signs its owner out.
//
// # Locks
//
// A lock is a hash in Redis, which its holder changes again and again while it lives. Who waits for the lock looks at it, and
// takes it when it has stayed the same for the time of a lease; so a process that dies keeps others waiting for the time of a
// lease. A lock can be lost by a holder that lives: one that was stopped, or cut off from Redis, for longer than the lease.
// Such a holder must not overwrite what the next one wrote. Therefore every holder gets a fence, a number greater than all
// before it, which stands in the same hash; Get, Set and Delete with the context that Lock returned are scripts that compare
// it, in the same step as they act. If somebody else has had the lock since, they do nothing and return [ErrLockLost]. If nobody
// has, they go ahead, however long it took, since a session that was just refreshed has no other copy.
//
// No clock but that of whoever waits, or holds, decides on a lease, so Redis's may jump. A lock that is held has no time to live,
// so Redis does not evict it where it evicts what has one. Where Redis has forgotten a lock, in a restart without its data or in a
// failover to a replica that lagged behind, its holder goes on if it has heard from Redis within the lease, for nobody can have
// taken the lock then; otherwise it has lost it. The fence is Redis's time in microseconds, or one more than the last fence where
// that is greater, so it goes up even when the last one is forgotten. Redis forgets a lock an hour after it was given up.
//
// What arrives late does no harm: a lock that was given up is not taken or renewed by an older copy of a command, and an older
// copy of a write changes nothing.
//
// What a fence cannot do is stop a holder from using what is outside Redis: one that is stopped between taking the
// lock and sending a refresh, for longer than the lease, sends it when it wakes. The lease is the time for which that
// is unlikely enough.
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

// ErrLockLost: the call was made with the context of a lock that somebody else has taken since. Nothing was done.
var ErrLockLost = errors.New("redisstore: the lock was lost: somebody else has taken it since")

// Store is a [tcbauth.TokenStore], [tcbauth.Locker] and [tcbauth.Interruptible] in Redis. Make one with [New]; it is safe for
// concurrent use, and needs no Close. Any number of Stores, in one process or in many, may share a Redis.
//
// A call returns when its context ends, also where Redis has gone silent. There is one exception, for the sake of speed: a Get
// without a lock whose context has a deadline, with a client that minds deadlines (its option ContextTimeoutEnabled), is made
// without a goroutine of its own. It ends with that deadline; a cancellation before it is seen when the client's ReadTimeout is
// over, 3 s unless the client has another. A change that goes on when its caller has left comes before all that this Store
// begins later for the same key.
//
// An error never has a key's user part or a value in it.
type Store struct {
	client  redis.UniversalClient
	prefix  string
	lease   time.Duration
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

// New returns the store on client, which stays the caller's to close. It does no I/O.
func New(client redis.UniversalClient, opts ...Option) (*Store, error) {
	if client == nil {
		return nil, errors.New("redisstore: no client given")
	}
	s := &Store{client: client, prefix: defaultPrefix, lease: defaultLease, minds: mindsDeadlines(client)}
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("redisstore: an Option is nil")
		}
		if err := opt(s); err != nil {
			return nil, fmt.Errorf("redisstore: %w", err)
		}
	}
	return s, nil
}

// Get returns the value under key, or [tcbauth.ErrNotFound]. With the context of a lock it is ErrLockLost if the lock
// was lost, so that a holder learns of it before it acts on what it reads; it then asks the master, never a replica.
// A value of more than 1 MiB is refused.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := s.GetString(ctx, key)
	if err != nil {
		return nil, err
	}
	return []byte(value), nil
}

// GetString is Get with the value as a string, which is what the client has.
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

// Set stores value, at most 1 MiB, under key. Redis deletes it after ttl, in steps of a millisecond; 0 keeps it until it
// is replaced or deleted.
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

// Delete removes key. Nothing there is not an error.
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

// change makes one change of key, which is not under a lock. One whose caller has left comes before all that begin later.
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

// Interruptible is true.
func (*Store) Interruptible() bool { return true }

// clientEnds reports whether a call of the client ends with ctx by itself. A context with a deadline is the one case where the
// client is relied on for more than it does: see [Store].
func (s *Store) clientEnds(ctx context.Context) bool {
	if ctx.Done() == nil {
		return true
	}
	_, ok := ctx.Deadline()
	return ok && s.minds
}

// mindsDeadlines reports whether a client minds the deadlines of contexts, which is its option ContextTimeoutEnabled. One of
// another type than go-redis's own is taken for one that does not.
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

// name is where Redis has what belongs to one key of the store.
type name struct {
	value   string
	session string // prefix and hash tag, with which value begins
	last    string // with which value ends
}

// name splits a key at its last slash: what is before it is the same for all keys of one visitor's session, and becomes
// the hash tag. It is hashed, since a session cookie's value may be in it, which must not show in Redis's logs and
// listings; what follows is the name of a kind of value, and tells whoever looks what a key is for.
func (s *Store) name(key string) name {
	slash := strings.LastIndexByte(key, '/') + 1
	sum := sha256.Sum256([]byte(key[:slash]))
	var tag [43]byte // base64.RawURLEncoding.EncodedLen(len(sum))
	base64.RawURLEncoding.Encode(tag[:], sum[:])

	// One piece of memory: a name is made for every call.
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

// lock is the key of the lock. An earlier state of this package had "lock:" and "fence:", which are left to expire.
func (n name) lock() string { return n.session + "hold:" + n.last }
