package dbtest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/sqlstore"
)

// TestTogether: what several calls do is done in one.
func TestTogether(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		p = p.fresh()
		p.Lease = time.Minute
		store, ctx := p.newStore(t), t.Context()
		require.NoError(t, store.Set(ctx, "users/1/one", []byte("old\x00\xff"), 0))
		require.NoError(t, store.Set(ctx, "users/1/empty", nil, 0))
		held, unlock, values, err := store.LockGet(ctx, "users/1/one", "users/1/one", "users/1/two", "users/1/empty")
		require.NoError(t, err)
		assert.Equal(t, [][]byte{[]byte("old\x00\xff"), nil, {}}, values)
		waiting, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		_, _, err = p.again(t).Lock(waiting, "users/1/one")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		cancel()

		keys := []string{"users/1/one", "users/1/two"}
		big := bytes.Repeat([]byte{0, 0xff, '\'', '\\'}, 1<<18)
		wantReplaced := func(want bool, old string, values ...[]byte) {
			t.Helper()
			done, err := store.Replace(held, []byte(old), 0, keys, values)
			require.NoError(t, err)
			require.Equal(t, want, done)
		}
		for _, other := range []string{"other", "", "old", "OLD\x00\xff", "old\x00\xff "} {
			wantReplaced(false, other, []byte("1"), []byte("2"))
		}
		_, err = store.Get(ctx, "users/1/two")
		require.ErrorIs(t, err, tcbauth.ErrNotFound, "all or nothing")
		wantReplaced(true, "old\x00\xff", []byte("1"), big)
		wantReplaced(false, "old\x00\xff", []byte("older"), nil)
		for key, want := range map[string][]byte{"users/1/one": []byte("1"), "users/1/two": big} {
			value, err := store.Get(held, key)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(want, value), "%s: %d bytes, want %d", key, len(value), len(want))
		}
		wantReplaced(true, "1", nil, []byte("2"))
		wantReplaced(true, "", []byte("2"), nil)
		done, err := store.Replace(held, []byte("2"), time.Millisecond, keys, [][]byte{[]byte("3"), nil})
		require.NoError(t, err)
		assert.True(t, done)
		require.Eventually(t, func() bool {
			_, err := store.Get(held, keys[0])
			return err != nil
		}, 10*time.Second, 10*time.Millisecond)
		wantReplaced(false, "3", nil, nil)
		require.NoError(t, store.Set(held, keys[0], []byte("1"), 0))
		require.NoError(t, store.DeleteAll(held, keys...))
		for _, key := range keys {
			_, err = store.Get(held, key)
			require.ErrorIs(t, err, tcbauth.ErrNotFound)
		}
		wantReplaced(false, "1", []byte("1"), []byte("2"))
		wantReplaced(false, "", []byte("1"), []byte("2"))
		unlock()

		done, err = store.Replace(ctx, nil, 0, keys, [][]byte{nil, nil})
		require.ErrorContains(t, err, "has no lock")
		assert.False(t, done)
		require.ErrorContains(t, store.DeleteAll(ctx, keys...), "has no lock")
		_, _, _, err = store.LockGet(ctx, "users/1/one", "users/2/one")
		require.ErrorContains(t, err, "several sessions")
		_, _, _, err = store.LockGet(ctx, "1", "1", "2", "3", "4", "5", "6", "7")
		require.ErrorContains(t, err, "7 keys are over the limit of 6")
	})
}

// TestTogetherLost: a holder that has lost its lock does nothing.
func TestTogetherLost(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		p = p.fresh()
		p.Lease = time.Minute
		store := p.newStore(t)
		db, err := p.openDB(t)
		require.NoError(t, err)
		require.NoError(t, store.Set(t.Context(), "key", []byte("old"), 0))
		for name, call := range map[string]func(held context.Context) error{
			"replace": func(held context.Context) error {
				_, err := store.Replace(held, []byte("old"), 0, []string{"key"}, [][]byte{[]byte("older")})
				return err
			},
			"replace what is not there": func(held context.Context) error {
				_, err := store.Replace(held, []byte("other"), 0, []string{"key"}, [][]byte{[]byte("older")})
				return err
			},
			"delete": func(held context.Context) error { return store.DeleteAll(held, "key") },
		} {
			held, unlock, _, err := store.LockGet(t.Context(), "key", "key")
			require.NoError(t, err)
			p.exec(t, db, "UPDATE {locks} SET token = ''")
			_, unlockNext, err := p.again(t).Lock(t.Context(), "key")
			require.NoError(t, err)
			require.ErrorIs(t, call(held), sqlstore.ErrLockLost, name)
			require.ErrorIs(t, context.Cause(held), sqlstore.ErrLockLost, name)
			value, err := store.GetString(t.Context(), "key")
			require.NoError(t, err)
			assert.Equal(t, "old", value)
			unlockNext()
			unlock()
		}
	})
}

// TestTogetherTwice: a Replace whose answer was lost is made twice, and done once.
func TestTogetherTwice(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		p = p.fresh()
		p.Lease = time.Minute
		p.newStore(t)
		store, asked := p.noted(t)
		require.NoError(t, store.Set(t.Context(), "key", []byte("old"), 0))
		asked.loseNext(1)
		_, _, _, err := store.LockGet(t.Context(), "key", "key")
		require.Error(t, err, "without a lock an outage is an error")
		held, unlock, values, err := store.LockGet(t.Context(), "key", "key", "device")
		require.NoError(t, err, "the one before is given up")
		defer unlock()
		assert.Equal(t, [][]byte{[]byte("old"), nil}, values)
		for lost, step := range [][2]string{{"old", "newer"}, {"newer", "old"}, {"old", "newest"}} {
			asked.loseNext(lost)
			done, err := store.Replace(held, []byte(step[0]), 0, []string{"key", "device"}, [][]byte{[]byte(step[1]), []byte(step[1])})
			require.NoError(t, err)
			assert.True(t, done, "the second attempt finds what the first one did")
			for _, key := range []string{"key", "device"} {
				value, err := store.GetString(held, key)
				require.NoError(t, err)
				assert.Equal(t, step[1], value)
			}
		}
		asked.loseNext(2)
		done, err := store.Replace(held, []byte("old"), 0, []string{"key"}, [][]byte{[]byte("oldest")})
		require.NoError(t, err)
		assert.False(t, done)
		asked.loseNext(2)
		require.NoError(t, store.DeleteAll(held, "key", "device"))
		_, err = store.Get(t.Context(), "key")
		require.ErrorIs(t, err, tcbauth.ErrNotFound)
	})
}
