package redisstore_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

// post is a hook that keeps commands back, as a network does: the client is told that there was no answer in time.
type post struct {
	client *redis.Client // without the hook

	mu   sync.Mutex
	keep func(cmd redis.Cmder) bool // whether to keep a script; nil: none
	kept [][]any
}

func (p *post) hook() hook {
	return func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		if p.keeps(ctx, cmd) {
			cmd.SetErr(os.ErrDeadlineExceeded)
			return os.ErrDeadlineExceeded
		}
		return next(ctx, cmd)
	}
}

func (p *post) keeps(ctx context.Context, cmd redis.Cmder) bool {
	switch cmd.Name() {
	case "eval":
	case "evalsha": // a script that Redis does not know yet is about to be sent in full
		known, err := p.client.ScriptExists(ctx, cmd.Args()[1].(string)).Result()
		if err != nil || !known[0] {
			return false
		}
	default:
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keep == nil || !p.keep(cmd) {
		return false
	}
	p.kept = append(p.kept, slices.Clone(cmd.Args()))
	return true
}

// keepNext keeps the next n scripts.
func (p *post) keepNext(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keep = func(redis.Cmder) bool { n--; return n >= 0 }
}

func (p *post) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.kept)
}

// deliver sends what was kept.
func (p *post) deliver(t *testing.T, client *redis.Client) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.NotEmpty(t, p.kept)
	for _, args := range p.kept {
		if err := client.Do(t.Context(), args...).Err(); !errors.Is(err, redis.Nil) && !redis.HasErrorPrefix(err, "LOCKLOST") {
			require.NoError(t, err)
		}
	}
	p.kept = nil
}

// requireFree: somebody else gets the lock of key, before a longLease is over.
func requireFree(t *testing.T, store *redisstore.Store, key string) {
	t.Helper()
	requireFreeWithin(t, store, key, early)
}

func requireFreeWithin(t *testing.T, store *redisstore.Store, key string, limit time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	_, unlock, err := store.Lock(ctx, key)
	require.NoError(t, err, "the lock is held by nobody")
	unlock()
}

// late has a store whose commands can be kept back, and another one beside it. Both have a longLease.
type late struct {
	post         *post
	store, other *redisstore.Store
	client       *redis.Client
}

func newLate(t *testing.T, addr, prefix string, opts ...redisstore.Option) *late {
	t.Helper()
	l := &late{client: connect(t, addr)}
	l.post = &post{client: l.client}
	client := connect(t, addr)
	client.AddHook(l.post.hook())
	long := redisstore.WithLockLease(longLease)
	l.store = newStore(t, client, prefix, append([]redisstore.Option{long}, opts...)...)
	l.other = newStore(t, l.client, prefix, long)
	return l
}

// TestLateAcquire: what asked for a lock arrives when the one that asked has given up.
func TestLateAcquire(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]func(t *testing.T, l *late){
		"nothing in between":                func(*testing.T, *late) {},
		"another has had the lock":          func(t *testing.T, l *late) { t.Helper(); requireFree(t, l.other, "key") },
		"the same store has had it another": func(t *testing.T, l *late) { t.Helper(); requireFree(t, l.store, "key") },
	} {
		t.Run("given up/"+name, func(t *testing.T) {
			t.Parallel()
			eachRedis(t, func(t *testing.T, addr, prefix string) {
				l := newLate(t, addr, prefix)
				l.post.keepNext(1)
				_, unlock, err := l.store.Lock(t.Context(), "key")
				if err == nil { // the second time it was asked
					unlock()
				}
				between(t, l)
				l.post.deliver(t, l.client)
				requireFree(t, l.other, "key")
				require.NoError(t, err)
			})
		})
		t.Run("never got/"+name, func(t *testing.T) {
			t.Parallel()
			eachRedis(t, func(t *testing.T, addr, prefix string) {
				l := newLate(t, addr, prefix)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				l.post.mu.Lock()
				l.post.keep = func(redis.Cmder) bool { // the first, and then its caller goes away
					defer cancel()
					return ctx.Err() == nil
				}
				l.post.mu.Unlock()
				_, _, err := l.store.Lock(ctx, "key")
				require.Error(t, err)
				eventually(t.Context(), t, "the lock is given up", func() bool {
					ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
					defer cancel()
					_, unlock, err := l.store.Lock(ctx, "key")
					if err == nil {
						unlock()
					}
					return err == nil
				})
				between(t, l)
				l.post.deliver(t, l.client)
				requireFree(t, l.other, "key")
			})
		})
	}
}

// TestLateAcquireWhileHeld: a copy that comes while the lock is held by the one that asked changes nothing.
func TestLateAcquireWhileHeld(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		l := newLate(t, addr, prefix)
		l.post.keepNext(1)
		held, unlock, err := l.store.Lock(t.Context(), "key")
		require.NoError(t, err)
		defer unlock()
		l.post.deliver(t, l.client)
		require.NoError(t, l.store.Set(held, "key", []byte("value"), 0))
		require.NoError(t, held.Err())
	})
}

// TestLateRenewal: a renewal arrives when the lock has been given up.
func TestLateRenewal(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		const lease = 8 * time.Second // the test waits for a third of it
		l := newLate(t, addr, prefix, redisstore.WithLockLease(lease))
		_, unlock, err := l.store.Lock(t.Context(), "key")
		require.NoError(t, err)
		l.post.keepNext(1)
		eventually(t.Context(), t, "there is a renewal", func() bool { return l.post.count() == 1 })
		unlock()
		l.post.deliver(t, l.client)
		requireFreeWithin(t, l.other, "key", lease-time.Second)
	})
}

// TestLateWrite: the first copy of a write that the store has repeated arrives after later writes, which were answered.
func TestLateWrite(t *testing.T) {
	t.Parallel()
	set := func(value string) func(ctx context.Context, s tcbauth.TokenStore) error {
		return func(ctx context.Context, s tcbauth.TokenStore) error { return s.Set(ctx, "key", []byte(value), 0) }
	}
	remove := func(ctx context.Context, s tcbauth.TokenStore) error { return s.Delete(ctx, "key") }
	for name, tt := range map[string]struct {
		first, later func(ctx context.Context, s tcbauth.TokenStore) error
		unlocked     bool // later comes after the lock was given up
		want         string
	}{
		"set and set":                   {set("older"), set("newer"), false, "newer"},
		"set and delete":                {set("older"), remove, false, ""},
		"delete and set":                {remove, set("newer"), false, "newer"},
		"set and set without a lock":    {set("older"), set("newer"), true, "newer"},
		"set and delete without a lock": {set("older"), remove, true, ""},
		"delete and set without a lock": {remove, set("newer"), true, "newer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachRedis(t, func(t *testing.T, addr, prefix string) {
				l := newLate(t, addr, prefix)
				held, unlock, err := l.store.Lock(t.Context(), "key")
				require.NoError(t, err)
				defer unlock()
				l.post.keepNext(1)
				require.NoError(t, tt.first(held, l.store))
				ctx := held
				if tt.unlocked {
					unlock()
					ctx = t.Context()
				}
				require.NoError(t, tt.later(ctx, l.store))
				l.post.deliver(t, l.client)
				value, err := l.other.Get(t.Context(), "key")
				if tt.want == "" {
					require.ErrorIs(t, err, tcbauth.ErrNotFound)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, tt.want, string(value))
			})
		})
	}
}
