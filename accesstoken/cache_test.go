package accesstoken_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

// remembered says whether a token was found good without being verified. That takes two allocations, and verifying more than
// ten; the runtime may add some of its own.
func remembered(t *testing.T, v *accesstoken.Verifier, token string) bool {
	t.Helper()
	runtime.GC() // not while this counts
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := v.Verify(t.Context(), token)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	return after.Mallocs-before.Mallocs <= 8
}

// A token is remembered, unless it is larger than those of the service or an option is against it.
//
//nolint:paralleltest // it counts what every goroutine allocates
func TestCacheRemembers(t *testing.T) {
	many := make([]string, 65)
	for name, test := range map[string]struct {
		over map[string]any
		opts []accesstoken.Option
		want bool
	}{
		"ordinary":        {nil, nil, true},
		"with groups":     {map[string]any{"groups": []string{"a", "b"}}, nil, true},
		"without options": {nil, []accesstoken.Option{accesstoken.WithTokenCache(1)}, true},
		"none":            {nil, []accesstoken.Option{accesstoken.WithTokenCache(0)}, false},
		"many groups":     {map[string]any{"groups": many}, nil, false},
		"large":           {map[string]any{"padding": strings.Repeat("x", 3000)}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := verifierAt(t, certs(t), test.opts...)
			token := goodToken(t, test.over)
			require.NoError(t, verify(t, v, token))
			assert.Equal(t, test.want, remembered(t, v, token))
			require.NoError(t, verify(t, v, token))
		})
	}
}

// What a caller does to the claims is no other caller's business.
func TestCacheCopies(t *testing.T) {
	t.Parallel()
	v := verifierAt(t, certs(t), accesstoken.WithAudience(env, "x"))
	for name, over := range map[string]map[string]any{
		"plain":              nil,
		"groups":             {"groups": []string{"a", "b"}, "aud": []string{env, "y"}},
		"no groups in there": {"groups": []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := goodToken(t, over)
			want, err := verifierAt(t, certs(t), accesstoken.WithTokenCache(0)).Verify(t.Context(), token)
			require.NoError(t, err)
			for range 3 {
				got, err := v.Verify(t.Context(), token)
				require.NoError(t, err)
				require.Equal(t, want, got)
				got.Subject, got.ExpiresAt, got.Kind = "x", time.Time{}, accesstoken.APIKey
				got.Audience[0] = "x"
				got.Audience = append(got.Audience, "x")
				for i := range got.Groups {
					got.Groups[i] = "x"
				}
				got.Groups = append(got.Groups, "x")
				require.NoError(t, got.UnmarshalJSON([]byte(`{"sub":"x","scope":"user"}`)))
			}
		})
	}
}

// The times of a token are judged each time that it comes.
func TestCacheJudgesTimes(t *testing.T) {
	t.Parallel()
	at := now
	v := verifierAt(t, certs(t), accesstoken.WithClock(func() time.Time { return at }))
	token := goodToken(t, map[string]any{"nbf": now.Unix()})
	for _, step := range []struct {
		at   time.Duration
		want error
	}{
		{0, nil}, {2 * time.Hour, nil}, {2*time.Hour + time.Minute, accesstoken.ErrExpired}, {time.Hour, nil},
		{-61 * time.Second, accesstoken.ErrNotYetValid}, {-60 * time.Second, nil}, {90 * 24 * time.Hour, accesstoken.ErrExpired}, {0, nil},
	} {
		at = now.Add(step.at)
		for range 2 {
			require.ErrorIs(t, verify(t, v, token), step.want, step.at)
		}
	}
}

// A token is good for as long as its key is published, and is remembered over fetches.
//
//nolint:paralleltest // it counts what every goroutine allocates
func TestCacheAsksForTheKey(t *testing.T) {
	bubbled(t, func(t *testing.T) {
		first, second := jwk(keyID, signingKey()), jwk("second", otherKey())
		endpoint := serve(jwks(t, first))
		v := verifierAt(t, endpoint)
		old, fresh := goodToken(t, nil), withKid(t, "second")
		require.NoError(t, verify(t, v, old))
		endpoint.set(http.StatusOK, jwks(t, second, first))
		pass(time.Hour)
		require.NoError(t, verify(t, v, fresh))
		assert.Equal(t, 2, endpoint.count(), "requests")
		assert.True(t, remembered(t, v, old), "remembered, since the key is the same")

		endpoint.set(http.StatusOK, jwks(t, second))
		pass(time.Hour)
		require.ErrorIs(t, verify(t, v, old), accesstoken.ErrUnknownKey)
		require.NoError(t, verify(t, v, fresh))

		pass(10 * time.Second)
		endpoint.set(http.StatusOK, jwks(t, jwk(keyID, otherKey()), jwk("second", signingKey())))
		pass(time.Hour)
		require.ErrorIs(t, verify(t, v, fresh), accesstoken.ErrSignature, "another key under the same kid")
		require.ErrorIs(t, verify(t, v, old), accesstoken.ErrSignature)

		endpoint.set(http.StatusBadGateway, "")
		pass(90 * 24 * time.Hour)
		require.ErrorIs(t, verify(t, v, fresh), accesstoken.ErrUnavailable)
		synctest.Wait()
	})
}

// What is like a token that was found good is not good for that.
func TestCacheTakesNoOther(t *testing.T) {
	t.Parallel()
	v := verifierAt(t, certs(t))
	good := goodToken(t, nil)
	require.NoError(t, verify(t, v, good))
	parts := strings.Split(good, ".")
	other := strings.Split(goodToken(t, map[string]any{"sub": "1"}), ".")
	for _, token := range []string{
		parts[0] + "." + parts[1] + ".", parts[0] + "." + parts[1] + "." + other[2], parts[0] + "." + other[1] + "." + parts[2],
		good + "A", good + ".", good + "=", good + "\n", good[:len(good)-1], good[:len(good)-1] + nextLetter(good[len(good)-1:]),
		parts[0] + "." + parts[1][:8] + "." + parts[1][8:] + "." + parts[2], parts[0] + ".." + parts[1] + "." + parts[2], good + "." + parts[2],
	} {
		require.ErrorIs(t, verify(t, v, token), accesstoken.ErrInvalidToken)
	}
	require.NoError(t, verify(t, v, good))
}

//nolint:paralleltest // it counts what every goroutine allocates
func TestCacheForgetsEndedSessions(t *testing.T) {
	good := goodToken(t, nil)
	answer := `{}`
	keys := jwks(t, jwk(keyID, signingKey()))
	v := verifierAt(t, &endpoint{answer: func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/auth/v1/certs" {
			return response(200, keys), nil
		}
		return response(200, answer), nil
	}})
	for _, test := range []struct {
		answer string
		known  bool
	}{{`{"error":"internal"}`, true}, {`{"sub":"` + sub + `"}`, true}, {`{}`, false}, {`{"sub":"other"}`, false}} {
		answer = test.answer
		require.NoError(t, verify(t, v, good))
		_, err := v.Introspect(t.Context(), good)
		assert.Equal(t, strings.Contains(answer, sub), err == nil)
		assert.Equal(t, test.known, remembered(t, v, good), answer)
	}
}

// Any number of tokens takes no more room than the option says.
//
//nolint:paralleltest // it measures the heap
func TestCacheIsBounded(t *testing.T) {
	const room = 16
	v := verifierAt(t, certs(t), accesstoken.WithTokenCache(room))
	heap := func() float64 {
		runtime.GC()
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return float64(stats.HeapAlloc)
	}
	fill := func(from, to int) {
		for i := from; i < to; i++ {
			over := map[string]any{"sub": strconv.Itoa(i + 1), "padding": strings.Repeat("x", 2000), "exp": now.Add(time.Duration(i) * time.Second).Unix()}
			require.NoError(t, verify(t, v, goodToken(t, over)))
		}
	}
	before := heap()
	fill(0, 150)
	after := heap()
	assert.Less(t, after-before, float64(room*8<<10+64<<10))
	fill(150, 300)
	assert.Less(t, heap()-after, float64(64<<10), "full is full")
	runtime.KeepAlive(v)
}

// Many tokens at once in a cache that is too small for them.
func TestCacheConcurrently(t *testing.T) {
	t.Parallel()
	v := verifierAt(t, certs(t), accesstoken.WithTokenCache(8))
	tokens := make([]string, 32)
	for i := range tokens {
		tokens[i] = goodToken(t, map[string]any{"sub": strconv.Itoa(i)})
	}
	var callers errgroup.Group
	for i := range 8 {
		callers.Go(func() error {
			for j := range 400 {
				n := (i*j + j/3) % len(tokens)
				got, err := v.Verify(t.Context(), tokens[n])
				if err != nil {
					return err
				}
				if !assert.Equal(t, strconv.Itoa(n), got.Subject) {
					return nil
				}
			}
			return nil
		})
	}
	require.NoError(t, callers.Wait())
}

// What is remembered of a token cannot be used in its place: neither the token nor its signature is in memory afterwards.
//
//nolint:paralleltest // what others leave on stacks is in the dump too
func TestCacheHoldsNoToken(t *testing.T) {
	v := verifierAt(t, certs(t))
	const mask = 0x55 // so that what is looked for is not found here
	masked := make(chan []byte)
	go func() { // whose stack is gone when it ends
		defer close(masked)
		token := goodToken(t, map[string]any{"sub": "42"})
		claims, err := v.Verify(t.Context(), token)
		if assert.NoError(t, err) && assert.Equal(t, "42", claims.Subject) {
			_, err = v.Verify(t.Context(), token)
			assert.NoError(t, err)
		}
		part := []byte(token[strings.LastIndexByte(token, '.')+1:][:64])
		for i := range part {
			part[i] ^= mask
		}
		masked <- part
	}()
	part := <-masked
	<-masked
	runtime.GC()
	runtime.GC()
	dump, err := os.Create(filepath.Join(t.TempDir(), "dump"))
	require.NoError(t, err)
	debug.WriteHeapDump(dump.Fd())
	require.NoError(t, dump.Close())
	heap, err := os.ReadFile(dump.Name())
	require.NoError(t, err)
	require.True(t, bytes.Contains(heap, []byte(`"sub":"42"`)), "the claims are remembered")
	for i := range part {
		part[i] ^= mask
	}
	assert.False(t, bytes.Contains(heap, part), "the signature is in memory")
	runtime.KeepAlive(v)
}
