package accesstoken

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// keySet is what one fetch brought.
type keySet struct {
	byID  map[string]*rsa.PublicKey
	stale time.Duration // on the cache's clock, when it is to be replaced

	// byHeader has the first parts of tokens that were found good, as they stand there, so that the next token that begins
	// the same needs no parsing of it. It is copied to be changed.
	byHeader atomic.Pointer[map[string]*rsa.PublicKey]
}

// maxHeaders is the number of different headers that are remembered. A service that signs uses one for each key.
const maxHeaders = 64

// keyCache has the auth server's public keys. Keys that are at hand are found without a lock.
type keyCache struct {
	cfg     *config
	start   time.Time              // of the clock that time is told by here, which no change of the system's clock moves
	current atomic.Pointer[keySet] // nil before the first fetch
	next    atomic.Int64           // nanoseconds after start, when a fetch may begin; never while one runs

	mu       sync.Mutex
	last     *fetch // the one that runs, or ran last; nil before the first
	failures int    // since the last success
}

// fetch is one request for keys.
type fetch struct {
	done chan struct{}
	err  error // once done is closed
}

func newKeyCache(cfg *config) *keyCache { return &keyCache{cfg: cfg, start: time.Now()} }

func (c *keyCache) elapsed() time.Duration { return time.Since(c.start) }

// byHeader returns the key of tokens that begin with header, if one of them was found good before. Keys that have grown
// old are used, while new ones are fetched.
func (c *keyCache) byHeader(ctx context.Context, header string) (*rsa.PublicKey, bool) {
	set := c.current.Load()
	if set == nil {
		return nil, false
	}
	key, ok := (*set.byHeader.Load())[header]
	if ok {
		c.renew(ctx, set)
	}
	return key, ok
}

// remember keeps header for byHeader, unless key is no longer in use.
func (c *keyCache) remember(header string, key *rsa.PublicKey) {
	set := c.current.Load()
	known := set.byHeader.Load()
	for _, k := range set.byID {
		if k == key && len(*known) < maxHeaders {
			more := maps.Clone(*known)
			more[header] = key
			set.byHeader.CompareAndSwap(known, &more) // if somebody was faster, the next token will do it
		}
	}
}

// byID returns the key id. Unless it is at hand, it waits for a fetch, if one runs or is allowed to begin.
func (c *keyCache) byID(ctx context.Context, id string) (*rsa.PublicKey, error) {
	if set := c.current.Load(); set != nil && set.byID[id] != nil {
		c.renew(ctx, set)
		return set.byID[id], nil
	}
	if err := ctx.Err(); err != nil { // nobody waits for this fetch
		return nil, waiting(err)
	}
	f := c.fetch(ctx)
	select {
	case <-f.done:
	case <-ctx.Done():
		return nil, waiting(ctx.Err())
	}
	if set := c.current.Load(); set != nil && set.byID[id] != nil {
		return set.byID[id], nil
	}
	if f.err != nil {
		return nil, f.err
	}
	return nil, ErrUnknownKey
}

func waiting(err error) error { return fmt.Errorf("accesstoken: waiting for keys: %w", err) }

// renew begins to fetch keys in place of set, if it is old and a fetch is allowed.
func (c *keyCache) renew(ctx context.Context, set *keySet) {
	if now := c.elapsed(); now >= set.stale && now >= time.Duration(c.next.Load()) {
		c.fetch(ctx)
	}
}

// fetch begins a fetch. While one runs, or it is too early for another, it returns that one. It does not wait.
func (c *keyCache) fetch(ctx context.Context) *fetch {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != nil && c.elapsed() < time.Duration(c.next.Load()) {
		return c.last
	}
	f := &fetch{done: make(chan struct{})}
	c.last = f
	c.next.Store(math.MaxInt64)
	go c.run(context.WithoutCancel(ctx), f) // others wait for it too; it ends with its own timeout
	return f
}

// firstRetry is the pause after one failure.
const firstRetry = time.Second

func (c *keyCache) run(ctx context.Context, f *fetch) {
	keys, err := c.get(ctx)
	c.finish(f, keys, err)
	if err != nil {
		c.log(ctx, err) // after those who wait have gone on
	}
}

func (c *keyCache) finish(f *fetch, keys map[string]*rsa.PublicKey, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	pause := c.cfg.keyInterval
	if err != nil {
		f.err = fmt.Errorf("%w: fetch the keys: %w", ErrUnavailable, err)
		pause = min(pause, firstRetry<<min(c.failures, 16))
		c.failures++
	} else {
		c.failures = 0
		set := &keySet{byID: keys, stale: c.elapsed() + c.cfg.keyLifetime}
		set.byHeader.Store(&map[string]*rsa.PublicKey{})
		c.current.Store(set)
	}
	c.next.Store(int64(c.elapsed() + pause))
	close(f.done)
}

func (c *keyCache) get(ctx context.Context) (keys map[string]*rsa.PublicKey, err error) {
	defer func() {
		if v := recover(); v != nil { // in the caller's http.RoundTripper
			keys, err = nil, fmt.Errorf("panic (%T)", v)
		}
	}()
	status, body, err := c.cfg.get(ctx, "/auth/v1/certs", "")
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("the answer has the status %d", status)
	}
	return parseKeys(body)
}

func (c *keyCache) log(ctx context.Context, err error) {
	defer func() { _ = recover() }() // of the caller's slog.Handler; keys matter more
	if c.cfg.logger != nil {
		c.cfg.logger.LogAttrs(ctx, slog.LevelWarn, "accesstoken: the keys cannot be fetched", slog.String("error", err.Error()))
	}
}

// minKeyBits is the least size of a key for RS256, RFC 7518 section 3.3.
const minKeyBits = 2048

// parseKeys returns those keys of a key set (RFC 7517) that RS256 signatures may be verified with. Others are ignored; a set
// without any is an error.
func parseKeys(body []byte) (map[string]*rsa.PublicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(body, &set) != nil {
		return nil, errors.New("the answer is not a key set")
	}
	keys := make(map[string]*rsa.PublicKey)
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) != nil {
			continue
		}
		public, ok := key.Key.(*rsa.PublicKey)
		if ok && key.KeyID != "" && (key.Use == "" || key.Use == "sig") &&
			(key.Algorithm == "" || key.Algorithm == string(jose.RS256)) && public.N.BitLen() >= minKeyBits {
			keys[key.KeyID] = public
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("the answer has no RSA key with a kid and at least %d bits for RS256", minKeyBits)
	}
	return keys, nil
}
