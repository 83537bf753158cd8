package accesstoken

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// keySet is what one fetch brought.
type keySet struct {
	byID    map[string]*rsa.PublicKey
	fetched time.Time
}

func (s *keySet) age() time.Duration { return since(s.fetched) }

// since is the time that has passed since at, by the clock that no change of the system's moves or, where that one stood
// still as on a machine that was suspended, by the system's.
func since(at time.Time) time.Duration {
	now := time.Now()
	return max(now.Sub(at), now.Round(0).Sub(at.Round(0)))
}

// keyCache has the auth server's public keys. Keys that are at hand are found without a lock.
type keyCache struct {
	cfg     *config
	start   time.Time              // of the clock that tells when to fetch
	current atomic.Pointer[keySet] // nil before the first fetch
	next    atomic.Int64           // nanoseconds after start, when a fetch may begin; never while one runs

	mu       sync.Mutex
	last     *fetch    // the one that runs, or ran last; nil before the first
	failures int       // since the last success
	failed   time.Time // when the last failure was
}

// fetch is one request for keys.
type fetch struct {
	done chan struct{}
	err  error // once done is closed
}

func newKeyCache(cfg *config) *keyCache { return &keyCache{cfg: cfg, start: time.Now()} }

func (c *keyCache) elapsed() time.Duration { return time.Since(c.start) }

// usable returns the keys to verify with now. Those that are near the end of their lifetime are fetched again meanwhile; past
// it, and when there are none, it waits for a fetch. Where that fails, keys are usable up to their greatest age.
func (c *keyCache) usable(ctx context.Context) (*keySet, error) {
	if set := c.current.Load(); set != nil {
		age := set.age()
		if age < c.cfg.keyLifetime-c.cfg.keyLifetime/10 {
			return set, nil
		}
		if age <= c.cfg.keyLifetime || age <= c.cfg.keyMaxAge && c.failing() {
			c.renew(ctx)
			return set, nil
		}
	}
	f, err := c.wait(ctx)
	if err != nil {
		return nil, err
	}
	if set := c.current.Load(); set != nil && set.age() <= c.cfg.keyMaxAge {
		return set, nil
	}
	if f.err != nil {
		return nil, f.err
	}
	return nil, fmt.Errorf("%w: the keys are too old", ErrUnavailable)
}

// byID returns the key id of set. If it is not there, it waits for a fetch, if one runs or is allowed to begin.
func (c *keyCache) byID(ctx context.Context, set *keySet, id string) (*rsa.PublicKey, error) {
	if key := set.byID[id]; key != nil {
		return key, nil
	}
	f, err := c.wait(ctx)
	if err != nil {
		return nil, err
	}
	if key := c.current.Load().byID[id]; key != nil {
		return key, nil
	}
	if f.err != nil {
		return nil, f.err
	}
	return nil, ErrUnknownKey
}

// failing reports whether a fetch has failed so lately that nobody is to wait for the next.
func (c *keyCache) failing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failures > 0 && since(c.failed) <= c.cfg.keyLifetime
}

// renew begins to fetch keys, if that is allowed.
func (c *keyCache) renew(ctx context.Context) {
	if c.elapsed() >= time.Duration(c.next.Load()) {
		c.fetch(ctx)
	}
}

// wait returns the fetch that it waited for, or the last one if it is too early for another.
func (c *keyCache) wait(ctx context.Context) (*fetch, error) {
	if err := ctx.Err(); err != nil { // nobody waits for this fetch
		return nil, fmt.Errorf("accesstoken: waiting for keys: %w", err)
	}
	f := c.fetch(ctx)
	select {
	case <-f.done:
		return f, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("accesstoken: waiting for keys: %w", ctx.Err())
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

// run is a goroutine of its own.
func (c *keyCache) run(ctx context.Context, f *fetch) {
	keys, err := c.get(ctx)
	c.finish(f, keys, err)
	if err != nil {
		c.log(ctx, err) // after those who wait have gone on
	}
}

func (c *keyCache) finish(f *fetch, keys map[string]*rsa.PublicKey, err error) {
	if err != nil {
		f.err = &unavailableError{fmt.Sprintf("fetch the keys: %v", err), err} // the text is foreign code's: not under the lock
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	pause := c.cfg.keyInterval
	if err != nil {
		pause = min(pause, firstRetry<<min(c.failures, 16))
		c.failures++
		c.failed = time.Now()
	} else {
		c.failures = 0
		if old := c.current.Load(); old != nil {
			for id, key := range keys {
				if was := old.byID[id]; was != nil && was.Equal(key) {
					keys[id] = was // by which tokens that were found good are known to be so still
				}
			}
		}
		c.current.Store(&keySet{byID: keys, fetched: time.Now()})
	}
	c.next.Store(int64(c.elapsed() + pause))
	close(f.done)
}

func (c *keyCache) get(ctx context.Context) (keys map[string]*rsa.PublicKey, err error) {
	defer func() {
		if v := recover(); v != nil { // of go-jose, by which the server would end the process
			keys, err = nil, fmt.Errorf("panic (%T)", v)
		}
	}()
	got, err := c.cfg.get(ctx, "/auth/v1/certs", "")
	if err != nil {
		return nil, err
	}
	if got.status != http.StatusOK {
		return nil, fmt.Errorf("the answer has the status %d", got.status)
	}
	return parseKeys(got.body)
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
		var key jose.JSONWebKey // which leaves key_ops out
		if key.UnmarshalJSON(raw) != nil {
			continue
		}
		public, ok := key.Key.(*rsa.PublicKey)
		if ok && key.KeyID != "" && mayVerify(string(raw)) && (key.Use == "" || key.Use == "sig") &&
			(key.Algorithm == "" || key.Algorithm == string(jose.RS256)) && public.N.BitLen() >= minKeyBits {
			keys[key.KeyID] = public
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("the answer has no RSA key with a kid and at least %d bits for RS256", minKeyBits)
	}
	return keys, nil
}

// mayVerify reports whether the key_ops of a key (RFC 7517 section 4.3), if there are any, are for signatures.
func mayVerify(key string) bool {
	for name, value := range members(key) {
		if name == "key_ops" && value != "null" && !slices.Contains(decodeStrings(value), "verify") {
			return false
		}
	}
	return true
}
