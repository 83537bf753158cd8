package redisstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

// TestTogether: what several calls do is done in one.
func TestTogether(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		client := connect(t, addr)
		store := newStore(t, client, prefix)
		ctx := t.Context()
		require.NoError(t, store.Set(ctx, "users/1/one", []byte("old"), 0))
		require.NoError(t, store.Set(ctx, "users/1/empty", nil, 0))
		held, unlock, values, err := store.LockGet(ctx, "users/1/one", "users/1/one", "users/1/two", "users/1/empty")
		require.NoError(t, err)
		assert.Equal(t, [][]byte{[]byte("old"), nil, {}}, values)
		requireHeld(t, newStore(t, client, prefix), "users/1/one", 50*time.Millisecond)

		keys := []string{"users/1/one", "users/1/two"}
		done, err := store.Replace(held, []byte("other"), 0, keys, [][]byte{[]byte("1"), []byte("2")})
		require.NoError(t, err)
		assert.False(t, done)
		_, err = store.Get(ctx, "users/1/two")
		require.ErrorIs(t, err, tcbauth.ErrNotFound, "all or nothing")
		done, err = store.Replace(held, []byte("old"), 0, keys, [][]byte{[]byte("1"), []byte("2")})
		require.NoError(t, err)
		assert.True(t, done)
		for key, want := range map[string]string{"users/1/one": "1", "users/1/two": "2"} {
			value, err := store.Get(held, key)
			require.NoError(t, err)
			assert.Equal(t, want, string(value))
		}
		require.NoError(t, store.DeleteAll(held, keys...))
		for _, key := range keys {
			_, err = store.Get(held, key)
			require.ErrorIs(t, err, tcbauth.ErrNotFound)
		}
		done, err = store.Replace(held, []byte("1"), 0, keys, [][]byte{[]byte("1"), []byte("2")})
		require.NoError(t, err)
		assert.False(t, done, "nothing there is not what was there")
		unlock()

		done, err = store.Replace(ctx, nil, 0, keys, [][]byte{nil, nil})
		require.ErrorContains(t, err, "has no lock")
		assert.False(t, done)
		require.ErrorContains(t, store.DeleteAll(ctx, keys...), "has no lock")
		_, _, _, err = store.LockGet(ctx, "users/1/one", "users/2/one")
		require.ErrorContains(t, err, "several sessions")
	})
}

// TestTogetherLost: a holder that has lost its lock does nothing.
func TestTogetherLost(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		client := connect(t, addr)
		store := newStore(t, client, prefix)
		require.NoError(t, store.Set(t.Context(), "key", []byte("old"), 0))
		for name, call := range map[string]func(held context.Context) error{
			"replace": func(held context.Context) error {
				_, err := store.Replace(held, []byte("old"), 0, []string{"key"}, [][]byte{[]byte("older")})
				return err
			},
			"delete": func(held context.Context) error { return store.DeleteAll(held, "key") },
		} {
			ctx, unlock, _, err := store.LockGet(t.Context(), "key", "key")
			require.NoError(t, err)
			_, unlockNext := rival(t, client, prefix, "key")
			require.ErrorIs(t, call(ctx), redisstore.ErrLockLost, name)
			value, err := store.Get(t.Context(), "key")
			require.NoError(t, err)
			assert.Equal(t, "old", string(value))
			unlockNext()
			unlock()
		}
	})
}

// TestTogetherLate: an older copy of a Replace changes nothing, and one whose answer was lost is done once.
func TestTogetherLate(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		l := newLate(t, addr, prefix)
		ctx, unlock, _, err := l.store.LockGet(t.Context(), "key")
		require.NoError(t, err)
		defer unlock()
		require.NoError(t, l.store.Set(ctx, "key", []byte("old"), 0))
		replace := func(old, value string) {
			done, err := l.store.Replace(ctx, []byte(old), 0, []string{"key"}, [][]byte{[]byte(value)})
			require.NoError(t, err)
			assert.True(t, done)
		}
		replace("old", "old") // Redis knows the script
		l.post.keepNext(1)
		replace("old", "newer")
		replace("newer", "old")
		l.post.deliver(t, l.client)
		value, err := l.other.Get(t.Context(), "key")
		require.NoError(t, err)
		assert.Equal(t, "old", string(value))
	})
}
