package tcbauth_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/filestore"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/redisstore"
	"github.com/cloudbase-community/tcbauth/storetest"
)

// sealKey is a key of which all bytes are b.
func sealKey(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func sealed(t *testing.T, store tcbauth.TokenStore, keys ...[]byte) tcbauth.TokenStore {
	t.Helper()
	s, err := tcbauth.Sealed(store, keys...)
	require.NoError(t, err)
	return s
}

func TestSealed(t *testing.T) {
	t.Parallel()
	for name, inner := range map[string]func(t *testing.T) tcbauth.TokenStore{
		"memory": func(*testing.T) tcbauth.TokenStore { return tcbauth.NewMemoryStore() },
		"file": func(t *testing.T) tcbauth.TokenStore {
			store, err := filestore.New(filepath.Join(t.TempDir(), "sessions"))
			require.NoError(t, err)
			return store
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) tcbauth.TokenStore { return sealed(t, inner(t), sealKey(1), sealKey(2)) })
		})
	}
}

func TestSealedRefusals(t *testing.T) {
	t.Parallel()
	memory := tcbauth.NewMemoryStore()
	for name, tt := range map[string]struct {
		store tcbauth.TokenStore
		keys  [][]byte
		want  string
	}{
		"no store":         {nil, [][]byte{sealKey(1)}, "a nil store"},
		"no key":           {memory, nil, "no key"},
		"empty key":        {memory, [][]byte{{}}, "key 0 has 0 bytes instead of 32"},
		"AES-128":          {memory, [][]byte{sealKey('K')[:16]}, "key 0 has 16 bytes instead of 32"},
		"a password":       {memory, [][]byte{[]byte("correct-horse-battery-staple")}, "key 0 has 28 bytes instead of 32"},
		"one of two":       {memory, [][]byte{sealKey(1), append(sealKey('K'), 'K')}, "key 1 has 33 bytes instead of 32"},
		"one of two, none": {memory, [][]byte{sealKey(1), nil}, "key 1 has 0 bytes instead of 32"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := tcbauth.Sealed(tt.store, tt.keys...)
			require.EqualError(t, err, "tcbauth: Sealed: "+tt.want)
			assert.Nil(t, store)
		})
	}
}

// TestSealedHasWhatIsInside: a sealed store takes turns, reserves room and does things together if, and only if, the store
// inside does.
func TestSealedHasWhatIsInside(t *testing.T) {
	t.Parallel()
	plain := testbed.NewHookedStore()
	client := redis.NewClient(&redis.Options{})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	together, err := redisstore.New(client)
	require.NoError(t, err)
	room := &reservingStore{}
	type reserver interface{ tcbauth.Reserver }
	for name, inner := range map[string]tcbauth.TokenStore{
		"plain":       plain,
		"locks":       tcbauth.NewMemoryStore(),
		"room":        &reservingStore{TokenStore: plain},
		"locks, room": struct{ *filestore.Store }{},
		"together":    together,
		"together, room": struct {
			*redisstore.Store
			reserver
		}{together, room},
	} {
		out := sealed(t, inner, sealKey(1))
		is := func(store tcbauth.TokenStore) (can [3]bool) {
			_, can[0] = store.(tcbauth.Locker)
			_, can[1] = store.(tcbauth.Reserver)
			_, can[2] = store.(joint)
			return can
		}
		assert.Equal(t, is(inner), is(out), name)
	}
}

// raw returns what is stored.
func raw(t *testing.T, store tcbauth.TokenStore, key string) []byte {
	t.Helper()
	value, err := store.Get(t.Context(), key)
	require.NoError(t, err)
	return value
}

func TestSealedValues(t *testing.T) {
	t.Parallel()
	inner := tcbauth.NewMemoryStore()
	key := sealKey(1)
	store := sealed(t, inner, key)
	clear(key) // the store has its own copy
	value := []byte("the same value, twice")
	require.NoError(t, store.Set(t.Context(), "key", value, 0))
	first := raw(t, inner, "key")
	require.NoError(t, store.Set(t.Context(), "key", value, 0))
	second := raw(t, inner, "key")
	assert.NotEqual(t, first, second, "a nonce comes once")
	for _, stored := range [][]byte{first, second} {
		assert.NotContains(t, string(stored), "value")
		assert.Len(t, stored, len("tcbauth\x01")+12+len(value)+16)
		assert.Equal(t, "tcbauth\x01", string(stored[:8]))
	}
	got, err := sealed(t, inner, sealKey(1)).Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, value, got)
}

// TestSealedTampering changes every single byte.
func TestSealedTampering(t *testing.T) {
	t.Parallel()
	inner := tcbauth.NewMemoryStore()
	store := sealed(t, inner, sealKey(1), sealKey(2))
	require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
	good := raw(t, inner, "key")
	wantUnsealed := func(stored []byte, what string) {
		t.Helper()
		require.NoError(t, inner.Set(t.Context(), "key", stored, 0))
		value, err := store.Get(t.Context(), "key")
		require.ErrorIs(t, err, tcbauth.ErrUnsealed, what)
		require.NotErrorIs(t, err, tcbauth.ErrNotFound, what)
		require.Nil(t, value)
		assert.True(t, bytes.Equal(stored, raw(t, inner, "key")), "what cannot be opened stays for whoever can")
	}
	for i := range good {
		changed := bytes.Clone(good)
		changed[i] ^= 1
		wantUnsealed(changed, fmt.Sprintf("byte %d changed", i))
		wantUnsealed(good[:i], fmt.Sprintf("cut to %d bytes", i))
	}
	wantUnsealed(append(bytes.Clone(good), 0), "a byte added")
	wantUnsealed([]byte(`{"access_token":"from before there was a seal"}`), "not sealed")

	require.NoError(t, store.Set(t.Context(), "other", []byte("other value"), 0))
	wantUnsealed(raw(t, inner, "other"), "moved from another name")

	require.NoError(t, inner.Set(t.Context(), "key", good, 0))
	value, err := store.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, "value", string(value))
}

func TestSealedKeysRotate(t *testing.T) {
	t.Parallel()
	inner := tcbauth.NewMemoryStore()
	before, during, after := sealed(t, inner, sealKey(1)), sealed(t, inner, sealKey(2), sealKey(1)), sealed(t, inner, sealKey(2))
	require.NoError(t, before.Set(t.Context(), "key", []byte("value"), 0))
	for range 2 {
		value, err := during.Get(t.Context(), "key")
		require.NoError(t, err)
		assert.Equal(t, "value", string(value))
	}
	_, err := after.Get(t.Context(), "key")
	require.ErrorIs(t, err, tcbauth.ErrUnsealed)

	require.NoError(t, during.Set(t.Context(), "key", []byte("newer value"), 0))
	value, err := after.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, "newer value", string(value))
	_, err = before.Get(t.Context(), "key")
	require.ErrorIs(t, err, tcbauth.ErrUnsealed)
}

// ttlStore keeps the ttl of the last Set.
type ttlStore struct {
	tcbauth.TokenStore
	ttl time.Duration
}

func (s *ttlStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	s.ttl = ttl
	return s.TokenStore.Set(ctx, key, value, ttl)
}

func TestSealedTTL(t *testing.T) {
	t.Parallel()
	inner := &ttlStore{TokenStore: tcbauth.NewMemoryStore()}
	require.NoError(t, sealed(t, inner, sealKey(1)).Set(t.Context(), "key", nil, time.Hour))
	assert.Equal(t, time.Hour, inner.ttl)
}

// TestSealedSession: a session that cannot be opened is an error of the store, and no reason to believe that nobody is
// signed in.
func TestSealedSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		inner := tcbauth.NewMemoryStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(sealed(t, inner, sealKey(1))))
		c := testbed.SignInAs(t, app.ForUser("visitor"), testbed.Gopher)
		testbed.RequireToken(t, app.ForUser("visitor"), c.AccessToken)
		testbed.RequireNoTokens(t, string(raw(t, inner, testbed.KeyOf("visitor"))), c)

		other := testbed.NewApp(t, srv, tcbauth.WithTokenStore(sealed(t, inner, sealKey(2))))
		_, err := other.ForUser("visitor").GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrStore)
		require.ErrorIs(t, err, tcbauth.ErrUnsealed)
		require.NotErrorIs(t, err, tcbauth.ErrNoSession)
		testbed.RequireToken(t, app.ForUser("visitor"), c.AccessToken)

		again := testbed.SignInAs(t, other.ForUser("visitor"), testbed.Gopher)
		testbed.RequireToken(t, other.ForUser("visitor"), again.AccessToken)
	})
}

// FuzzSealed: nobody without a key makes a value that opens.
func FuzzSealed(f *testing.F) {
	for _, seed := range []string{"", "tcbauth", "tcbauth\x01", "tcbauth\x01" + string(make([]byte, 28)), "tcbauth\x02", "{}"} {
		f.Add([]byte(seed), "key")
	}
	f.Fuzz(func(t *testing.T, stored []byte, key string) {
		inner := tcbauth.NewMemoryStore()
		require.NoError(t, inner.Set(t.Context(), key, stored, 0))
		value, err := sealed(t, inner, sealKey(1)).Get(t.Context(), key)
		require.ErrorIs(t, err, tcbauth.ErrUnsealed)
		require.Nil(t, value)
	})
}

// joint is what some stores have beside their interfaces: it does several things in one step.
type joint interface {
	tcbauth.TokenStore
	tcbauth.Locker
	LockGet(ctx context.Context, key string, keys ...string) (held context.Context, unlock func(), values [][]byte, err error)
	Replace(held context.Context, old []byte, ttl time.Duration, keys []string, values [][]byte) (done bool, err error)
	DeleteAll(held context.Context, keys ...string) error
}

// TestSealedTogether: what the store inside does in one step, the sealed one does too, with what is sealed.
func TestSealedTogether(t *testing.T) {
	t.Parallel()
	_, ok := sealed(t, tcbauth.NewMemoryStore(), sealKey(1)).(joint)
	assert.False(t, ok, "the one inside does one thing at a time")

	client := redis.NewClient(&redis.Options{Addr: testbed.Miniredis(t), ContextTimeoutEnabled: true})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	inner, err := redisstore.New(client)
	require.NoError(t, err)
	store, ok := sealed(t, inner, sealKey(1)).(joint)
	require.True(t, ok)
	ctx := t.Context()
	require.NoError(t, store.Set(ctx, "one", []byte("old"), 0))
	require.NoError(t, store.Set(ctx, "empty", nil, 0))
	keys := []string{"one", "two"}
	replace := func(held context.Context, old, value string) bool {
		done, err := store.Replace(held, []byte(old), 0, keys, [][]byte{[]byte(value), []byte(value)})
		require.NoError(t, err)
		return done
	}
	get := func(key string) string {
		value, err := store.Get(ctx, key)
		require.NoError(t, err)
		return string(value)
	}

	held, unlock, values, err := store.LockGet(ctx, "one", "one", "two", "empty")
	require.NoError(t, err)
	assert.Equal(t, [][]byte{[]byte("old"), nil, {}}, values)
	assert.False(t, replace(held, "another", "new"))
	assert.True(t, replace(held, "old", "new"), "as it came with the lock")
	assert.NotContains(t, string(raw(t, inner, "two")), "new")
	assert.Equal(t, "new", get("two"))
	assert.False(t, replace(held, "old", "newer"), "it is there no more")
	unlock()

	held, unlock, err = store.Lock(ctx, "one")
	require.NoError(t, err)
	assert.False(t, replace(held, "old", "newer"))
	assert.True(t, replace(held, "new", "newer"), "as it is there")
	assert.Equal(t, "newer", get("one"))
	require.NoError(t, store.DeleteAll(held, keys...))
	assert.False(t, replace(held, "newer", "newest"), "nothing is there")
	unlock()

	// What cannot be opened is not "nothing there", and keeps nobody from the lock.
	require.NoError(t, inner.Set(ctx, "two", []byte("not sealed"), 0))
	held, unlock, values, err = store.LockGet(ctx, "one", keys...)
	require.NoError(t, err)
	assert.Nil(t, values)
	_, err = store.Get(held, "two")
	require.ErrorIs(t, err, tcbauth.ErrUnsealed)
	keys = []string{"two"}
	assert.False(t, replace(held, "not sealed", "new"))
	require.NoError(t, store.Set(held, "two", []byte("new"), 0))
	assert.Equal(t, "new", get("two"))
	unlock()
}

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) tcbauth.TokenStore { return tcbauth.NewMemoryStore() })
}

// storetest skips the lock tests for a store that is no Locker; the default one must not get away with that.
func TestMemoryStoreIsLocker(t *testing.T) {
	t.Parallel()
	assert.Implements(t, (*tcbauth.Locker)(nil), tcbauth.NewMemoryStore())
}

// reservingStore notes what is reserved, and says whether it is interruptible.
type reservingStore struct {
	tcbauth.TokenStore
	interruptible bool
	sizes         map[string]int
}

func (s *reservingStore) Interruptible() bool { return s.interruptible }

func (s *reservingStore) Reserve(_ context.Context, key string, size int) error {
	s.sizes[key] = size
	return nil
}

// TestSealedAnswersAsTheStoreInside: it reserves what the sealed value needs, and is interruptible if the store inside is.
func TestSealedAnswersAsTheStoreInside(t *testing.T) {
	t.Parallel()
	memory := tcbauth.NewMemoryStore()
	for _, interruptible := range []bool{false, true} {
		inner := &reservingStore{TokenStore: memory, interruptible: interruptible, sizes: make(map[string]int)}
		store, err := tcbauth.Sealed(inner, make([]byte, 32))
		require.NoError(t, err)
		assert.Equal(t, interruptible, store.(tcbauth.Interruptible).Interruptible())
		value := make([]byte, 1000)
		require.NoError(t, store.(tcbauth.Reserver).Reserve(t.Context(), "key", len(value)))
		require.NoError(t, store.Set(t.Context(), "key", value, 0))
		sealed, err := memory.Get(t.Context(), "key")
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"key": len(sealed)}, inner.sizes)
	}

	// One that says nothing about itself.
	store, err := tcbauth.Sealed(struct{ tcbauth.TokenStore }{memory}, make([]byte, 32))
	require.NoError(t, err)
	assert.False(t, store.(tcbauth.Interruptible).Interruptible())
}
