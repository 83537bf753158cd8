package redisstore_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

func TestNew(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	for name, tt := range map[string]struct {
		client redis.UniversalClient
		opts   []redisstore.Option
		want   string
	}{
		"no client":       {nil, nil, "redisstore: no client given"},
		"nil option":      {client, []redisstore.Option{nil}, "redisstore: an Option is nil"},
		"brace in prefix": {client, []redisstore.Option{redisstore.WithPrefix("a{b}")}, "WithPrefix: the prefix has a brace"},
		"short lease":     {client, []redisstore.Option{redisstore.WithLockLease(time.Millisecond)}, "WithLockLease: 1ms is less than 100ms"},
		"no lease":        {client, []redisstore.Option{redisstore.WithLockLease(0)}, "WithLockLease: 0s is less than 100ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := redisstore.New(tt.client, tt.opts...)
			require.ErrorContains(t, err, tt.want)
			assert.Nil(t, store)
		})
	}
	_, err := redisstore.New(client) // which is not asked for anything
	require.NoError(t, err)
	assert.NotEqual(t, reflect.TypeFor[*redisstore.Store](), reflect.TypeFor[redisstore.Option]().In(0), "a Store in use cannot be changed")
}

func TestTTL(t *testing.T) {
	t.Parallel()
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		needsMonths(t, prefix)
		client := connect(t, addr)
		store := newStore(t, client, prefix)
		held, unlock, err := store.Lock(t.Context(), "key")
		require.NoError(t, err)
		defer unlock()
		for name, ctx := range map[string]context.Context{"without a lock": t.Context(), "with a lock": held} {
			value := func() string { return one(t, client, prefix+"*value:key") }
			const month = 31 * 24 * time.Hour
			require.NoError(t, store.Set(ctx, "key", []byte("v"), month))
			left, err := client.PTTL(ctx, value()).Result()
			require.NoError(t, err)
			assert.InDelta(t, month, left, float64(time.Minute), name)

			require.NoError(t, store.Set(ctx, "key", []byte("v"), 0))
			left, err = client.PTTL(ctx, value()).Result()
			require.NoError(t, err)
			assert.Negative(t, left, "%s: 0 keeps", name)

			require.ErrorContains(t, store.Set(ctx, "key", []byte("v"), -1), "redisstore: write: the ttl -1ns is negative")
			require.NoError(t, store.Set(ctx, "key", []byte("v"), 1)) // less than Redis can tell
			eventually(ctx, t, "the value is gone", func() bool {
				_, err := store.Get(ctx, "key")
				return errors.Is(err, tcbauth.ErrNotFound)
			})
		}
	})
}

// TestNames: in a cluster, scripts and transactions need their keys in one slot, which the hash tag decides.
func TestNames(t *testing.T) {
	t.Parallel()
	client := connect(t, testbed.Miniredis(t))
	store := newStore(t, client, "p:")
	tags := make(map[string]map[string]bool)
	for _, user := range []string{"", "users/1/", "users/secret-cookie/"} {
		for _, last := range []string{"credentials_env", "device_id", "captcha_env", "credentials_env.damaged"} {
			held, unlock, err := store.Lock(t.Context(), user+last)
			require.NoError(t, err)
			require.NoError(t, store.Set(held, user+last, []byte("v"), 0))
			unlock()
		}
		tags[user] = make(map[string]bool)
		for _, key := range all(t, client, "*") {
			require.Regexp(t, `^p:\{[\w-]{43}\}(value|hold):(credentials_env|device_id|captcha_env|credentials_env\.damaged)$`, key)
			assert.NotContains(t, key, "secret")
			tag, _, _ := strings.Cut(key, "}")
			tags[user][tag] = true
		}
		assert.Len(t, tags[user], 1, "all keys of one session have one hash tag")
		require.NoError(t, client.FlushDB(t.Context()).Err())
	}
	assert.NotEqual(t, tags[""], tags["users/1/"])
	assert.NotEqual(t, tags["users/secret-cookie/"], tags["users/1/"], "sessions are spread over the slots")
}

// TestClientIDWithSlash: a client id decides nothing about where a session lies.
func TestClientIDWithSlash(t *testing.T) {
	t.Parallel()
	needsMonths(t, miniPrefix)
	srv := testbed.Emulator(t, authtest.WithClientID("authtest", "team/app", "team%2Fapp"))
	client := connect(t, testbed.Miniredis(t))
	signIn := func(id, user string) *tcbauth.Auth {
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(newStore(t, client, "p:")), tcbauth.WithClientID(id))
		auth := app.Auth()
		if user != "" {
			auth = app.ForUser(user)
		}
		testbed.SignInAnonymously(t, auth)
		return auth
	}
	for _, user := range []string{"", "visitor"} {
		slash, escaped := signIn("team/app", user), signIn("team%2Fapp", user)
		first, err := slash.GetAccessToken(t.Context())
		require.NoError(t, err)
		second, err := escaped.GetAccessToken(t.Context())
		require.NoError(t, err)
		assert.NotEqual(t, first, second, "two ids are two sessions")
		tags := make(map[string]bool)
		for _, key := range all(t, client, "*") {
			tag, _, _ := strings.Cut(key, "}")
			tags[tag] = true
		}
		assert.Len(t, tags, 1, "all keys of one session have one hash tag")
		require.NoError(t, client.FlushDB(t.Context()).Err())
	}
}

func TestPrefixesKeepApart(t *testing.T) {
	t.Parallel()
	client := connect(t, testbed.Miniredis(t))
	first, second := newStore(t, client, "a:"), newStore(t, client, "b:")
	require.NoError(t, first.Set(t.Context(), "key", []byte("first"), 0))
	_, err := second.Get(t.Context(), "key")
	require.ErrorIs(t, err, tcbauth.ErrNotFound)
	_, unlock, err := first.Lock(t.Context(), "key")
	require.NoError(t, err)
	defer unlock()
	_, unlock, err = second.Lock(t.Context(), "key")
	require.NoError(t, err)
	unlock()
}

func TestSizeLimit(t *testing.T) {
	t.Parallel()
	client := connect(t, testbed.Miniredis(t))
	store := newStore(t, client, "")
	most := bytes.Repeat([]byte("v"), 1<<20)
	require.NoError(t, store.Set(t.Context(), "key", most, 0))
	require.ErrorContains(t, store.Set(t.Context(), "key", append(most, 'v'), 0), "a value of 1048577 bytes is over the limit of 1048576")
	value, err := store.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.True(t, bytes.Equal(most, value))

	require.NoError(t, client.Set(t.Context(), one(t, client, "*value:key"), append(most, 'v'), 0).Err())
	value, err = store.Get(t.Context(), "key")
	require.ErrorContains(t, err, "redisstore: read: a value of 1048577 bytes is over the limit of 1048576")
	assert.Nil(t, value)
}

// TestUnreachable: who has nothing to lose learns at once that there is no Redis.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	store := newStore(t, client, "", redisstore.WithLockLease(longLease))
	start := time.Now()
	_, err := store.Get(t.Context(), "key")
	require.ErrorContains(t, err, "redisstore: read: ")
	require.NotErrorIs(t, err, tcbauth.ErrNotFound)
	require.ErrorContains(t, store.Set(t.Context(), "key", nil, 0), "redisstore: write: ")
	require.ErrorContains(t, store.Delete(t.Context(), "key"), "redisstore: delete: ")
	_, _, err = store.Lock(t.Context(), "key")
	require.ErrorContains(t, err, "redisstore: lock: ")
	assert.Less(t, time.Since(start), early)
}

type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

// TestErrorsAreHarmless: what a server or the client says may quote keys and values.
func TestErrorsAreHarmless(t *testing.T) {
	t.Parallel()
	const quoted = "eyJhbGciOi"
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"unknown command": {
			reply("ERR unknown command 'SET', with args beginning with: 'key' '" + quoted + "'"), "ERR unknown command 'SET'",
		},
		"not understood": {
			errors.New(`redis: can't parse reply="` + quoted + `" reading string`), "redis: an answer that is not understood",
		},
		"refused": {
			reply("NOPERM this user has no permissions to run the 'set' command"), "NOPERM this user has no permissions to run the 'set' command",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := testbed.Miniredis(t)
			client := connect(t, addr)
			store := newStore(t, client, "")
			held, unlock, err := store.Lock(t.Context(), "key")
			require.NoError(t, err)
			defer unlock()
			client.AddHook(hook(func(_ context.Context, cmd redis.Cmder, _ redis.ProcessHook) error {
				cmd.SetErr(tt.err)
				return tt.err
			}))
			for _, ctx := range []context.Context{t.Context(), held} {
				_, getErr := store.Get(ctx, "key")
				for _, err := range []error{getErr, store.Set(ctx, "key", []byte(quoted), 0), store.Delete(ctx, "key")} {
					require.ErrorContains(t, err, tt.want)
					assert.NotContains(t, err.Error(), quoted)
				}
			}
			_, _, err = store.Lock(t.Context(), "other")
			require.ErrorContains(t, err, "redisstore: lock: "+tt.want)
		})
	}
}

// TestClientPanics: a panic of one of the client's hooks is an error of the call, whose text has nothing of it, and ends no
// process.
func TestClientPanics(t *testing.T) {
	t.Parallel()
	client := connect(t, testbed.Miniredis(t))
	store := newStore(t, client, "p:")
	client.AddHook(hook(func(context.Context, redis.Cmder, redis.ProcessHook) error { panic("a secret") }))
	for name, call := range map[string]func() error{
		"Get":    func() error { _, err := store.Get(t.Context(), "key"); return err },
		"Set":    func() error { return store.Set(t.Context(), "key", nil, 0) },
		"Delete": func() error { return store.Delete(t.Context(), "key") },
	} {
		err := call()
		require.ErrorContains(t, err, "panic (string)", name)
		assert.NotContains(t, err.Error(), "secret", name)
	}
}
