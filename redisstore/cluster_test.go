package redisstore_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/storetest"
)

// TestCluster: scripts find all their keys on one node, also when the keys move to another.
func TestCluster(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 3, false)
	ctx := t.Context()
	t.Run("store", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) tcbauth.TokenStore { return newStore(t, c, rand.Text()+":") })
	})

	// The slot of a session moves while its lock is held.
	store := newStore(t, c, "move:")
	held, unlock, err := store.Lock(ctx, "users/moving/key")
	require.NoError(t, err)
	defer unlock()
	require.NoError(t, store.Set(held, "users/moving/key", []byte("before"), 0))
	from, keys := c.where(t, "move:*")
	to := (from + 1) % c.masters
	require.Len(t, keys, 2, "value and lock")
	slot := int(c.clients[from].ClusterKeySlot(ctx, keys[0]).Val())
	c.begin(t, slot, from, to)
	c.move(t, from, to, keys[0])

	// While one of its keys is here and others there, a script cannot run; it does as soon as it can.
	set := make(chan error, 1)
	go func() { set <- store.Set(held, "users/moving/key", []byte("after"), 0) }()
	select {
	case err := <-set:
		require.Fail(t, "the holder did not wait for the slot", "error: %v", err)
	case <-time.After(200 * time.Millisecond): // some attempts
	}
	c.finish(t, slot, from, to)
	require.NoError(t, <-set)
	require.NoError(t, held.Err())
	value, err := newStore(t, c, "move:").Get(ctx, "users/moving/key")
	require.NoError(t, err)
	require.Equal(t, "after", string(value))
	require.Len(t, all(t, c.clients[to], "move:*"), 2)
}

// TestInterruptedReshard: a slot stays between two nodes, with some of the keys here and others there. A lock has one key, so it
// can be had and is exclusive wherever that is.
func TestInterruptedReshard(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 3, false)
	ctx := t.Context()
	for name, moved := range map[string]func(key string) bool{
		"nothing has moved": func(string) bool { return false },
		"the value has":     func(key string) bool { return strings.Contains(key, "}value:") },
		"the lock has":      func(key string) bool { return !strings.Contains(key, "}value:") },
		"everything has":    func(string) bool { return true },
	} {
		key := "users/" + rand.Text() + "/key"
		store := newStore(t, c, key+":")
		require.NoError(t, store.Set(ctx, key, []byte("value"), 0))
		if name != "nothing has moved" { // then there has been no lock
			_, unlock, err := store.Lock(ctx, key)
			require.NoError(t, err)
			unlock()
		}
		from, keys := c.where(t, key+":*")
		to := (from + 1) % c.masters
		slot := int(c.clients[from].ClusterKeySlot(ctx, keys[0]).Val())
		c.begin(t, slot, from, to)
		for _, k := range keys {
			if moved(k) {
				c.move(t, from, to, k)
			}
		}
		for range 2 {
			_, unlock, err := store.Lock(ctx, key)
			require.NoError(t, err, name)
			requireHeld(t, newStore(t, c, key+":"), key, 50*time.Millisecond)
			unlock()
		}
		value, err := store.Get(ctx, key)
		require.NoError(t, err, name)
		require.Equal(t, "value", string(value))
		c.finish(t, slot, from, to)
		held, unlock, err := store.Lock(ctx, key)
		require.NoError(t, err)
		require.NoError(t, store.Set(held, key, []byte("newer"), 0), name)
		unlock()
	}
}
