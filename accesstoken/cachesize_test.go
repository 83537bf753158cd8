package accesstoken

import (
	"crypto/rsa"
	"crypto/sha256"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The headers of tokens that were found good take no more room than there are keys for, and those of keys that are gone give way.
func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	h := new(headers)
	for i := range 2 * maxHeaders {
		h.remember(strconv.Itoa(i), "old", map[string]*rsa.PublicKey{"old": {}})
		kid, known := h.kid(strconv.Itoa(i))
		require.Equal(t, i < maxHeaders, known)
		require.Equal(t, known, kid == "old")
	}
	h.remember("fresh", "new", map[string]*rsa.PublicKey{"new": {}})
	assert.Equal(t, map[string]string{"fresh": "new"}, *h.known.Load())
}

// When there is no room, the token that expires first is dropped, and no other is lost or there twice.
func TestTokenCacheReplaces(t *testing.T) {
	t.Parallel()
	for tokens, room := range map[int]int{1: 8, 8: 8, 9: 16, 17: 32, 8192: 8192, 8193: 16384} {
		assert.Len(t, newTokenCache(tokens).places, room/ways, tokens)
	}
	cache := newTokenCache(ways)
	until := func(seconds byte) *verified {
		return &verified{id: tokenID{1: seconds}, claims: Claims{ExpiresAt: time.Unix(int64(seconds), 0)}}
	}
	there := func() (all []byte) {
		for i := range cache.places[0] {
			if at := cache.places[0][i].Load(); at != nil {
				all = append(all, at.id[1])
			}
		}
		return all
	}
	for _, seconds := range []byte{20, 30, 10, 40, 50, 60, 70, 80, 40} {
		cache.put(until(seconds))
	}
	assert.Equal(t, []byte{20, 30, 10, 40, 50, 60, 70, 80}, there())
	cache.put(until(15))
	cache.put(until(90))
	assert.Equal(t, []byte{20, 30, 90, 40, 50, 60, 70, 80}, there())
	cache.drop(&tokenID{1: 15})
	cache.drop(&tokenID{1: 50})
	assert.Equal(t, []byte{20, 30, 90, 40, 60, 70, 80}, there())
	var none *tokenCache
	none.drop(&tokenID{})
}

// What is remembered of 100,000 tokens takes no more room than the comment of WithTokenCache says. Here they are put into the
// cache as Verify does, since signing so many takes minutes.
//
//nolint:paralleltest // it measures the heap
func TestTokenCacheSize(t *testing.T) {
	heap := func() float64 {
		runtime.GC()
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return float64(stats.HeapAlloc)
	}
	ordinary := `{"iss":"https://env-1a2b3c4d5e.ap-shanghai.tcb-api.tencentcloudapi.com","sub":"1","aud":"env-1a2b3c4d5e","exp":1767330245,` +
		`"iat":1767323045,"at_hash":"r.q1w2e3r4t5y6u7i8o9p0aa","scope":"user sso","project_id":"env-1a2b3c4d5e","provider_type":"email",` +
		`"meta":{"wxOpenId":"","wxUnionId":""},"user_id":"1849755119840497664","user_type":"external","groups":["a","b"]}`
	largest := `{"sub":"1","scope":"user","x":"` + strings.Repeat("x", 1000) + `","groups":[` + strings.Repeat(`"\u0061aaaaaaaaaaaaaaaaa",`, 62) + `"a"],"aud":"a"}`
	for name, test := range map[string]struct {
		payload      string
		room, tokens int
		limit        float64
	}{"ordinary": {ordinary, 8192, 100_000, 10}, "the largest": {largest, 512, 3000, 4}} {
		t.Run(name, func(t *testing.T) {
			cache := newTokenCache(test.room)
			before := heap()
			for i := range test.tokens {
				good := &verified{id: sha256.Sum256([]byte(strconv.Itoa(i)))}
				require.NoError(t, good.claims.parse([]byte(test.payload)))
				require.True(t, cache.takes(good, test.payload))
				cache.put(good)
				require.Same(t, good, cache.get(&good.id))
			}
			grown := (heap() - before) / (1 << 20)
			t.Logf("%d tokens: %.1f MiB", test.tokens, grown)
			assert.Less(t, grown, test.limit)
			assert.Greater(t, grown, test.limit/10, "they are there")
			runtime.KeepAlive(cache)
		})
	}
}
