package accesstoken

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"sync/atomic"
	"time"
)

const (
	// maxCached is the length of the longest token that is kept, in bytes: of the service's tokens none is longer.
	maxCached = 4096
	// maxCachedTexts is how many groups and audiences the claims of a token have that is kept.
	maxCachedTexts = 64
)

// tokenID stands for a token, and cannot be used in its place. It is made of hashes, so that two tokens have the same only
// if they are the same.
type tokenID [sha256.Size]byte

// identify returns the id of a token by the hash of what is signed, which verifying it needs as well, and its signature.
func identify(signed *[sha256.Size]byte, signature string) tokenID {
	var room [sha256.Size + 512]byte // keeps an ordinary signature off the heap
	return sha256.Sum256(append(append(room[:0], signed[:]...), signature...))
}

// verified is a token that was found good. It is never changed.
type verified struct {
	id     tokenID
	kid    string
	key    *rsa.PublicKey // that it was signed with
	claims Claims
}

// ways is how many tokens share one place of the cache: as many pointers as a cache line of the processor has.
const ways = 8

// tokenCache has tokens that were found good lately. A token lies in one of the ways of the place that its id names. So there
// are never more than there are ways, none of them is looked for elsewhere, and nobody waits for anybody: a token that is
// lost when two are put into one way at once is verified again. A nil cache keeps nothing.
type tokenCache struct {
	places []cachePlace
	mask   uint64
}

type cachePlace [ways]atomic.Pointer[verified]

// newTokenCache has room for that many tokens, rounded up to a power of two.
func newTokenCache(tokens int) *tokenCache {
	if tokens == 0 {
		return nil
	}
	places := uint64(1)
	for places*ways < uint64(max(tokens, 0)) {
		places *= 2
	}
	return &tokenCache{places: make([]cachePlace, places), mask: places - 1}
}

func (c *tokenCache) place(id *tokenID) *cachePlace {
	return &c.places[binary.LittleEndian.Uint64(id[:])&c.mask]
}

func (c *tokenCache) get(id *tokenID) *verified {
	if c == nil {
		return nil
	}
	place := c.place(id)
	for i := range place {
		if t := place[i].Load(); t != nil && t.id == *id {
			return t
		}
	}
	return nil
}

// takes says whether there is room for a token of this size.
func (c *tokenCache) takes(t *verified, token string) bool {
	return c != nil && len(token) <= maxCached && len(t.claims.Audience)+len(t.claims.Groups) <= maxCachedTexts
}

// put keeps t in place of the token that expires first, of those that share its place.
func (c *tokenCache) put(t *verified) {
	place := c.place(&t.id)
	way, first := 0, time.Time{}
	for i := range place {
		there := place[i].Load()
		if there == nil || there.id == t.id {
			way = i
			break
		}
		if at := there.claims.ExpiresAt; i == 0 || at.Before(first) {
			way, first = i, at
		}
	}
	place[way].Store(t)
}

func (c *tokenCache) drop(id *tokenID) {
	if c == nil {
		return
	}
	place := c.place(id)
	for i := range place {
		if t := place[i].Load(); t != nil && t.id == *id {
			place[i].CompareAndSwap(t, nil)
		}
	}
}

// copied returns claims that share nothing with c that can be changed.
func (c *Claims) copied() *Claims {
	out := &struct {
		Claims
		texts [2]string // an audience and a group, which few tokens have more of, in the same piece of memory
	}{Claims: *c}
	texts := append(append(out.texts[:0], c.Audience...), c.Groups...)
	if n := len(c.Audience); n > 0 {
		out.Audience = texts[:n:n]
	}
	if n := len(c.Audience); len(c.Groups) > 0 {
		out.Groups = texts[n:]
	}
	return &out.Claims
}
